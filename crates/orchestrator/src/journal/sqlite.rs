//! The journal in SQLite: WAL, synchronous FULL, one writer thread with group commit, a connection for reading.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, OptionalExtension, Row};
use segno_errors::Fault;

use super::chain::Chain;
use super::lock::StoreLock;
use super::memory::{no_definition, no_run};
use super::requests;
use super::schema::{fault, number, open, open_to_read, version};
use super::stored::{Batch, Compacted, Damage, Journal, Log, Pending, RunEntry, See};
use super::upkeep;
use super::writer::Writer;
use crate::inbox::{Filed, Request};
use crate::model::{Event, RunId, RunStatus, Timestamp};

/// The journal on disk. Several processes may have it open; each has one writer.
#[derive(Debug)]
pub struct SqliteJournal {
    path: PathBuf,
    /// Dropped before the writer: the last connection to go takes the log into the database, and a reader cannot.
    reader: Mutex<Option<Connection>>,
    writer: Writer,
    _lock: StoreLock,
}

impl SqliteJournal {
    /// Opens the store at `path` and makes it where it is missing.
    ///
    /// # Errors
    /// When it cannot be written, is damaged, or is of a newer format; each with a hint.
    pub fn open(path: &Path) -> Result<SqliteJournal, Fault> {
        let lock = StoreLock::shared(path)?;
        let writer = Writer::start(open(path)?, path)?;
        Ok(SqliteJournal { path: path.to_owned(), writer, reader: Mutex::new(None), _lock: lock })
    }

    fn with_reader<T>(&self, read: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, Fault> {
        let mut reader: MutexGuard<'_, Option<Connection>> = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        let connection = match reader.take() {
            Some(connection) => connection,
            None => open_to_read(&self.path)?,
        };
        let result = read(&connection).map_err(|error| fault(error, &self.path));
        *reader = Some(connection);
        result
    }
}

impl Journal for SqliteJournal {
    fn append(&self, batch: Batch) -> Pending {
        self.writer.append(batch)
    }

    fn replay(&self, run: &RunId, see: &mut dyn FnMut(Event)) -> Result<Option<Damage>, Fault> {
        let damage = self.with_reader(|connection| {
            let number = number(connection, run)?;
            number.map(|number| replay_events(connection, run, number, see)).transpose()
        })?;
        damage.ok_or_else(|| no_run(run))
    }

    fn set_aside(&self, run: &RunId, seq: u64) -> Result<(), Fault> {
        self.writer.set_aside(run, seq)
    }

    fn runs(&self, limit: usize) -> Result<Vec<RunEntry>, Fault> {
        self.with_reader(|connection| entries(connection, limit))
    }

    fn file(&self, run: &RunId, request: &Request) -> Result<(), Fault> {
        match self.writer.with_store(|connection| requests::file(connection, run, request))? {
            true => Ok(()),
            false => Err(no_run(run)),
        }
    }

    fn filed(&self, run: &RunId) -> Result<Vec<Filed>, Fault> {
        self.with_reader(|connection| requests::filed(connection, run))
    }

    fn done(&self, run: &RunId, id: u64) -> Result<(), Fault> {
        self.writer.with_store(|connection| requests::done(connection, run, id))
    }

    fn pinned(&self, hash: &str) -> Result<String, Fault> {
        let text = self.with_reader(|connection| {
            let sql = "SELECT text FROM definitions WHERE hash = ?1";
            connection.query_row(sql, [hash], |row| row.get(0)).optional()
        })?;
        text.ok_or_else(|| no_definition(hash))
    }

    fn keep(&self, run: &RunId, kept: bool) -> Result<(), Fault> {
        match self.writer.with(|transaction| upkeep::keep(transaction, run, kept))? {
            true => Ok(()),
            false => Err(no_run(run)),
        }
    }

    fn remove(&self, run: &RunId) -> Result<bool, Fault> {
        self.writer.forget(run);
        self.writer.with(|transaction| upkeep::remove(transaction, run))
    }

    fn texts(&self, see: &mut See<'_>) -> Result<(), Fault> {
        self.with_reader(|connection| upkeep::texts(connection, see))
    }

