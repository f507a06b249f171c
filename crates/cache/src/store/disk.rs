//! The store's handle: its folder, its one connection to the index, and what is written lazily.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use super::index::{self, Fault, is_damage};
use crate::{Clock, Digest, Error};

/// Uses are written down when so many are known, at the latest.
const MAX_UNSAVED_USES: usize = 4_096;

/// How a store is kept.
#[derive(Clone, Debug)]
pub struct Options {
    /// Values and objects up to this size stand in the index, larger ones in files of their own.
    pub inline_limit: usize,
    /// Above this sum of contents, what was used longest ago is deleted.
    pub max_bytes: u64,
    /// What was not used for so long is no longer given, and goes when something is stored; `None`: nothing goes for that.
    /// When something was used is known to the hour, so that it may stay an hour longer.
    pub max_age: Option<Duration>,
    /// What time it is.
    pub clock: Clock,
}

impl Default for Options {
    /// Returns 16 KiB, 10 GiB, no age and the machine's clock.
    fn default() -> Options {
        Options { inline_limit: 16 * 1024, max_bytes: 10 * 1024 * 1024 * 1024, max_age: None, clock: Clock::default() }
    }
}

/// A cache in a folder: values under the digests of their keys, and objects under their own.
///
/// Several processes may share the folder. Every value carries a checksum and a format version: one that
/// is damaged is a miss that says so, and is removed. An index that cannot be used at all is set aside
/// as `index.db.damaged-<n>` and the cache starts empty. Cloning is cheap; clones share one connection.
/// An [`Error`] means that the disk or its rights are in the way: go on without the cache.
///
/// ```
/// use segno_cache::{Key, Lookup, MissReason, NewEntry, Options, Store};
/// use std::time::{Duration, SystemTime};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let folder = tempfile::tempdir()?;
/// let store = Store::open(folder.path(), Options::default())?;
/// let (key, now) = (Key::builder("answer").finish(), SystemTime::now());
/// store.store(NewEntry {
///     value: b"42",
///     ttl: Some(Duration::from_secs(60)),
///     ..NewEntry::of(&key, "the answer", now)
/// })?;
///
/// assert!(matches!(&store.fetch(&[key.digest()], now)?[0], Lookup::Hit(hit) if hit.value == b"42"));
/// let later = now + Duration::from_secs(61);
/// assert!(matches!(store.fetch(&[key.digest()], later)?[0], Lookup::Miss(MissReason::Expired { .. })));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Store {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    dir: PathBuf,
    options: Options,
    connection: Mutex<Connection>,
    used: Mutex<HashMap<Digest, i64>>,
}

impl Store {
    /// Opens the cache in a folder; a new folder can be read by its owner only.
    ///
    /// Fails if the folder cannot be made, read or written.
    pub fn open(dir: &Path, options: Options) -> Result<Store, Error> {
        let connection = Mutex::new(index::open(dir)?);
        let inner = Inner { dir: dir.to_owned(), options, connection, used: Mutex::default() };
        Ok(Store { inner: Arc::new(inner) })
    }

    /// Returns the folder.
    pub fn dir(&self) -> &Path {
        &self.inner.dir
    }

    /// Returns the sum of all stored contents in bytes, which `max_bytes` bounds.
    pub fn bytes(&self) -> Result<u64, Error> {
        self.with("count", |connection| Ok(total(connection)?.max(0).unsigned_abs()))
    }

    /// Writes down what was used lately, which eviction goes by. Happens by itself with every store and
    /// when the last clone goes.
    pub fn flush(&self) -> Result<(), Error> {
        self.inner.flush()
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.inner.options.clock
    }

    pub(super) fn options(&self) -> &Options {
        &self.inner.options
    }

    pub(super) fn with<T>(
        &self,
        action: &'static str,
        work: impl FnOnce(&mut Connection) -> Result<T, Fault>,
    ) -> Result<T, Error> {
        self.inner.with(action, work)
    }

    /// Does the work in one write transaction, together with what was noted as used.
    pub(super) fn write<T>(
        &self,
        action: &'static str,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, Fault>,
    ) -> Result<T, Error> {
        let used = self.inner.take_used();
        self.with(action, |connection| {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            save_uses(&transaction, &used)?;
            let done = work(&transaction)?;
            transaction.commit()?;
            Ok(done)
        })
    }

    /// Notes that an entry was used; a lost note only makes it look older.
    pub(super) fn note_used(&self, digest: Digest, now: i64) {
        let full = {
            let mut used = self.inner.used();
            used.insert(digest, now);
            used.len() >= MAX_UNSAVED_USES
        };
        if full && let Err(error) = self.flush() {
            tracing::debug!(%error, "uses of the cache were not written down");
        }
    }
}

impl Inner {
    /// Does the work on the connection. If the index turns out to be damaged, the work fails, and the
    /// index is replaced so that the next one need not.
    fn with<T>(
        &self,
        action: &'static str,
        work: impl FnOnce(&mut Connection) -> Result<T, Fault>,
    ) -> Result<T, Error> {
        let mut connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let fault = match work(&mut connection) {
            Ok(done) => return Ok(done),
            Err(fault) => fault,
        };
        if matches!(&fault, Fault::Sql(error) if is_damage(error)) {
            match index::reopen(&self.dir) {
                Ok(fresh) => *connection = fresh,
                Err(error) => tracing::warn!(%error, "the damaged cache index cannot be replaced"),
            }
        }
        Err(fault.into_error(action, &self.dir))
    }

    fn used(&self) -> MutexGuard<'_, HashMap<Digest, i64>> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take_used(&self) -> HashMap<Digest, i64> {
        std::mem::take(&mut *self.used())
    }

    fn flush(&self) -> Result<(), Error> {
        let used = self.take_used();
        if used.is_empty() {
            return Ok(());
        }
        self.with("write uses", |connection| {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            save_uses(&transaction, &used)?;
            Ok(transaction.commit()?)
        })
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Err(error) = self.flush() {
            tracing::debug!(%error, "uses of the cache were not written down");
        }
    }
}

/// Reads the sum that the triggers keep.
pub(super) fn total(connection: &Connection) -> rusqlite::Result<i64> {
    connection.prepare_cached("SELECT bytes FROM totals")?.query_row([], |row| row.get(0))
}

fn save_uses(connection: &Connection, used: &HashMap<Digest, i64>) -> rusqlite::Result<()> {
    let mut update = connection.prepare_cached("UPDATE entries SET used_at = max(used_at, ?2) WHERE id = ?1")?;
    for (digest, now) in used {
        update.execute(params![digest.row_id(), now])?;
    }
    Ok(())
}
