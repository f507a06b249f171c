//! What is in the store, entry by entry, without its values; and taking out what is chosen of it.

use std::time::SystemTime;

use rusqlite::{Connection, Row};
use serde::{Deserialize, Serialize};

use super::disk::Store;
use super::index::Fault;
use super::tally;
use super::write::delete;
use crate::clock::{nanos, time};
use crate::{Digest, Error};

/// Entries are taken out so many at a time: other processes wait for each transaction.
const BATCH: usize = 500;

/// One entry of a store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Listed {
    /// The digest of its key.
    pub digest: Digest,
    /// What it is the last result of; nothing if a later one has been stored for the same subject.
    pub subject: Option<String>,
    /// Whether it is no result but bytes that a layer keeps.
    pub of_layer: bool,
    /// When it was stored.
    pub stored_at: SystemTime,
    /// When it expires, if it does.
    pub expires_at: Option<SystemTime>,
    /// When it was used last; known to the hour.
    pub used_at: SystemTime,
    /// How often it was given, since that is counted.
    pub uses: u64,
    /// What it takes, with its share of the objects that it refers to.
    pub bytes: u64,
}

/// What was taken out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Cleared {
    /// Entries that are gone.
    pub entries: usize,
    /// By how much the contents are less.
    pub bytes: u64,
}

impl Store {
    /// Returns all entries, what was stored last first; also those that have expired and were not asked for since.
    pub fn list(&self) -> Result<Vec<Listed>, Error> {
        // What this process has seen of uses counts too.
        self.flush()?;
        self.with("list what is stored", |connection| Ok(list(connection)?))
    }

    /// Takes out the entries that are chosen, with the keys that they are the last results of and the objects that only
    /// they refer to. What another process stores meanwhile stays.
    pub fn clear(&self, is_chosen: &dyn Fn(&Listed) -> bool, now: SystemTime) -> Result<Cleared, Error> {
        let before = self.bytes()?;
        let chosen: Vec<Listed> = self.list()?.into_iter().filter(is_chosen).collect();
        let mut entries = 0;
        for batch in chosen.chunks(BATCH) {
            entries += self.write("clear", |transaction| {
                let mut gone = 0;
                for listed in batch.iter() {
                    gone += take_out(transaction, listed)?;
                }
                self.make_room(transaction, nanos(now))?;
                Ok(gone)
            })?;
        }
        Ok(Cleared { entries, bytes: before.saturating_sub(self.bytes()?) })
    }

    /// Takes out everything, what is remembered of keys too. Hashes of files stay: they are right for whatever comes.
    pub fn clear_all(&self, now: SystemTime) -> Result<Cleared, Error> {
        let cleared = self.clear(&|_| true, now)?;
        let left = self.bytes()?;
        self.write("clear", |transaction| {
            transaction.execute("DELETE FROM subjects WHERE entry NOT IN (SELECT id FROM entries)", [])?;
            Ok(())
        })?;
        Ok(Cleared { bytes: cleared.bytes + left.saturating_sub(self.bytes()?), ..cleared })
    }
}

fn take_out(connection: &Connection, listed: &Listed) -> Result<usize, Fault> {
    let is_same = connection
        .prepare_cached("SELECT count(*) FROM entries WHERE id = ?1 AND digest = ?2 AND stored_at = ?3")?
        .query_row(
            rusqlite::params![listed.digest.row_id(), listed.digest.as_bytes(), nanos(listed.stored_at)],
            |row| row.get::<_, i64>(0),
        )?;
    if is_same == 0 {
        return Ok(0);
    }
    connection.prepare_cached("DELETE FROM subjects WHERE entry = ?1")?.execute([listed.digest.row_id()])?;
    Ok(delete(connection, &listed.digest)?)
}

fn list(connection: &Connection) -> rusqlite::Result<Vec<Listed>> {
    let uses = match tally::is_kept(connection)? {
        true => "coalesce((SELECT count FROM uses WHERE entry = entries.id), 0)",
        false => "0",
    };
    // An object that several entries refer to is divided among them, so that the sum is what there is.
    let select = format!(
        "WITH shares AS (SELECT id, bytes / (SELECT count(*) FROM entry_objects WHERE object = objects.id) AS bytes
           FROM objects WHERE pending_since IS NULL)
         SELECT entries.digest, subjects.name, entries.stored_at, entries.expires_at, entries.used_at, {uses},
           entries.space <> 0,
           entries.bytes + coalesce((SELECT sum(shares.bytes) FROM entry_objects
             JOIN shares ON shares.id = entry_objects.object WHERE entry_objects.entry = entries.id), 0)
         FROM entries LEFT JOIN subjects ON subjects.entry = entries.id
         ORDER BY entries.stored_at DESC, entries.id"
    );
    connection.prepare(&select)?.query_map([], read)?.collect()
}

fn read(row: &Row<'_>) -> rusqlite::Result<Listed> {
    let count = |place: usize| row.get::<_, i64>(place).map(|count| count.max(0).unsigned_abs());
    Ok(Listed {
        digest: row.get(0).map(Digest::from_bytes)?,
        subject: row.get(1)?,
        stored_at: time(row.get(2)?),
        expires_at: row.get::<_, Option<i64>>(3)?.map(time),
        used_at: time(row.get(4)?),
        uses: count(5)?,
        of_layer: row.get(6)?,
        bytes: count(7)?,
    })
}
