//! Repair of a damaged store: what is whole is carried over into a new one, the old one is kept aside.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, params};
use segno_errors::{Fault, from_io};

use super::chain::Chain;
use super::schema::{fault, open, open_to_read};
use super::sqlite::read_events;
use crate::model::RunId;

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
/// When the new store cannot be written. The old one is untouched until the new one is complete.
pub fn repair(path: &Path, stamp: u64) -> Result<Repair, Fault> {
    if is_whole(path) {
        return Ok(Repair::default());
    }
    let fresh = beside(path, "repaired");
    remove(&fresh)?;
    let mut done = Repair::default();
    let target = open(&fresh)?;
    if let Ok(source) = open_to_read(path) {
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
    let Ok(connection) = open_to_read(path) else {
        return false;
    };
    let check = connection.pragma_query_value(None, "integrity_check", |row| row.get::<_, String>(0));
    if check.is_ok_and(|word| word == "ok") {
        let runs = runs(&connection);
        return runs.iter().all(|(number, id, ..)| {
            let log = RunId::new(id).ok().and_then(|id| read_events(&connection, &id, *number).ok());
            log.is_some_and(|log| log.damage.is_none())
        });
    }
    false
}

/// Reads the rows of runs as far as they can be read.
fn runs(source: &Connection) -> Vec<(i64, String, String, String, i64)> {
    let Ok(mut query) = source.prepare("SELECT number, id, flow, path, started FROM runs ORDER BY number") else {
        return Vec::new();
    };
    let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?)));
    rows.map(|rows| rows.map_while(Result::ok).collect()).unwrap_or_default()
}

fn copy_runs(source: &Connection, target: &Connection, fresh: &Path, done: &mut Repair) -> Result<(), Fault> {
    let at = |error| fault(error, fresh);
    target.execute_batch("BEGIN").map_err(at)?;
    for (number, id, flow, path, started) in runs(source) {
        let log = RunId::new(&id).ok().and_then(|run| Some((run.clone(), read_events(source, &run, number).ok()?)));
        let Some((run, log)) = log.filter(|(_, log)| !log.events.is_empty()) else {
            done.cut.push(id);
            continue;
        };
        let insert = "INSERT INTO runs(number, id, flow, path, started, touched, status) VALUES(?1,?2,?3,?4,?5,?6,?7)";
        let last = log.events.last().map_or(0, |event| event.at.0.cast_signed());
        let mut entry = super::stored::RunEntry::blank(crate::model::Timestamp(0));
        log.events.iter().for_each(|event| entry.see(event));
        target.execute(insert, params![number, id, flow, path, started, last, entry.status.name()]).map_err(at)?;
        let mut chain = Chain::start(&run);
        for event in &log.events {
            // Written as it was read: the same text gives the same sum.
            let sql = "SELECT body FROM events WHERE run = ?1 AND seq = ?2";
            let key = params![number, event.seq.cast_signed()];
            let body: String = source.query_row(sql, key, |row| row.get(0)).map_err(at)?;
            chain = chain.next(&body);
            let insert = "INSERT INTO events(run, seq, body, sum) VALUES(?1, ?2, ?3, ?4)";
            target.execute(insert, params![number, event.seq.cast_signed(), body, chain.sum]).map_err(at)?;
        }
        done.runs += 1;
        done.events += log.events.len();
        if log.damage.is_some() {
            done.cut.push(id);
        }
    }
    target.execute_batch("COMMIT").map_err(at)
}

/// Carries definitions over, as far as they can be read; a missing one is reported when its run is resumed.
fn copy_definitions(source: &Connection, target: &Connection) {
    let Ok(mut query) = source.prepare("SELECT hash, text FROM definitions") else {
        return;
    };
    let rows = query.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)));
    for (hash, text) in rows.into_iter().flatten().map_while(Result::ok) {
        let kept = target.execute("INSERT OR IGNORE INTO definitions(hash, text) VALUES(?1, ?2)", params![hash, text]);
        if let Err(error) = kept {
            tracing::warn!(%error, "a definition was not carried over");
        }
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
