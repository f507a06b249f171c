//! Keeps the store within its size: expired entries first, then what was used longest ago.

use std::fs;

use rusqlite::{Connection, OptionalExtension, params};

use super::disk::{Store, total};
use super::index::{Fault, OBJECTS, STAGED};
use super::lookup::USE_GRAIN;
use super::write::delete;
use crate::Digest;
use crate::clock::{nanos, span};

/// When there is too much, this share of the limit stays, so that not every store evicts.
const KEPT_PERCENT: u64 = 90;

/// So many entries are deleted before the keys are looked through, which takes one pass over them.
const BATCH: usize = 250;

/// One transaction deletes at most so many batches: other processes wait for it. The next one goes on.
const MAX_BATCHES: usize = 4;

/// An object that no entry refers to yet is kept so long: its step is still running.
const PENDING: i64 = 3_600 * 1_000_000_000;

impl Store {
    /// Deletes until the contents are within the limit, and the objects that nothing refers to.
    pub(super) fn make_room(&self, connection: &Connection, now: i64) -> Result<(), Fault> {
        if let Some(age) = self.options().max_age {
            let idle = now.saturating_sub(span(age)).saturating_sub(USE_GRAIN);
            connection.prepare_cached("DELETE FROM entries WHERE used_at <= ?1")?.execute([idle])?;
        }
        self.sweep(connection, now)?;
        let max_bytes = self.options().max_bytes;
        let limit = |bytes: u64| i64::try_from(bytes).unwrap_or(i64::MAX);
        if total(connection)? <= limit(max_bytes) {
            return Ok(());
        }
        let goal = limit(max_bytes / 100 * KEPT_PERCENT + max_bytes % 100 * KEPT_PERCENT / 100);
        connection.prepare_cached("DELETE FROM entries WHERE expires_at <= ?1")?.execute([now])?;
        self.sweep(connection, now)?;
        self.remove_abandoned(now);
        for _ in 0..MAX_BATCHES {
            if total(connection)? <= goal {
                return Ok(());
            }
            match self.evict_batch(connection, goal, now)? {
                Some(horizon) => forget_subjects(connection, horizon)?,
                // Only keys without an entry and objects of running steps are left.
                None => return forget_subjects(connection, i64::MAX),
            }
        }
        Ok(())
    }

    /// Deletes what processes that were killed left half written. One that stays is met again next time.
    fn remove_abandoned(&self, now: i64) {
        let files = fs::read_dir(self.dir().join(OBJECTS)).into_iter().flatten().flatten();
        for file in files.filter(|file| file.file_name().to_string_lossy().starts_with(STAGED)) {
            let written = file.metadata().and_then(|metadata| metadata.modified());
            if written.is_ok_and(|written| nanos(written) < now.saturating_sub(PENDING)) {
                let _ = fs::remove_file(file.path());
            }
        }
    }

    /// Deletes the entries used longest ago and returns when the last of them was used, if there was one.
    fn evict_batch(&self, connection: &Connection, goal: i64, now: i64) -> Result<Option<i64>, Fault> {
        let mut horizon = None;
        for _ in 0..BATCH {
            if total(connection)? <= goal {
                break;
            }
            let Some(used_at) = evict_oldest(connection)? else {
                break;
            };
            horizon = Some(used_at);
            self.sweep(connection, now)?;
        }
        Ok(horizon)
    }

    /// Deletes the objects that nothing refers to any more, or that nothing came to refer to.
    ///
    /// Files go before the transaction ends: a process that puts the same content waits for its turn and
    /// then finds neither row nor file.
    fn sweep(&self, connection: &Connection, now: i64) -> Result<(), Fault> {
        let unused: Vec<Digest> = connection
            .prepare_cached(
                "DELETE FROM objects WHERE pending_since <= ?1
                 AND NOT EXISTS (SELECT 1 FROM entry_objects WHERE object = objects.id) RETURNING digest",
            )?
            .query_map([now.saturating_sub(PENDING)], |row| row.get(0).map(Digest::from_bytes))?
            .collect::<Result<_, _>>()?;
        unused.iter().for_each(|digest| self.remove_file(digest));
        Ok(())
    }
}

fn evict_oldest(connection: &Connection) -> Result<Option<i64>, Fault> {
    let oldest: Option<([u8; 32], i64)> = connection
        .prepare_cached("SELECT digest, used_at FROM entries ORDER BY used_at, id LIMIT 1")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((digest, used_at)) = oldest else {
        return Ok(None);
    };
    delete(connection, &Digest::from_bytes(digest))?;
    Ok(Some(used_at))
}

/// Forgets keys as old as what was evicted if their entry is gone, and the manifests that only they use.
fn forget_subjects(connection: &Connection, until: i64) -> Result<(), Fault> {
    connection
        .prepare_cached(
            "DELETE FROM subjects WHERE stored_at <= ?1
             AND NOT EXISTS (SELECT 1 FROM entries WHERE entries.id = subjects.entry)",
        )?
        .execute(params![until])?;
    Ok(())
}
