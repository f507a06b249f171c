//! Repair of a damaged store: what is whole is carried over into a new one, the old one is kept aside.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::types::FromSql;
use rusqlite::{Connection, params};
use segno_errors::{Fault, from_io};

use super::chain::Chain;
use super::lock::StoreLock;
use super::requests;
use super::schema::{FORMAT, fault, lost_its_head, newer, open, open_to_read, version};
use super::sqlite::read_events;
use super::stored::RunEntry;
use crate::model::{Event, RunId, Timestamp};

/// What a repair did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Repair {
    /// Runs that were carried over.
    pub runs: usize,
    /// Their events.
    pub events: usize,
    /// Runs that lost events, or were lost.
    pub cut: Vec<String>,
    /// Where the damaged store is kept; `None` when nothing was damaged.
    pub kept: Option<PathBuf>,
}

/// Checks the store at `path`; where it is damaged, makes a new one of what is whole.
///
/// # Errors
/// When another process has the store open (reason `locked`), when it is of a newer format, or when the new store cannot
/// be written. The old one is untouched until the new one is complete.
pub fn repair(path: &Path, stamp: u64) -> Result<Repair, Fault> {
    if !path.exists() {
        return Ok(Repair::default());
    }
    let _alone = StoreLock::alone(path)?;
    if is_whole(path) {
        return Ok(Repair::default());
    }
    refuse_newer(path)?;
    let fresh = beside(path, "repaired");
    remove(&fresh)?;
    let mut done = Repair::default();
    let target = open(&fresh)?;
    if let Ok(source) = open_damaged(path) {
        copy_definitions(&source, &target);
        copy_runs(&source, &target, &fresh, &mut done)?;
    }
    target.pragma_update(None, "journal_mode", "DELETE").map_err(|error| fault(error, &fresh))?;
    drop(target);
    let kept = beside(path, &format!("damaged-{stamp}"));
    for ending in ["", "-wal", "-shm"] {
        let (from, to) = (with_ending(path, ending), with_ending(&kept, ending));
        if from.exists() {
            fs::rename(&from, &to).map_err(from_io)?;
        }
    }
    fs::rename(&fresh, path).map_err(from_io)?;
    done.kept = Some(kept);
    Ok(done)
}

/// Says whether the database and each run's chain are as they were written.
fn is_whole(path: &Path) -> bool {
    if lost_its_head(path) {
        return false;
    }
    let Ok(connection) = open_to_read(path) else {
        return false;
    };
    let check = connection.pragma_query_value(None, "integrity_check", |row| row.get::<_, String>(0));
    if check.is_ok_and(|word| word == "ok") {
        let runs = runs(&connection);
        return runs.iter().all(|(number, id)| {
            let log = RunId::new(id).ok().and_then(|id| read_events(&connection, &id, *number).ok());
            log.is_some_and(|log| log.damage.is_none())
        });
    }
    false
}

/// Opens a store that may have lost its end. Without the pragma it is refused: its header counts more pages than it has.
fn open_damaged(path: &Path) -> Result<Connection, Fault> {
    let source = open_to_read(path)?;
    let tolerant = source.pragma_update(None, "writable_schema", "ON");
    tolerant.map_err(|error| fault(error, path))?;
    Ok(source)
}

/// Reads the numbers and names of runs, from their rows and from the index over the names.
fn runs(source: &Connection) -> BTreeMap<i64, String> {
    let rows = rows(source, "SELECT number, id FROM runs NOT INDEXED ORDER BY number");
    let index = self::rows(source, "SELECT number, id FROM runs INDEXED BY sqlite_autoindex_runs_1 ORDER BY id");
    index.into_iter().chain(rows).collect()
}

/// Reads the numbers of runs that are kept for ever, as far as they can be read; a store of format 1 has none.
fn kept(source: &Connection) -> BTreeSet<i64> {
    let rows = rows(source, "SELECT number, kept FROM runs NOT INDEXED ORDER BY number");
    rows.into_iter().filter(|(_, kept)| *kept).map(|(number, _)| number).collect()
}

