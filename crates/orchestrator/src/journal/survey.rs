//! A look at a store that changes nothing, not even the files beside it: its format, its soundness, its runs.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};
use segno_errors::Fault;

use super::schema::{FORMAT, fault, lost_its_head, newer, number, open_to_read, version};
use super::sqlite::{entries, read_events};
use super::stored::{Damage, RunEntry};
use crate::model::{RunId, RunStatus};

/// What a look at a store shows.
#[derive(Debug)]
pub struct Survey {
    /// The version of its tables.
    pub format: u32,
    /// What SQLite's quick check finds; empty when all is well.
    pub flaws: Vec<String>,
    /// The newest runs.
    pub runs: Vec<RunEntry>,
    /// Runs that have not ended and whose list of events is damaged.
    pub damaged: Vec<(RunId, Damage)>,
}

/// Looks at the store at `path` and its newest `limit` runs.
///
/// # Errors
/// When it cannot be read at all, or is of a newer format.
pub fn survey(path: &Path, limit: usize) -> Result<Survey, Fault> {
    if lost_its_head(path) {
        let damaged = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_NOTADB);
        return Err(fault(rusqlite::Error::SqliteFailure(damaged, None), path));
    }
    let connection = look(path)?;
    let at = |error| fault(error, path);
    let format = version(&connection).map_err(at)?;
    if format > FORMAT {
        return Err(newer(format, path));
    }
    let flaws = flaws(&connection).map_err(at)?;
    let runs = entries(&connection, limit).map_err(at)?;
    let damaged = runs.iter().filter(|entry| matches!(entry.status, RunStatus::Running | RunStatus::Paused));
    let damaged = damaged.filter_map(|entry| Some((entry.id.clone(), damage(&connection, &entry.id)?))).collect();
    Ok(Survey { format, flaws, runs, damaged })
}

/// Opens the store. Without a log beside it nobody writes, and SQLite is told so: it would make files otherwise.
fn look(path: &Path) -> Result<Connection, Fault> {
    let log = path.with_extension("db-wal");
    if log.metadata().is_ok_and(|facts| facts.len() > 0) {
        return open_to_read(path);
    }
    let name = path.display().to_string().replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let uri = format!("file:{name}?immutable=1");
    Connection::open_with_flags(uri, flags).map_err(|error| fault(error, path))
}

fn flaws(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut query = connection.prepare("PRAGMA quick_check(5)")?;
    let rows = query.query_map([], |row| row.get::<_, String>(0))?;
    let rows: Vec<String> = rows.collect::<rusqlite::Result<_>>()?;
    // Each database's flaws stand below a line of stars.
    let flaws = rows.iter().flat_map(|row| row.lines()).filter(|line| *line != "ok" && !line.starts_with("***"));
    Ok(flaws.map(str::to_owned).collect())
}

fn damage(connection: &Connection, run: &RunId) -> Option<Damage> {
    let number = number(connection, run).ok().flatten()?;
    match read_events(connection, run, number) {
        Ok(log) => log.damage,
        Err(error) => Some(Damage { seq: 1, reason: error.to_string() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::SqliteJournal;

    #[test]
    fn a_look_leaves_no_trace() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a ?#%.db");
        drop(SqliteJournal::open(&path).unwrap());
        let names = || {
            let entries = std::fs::read_dir(folder.path()).unwrap();
            let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
            names.sort();
            names
        };
        let before = names();
        let survey = survey(&path, 10).unwrap();
        assert_eq!((survey.format, survey.flaws.len(), survey.runs.len()), (FORMAT, 0, 0));
        assert_eq!(names(), before);
    }
}
