//! Why a lookup missed: the key last stored for the same subject beside the one asked for.

use rusqlite::{Connection, OptionalExtension};

use super::disk::Store;
use super::index::Fault;
use super::write::subject_checksum;
use crate::{Change, Digest, Error, Key, Manifest};

impl Store {
    /// Returns the key that was last stored for the subject.
    ///
    /// A key that cannot be read any more counts as none.
    pub fn latest(&self, subject: &str) -> Result<Option<Key>, Error> {
        self.with("look up a key", |connection| latest(connection, subject))
    }

    /// Returns a manifest that some stored key was made of, if it is at hand and whole.
    pub fn manifest(&self, digest: &Digest) -> Result<Option<Manifest>, Error> {
        self.with("look up a manifest", |connection| Ok(stored(connection, digest)?))
    }

    /// Returns what makes `key` differ from the key last stored for the subject.
    ///
    /// `manifests` are those that the key's files parts were made of; the older ones are looked up here.
    /// Nothing is returned if nothing was ever stored for the subject, or if the keys are equal.
    pub fn explain(&self, subject: &str, key: &Key, manifests: &[Manifest]) -> Result<Vec<Change>, Error> {
        self.with("explain a miss", |connection| {
            let Some(old) = latest(connection, subject)? else {
                return Ok(Vec::new());
            };
            let mut fault = None;
            let changes = Change::between(&old, key, |digest| {
                let given = manifests.iter().find(|manifest| manifest.digest() == *digest);
                match given {
                    Some(manifest) => Some(manifest.clone()),
                    None => stored(connection, digest).unwrap_or_else(|error| {
                        fault = Some(error);
                        None
                    }),
                }
            });
            fault.map_or(Ok(changes), |error| Err(Fault::Sql(error)))
        })
    }
}

fn latest(connection: &Connection, subject: &str) -> Result<Option<Key>, Fault> {
    let row: Option<(Vec<u8>, Option<Vec<u8>>)> = connection
        .prepare_cached("SELECT key, checksum FROM subjects WHERE name = ?1")?
        .query_row([subject], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((key, checksum)) = row else { return Ok(None) };
    if checksum.is_some_and(|checksum| checksum != subject_checksum(subject, &key).as_bytes()) {
        tracing::warn!(subject, "a stored subject is damaged and counts as none");
        return Ok(None);
    }
    match serde_json::from_slice(&key) {
        Ok(key) => Ok(Some(key)),
        Err(error) => {
            tracing::warn!(subject, %error, "a stored key is damaged and counts as none");
            Ok(None)
        }
    }
}

/// A manifest that is damaged counts as none: its digest is the digest of its bytes.
fn stored(connection: &Connection, digest: &Digest) -> rusqlite::Result<Option<Manifest>> {
    let body: Option<Vec<u8>> = connection
        .prepare_cached("SELECT body FROM manifests WHERE digest = ?1")?
        .query_row([digest.as_bytes()], |row| row.get(0))
        .optional()?;
    Ok(body.and_then(|body| Manifest::decode(&body).ok()).filter(|manifest| manifest.digest() == *digest))
}
