//! The tables of the store, their version, and how a connection is set up.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension};
use segno_errors::{Fault, Kind, Later};
use segno_resilience::{Retry, Verdict, on_error};

use crate::model::RunId;

/// The version of the tables; a newer one is refused, an older one is carried over when it is opened for writing.
pub const FORMAT: u32 = 2;

/// How long a connection waits for another process that writes.
const BUSY: Duration = Duration::from_secs(30);

const TABLES: &str = "
CREATE TABLE IF NOT EXISTS runs(
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, flow TEXT NOT NULL, path TEXT NOT NULL,
    started INTEGER NOT NULL, touched INTEGER NOT NULL, status TEXT NOT NULL, reason TEXT,
    kept INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE TABLE IF NOT EXISTS events(
    run INTEGER NOT NULL, seq INTEGER NOT NULL, body TEXT NOT NULL, sum BLOB NOT NULL,
    PRIMARY KEY(run, seq)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS damaged(
    run INTEGER NOT NULL, seq INTEGER NOT NULL, body TEXT NOT NULL, sum BLOB NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS definitions(hash TEXT PRIMARY KEY, text TEXT NOT NULL) STRICT, WITHOUT ROWID;
";

/// Opens the store for writing and makes its tables where they are missing.
pub(super) fn open(path: &Path) -> Result<Connection, Fault> {
    if lost_its_head(path) {
        let damaged = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_NOTADB);
        return Err(fault(rusqlite::Error::SqliteFailure(damaged, None), path));
    }
    let retry = Retry::attempts(8).exponential(Duration::from_millis(10)..=Duration::from_millis(500)).build();
    let retry = retry.expect("the numbers above are good");
    let classify = on_error(|error: &rusqlite::Error| match is_busy(error) {
        true => Verdict::Transient,
        false => Verdict::Permanent,
    });
    let connection = retry.run_blocking(classify, |_| set_up(path)).map_err(|failure| {
        let error = failure.into_inner().expect("without a deadline it ends with an error of its body");
        fault(error, path)
    })?;
    let found = version(&connection).map_err(|error| fault(error, path))?;
    match found <= FORMAT {
        true => Ok(connection),
        false => Err(newer(found, path)),
    }
}

/// Opens the store for reading only.
pub(super) fn open_to_read(path: &Path) -> Result<Connection, Fault> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(|error| fault(error, path))?;
    connection.busy_timeout(BUSY).map_err(|error| fault(error, path))?;
    Ok(connection)
}

/// Says whether the file is shorter than a database's header though it was used: SQLite would take it for a new one and
/// throw away the log beside it.
pub(super) fn lost_its_head(path: &Path) -> bool {
    const HEADER: u64 = 100;
    let length = |path: &Path| path.metadata().map(|facts| facts.len()).unwrap_or(0);
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    path.exists() && length(path) < HEADER && (length(path) > 0 || length(Path::new(&log)) > 0)
}

/// Switching to WAL is not covered by the busy time-out, which is why the caller tries again.
fn set_up(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(BUSY)?;
    // What is removed can be given back page by page. Only a store without any table takes this, and any other would be
    // written to for nothing.
    if version(&connection)? == 0 {
        connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    }
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    if version(&connection)? < FORMAT {
        carry_over(&connection)?;
    }
    Ok(connection)
}

/// Makes the tables of today out of those of an older format, or of none, all or nothing.
fn carry_over(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch("BEGIN IMMEDIATE")?;
    // Another process may have done it meanwhile.
    let carried = match version(connection)? {
        0 => connection.execute_batch(TABLES),
        1 => connection.execute_batch("ALTER TABLE runs ADD COLUMN kept INTEGER NOT NULL DEFAULT 0"),
        _ => return connection.execute_batch("ROLLBACK"),
    };
    carried?;
    connection.execute_batch(&format!("PRAGMA user_version = {FORMAT}; COMMIT"))
}

pub(super) fn version(connection: &Connection) -> rusqlite::Result<u32> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

pub(super) fn newer(found: u32, path: &Path) -> Fault {
    let message = format!("the store is of format {found}, and this segno knows up to {FORMAT}");
    Fault::new(Kind::Configuration, message).with("store", path.display()).hint("use a newer segno")
}

/// Returns the number under which a run's rows are kept.
pub(super) fn number(connection: &Connection, run: &RunId) -> rusqlite::Result<Option<i64>> {
    let mut query = connection.prepare_cached("SELECT number FROM runs WHERE id = ?1")?;
    query.query_row([run.as_str()], |row| row.get(0)).optional()
}

fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

/// Says in plain words what a database error means, and what can be done.
pub(super) fn fault(error: rusqlite::Error, path: &Path) -> Fault {
    let fault = |kind, message: &str, hint: &str| Fault::new(kind, message).hint(hint).later(Later::Never);
    let fault = match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => {
            fault(Kind::Resource, "the disk is full, so the run cannot be recorded", "free space, then: segno resume")
                .reason("disk_full")
        }
        Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => fault(
            Kind::Configuration,
            "the state folder .segno cannot be written",
            "check its owner and rights, and that its disk is not mounted read-only",
        )
        .reason("read_only"),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            fault(Kind::Database, "the store .segno/segno.db is damaged", "repair it with: segno repair")
                .reason("damaged")
        }
        Some(ErrorCode::SystemIoFailure) => {
            fault(Kind::Resource, "the disk reports an error", "check the disk, then: segno resume").reason("disk_io")
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            fault(Kind::Database, "another process has kept the store busy", "try again")
                .reason("busy")
                .later(Later::Transient)
        }
        _ => fault(Kind::Database, "the store cannot be used", "repair it with: segno repair"),
    };
    fault.operation("journal").with("store", path.display()).caused_by(error)
}
