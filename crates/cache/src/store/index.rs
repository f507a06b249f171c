//! Opens the index database, makes it, and sets it aside when it cannot be used: a cache may always be
//! thrown away. What stands in it is read and written elsewhere.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode, TransactionBehavior};

use super::disk::Durability;
use super::folder;
use crate::Error;

/// The version of the whole index. The one before is brought up to it, older ones are set aside, newer ones are refused.
const FORMAT: i64 = 3;
const SCHEMA: &str = include_str!("schema.sql");
const FROM_FORMAT_2: &str = include_str!("from_format_2.sql");

/// Stands in the file's head with the version added, so that a version that was hit by damage is not taken for a newer one.
const APPLICATION: i64 = 0x7365_6700;

/// Statements that name every table, column and trigger of which entries and objects are made.
const NEEDED: [&str; 12] = [
    "SELECT id, digest, format, value, object, checksum, stored_at, expires_at, used_at, bytes, space, visited FROM entries",
    "SELECT digest, body, pending_since FROM objects JOIN entry_objects ON object = id WHERE entry = 1",
    "SELECT name, entry, key, checksum, manifest FROM subjects JOIN subject_manifests ON subject = id JOIN manifests ON digest = manifest",
    "DELETE FROM entries WHERE id = 1",
    "DELETE FROM entry_objects WHERE entry = 1",
    "INSERT INTO entries (id, digest, format, checksum, stored_at, used_at, bytes) VALUES (1, 1, 1, 1, 1, 1, 1)",
    "INSERT INTO objects (id, digest, bytes) VALUES (1, 1, 1)",
    "DELETE FROM objects WHERE id = 1",
    "INSERT INTO manifests (digest, body, bytes) VALUES (1, 1, 1)",
    "DELETE FROM subject_manifests WHERE subject = 1",
    "INSERT INTO subjects (name, entry, key, stored_at, bytes) VALUES (1, 1, 1, 1, 1)",
    "UPDATE subjects SET bytes = 1 WHERE id = 1",
];

/// How long a writer waits for the other processes' writers.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// How long whoever opens the index waits for another process that is opening it or setting it aside.
const LOCK_LIMIT: Duration = Duration::from_secs(30);

/// How often it is looked whether the other one is done.
const LOCK_LOOK: Duration = Duration::from_millis(10);

/// So many damaged indexes are kept for whoever wants to look; older ones are deleted.
const MAX_SET_ASIDE: u64 = 3;
const STATEMENTS: usize = 64;

/// How much of the index is held in memory at most, in KiB: a run that asks for ten thousand results comes by each page
/// several times.
const HELD_KIB: i64 = 8 * 1024;

/// The journal is moved into the index when it has so many pages (16 MiB): each time costs two `fsync`.
const CHECKPOINT_PAGES: i64 = 4_096;

pub(super) const NAME: &str = "index.db";
pub(super) const OBJECTS: &str = "objects";

/// How the name of a file in the objects' folder begins that is not an object yet.
pub(super) const STAGED: &str = "tmp-";

/// What goes wrong within a piece of work on the index.
pub(crate) enum Fault {
    Sql(rusqlite::Error),
    Other(Error),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Fault {
        Fault::Sql(error)
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Fault {
        Fault::Other(error)
    }
}

impl Fault {
    pub(super) fn into_error(self, action: &'static str, dir: &Path) -> Error {
        match self {
            Fault::Sql(error) => Error::Index { action, path: dir.join(NAME), source: Box::new(error) },
            Fault::Other(error) => error,
        }
    }
}

/// An index that is open, and which file it is.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) connection: Connection,
    file: Option<FileId>,
}

type FileId = (u64, u64);

impl Open {
    fn new(connection: Connection, dir: &Path, durability: Durability) -> Result<Open, Error> {
        let synchronous = match durability {
            Durability::Fast => "NORMAL",
            Durability::Synced => "FULL",
        };
        let failed = |source| Fault::Sql(source).into_error("start", dir);
        connection.pragma_update(None, "synchronous", synchronous).map_err(failed)?;
        Ok(Open { connection, file: file_id(dir) })
    }

    /// Returns whether the folder still holds the file that is open: what is written to another is found by nobody.
    pub(super) fn is_in_place(&self, dir: &Path) -> bool {
        self.file == file_id(dir)
    }
}

