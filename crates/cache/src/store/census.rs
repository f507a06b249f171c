//! What the store takes, by kind, and what it was asked for.

use std::fs;
use std::time::SystemTime;

use rusqlite::Connection;
use serde::{Deserialize, Serialize};

use super::disk::Store;
use super::index::NAME;
use super::tally::{self, Tally};
use crate::Error;
use crate::clock::nanos;

/// How many of a kind there are, and what they take together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Amount {
    /// How many.
    pub count: u64,
    /// Bytes of their contents, with what a row takes beside.
    pub bytes: u64,
}

/// A store in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Census {
    /// Stored results.
    pub entries: Amount,
    /// Of these, results whose time is over.
    pub expired: u64,
    /// Contents that results refer to: large values and output files.
    pub objects: Amount,
    /// Of these, contents that no result refers to yet or any more.
    pub pending: u64,
    /// Keys by which a miss is explained.
    pub subjects: Amount,
    /// Lists of files that those keys name.
    pub manifests: Amount,
    /// Files whose hash is remembered; they do not count to the store's limit.
    pub hashes: u64,
    /// What all contents take together, which is kept below `max_bytes`.
    pub bytes: u64,
    /// What may be taken.
    pub max_bytes: u64,
    /// What the index takes on disk, journal and gaps included.
    pub index_bytes: u64,
    /// What the store was asked for.
    pub tally: Tally,
}

impl Store {
    /// Counts what there is and what was asked for.
    pub fn census(&self, now: SystemTime) -> Result<Census, Error> {
        self.flush()?;
        let mut census = self.with("count", |connection| Ok(count(connection, nanos(now))?))?;
        census.max_bytes = self.options().max_bytes;
        census.bytes = self.bytes()?;
        let size = |suffix: &str| fs::metadata(self.dir().join(format!("{NAME}{suffix}"))).map_or(0, |file| file.len());
        census.index_bytes = ["", "-wal", "-shm"].into_iter().map(size).sum();
        Ok(census)
    }
}

fn count(connection: &Connection, now: i64) -> rusqlite::Result<Census> {
    let transaction = connection.unchecked_transaction()?;
    let number = |select: &str| -> rusqlite::Result<u64> {
        let number: i64 = transaction.query_row(select, [], |row| row.get(0))?;
        Ok(number.max(0).unsigned_abs())
    };
    let amount = |table: &str| -> rusqlite::Result<Amount> {
        let count = number(&format!("SELECT count(*) FROM {table}"))?;
        Ok(Amount { count, bytes: number(&format!("SELECT coalesce(sum(bytes), 0) FROM {table}"))? })
    };
    Ok(Census {
        entries: amount("entries")?,
        expired: number(&format!("SELECT count(*) FROM entries WHERE expires_at <= {now}"))?,
        objects: amount("objects")?,
        pending: number("SELECT count(*) FROM objects WHERE pending_since IS NOT NULL")?,
        subjects: amount("subjects")?,
        manifests: amount("manifests")?,
        hashes: number("SELECT count(*) FROM memo")?,
        tally: tally::read(&transaction)?,
        ..Census::default()
    })
}
