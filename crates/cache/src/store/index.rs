//! Opens the index database, makes it, and sets it aside when it cannot be used: a cache may always be
//! thrown away. What stands in it is read and written elsewhere.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, TransactionBehavior};

use crate::Error;

/// The version of the whole index. There is no migration: another version is set aside.
const FORMAT: i64 = 2;
const SCHEMA: &str = include_str!("schema.sql");

/// How long a writer waits for the other processes' writers.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

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
pub(super) enum Fault {
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

/// Opens the index in a folder, which is made if need be.
pub(super) fn open(dir: &Path) -> Result<Connection, Error> {
    make_folder(dir)?;
    let _lock = lock(dir)?;
    match connect(dir) {
        Ok(connection) => Ok(connection),
        Err(Unusable::Damaged(reason)) => start_anew(dir, &reason),
        Err(Unusable::Failed(error)) => Err(error),
    }
}

/// Opens the index again after an operation found it damaged, setting it aside unless another process
/// has done so already.
pub(super) fn reopen(dir: &Path) -> Result<Connection, Error> {
    let _lock = lock(dir)?;
    let checked = connect(dir).and_then(|connection| {
        let verdict: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        if verdict == "ok" { Ok(connection) } else { Err(Unusable::Damaged(verdict)) }
    });
    match checked {
        Ok(connection) => Ok(connection),
        Err(Unusable::Damaged(reason)) => start_anew(dir, &reason),
        Err(Unusable::Failed(error)) => Err(error),
    }
}

/// Returns whether the database says that its file is broken.
pub(super) fn is_damage(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
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
        FORMAT => Ok(connection),
        0 => create(&mut connection).map_err(failed).map(|()| connection),
        other => Err(Unusable::Damaged(format!("it has format {other}, and this program knows {FORMAT}"))),
    }
}

fn set_up(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // Where the file system allows no shared memory, SQLite keeps its older journal, which works as well.
    connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
    // After a power loss the last writes may be missing, never half there; a cache needs no more.
    connection.execute_batch("PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY;")?;
    connection.pragma_update(None, "cache_size", -HELD_KIB)?;
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)
}

/// The version that stands in the file; a foreign database has none of ours.
fn version(connection: &Connection) -> rusqlite::Result<i64> {
    let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    Ok(if version == 0 && tables > 0 { -1 } else { version })
}

fn create(connection: &mut Connection) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute_batch(SCHEMA)?;
    transaction.pragma_update(None, "user_version", FORMAT)?;
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

fn make_folder(dir: &Path) -> Result<(), Error> {
    if dir.is_dir() {
        return Ok(());
    }
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    if let Some(parent) = dir.parent() {
        builder.create(parent).map_err(Error::io("make the folder", parent))?;
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(dir).map_err(Error::io("make the folder", dir))
}

/// Lets one process at a time open, make or set aside the index.
fn lock(dir: &Path) -> Result<File, Error> {
    let path = dir.join("index.lock");
    let file = File::options().create(true).append(true).open(&path).map_err(Error::io("open", &path))?;
    match file.lock() {
        // Without locks there is no sharing to protect against.
        Err(error) if error.kind() == io::ErrorKind::Unsupported => Ok(file),
        locked => locked.map_err(Error::io("lock", &path)).map(|()| file),
    }
}