    fn bytes(&self) -> Result<u64, Fault> {
        self.with_reader(upkeep::bytes)
    }

    fn compact(&self, go_on: &dyn Fn() -> bool) -> Result<Compacted, Fault> {
        let candidates = self.with_reader(|connection| upkeep::unnamed_definitions(connection, go_on))?;
        let definitions = match candidates.is_empty() {
            true => 0,
            false => self.writer.with(|transaction| upkeep::remove_definitions(transaction, &candidates))?,
        };
        let bytes = self.writer.give_back(go_on)?;
        Ok(Compacted { definitions, bytes })
    }
}

/// Reads the newest runs. A row that is not understood is left out: one bad run must not hide the others.
pub(super) fn entries(connection: &Connection, limit: usize) -> rusqlite::Result<Vec<RunEntry>> {
    // A store that nobody has opened for writing yet may be of the first format, which keeps nothing for ever.
    let kept = if version(connection)? < 2 { "0" } else { "kept" };
    let sql = format!(
        "SELECT id, flow, path, started, touched, status, reason, {kept} FROM runs ORDER BY number DESC LIMIT ?1"
    );
    let mut query = connection.prepare_cached(&sql)?;
    let rows = query.query_map([i64::try_from(limit).unwrap_or(i64::MAX)], entry)?;
    Ok(rows.filter_map(|row| row.transpose()).filter_map(Result::ok).collect())
}

/// Reads a run's events up to the first that is not as it was written.
pub(super) fn read_events(connection: &Connection, run: &RunId, number: i64) -> rusqlite::Result<Log> {
    let mut events = Vec::new();
    let damage = replay_events(connection, run, number, &mut |event| events.push(event))?;
    Ok(Log { events, damage })
}

fn replay_events(
    connection: &Connection,
    run: &RunId,
    number: i64,
    see: &mut dyn FnMut(Event),
) -> rusqlite::Result<Option<Damage>> {
    let mut query = connection.prepare_cached("SELECT seq, body, sum FROM events WHERE run = ?1 ORDER BY seq")?;
    let mut rows = query.query([number])?;
    let mut chain = Chain::start(run);
    loop {
        let row = match rows.next() {
            Ok(Some(row)) => checked(row, &chain),
            Ok(None) => return Ok(None),
            // A damaged page ends the list like a damaged event does: what stands before it is good.
            Err(error) if chain.seq > 0 => Err(error.to_string()),
            Err(error) => return Err(error),
        };
        match row {
            Ok((next, event)) => {
                chain = next;
                see(event);
            }
            Err(reason) => {
                return Ok(Some(Damage { seq: chain.seq + 1, reason }));
            }
        }
    }
}

fn checked(row: &Row<'_>, chain: &Chain) -> Result<(Chain, Event), String> {
    let unreadable = |error: rusqlite::Error| format!("event {} cannot be read: {error}", chain.seq + 1);
    let seq: i64 = row.get(0).map_err(unreadable)?;
    let body = row.get_ref(1).and_then(|body| Ok(body.as_str()?)).map_err(unreadable)?;
    let sum = row.get_ref(2).and_then(|sum| Ok(sum.as_blob()?)).map_err(unreadable)?;
    chain.check(u64::try_from(seq).unwrap_or_default(), body, sum)
}

fn entry(row: &Row<'_>) -> rusqlite::Result<Option<RunEntry>> {
    let (id, status): (String, String) = (row.get(0)?, row.get(5)?);
    let (Ok(id), Some(status)) = (RunId::new(&id), status_of(&status)) else {
        return Ok(None);
    };
    let moment =
        |column: usize| row.get(column).map(|millis: i64| Timestamp(u64::try_from(millis).unwrap_or_default()));
    Ok(Some(RunEntry {
        id,
        flow: row.get(1)?,
        path: row.get(2)?,
        started: moment(3)?,
        touched: moment(4)?,
        status,
        reason: row.get(6)?,
        kept: row.get(7)?,
    }))
}

fn status_of(name: &str) -> Option<RunStatus> {
    RunStatus::ALL.into_iter().find(|status| status.name() == name)
}
