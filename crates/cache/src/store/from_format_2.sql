-- Brings an index of format 2 to format 3: what eviction by SIEVE, the bytes of layers and checks of subjects need. Its two
-- indexes of entries stay: what is over is found with them too, at the cost of the rows that are looked at, while to make the one
-- that a new index has would be to read all values.
ALTER TABLE entries ADD COLUMN space INTEGER NOT NULL DEFAULT 0;
ALTER TABLE entries ADD COLUMN visited INTEGER NOT NULL DEFAULT 0;
ALTER TABLE subjects ADD COLUMN checksum BLOB;
CREATE TABLE hand (id INTEGER PRIMARY KEY CHECK (id = 1), used_at INTEGER NOT NULL, entry INTEGER NOT NULL);
INSERT INTO hand VALUES (1, -9223372036854775808, -9223372036854775808);
