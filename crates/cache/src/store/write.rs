//! Writing to the store: an entry, what it refers to, and the key that explains the next miss.

use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use rusqlite::{Connection, OptionalExtension, params};

use super::disk::Store;
use super::index::Fault;
use super::objects::Staged;
use crate::clock::{nanos, span};
use crate::{Digest, Error, Key, Manifest, Shown};

/// The version of a stored value, under its checksum.
pub(super) const VALUE_FORMAT: i64 = 1;

/// Where every checksum begins: to work out the purpose each time would cost as much as a small value.
static CHECKSUM_BEGIN: LazyLock<blake3::Hasher> =
    LazyLock::new(|| blake3::Hasher::new_derive_key("segno-cache 2026-11-21 entry 1"));

static SUBJECT_BEGIN: LazyLock<blake3::Hasher> =
    LazyLock::new(|| blake3::Hasher::new_derive_key("segno-cache 2026-11-27 subject 1"));

/// What an entry or a key takes in the index beside its content, about.
const ROW_BYTES: usize = 256;

/// What is to be stored.
#[derive(Clone, Copy, Debug)]
pub struct NewEntry<'a> {
    /// The key that the value is found by again.
    pub key: &'a Key,
    /// The caller's name for "the same thing", whose last key explains a miss.
    pub subject: &'a str,
    /// The value.
    pub value: &'a [u8],
    /// How long it may be used, or for ever.
    pub ttl: Option<Duration>,
    /// The time it is.
    pub now: SystemTime,
    /// The manifests that the key's files parts were made of, to name files by later.
    pub manifests: &'a [Manifest],
    /// The objects that the value refers to (its output files); they are kept as long as it is.
    pub objects: &'a [Digest],
}

impl<'a> NewEntry<'a> {
    /// Returns an entry without value, limit, manifests and objects, to be completed with `..`.
    pub fn of(key: &'a Key, subject: &'a str, now: SystemTime) -> NewEntry<'a> {
        NewEntry { key, subject, value: &[], ttl: None, now, manifests: &[], objects: &[] }
    }
}

impl Store {
    /// Stores a value, replacing an older one under the same key.
    ///
    /// If the contents are more than `max_bytes` then, what was used longest ago is deleted. Fails if the
    /// disk is full or may not be written, or if other processes write for more than 5 seconds.
    pub fn store(&self, entry: NewEntry<'_>) -> Result<(), Error> {
        self.store_many(&[entry])
    }