#[cfg(unix)]
fn file_id(dir: &Path) -> Option<FileId> {
    use std::os::unix::fs::MetadataExt;
    let metadata = fs::metadata(dir.join(NAME)).ok()?;
    Some((metadata.dev(), metadata.ino()))
}

/// Elsewhere a file that is open cannot be removed.
#[cfg(not(unix))]
fn file_id(_dir: &Path) -> Option<FileId> {
    None
}

/// Opens the index in a folder, which is made if need be.
pub(super) fn open(dir: &Path, durability: Durability) -> Result<Open, Error> {
    folder::prepare(dir)?;
    let _lock = lock(dir)?;
    let connection = match connect(dir) {
        Ok(connection) => connection,
        Err(Unusable::Damaged(reason)) => start_anew(dir, &reason)?,
        Err(Unusable::Failed(error)) => return Err(error),
    };
    Open::new(connection, dir, durability)
}

/// Opens the index again after an operation found it damaged, setting it aside unless another process
/// has done so already.
pub(super) fn reopen(dir: &Path, durability: Durability) -> Result<Open, Error> {
    let _lock = lock(dir)?;
    let checked = connect(dir).and_then(|connection| {
        // The quick check finds no fault in an index that does not fit its table, on which every write fails.
        let verdict: String = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
        if verdict == "ok" { Ok(connection) } else { Err(Unusable::Damaged(verdict)) }
    });
    let connection = match checked {
        Ok(connection) => connection,
        Err(Unusable::Damaged(reason)) => start_anew(dir, &reason)?,
        Err(Unusable::Failed(error)) => return Err(error),
    };
    Open::new(connection, dir, durability)
}

/// Returns whether the database says that its file is broken.
pub(super) fn is_damage(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}

/// Returns whether it may be broken, which is found out by opening it again: a statement of ours has no fault of its own.
pub(super) fn may_be_damage(error: &rusqlite::Error) -> bool {
    is_damage(error) || is_refused(error)
}

/// Returns whether a statement was not understood: a name in it is not in the schema.
fn is_refused(error: &rusqlite::Error) -> bool {
    matches!(error, rusqlite::Error::SqlInputError { .. }) || error.sqlite_error_code() == Some(ErrorCode::Unknown)
}

enum Unusable {
    Damaged(String),
    Failed(Error),
}

impl From<rusqlite::Error> for Unusable {
    fn from(error: rusqlite::Error) -> Unusable {
        match is_damage(&error) {
            true => Unusable::Damaged(error.to_string()),
            false => Unusable::Failed(Error::Index { action: "start", path: NAME.into(), source: Box::new(error) }),
        }
    }
}

fn connect(dir: &Path) -> Result<Connection, Unusable> {
    let path = dir.join(NAME);
    let failed = |source: rusqlite::Error| match Unusable::from(source) {
        Unusable::Failed(Error::Index { action, source, .. }) => {
            Unusable::Failed(Error::Index { action, path: path.clone(), source })
        }
        damaged => damaged,
    };
    let mut connection = Connection::open(&path).map_err(failed)?;
    set_up(&connection).map_err(failed)?;
    match version(&connection).map_err(failed)? {
        FORMAT => {
            let missing = missing(&connection);
            missing.map_or(Ok(connection), |reason| Err(Unusable::Damaged(reason)))
        }
        0 => change(&mut connection, SCHEMA).map_err(failed).map(|()| connection),
        2 => match change(&mut connection, FROM_FORMAT_2) {
            Err(error) if is_refused(&error) => Err(Unusable::Damaged(error.to_string())),
            changed => changed.map_err(failed).map(|()| connection),
        },
        other if other > FORMAT && application(&connection).map_err(failed)? == APPLICATION + other => {
            Err(Unusable::Failed(Error::Newer { path, found: other, known: FORMAT }))
        }
        other => Err(Unusable::Damaged(format!("it has format {other}, and this program knows {FORMAT}"))),
    }
}

fn set_up(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // Where the file system allows no shared memory, SQLite keeps its older journal, which works as well.
    connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
    connection.execute_batch("PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY;")?;
    connection.pragma_update(None, "cache_size", -HELD_KIB)?;
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)
}

