//! Asking the store: a value is handed out only if it is whole and has not expired. Writing is elsewhere.

use std::time::SystemTime;

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::disk::Store;
use super::index::Fault;
use super::objects::read_body;
use super::write::{Sealed, VALUE_FORMAT};
use crate::clock::{nanos, span, time};
use crate::{Digest, Error};

/// A use is written down only if the last one is older than this: reading should not cost a write.
pub(super) const USE_GRAIN: i64 = 3_600 * 1_000_000_000;

/// What the store answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// The value is there.
    Hit(Hit),
    /// It is not, and why.
    Miss(MissReason),
}

/// A value and its age.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// What was stored.
    pub value: Vec<u8>,
    /// When.
    pub stored_at: SystemTime,
}

/// Why there is no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MissReason {
    /// Nothing was stored under this key, or it was evicted.
    Absent,
    /// It was stored, and its time is over.
    Expired {
        /// When it expired.
        since: SystemTime,
    },
    /// It was stored and is not whole any more, and was removed; or it has a format that only a newer program knows, and
    /// was left to that. The text says what is wrong.
    Damaged(String),
}

impl Store {
    /// Looks up all digests at once, in one read transaction; answers come in the order asked.
    ///
    /// Expired and damaged entries are removed in passing. Fails only if the index or the file of a value cannot be read.
    pub fn fetch(&self, digests: &[Digest], now: SystemTime) -> Result<Vec<Lookup>, Error> {
        let lookups = self.look_up(digests, now)?;
        self.note_asked(digests, &lookups);
        Ok(lookups)
    }

    /// Does the same without counting it as asked for.
    pub(super) fn look_up(&self, digests: &[Digest], now: SystemTime) -> Result<Vec<Lookup>, Error> {
        let now = nanos(now);
        let mut used = Vec::new();
        let lookups = self.with("look up", |connection| {
            // A single statement is a transaction of its own.
            let transaction = if digests.len() > 1 { Some(connection.unchecked_transaction()?) } else { None };
            let lookups = self.look_up_all(connection, digests, now, &mut used);
            drop(transaction);
            lookups
        })?;
        used.into_iter().for_each(|digest| self.note_used(digest, now));
        self.drop_spoilt(digests, &lookups, now);
        Ok(lookups)
    }

    /// Looks up without leaving a trace: nothing is counted as used and nothing is removed.
    ///
    /// Fails only if the index or the file of a value cannot be read.
    pub fn peek(&self, digests: &[Digest], now: SystemTime) -> Result<Vec<Lookup>, Error> {
        let (now, mut used) = (nanos(now), Vec::new());
        self.with("look up", |connection| self.look_up_all(connection, digests, now, &mut used))
    }

    /// Reads the rows in their order on disk, so that of many digests no page is read twice.
    fn look_up_all(
        &self,
        connection: &Connection,
        digests: &[Digest],
        now: i64,
        used: &mut Vec<Digest>,
    ) -> Result<Vec<Lookup>, Fault> {
        let mut places: Vec<usize> = (0..digests.len()).collect();
        places.sort_unstable_by_key(|place| digests[*place].row_id());
        let mut lookups = vec![Lookup::Miss(MissReason::Absent); digests.len()];
        let mut select = connection.prepare_cached(
            "SELECT format, value, object, checksum, stored_at, expires_at, used_at FROM entries
             WHERE id = ?1 AND digest = ?2",
        )?;
        for place in places {
            let digest = &digests[place];
            let read = |row: &Row<'_>| Ok(Found::read(row, digest));
            lookups[place] = match select.query_row(params![digest.row_id(), digest.as_bytes()], read).optional()? {
                None => Lookup::Miss(MissReason::Absent),
                Some(Err(reason)) => damaged(reason),
                Some(Ok(found)) => self.judge(connection, digest, found, now, used)?,
            };
        }
        Ok(lookups)
    }