/// Reads rows of two columns from both ends, as far as they can be read: a damaged page hides only what is on it.
fn rows<T: FromSql, U: FromSql>(source: &Connection, sql: &str) -> Vec<(T, U)> {
    let mut read = Vec::new();
    for sql in [sql, &format!("{sql} DESC")] {
        let Ok(mut query) = source.prepare(sql) else { continue };
        let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
        read.extend(rows.into_iter().flatten().map_while(Result::ok));
    }
    read
}

fn copy_runs(source: &Connection, target: &Connection, fresh: &Path, done: &mut Repair) -> Result<(), Fault> {
    let at = |error| fault(error, fresh);
    target.execute_batch("BEGIN").map_err(at)?;
    let kept = kept(source);
    for (number, id) in runs(source) {
        let log = RunId::new(&id).ok().and_then(|run| Some((run.clone(), read_events(source, &run, number).ok()?)));
        let Some((run, log)) = log.filter(|(_, log)| !log.events.is_empty()) else {
            done.cut.push(id);
            continue;
        };
        let bodies = bodies(source, number, log.events.len());
        if bodies.len() < log.events.len() || log.damage.is_some() {
            done.cut.push(id);
        }
        let events = &log.events[..bodies.len()];
        if events.is_empty() {
            continue;
        }
        insert_run(target, number, &run, events).map_err(at)?;
        if kept.contains(&number) {
            target.execute("UPDATE runs SET kept = 1 WHERE number = ?1", [number]).map_err(at)?;
        }
        requests::copy(source, target, number).map_err(at)?;
        let mut chain = Chain::start(&run);
        for (event, body) in events.iter().zip(&bodies) {
            chain = chain.next(body);
            let insert = "INSERT INTO events(run, seq, body, sum) VALUES(?1, ?2, ?3, ?4)";
            target.execute(insert, params![number, event.seq.cast_signed(), body, chain.sum]).map_err(at)?;
        }
        done.runs += 1;
        done.events += events.len();
    }
    target.execute_batch("COMMIT").map_err(at)
}

/// Reads the texts of a run's first events again, as far as that works: written as they were read, they give the same
/// sums.
fn bodies(source: &Connection, number: i64, count: usize) -> Vec<String> {
    let sql = "SELECT body FROM events WHERE run = ?1 AND seq <= ?2 ORDER BY seq";
    let Ok(mut query) = source.prepare(sql) else { return Vec::new() };
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    let rows = query.query_map(params![number, count], |row| row.get(0));
    rows.into_iter().flatten().map_while(Result::ok).collect()
}

/// Makes the row of a run from its events: the old one may be gone.
fn insert_run(target: &Connection, number: i64, run: &RunId, events: &[Event]) -> rusqlite::Result<usize> {
    let first = events.first().and_then(|event| RunEntry::first(run, event));
    let mut entry = first.unwrap_or_else(|| RunEntry::blank(Timestamp(0)));
    events.iter().for_each(|event| entry.see(event));
    let (started, touched) = (entry.started.0.cast_signed(), entry.touched.0.cast_signed());
    let sql = "INSERT INTO runs(number, id, flow, path, started, touched, status, reason)
        VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    let status = entry.status.name();
    target.execute(sql, params![number, run.as_str(), entry.flow, entry.path, started, touched, status, entry.reason])
}

/// Carries definitions over, as far as they can be read; a missing one is reported when its run is resumed.
fn copy_definitions(source: &Connection, target: &Connection) {
    for (hash, text) in rows::<String, String>(source, "SELECT hash, text FROM definitions ORDER BY hash") {
        let kept = target.execute("INSERT OR IGNORE INTO definitions(hash, text) VALUES(?1, ?2)", params![hash, text]);
        if let Err(error) = kept {
            tracing::warn!(%error, "a definition was not carried over");
        }
    }
}

/// Refuses a store that a newer segno made: what looks damaged may only be unknown.
fn refuse_newer(path: &Path) -> Result<(), Fault> {
    let found = open_to_read(path).ok().and_then(|connection| version(&connection).ok());
    match found {
        Some(found) if found > FORMAT => Err(newer(found, path)),
        _ => Ok(()),
    }
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    with_ending(path, &format!(".{ending}"))
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name: OsString = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

fn remove(path: &Path) -> Result<(), Fault> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(from_io(error)),
        _ => Ok(()),
    }
}
