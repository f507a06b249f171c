//! How often the store had what it was asked for, over all processes and days, and how often each entry was used.
//!
//! Both stand in tables of their own that are made when they are first needed: a program that does not know them goes on
//! beside one that does, and the format of the index stays as it is.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};

use super::lookup::{Lookup, MissReason};
use crate::Digest;
use crate::clock::{nanos, time};

/// Counts are written down when so many entries have some, at the latest.
const MAX_UNSAVED: usize = 8_192;

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS tally (what TEXT PRIMARY KEY, count INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS uses (entry INTEGER PRIMARY KEY, count INTEGER NOT NULL);
CREATE TRIGGER IF NOT EXISTS use_out AFTER DELETE ON entries BEGIN DELETE FROM uses WHERE entry = OLD.id; END;
";

/// Since when is counted; not a count itself.
const SINCE: &str = "since";

/// How often a store had what it was asked for, since it was made or its counts were begun.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Tally {
    /// Asked for and there.
    pub hits: u64,
    /// Asked for and never there, or gone.
    pub misses_absent: u64,
    /// Asked for and there, but past its time.
    pub misses_expired: u64,
    /// Asked for and there, but not whole any more.
    pub misses_damaged: u64,
    /// Since when this is counted.
    pub since: Option<SystemTime>,
}

impl Tally {
    fn counts(&mut self) -> [(&'static str, &mut u64); 4] {
        [
            ("hits", &mut self.hits),
            ("misses_absent", &mut self.misses_absent),
            ("misses_expired", &mut self.misses_expired),
            ("misses_damaged", &mut self.misses_damaged),
        ]
    }
}

/// What was counted and is not written down yet.
#[derive(Debug, Default)]
pub(super) struct Unsaved(Mutex<Counted>);

#[derive(Debug, Default)]
pub(super) struct Counted {
    tally: Tally,
    uses: HashMap<i64, i64>,
}

impl Unsaved {
    /// Counts what was answered, and returns whether it is time to write that down.
    pub(super) fn note(&self, digests: &[Digest], lookups: &[Lookup]) -> bool {
        let mut counted = self.counted();
        for (digest, lookup) in digests.iter().zip(lookups) {
            match lookup {
                Lookup::Hit(_) => {
                    counted.tally.hits += 1;
                    *counted.uses.entry(digest.row_id()).or_default() += 1;
                }
                Lookup::Miss(MissReason::Absent) => counted.tally.misses_absent += 1,
                Lookup::Miss(MissReason::Expired { .. }) => counted.tally.misses_expired += 1,
                Lookup::Miss(MissReason::Damaged(_)) => counted.tally.misses_damaged += 1,
            }
        }
        counted.uses.len() >= MAX_UNSAVED
    }

    pub(super) fn take(&self) -> Counted {
        std::mem::take(&mut *self.counted())
    }

    fn counted(&self) -> MutexGuard<'_, Counted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counted {
    pub(super) fn is_empty(&self) -> bool {
        self.tally == Tally::default()
    }

    /// Adds what was counted to what stands in the index.
    pub(super) fn save(mut self, connection: &Connection, now: SystemTime) -> rusqlite::Result<()> {
        if self.is_empty() {
            return Ok(());
        }
        if !is_kept(connection)? {
            connection.execute_batch(SCHEMA)?;
        }
        let mut begin = connection.prepare_cached("INSERT OR IGNORE INTO tally (what, count) VALUES (?1, ?2)")?;
        begin.execute(params![SINCE, nanos(now)])?;
        let mut add = connection.prepare_cached(
            "INSERT INTO tally (what, count) VALUES (?1, ?2) ON CONFLICT (what) DO UPDATE SET count = count + ?2",
        )?;
        for (what, count) in self.tally.counts().into_iter().filter(|(_, count)| **count > 0) {
            add.execute(params![what, count.cast_signed()])?;
        }
        // Only what is still there: an entry that went meanwhile would leave a count behind.
        let mut use_again = connection.prepare_cached(
            "INSERT INTO uses (entry, count) SELECT ?1, ?2 WHERE EXISTS (SELECT 1 FROM entries WHERE id = ?1)
             ON CONFLICT (entry) DO UPDATE SET count = count + ?2",
        )?;
        // In the order in which they stand there, so that no page is come by twice.
        let mut uses: Vec<(i64, i64)> = self.uses.into_iter().collect();
        uses.sort_unstable();
        for (entry, count) in uses {
            use_again.execute([entry, count])?;
        }
        Ok(())
    }
}

/// Returns whether anything was ever counted in this index.
pub(super) fn is_kept(connection: &Connection) -> rusqlite::Result<bool> {
    let found = connection
        .prepare_cached("SELECT 1 FROM sqlite_schema WHERE type = 'trigger' AND name = 'use_out'")?
        .query_row([], |_| Ok(()))
        .optional()?;
    Ok(found.is_some())
}

/// Reads what was counted.
pub(super) fn read(connection: &Connection) -> rusqlite::Result<Tally> {
    let mut tally = Tally::default();
    if !is_kept(connection)? {
        return Ok(tally);
    }
    let mut select = connection.prepare_cached("SELECT count FROM tally WHERE what = ?1")?;
    for (what, count) in tally.counts() {
        let stored: Option<i64> = select.query_row([what], |row| row.get(0)).optional()?;
        *count = stored.unwrap_or_default().max(0).unsigned_abs();
    }
    let since: Option<i64> = select.query_row([SINCE], |row| row.get(0)).optional()?;
    tally.since = since.map(time);
    Ok(tally)
}