    /// Says what a row that is whole is worth now.
    fn judge(
        &self,
        connection: &Connection,
        digest: &Digest,
        found: Found,
        now: i64,
        used: &mut Vec<Digest>,
    ) -> Result<Lookup, Fault> {
        if let Some(expires_at) = found.expires_at.filter(|expires_at| *expires_at <= now) {
            return Ok(Lookup::Miss(MissReason::Expired { since: time(expires_at) }));
        }
        if let Some(since) = self.idle_since(found.used_at, now) {
            return Ok(Lookup::Miss(MissReason::Expired { since: time(since) }));
        }
        let value = match found.place {
            Place::Inline(value) => value,
            Place::Object(object) => match read_body(self, connection, &object) {
                Ok(value) => value,
                // A file that cannot be read just now may be whole: only what was read, or is gone, is judged.
                Err(Fault::Other(error)) if is_spoilt(&error) => return Ok(damaged(error.to_string())),
                Err(fault) => return Err(fault),
            },
        };
        if now.saturating_sub(found.used_at) > USE_GRAIN {
            used.push(*digest);
        }
        Ok(Lookup::Hit(Hit { value, stored_at: time(found.stored_at) }))
    }

    /// Returns when something that was used then had not been used for too long, if that has come.
    fn idle_since(&self, used_at: i64, now: i64) -> Option<i64> {
        // What was used within the hour may not be written down yet.
        let since = used_at.saturating_add(span(self.options().max_age?)).saturating_add(USE_GRAIN);
        (since <= now).then_some(since)
    }

    /// Removes what cannot be used. If that fails the next lookup finds it again and judges it again.
    fn drop_spoilt(&self, digests: &[Digest], lookups: &[Lookup], now: i64) {
        let (mut expired, mut broken) = (Vec::new(), Vec::new());
        for (digest, lookup) in digests.iter().zip(lookups) {
            match lookup {
                Lookup::Hit(_) | Lookup::Miss(MissReason::Absent) => {}
                Lookup::Miss(MissReason::Expired { .. }) => expired.push(*digest),
                Lookup::Miss(MissReason::Damaged(reason)) => {
                    tracing::warn!(digest = %digest.short(), reason, "a cached value is damaged and is removed");
                    broken.push(*digest);
                }
            }
        }
        if expired.is_empty() && broken.is_empty() {
            return;
        }
        if let Err(error) = self.remove(&expired, &broken, now) {
            tracing::debug!(%error, "entries that cannot be used were not removed");
        }
    }
}

/// Returns whether a content is not what it should be, unlike one that the system does not let us read.
pub(super) fn is_spoilt(error: &Error) -> bool {
    matches!(error, Error::MissingObject { .. } | Error::DamagedObject { .. })
}

fn damaged(reason: impl Into<String>) -> Lookup {
    Lookup::Miss(MissReason::Damaged(reason.into()))
}

/// A row whose checksum is right.
pub(super) struct Found {
    place: Place,
    stored_at: i64,
    expires_at: Option<i64>,
    used_at: i64,
}

enum Place {
    Inline(Vec<u8>),
    Object(Digest),
}

impl Found {
    pub(super) fn read(row: &Row<'_>, digest: &Digest) -> Result<Found, &'static str> {
        match row.get::<_, i64>(0) {
            Ok(VALUE_FORMAT) => {}
            Ok(newer) if newer > VALUE_FORMAT => return Err("it has a newer format"),
            _ => return Err("it has another format"),
        }
        let wrong = |_| "a field of it has the wrong type";
        let value = row.get_ref(1).map_err(wrong)?.as_blob_or_null().map_err(|_| "its value has the wrong type")?;
        let object = row.get::<_, Option<[u8; 32]>>(2).map_err(wrong)?.map(Digest::from_bytes);
        let (stored_at, expires_at) = (row.get(4).map_err(wrong)?, row.get(5).map_err(wrong)?);
        let sealed = Sealed { key: digest, value, object: object.as_ref(), stored_at, expires_at };
        if row.get::<_, [u8; 32]>(3).map_err(wrong)? != *sealed.checksum().as_bytes() {
            return Err("its checksum is wrong");
        }
        let place = match (value, object) {
            (Some(value), None) => Place::Inline(value.to_vec()),
            (None, Some(object)) => Place::Object(object),
            _ => return Err("its value is missing"),
        };
        Ok(Found { place, stored_at, expires_at, used_at: row.get(6).map_err(wrong)? })
    }
}
