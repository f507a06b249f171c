//! Keeps the store within its size: expired entries first, then what goes next by the eviction that was chosen.

use std::fs;

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::disk::{Eviction, Store, total};
use super::index::{Fault, OBJECTS, STAGED};
use super::lookup::USE_GRAIN;
use super::tally;
use crate::Digest;
use crate::clock::{nanos, span};

/// When there is too much, this share of the limit stays, so that not every store evicts.
const KEPT_PERCENT: u64 = 90;

/// So many entries are deleted before the keys are looked through, which takes one pass over them.
const BATCH: usize = 250;

/// Among so many entries that were used longest ago the one that was used least goes, if it goes by that.
const SAMPLE: i64 = 64;

/// One transaction deletes at most so many batches: other processes wait for it. The next one goes on.
const MAX_BATCHES: usize = 4;

/// Of the entries used longest ago those whose time is over, as many as are looked at.
const EXPIRED: &str = "DELETE FROM entries WHERE id IN (SELECT id FROM
    (SELECT id, expires_at FROM entries ORDER BY used_at, id LIMIT ?2) WHERE expires_at <= ?1)";

/// So many entries are looked at for their time; what is over and was used since leaves when it is asked for.
const LOOKED_AT: i64 = 10_000;

/// The first after a place in the order of use: in the same moment, or else in a later one. Both are found at once; of
/// `(used_at, id) > (?1, ?2)` SQLite looks at all entries of the moment.
const BESIDE: &str = "SELECT used_at, id, visited FROM entries WHERE used_at = ?1 AND id > ?2 ORDER BY id LIMIT 1";
const BEHIND: &str = "SELECT used_at, id, visited FROM entries WHERE used_at > ?1 ORDER BY used_at, id LIMIT 1";

/// An object that no entry refers to yet is kept so long: its step is still running.
const PENDING: i64 = 3_600 * 1_000_000_000;