    /// Stores many values in one transaction: all or none.
    pub fn store_many(&self, entries: &[NewEntry<'_>]) -> Result<(), Error> {
        let Some(now) = entries.iter().map(|entry| nanos(entry.now)).max() else {
            return Ok(());
        };
        let mut placed = Vec::with_capacity(entries.len());
        for entry in entries {
            let large = entry.value.len() > self.options().inline_limit;
            placed.push((entry, if large { Some(self.stage(&mut &*entry.value)?) } else { None }));
        }
        self.write("store", |transaction| {
            for (entry, staged) in placed {
                self.insert(transaction, &Content::of(entry), staged)?;
                insert_subject(transaction, entry)?;
            }
            self.make_room(transaction, now)
        })
    }

    /// Stores what another store had before: as old as it was there, and used now. If another result was stored for its
    /// subject later, that one stays the last.
    pub(crate) fn store_carried(&self, entry: &NewEntry<'_>, now: SystemTime) -> Result<(), Error> {
        let large = entry.value.len() > self.options().inline_limit;
        let staged = if large { Some(self.stage(&mut &*entry.value)?) } else { None };
        self.write("store", |transaction| {
            self.insert(transaction, &Content { used_at: now, ..Content::of(entry) }, staged)?;
            if !has_later(transaction, entry)? {
                insert_subject(transaction, entry)?;
            }
            self.make_room(transaction, nanos(now))
        })
    }

    /// Removes entries, and what only they referred to. One that another process has stored anew since it
    /// was found expired stays, and so does one of a newer program.
    pub(super) fn remove(&self, expired: &[Digest], broken: &[Digest], now: i64) -> Result<(), Error> {
        self.write("remove", |transaction| {
            for digest in expired {
                transaction
                    .prepare_cached("DELETE FROM entries WHERE id = ?1 AND expires_at <= ?2")?
                    .execute(params![digest.row_id(), now])?;
            }
            for digest in broken {
                transaction
                    .prepare_cached(
                        "DELETE FROM entries WHERE id = ?1 AND (typeof(format) <> 'integer' OR format <= ?2)",
                    )?
                    .execute(params![digest.row_id(), VALUE_FORMAT])?;
            }
            self.make_room(transaction, now)
        })
    }

    pub(super) fn insert(
        &self,
        connection: &Connection,
        content: &Content<'_>,
        staged: Option<Staged>,
    ) -> Result<(), Fault> {
        let (key, stored_at) = (&content.key, nanos(content.now));
        let object = staged.map(|staged| self.keep(connection, staged, nanos(content.used_at))).transpose()?;
        let sealed = Sealed {
            key,
            value: if object.is_none() { Some(content.value) } else { None },
            object: object.as_ref(),
            stored_at,
            expires_at: content.ttl.map(|ttl| stored_at.saturating_add(span(ttl))),
        };
        let mut insert = connection.prepare_cached(
            "INSERT INTO entries (id, digest, format, value, object, checksum, stored_at, expires_at, used_at, bytes, space)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) ON CONFLICT (id) DO NOTHING",
        )?;
        let bytes = sealed.value.map_or(0, <[u8]>::len) + ROW_BYTES;
        let checksum = sealed.checksum();
        let mut insert = || {
            insert.execute(params![
                key.row_id(),
                key.as_bytes(),
                VALUE_FORMAT,
                sealed.value,
                object.as_ref().map(Digest::as_bytes),
                checksum.as_bytes(),
                stored_at,
                sealed.expires_at,
                nanos(content.used_at),
                bytes as i64,
                content.space as i64
            ])
        };
        // Mostly there is none to be replaced, and then nothing is looked for.
        if insert()? == 0 {
            delete(connection, key)?;
            if insert()? == 0 {
                return Err(rusqlite::Error::StatementChangedRows(0).into());
            }
        }
        link_objects(connection, key, content.objects.iter().chain(&object))
    }
}

/// Whose entries are whose, within one store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Space {
    /// Results under keys.
    Results = 0,
    /// Bytes of a layer.
    Layer = 1,
}

/// What goes into one row.
pub(super) struct Content<'a> {
    pub(super) key: Digest,
    pub(super) value: &'a [u8],
    pub(super) ttl: Option<Duration>,
    pub(super) now: SystemTime,
    /// The same, unless it was stored elsewhere before.
    pub(super) used_at: SystemTime,
    pub(super) objects: &'a [Digest],
    pub(super) space: Space,
}

impl<'a> Content<'a> {
    fn of(entry: &NewEntry<'a>) -> Content<'a> {
        let NewEntry { key, value, ttl, now, objects, .. } = *entry;
        Content { key: key.digest(), value, ttl, now, used_at: now, objects, space: Space::Results }
    }
}

/// The fields of an entry that its checksum covers, so that none can change alone.
pub(super) struct Sealed<'a> {
    pub(super) key: &'a Digest,
    pub(super) value: Option<&'a [u8]>,
    pub(super) object: Option<&'a Digest>,
    pub(super) stored_at: i64,
    pub(super) expires_at: Option<i64>,
}

impl Sealed<'_> {
    pub(super) fn checksum(&self) -> Digest {
        let mut hasher = CHECKSUM_BEGIN.clone();
        let mut head = [0; 58];
        head[..32].copy_from_slice(self.key.as_bytes());
        head[32..40].copy_from_slice(&VALUE_FORMAT.to_le_bytes());
        head[40..48].copy_from_slice(&self.stored_at.to_le_bytes());
        head[48] = u8::from(self.expires_at.is_some());
        head[49..57].copy_from_slice(&self.expires_at.unwrap_or_default().to_le_bytes());
        head[57] = u8::from(self.object.is_some());
        hasher.update(&head);
        match self.object {
            Some(object) => hasher.update(object.as_bytes()),
            None => hasher.update(self.value.unwrap_or_default()),
        };
        Digest::finish(&hasher)
    }
}

pub(super) fn delete(connection: &Connection, digest: &Digest) -> rusqlite::Result<usize> {
    connection.prepare_cached("DELETE FROM entries WHERE id = ?1")?.execute([digest.row_id()])
}