/// The version that stands in the file; a foreign database has none of ours.
fn version(connection: &Connection) -> rusqlite::Result<i64> {
    let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    Ok(if version == 0 && tables > 0 { -1 } else { version })
}

/// Returns what of the tables is not as this program knows them: SQLite finds no fault in a name that was hit by damage.
fn missing(connection: &Connection) -> Option<String> {
    NEEDED.iter().find_map(|statement| match connection.prepare(statement) {
        Err(error) if is_refused(&error) => Some(error.to_string()),
        _ => None,
    })
}

fn application(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("PRAGMA application_id", [], |row| row.get(0))
}

/// Brings an index to this format.
fn change(connection: &mut Connection, by: &str) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute_batch(by)?;
    transaction.pragma_update(None, "user_version", FORMAT)?;
    transaction.pragma_update(None, "application_id", APPLICATION + FORMAT)?;
    transaction.commit()
}

fn start_anew(dir: &Path, reason: &str) -> Result<Connection, Error> {
    let aside = set_aside(dir)?;
    tracing::warn!(reason, aside = %aside.display(), "the cache index cannot be used; the cache starts empty");
    connect(dir).map_err(|unusable| match unusable {
        Unusable::Failed(error) => error,
        Unusable::Damaged(reason) => Error::Index { action: "start anew", path: dir.join(NAME), source: reason.into() },
    })
}

/// Renames the index with its journal (an old journal beside a new index would damage that too), and
/// removes the objects, which nothing refers to any more.
fn set_aside(dir: &Path) -> Result<PathBuf, Error> {
    let number = damaged(dir).into_iter().max().map_or(1, |last| last + 1);
    for number in damaged(dir).into_iter().filter(|old| old + MAX_SET_ASIDE <= number) {
        // One that stays is only a file too many.
        let _ = fs::remove_file(dir.join(format!("{NAME}.damaged-{number}")));
    }
    let aside = dir.join(format!("{NAME}.damaged-{number}"));
    fs::rename(dir.join(NAME), &aside).map_err(Error::io("set aside", &dir.join(NAME)))?;
    for suffix in ["-wal", "-shm"] {
        let journal = dir.join(format!("{NAME}{suffix}"));
        match fs::remove_file(&journal) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(Error::io("remove", &journal)(error));
            }
            _ => {}
        }
    }
    // Objects without an index are found again by nobody; one that stays is overwritten or only in the way.
    let _ = fs::remove_dir_all(dir.join(OBJECTS));
    Ok(aside)
}

fn damaged(dir: &Path) -> Vec<u64> {
    let prefix = format!("{NAME}.damaged-");
    let number = |name: &str| name.strip_prefix(&prefix)?.parse().ok();
    let names = fs::read_dir(dir).into_iter().flatten().flatten();
    names.filter_map(|entry| number(entry.file_name().to_str()?)).collect()
}

/// Lets one process at a time open, make or set aside the index.
fn lock(dir: &Path) -> Result<File, Error> {
    lock_within(dir, LOCK_LIMIT)
}

/// Waits for the lock no longer than this: a process that was stopped while it held the lock must not stop the others.
fn lock_within(dir: &Path, limit: Duration) -> Result<File, Error> {
    let path = dir.join("index.lock");
    let file = File::options().create(true).append(true).open(&path).map_err(Error::io("open", &path))?;
    let begun = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            // Without locks there is no sharing to protect against.
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => return Ok(file),
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(TryLockError::Error(error)) => return Err(Error::io("lock", &path)(error)),
            Err(TryLockError::WouldBlock) if begun.elapsed() >= limit => {
                let reason = format!("another process has held it for {} s", limit.as_secs());
                return Err(Error::io("lock", &path)(io::Error::new(io::ErrorKind::TimedOut, reason)));
            }
            Err(TryLockError::WouldBlock) => thread::sleep(LOCK_LOOK.min(limit)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_that_is_never_given_back_is_not_waited_for_without_end() {
        use std::error::Error as _;
        let folder = tempfile::tempdir().unwrap();
        let held = lock(folder.path()).unwrap();
        let error = lock_within(folder.path(), Duration::ZERO).unwrap_err();
        let said = format!("{error}: {}", error.source().unwrap());
        assert!(said.ends_with("index.lock: another process has held it for 0 s"), "{said}");
        drop(held);
        lock_within(folder.path(), Duration::ZERO).unwrap();
    }
}
