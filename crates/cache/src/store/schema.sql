-- The index of the cache. What is counted in `totals` is kept by triggers, so that every process and
-- every way of deleting counts the same. Each index and each b-tree costs every store a written page, so
-- tables are kept by the first eight bytes of their digests, as a number, and what only eviction asks has
-- no index. A b-tree of numbers holds no contents above its leaves: a look-up reads two or three pages.
-- The whole digest is compared too; were two digests ever to share their number, the later row replaces
-- the earlier one, which is then a miss.
CREATE TABLE totals (id INTEGER PRIMARY KEY CHECK (id = 1), bytes INTEGER NOT NULL);
INSERT INTO totals VALUES (1, 0);

CREATE TABLE entries (
  id INTEGER PRIMARY KEY,
  digest BLOB NOT NULL,
  format INTEGER NOT NULL,
  value BLOB,                -- either the value itself
  object BLOB,               -- or the digest of the object that holds it
  checksum BLOB NOT NULL,
  stored_at INTEGER NOT NULL,
  expires_at INTEGER,
  used_at INTEGER NOT NULL,  -- or stored at, if eviction does not go by use
  bytes INTEGER NOT NULL,
  space INTEGER NOT NULL DEFAULT 0,  -- 0: results under keys, 1: bytes of a layer
  visited INTEGER NOT NULL DEFAULT 0 -- whether SIEVE spares it once
);
CREATE INDEX entries_by_use ON entries (used_at, id, expires_at);

-- How far SIEVE has looked: everything used before has been spared or evicted in this round.
CREATE TABLE hand (id INTEGER PRIMARY KEY CHECK (id = 1), used_at INTEGER NOT NULL, entry INTEGER NOT NULL);
INSERT INTO hand VALUES (1, -9223372036854775808, -9223372036854775808);

-- A content by its digest: small ones here, larger ones in a file. `pending_since` is set while no
-- entry refers to it: since when, or 0 if the last such entry was deleted.
CREATE TABLE objects (
  id INTEGER PRIMARY KEY,
  digest BLOB NOT NULL,
  body BLOB,
  pending_since INTEGER,
  bytes INTEGER NOT NULL
);
CREATE INDEX objects_pending ON objects (pending_since) WHERE pending_since IS NOT NULL;
CREATE TABLE entry_objects (
  entry INTEGER NOT NULL REFERENCES entries (id) ON DELETE CASCADE,
  object INTEGER NOT NULL,
  PRIMARY KEY (entry, object)
) WITHOUT ROWID;
CREATE INDEX entries_of_object ON entry_objects (object);

-- The key last stored for each subject, to explain a miss with.
CREATE TABLE subjects (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  entry INTEGER NOT NULL,    -- the id of the key's entry, which may be gone
  key BLOB NOT NULL,
  stored_at INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  checksum BLOB              -- over name and key; what was stored by format 2 has none
);
CREATE TABLE manifests (digest BLOB PRIMARY KEY, body BLOB NOT NULL, bytes INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE subject_manifests (
  subject INTEGER NOT NULL REFERENCES subjects (id) ON DELETE CASCADE,
  manifest BLOB NOT NULL,
  PRIMARY KEY (subject, manifest)
) WITHOUT ROWID;
CREATE INDEX subjects_of_manifest ON subject_manifests (manifest);

-- What a file's content hashed to, by its stamp. Rows have no checksum: a damaged one gives a digest or
-- a stamp that nothing else has, which costs a hash or a miss.
CREATE TABLE memo (
  folder INTEGER NOT NULL,
  name TEXT NOT NULL,
  seen BLOB NOT NULL,        -- modified, changed, size, inode: 8 bytes each, little endian; the digest
  hashed_at INTEGER NOT NULL,
  PRIMARY KEY (folder, name)
) WITHOUT ROWID;

CREATE TRIGGER object_unused AFTER DELETE ON entry_objects BEGIN
  UPDATE objects SET pending_since = coalesce(pending_since, 0)
  WHERE id = OLD.object AND NOT EXISTS (SELECT 1 FROM entry_objects WHERE object = OLD.object);
END;
CREATE TRIGGER manifest_unused AFTER DELETE ON subject_manifests BEGIN
  DELETE FROM manifests
  WHERE digest = OLD.manifest AND NOT EXISTS (SELECT 1 FROM subject_manifests WHERE manifest = OLD.manifest);
END;

CREATE TRIGGER entry_in AFTER INSERT ON entries BEGIN UPDATE totals SET bytes = bytes + NEW.bytes; END;
CREATE TRIGGER entry_out AFTER DELETE ON entries BEGIN UPDATE totals SET bytes = bytes - OLD.bytes; END;
CREATE TRIGGER object_in AFTER INSERT ON objects BEGIN UPDATE totals SET bytes = bytes + NEW.bytes; END;
CREATE TRIGGER object_out AFTER DELETE ON objects BEGIN UPDATE totals SET bytes = bytes - OLD.bytes; END;
CREATE TRIGGER manifest_in AFTER INSERT ON manifests BEGIN UPDATE totals SET bytes = bytes + NEW.bytes; END;
CREATE TRIGGER manifest_out AFTER DELETE ON manifests BEGIN UPDATE totals SET bytes = bytes - OLD.bytes; END;
CREATE TRIGGER subject_in AFTER INSERT ON subjects BEGIN UPDATE totals SET bytes = bytes + NEW.bytes; END;
CREATE TRIGGER subject_out AFTER DELETE ON subjects BEGIN UPDATE totals SET bytes = bytes - OLD.bytes; END;
CREATE TRIGGER subject_new AFTER UPDATE OF bytes ON subjects BEGIN
  UPDATE totals SET bytes = bytes + NEW.bytes - OLD.bytes;
END;