impl Store {
    /// Deletes until the contents are within the limit, and the objects that nothing refers to.
    pub(super) fn make_room(&self, connection: &Connection, now: i64) -> Result<(), Fault> {
        if let Some(age) = self.options().max_age {
            let idle = now.saturating_sub(span(age)).saturating_sub(USE_GRAIN);
            connection.prepare_cached("DELETE FROM entries WHERE used_at <= ?1")?.execute([idle])?;
        }
        let max_bytes = self.options().max_bytes;
        let limit = |bytes: u64| i64::try_from(bytes).unwrap_or(i64::MAX);
        let (mut bytes, is_littered) = look_round(connection, now)?;
        if is_littered {
            self.sweep(connection, now)?;
            bytes = total(connection)?;
        }
        if bytes <= limit(max_bytes) {
            return Ok(());
        }
        let goal = limit(max_bytes / 100 * KEPT_PERCENT + max_bytes % 100 * KEPT_PERCENT / 100);
        remove_expired(connection, now)?;
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

    /// Deletes the entries that go next and returns when the last of them was used, if there was one.
    fn evict_batch(&self, connection: &Connection, goal: i64, now: i64) -> Result<Option<i64>, Fault> {
        let mut horizon = None;
        for _ in 0..BATCH {
            if total(connection)? <= goal {
                break;
            }
            let Some(used_at) = evict_next(connection, self.options().eviction)? else {
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

/// Returns how many bytes there are, and whether there are objects that nothing refers to.
fn look_round(connection: &Connection, now: i64) -> rusqlite::Result<(i64, bool)> {
    connection
        .prepare_cached("SELECT bytes, EXISTS (SELECT 1 FROM objects WHERE pending_since <= ?1) FROM totals")?
        .query_row([now.saturating_sub(PENDING)], |row| Ok((row.get(0)?, row.get(1)?)))
}

/// Deletes entries whose time is over. They are looked for in the index by use, which knows it too: one of their own would cost
/// each store a written page.
fn remove_expired(connection: &Connection, now: i64) -> rusqlite::Result<usize> {
    connection.prepare_cached(EXPIRED)?.execute([now, LOOKED_AT])
}

/// An entry as eviction sees it.
struct Candidate {
    used_at: i64,
    id: i64,
    is_visited: bool,
}

fn candidate(row: &Row<'_>) -> rusqlite::Result<Candidate> {
    Ok(Candidate { used_at: row.get(0)?, id: row.get(1)?, is_visited: row.get(2)? })
}

/// Deletes the entry that goes next, and returns when it was used or stored.
fn evict_next(connection: &Connection, eviction: Eviction) -> Result<Option<i64>, Fault> {
    let next = match eviction {
        Eviction::Lru | Eviction::Fifo => first_after(connection, i64::MIN, i64::MIN)?,
        Eviction::Sieve => sift(connection)?,
        Eviction::Lfu => least_used(connection)?,
    };
    let Some(next) = next else { return Ok(None) };
    connection.prepare_cached("DELETE FROM entries WHERE id = ?1")?.execute([next.id])?;
    Ok(Some(next.used_at))
}

/// Moves the hand from the entries stored first to those stored last and round again, sparing once what was visited, and
/// returns what was not.
fn sift(connection: &Connection) -> Result<Option<Candidate>, Fault> {
    let (mut used_at, mut id): (i64, i64) = connection
        .prepare_cached("SELECT used_at, entry FROM hand")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let mut has_turned = false;
    loop {
        match first_after(connection, used_at, id)? {
            Some(next) if next.is_visited => {
                connection.prepare_cached("UPDATE entries SET visited = 0 WHERE id = ?1")?.execute([next.id])?;
                (used_at, id) = (next.used_at, next.id);
            }
            Some(next) => {
                connection
                    .prepare_cached("UPDATE hand SET used_at = ?1, entry = ?2")?
                    .execute([next.used_at, next.id])?;
                return Ok(Some(next));
            }
            // A second end without anything that may go means that there is nothing.
            None if has_turned => return Ok(None),
            None => {
                (used_at, id) = (i64::MIN, i64::MIN);
                has_turned = true;
            }
        }
    }
}

/// Returns the entry that was asked for least often among those used longest ago.
fn least_used(connection: &Connection) -> Result<Option<Candidate>, Fault> {
    if !tally::is_kept(connection)? {
        return first_after(connection, i64::MIN, i64::MIN);
    }
    let next = connection
        .prepare_cached(
            "SELECT used_at, id, visited FROM (SELECT used_at, id, visited FROM entries ORDER BY used_at, id LIMIT ?1)
             ORDER BY coalesce((SELECT count FROM uses WHERE entry = id), 0), used_at, id LIMIT 1",
        )?
        .query_row([SAMPLE], candidate)
        .optional()?;
    Ok(next)
}

fn first_after(connection: &Connection, used_at: i64, id: i64) -> Result<Option<Candidate>, Fault> {
    let beside = connection.prepare_cached(BESIDE)?.query_row([used_at, id], candidate).optional()?;
    match beside {
        Some(next) => Ok(Some(next)),
        None => Ok(connection.prepare_cached(BEHIND)?.query_row([used_at], candidate).optional()?),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// What SQLite does for a statement, step by step.
    fn plan(statement: &str, parameters: impl rusqlite::Params) -> Vec<String> {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(include_str!("schema.sql")).unwrap();
        let mut explained = connection.prepare(&format!("EXPLAIN QUERY PLAN {statement}")).unwrap();
        explained.query_map(parameters, |row| row.get(3)).unwrap().map(Result::unwrap).collect()
    }

    #[test]
    fn what_is_over_is_found_without_a_look_at_any_value() {
        let plan = plan(EXPIRED, [0, 0]);
        assert!(plan.contains(&"SCAN entries USING COVERING INDEX entries_by_use".to_owned()), "{plan:?}");
    }

    #[test]
    fn what_goes_next_is_found_without_sorting() {
        assert_eq!(plan(BESIDE, [0, 0]), ["SEARCH entries USING INDEX entries_by_use (used_at=? AND id>?)"]);
        assert_eq!(plan(BEHIND, [0]), ["SEARCH entries USING INDEX entries_by_use (used_at>?)"]);
    }
}
