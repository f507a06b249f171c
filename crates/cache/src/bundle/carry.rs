//! How a result leaves one store and enters another.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use rusqlite::{OptionalExtension, params};

use super::parts::Bundle;
use crate::{Digest, Error, Lookup, Manifest, NewEntry, Store};

impl Store {
    /// Returns the result that was last stored for a subject, with all that it refers to. That is no use of it: nothing is
    /// counted.
    ///
    /// Nothing is returned if there is none, if it expired, or if something that belongs to it is damaged or gone. Fails with
    /// [`Error::TooLarge`] if it has more than [`Bundle::MAX_BYTES`].
    pub fn bundle(&self, subject: &str, now: SystemTime) -> Result<Option<Bundle>, Error> {
        self.bundle_within(subject, now, Bundle::MAX_BYTES)
    }

    /// Does the same if all of it takes no more than so many bytes in the store.
    ///
    /// Otherwise nothing of it is read, and [`Error::TooLarge`] says how much it is.
    pub fn bundle_within(&self, subject: &str, now: SystemTime, max_bytes: u64) -> Result<Option<Bundle>, Error> {
        let Some(key) = self.latest(subject)? else { return Ok(None) };
        let bytes = self.bytes_of(subject, &key.digest())?;
        if bytes > max_bytes {
            return Err(Error::TooLarge { name: subject.to_owned(), bytes, max_bytes });
        }
        let Some(Lookup::Hit(hit)) = self.peek(&[key.digest()], now)?.pop() else { return Ok(None) };
        let Some(belongings) = self.belongings(&key.digest(), &hit.value)? else { return Ok(None) };
        let manifests = self.manifests_of(&key)?;
        Ok(Some(Bundle {
            subject: subject.to_owned(),
            value: hit.value,
            stored_at: hit.stored_at,
            expires_at: belongings.expires_at,
            manifests,
            objects: belongings.objects,
            extras: BTreeMap::new(),
            key,
        }))
    }

    /// Stores what was carried here with the time when it was made, and returns whether it is here now: what has expired
    /// meanwhile is left out. What was stored here later stays: the same result as it is, and another one of the subject as
    /// its last.
    ///
    /// Fails as [`store`](Store::store) does. What the bundle says of itself is believed: whether to trust who made it is
    /// asked before.
    pub fn unbundle(&self, bundle: &Bundle, now: SystemTime) -> Result<bool, Error> {
        let ttl = bundle.expires_at.map(|expires_at| expires_at.duration_since(now).unwrap_or_default());
        if ttl == Some(Duration::ZERO) {
            return Ok(false);
        }
        if self.is_here(bundle, now)? {
            return Ok(true);
        }
        let objects: Vec<Digest> = bundle.objects.iter().map(|body| self.put_object(body)).collect::<Result<_, _>>()?;
        // A clock that is ahead elsewhere makes nothing newer than what is stored here from now on.
        let stored_at = bundle.stored_at.min(now);
        let ttl = bundle.expires_at.map(|expires_at| expires_at.duration_since(stored_at).unwrap_or_default());
        let (value, manifests) = (&bundle.value, &bundle.manifests);
        let entry = NewEntry::of(&bundle.key, &bundle.subject, stored_at);
        self.store_carried(&NewEntry { value, ttl, manifests, objects: &objects, ..entry }, now)?;
        Ok(true)
    }

    /// Says whether the same result, as new as this one or newer, is here with all that belongs to it.
    fn is_here(&self, bundle: &Bundle, now: SystemTime) -> Result<bool, Error> {
        if self.latest(&bundle.subject)?.is_none() {
            return Ok(false);
        }
        let key = bundle.digest();
        match self.peek(&[key], now)?.pop() {
            Some(Lookup::Hit(hit)) if hit.stored_at >= bundle.stored_at => {
                Ok(self.belongings(&key, &hit.value)?.is_some())
            }
            _ => Ok(false),
        }
    }

    /// Returns what an entry takes with the objects that it refers to and the manifests of its subject's key.
    fn bytes_of(&self, subject: &str, key: &Digest) -> Result<u64, Error> {
        let bytes: Option<i64> = self.with("look up what belongs to an entry", |connection| {
            let sum = "SELECT entries.bytes + coalesce((SELECT sum(objects.bytes) FROM entry_objects
                       JOIN objects ON objects.id = entry_objects.object WHERE entry_objects.entry = entries.id), 0)
                       + coalesce((SELECT sum(manifests.bytes) FROM subjects
                       JOIN subject_manifests ON subject_manifests.subject = subjects.id
                       JOIN manifests ON manifests.digest = subject_manifests.manifest WHERE subjects.name = ?2), 0)
                       FROM entries WHERE id = ?1";
            Ok(connection
                .prepare_cached(sum)?
                .query_row(params![key.row_id(), subject], |row| row.get(0))
                .optional()?)
        })?;
        Ok(bytes.unwrap_or_default().max(0).unsigned_abs())
    }

    /// Returns the names of all subjects, in the order of the names.
    pub fn subjects(&self) -> Result<Vec<String>, Error> {
        self.with("list what is stored", |connection| {
            let mut query = connection.prepare_cached("SELECT name FROM subjects ORDER BY name")?;
            Ok(query.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?)
        })
    }

    /// Returns what belongs to an entry, or nothing if some of it is gone. An object that is the value itself is left out.
    fn belongings(&self, key: &Digest, value: &[u8]) -> Result<Option<Belongings>, Error> {
        let (expires_at, digests) = self.with("look up what belongs to an entry", |connection| {
            let expires_at: Option<i64> = connection
                .prepare_cached("SELECT expires_at FROM entries WHERE id = ?1")?
                .query_row([key.row_id()], |row| row.get(0))
                .optional()?
                .flatten();
            let mut query = connection.prepare_cached(
                "SELECT objects.digest FROM entry_objects LEFT JOIN objects ON objects.id = entry_objects.object
                 WHERE entry_objects.entry = ?1",
            )?;
            let digests = query.query_map([key.row_id()], |row| row.get::<_, Option<[u8; 32]>>(0))?;
            let digests: Vec<Option<[u8; 32]>> = digests.collect::<Result<_, _>>()?;
            Ok((expires_at, digests))
        })?;
        // One that was found damaged before has no row any more.
        let digests: Option<Vec<Digest>> = digests.into_iter().map(|digest| digest.map(Digest::from_bytes)).collect();
        let Some(digests) = digests else { return Ok(None) };
        let itself = Digest::of(value);
        let mut objects = Vec::new();
        for digest in digests.into_iter().filter(|digest| *digest != itself) {
            match self.read_object(&digest) {
                Ok(body) => objects.push(body),
                Err(Error::MissingObject { .. } | Error::DamagedObject { .. }) => return Ok(None),
                Err(error) => return Err(error),
            }
        }
        Ok(Some(Belongings { expires_at: expires_at.map(crate::clock::time), objects }))
    }

    /// Returns the manifests of a key's files parts that are at hand.
    fn manifests_of(&self, key: &crate::Key) -> Result<Vec<Manifest>, Error> {
        let files = key.parts().iter().filter(|part| part.shown == crate::Shown::Files);
        let mut manifests = Vec::new();
        for part in files {
            manifests.extend(self.manifest(&part.digest)?);
        }
        Ok(manifests)
    }
}

struct Belongings {
    expires_at: Option<SystemTime>,
    objects: Vec<Vec<u8>>,
}