fn link_objects<'a>(
    connection: &Connection,
    entry: &Digest,
    objects: impl Iterator<Item = &'a Digest>,
) -> Result<(), Fault> {
    for object in objects {
        connection
            .prepare_cached("INSERT OR IGNORE INTO entry_objects (entry, object) VALUES (?1, ?2)")?
            .execute([entry.row_id(), object.row_id()])?;
        connection
            .prepare_cached("UPDATE objects SET pending_since = NULL WHERE id = ?1")?
            .execute([object.row_id()])?;
    }
    Ok(())
}

/// Says whether another result was stored for the same subject later.
fn has_later(connection: &Connection, entry: &NewEntry<'_>) -> rusqlite::Result<bool> {
    let later = "SELECT 1 FROM subjects WHERE name = ?1 AND stored_at > ?2";
    let mut select = connection.prepare_cached(later)?;
    Ok(select.query_row(params![entry.subject, nanos(entry.now)], |_| Ok(())).optional()?.is_some())
}

/// Makes the entry's key the last one of its subject, with its manifests instead of the older key's.
fn insert_subject(connection: &Connection, entry: &NewEntry<'_>) -> Result<(), Fault> {
    let key = serde_json::to_vec(entry.key).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
    let bytes = (key.len() + entry.subject.len() + ROW_BYTES) as i64;
    let mut upsert = connection.prepare_cached(
        "INSERT INTO subjects (name, entry, key, stored_at, bytes, checksum) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (name) DO UPDATE SET entry = ?2, key = ?3, stored_at = ?4, bytes = ?5, checksum = ?6 RETURNING id",
    )?;
    let checksum = subject_checksum(entry.subject, &key);
    let values = params![entry.subject, entry.key.digest().row_id(), key, nanos(entry.now), bytes, checksum.as_bytes()];
    let subject: i64 = upsert.query_row(values, |row| row.get(0))?;
    let old = linked(connection, subject)?;
    for digest in wanted(entry.key) {
        if !old.contains(&digest) {
            link_manifest(connection, subject, &digest, entry.manifests)?;
        }
    }
    // Only now, so that a manifest that both keys have is never written twice.
    for digest in old.iter().filter(|digest| !wanted(entry.key).any(|wanted| wanted == **digest)) {
        connection
            .prepare_cached("DELETE FROM subject_manifests WHERE subject = ?1 AND manifest = ?2")?
            .execute(params![subject, digest.as_bytes()])?;
    }
    Ok(())
}

/// Sums a subject with its key, so that neither can be taken for another's.
pub(super) fn subject_checksum(name: &str, key: &[u8]) -> Digest {
    let mut hasher = SUBJECT_BEGIN.clone();
    hasher.update(&(name.len() as u64).to_le_bytes()).update(name.as_bytes()).update(key);
    Digest::finish(&hasher)
}

fn wanted(key: &Key) -> impl Iterator<Item = Digest> {
    key.parts().iter().filter(|part| part.shown == Shown::Files).map(|part| part.digest)
}

fn linked(connection: &Connection, subject: i64) -> rusqlite::Result<Vec<Digest>> {
    connection
        .prepare_cached("SELECT manifest FROM subject_manifests WHERE subject = ?1")?
        .query_map([subject], |row| row.get(0).map(Digest::from_bytes))?
        .collect()
}

fn link_manifest(connection: &Connection, subject: i64, digest: &Digest, manifests: &[Manifest]) -> Result<(), Fault> {
    let known = connection
        .prepare_cached("SELECT 1 FROM manifests WHERE digest = ?1")?
        .query_row([digest.as_bytes()], |_| Ok(()))
        .optional()?;
    match (known, manifests.iter().find(|manifest| manifest.digest() == *digest)) {
        (Some(()), _) => {}
        (None, None) => return Ok(()),
        (None, Some(manifest)) => {
            let body = manifest.encode();
            connection
                .prepare_cached("INSERT INTO manifests (digest, body, bytes) VALUES (?1, ?2, ?3)")?
                .execute(params![digest.as_bytes(), body, (body.len() + ROW_BYTES) as i64])?;
        }
    }
    connection
        .prepare_cached("INSERT OR IGNORE INTO subject_manifests (subject, manifest) VALUES (?1, ?2)")?
        .execute(params![subject, digest.as_bytes()])?;
    Ok(())
}
