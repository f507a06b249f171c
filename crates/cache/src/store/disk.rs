//! The store's handle: its folder, its one connection to the index, and what is written lazily.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use super::index::{self, Fault, Open, may_be_damage};
use super::lookup::Lookup;
use super::tally::Unsaved;
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
    /// What goes first when there is too much.
    pub eviction: Eviction,
    /// What a write that was acknowledged survives.
    pub durability: Durability,
    /// What time it is.
    pub clock: Clock,
}

/// What goes first when there is too much, after what has expired.
///
/// Uses are noted by the hour, so that reading does not cost a write; the policies of memory that go by the order of
/// single uses would have nothing to go by here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Eviction {
    /// What was used longest ago.
    #[default]
    Lru,
    /// What was asked for least often, among the 64 that were used longest ago; results count, bytes of layers do not.
    Lfu,
    /// What was stored longest ago; `max_age` then counts from there too. Reads are never noted.
    Fifo,
    /// What was stored longest ago and not used since this was last looked at.
    ///
    /// Source: Y. Zhang, J. Yang, Y. Yue, Y. Vigfusson, K. V. Rashmi, "SIEVE is Simpler than LRU", NSDI 2024.
    Sieve,
}

/// What a write that was acknowledged survives. Neither ever shows half a value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Durability {
    /// The end of the process, however sudden. After a loss of power the last writes may be missing.
    #[default]
    Fast,
    /// A loss of power too: each write waits for the disk.
    Synced,
}

impl Default for Options {
    /// Returns 16 KiB, 10 GiB, no age, LRU, no waiting for the disk and the machine's clock.
    fn default() -> Options {
        Options {
            inline_limit: 16 * 1024,
            max_bytes: 10 * 1024 * 1024 * 1024,
            max_age: None,
            eviction: Eviction::default(),
            durability: Durability::default(),
            clock: Clock::default(),
        }
    }
}

/// A cache in a folder: values under the digests of their keys, and objects under their own.
///
/// Several processes may share the folder. Every value carries a checksum and a format version: one that
/// is damaged is a miss that says so, and is removed. An index that is damaged is set aside
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
    open: Mutex<Open>,
    used: Mutex<HashMap<Digest, i64>>,
    asked: Unsaved,
}

impl Store {
    /// Opens the cache in a folder; a new folder can be read by its owner only. A folder that is removed later is made anew
    /// by the next call, and the cache starts empty.
    ///
    /// Fails if the folder cannot be made, read or written; with [`Error::Folder`] if it belongs to somebody else or others
    /// may write in it (a link to it is followed if this user or root made it); with [`Error::Newer`] if a newer program
    /// has used it, and then nothing in it is touched.
    pub fn open(dir: &Path, options: Options) -> Result<Store, Error> {
        let open = Mutex::new(index::open(dir, options.durability)?);
        let inner = Inner { dir: dir.to_owned(), options, open, used: Mutex::default(), asked: Unsaved::default() };
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

    pub(crate) fn with<T>(
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
        let (used, asked) = (self.inner.take_used(), self.inner.asked.take());
        self.with(action, |connection| {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            save_uses(&transaction, &used, self.options().eviction)?;
            asked.save(&transaction, self.clock().now())?;
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
        if full {
            self.flush_or_tell();
        }
    }

    /// Counts what was answered; counts that are lost only make the cache look less used.
    pub(super) fn note_asked(&self, digests: &[Digest], lookups: &[Lookup]) {
        if self.inner.asked.note(digests, lookups) {
            self.flush_or_tell();
        }
    }

    fn flush_or_tell(&self) {
        if let Err(error) = self.flush() {
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
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if !open.is_in_place(&self.dir) {
            tracing::warn!(folder = %self.dir.display(), "the cache index is gone or was replaced; it is opened anew");
            *open = index::open(&self.dir, self.options.durability)?;
        }
        let fault = match work(&mut open.connection) {
            Ok(done) => return Ok(done),
            Err(fault) => fault,
        };
        if matches!(&fault, Fault::Sql(error) if may_be_damage(error)) {
            match index::reopen(&self.dir, self.options.durability) {
                Ok(fresh) => *open = fresh,
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
        let (used, asked) = (self.take_used(), self.asked.take());
        if used.is_empty() && asked.is_empty() {
            return Ok(());
        }
        self.with("write uses", |connection| {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            save_uses(&transaction, &used, self.options.eviction)?;
            asked.save(&transaction, self.options.clock.now())?;
            Ok(transaction.commit()?)
        })
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        // A folder that was removed is not made anew to write down that it was used.
        if !self.open.get_mut().unwrap_or_else(PoisonError::into_inner).is_in_place(&self.dir) {
            return;
        }
        if let Err(error) = self.flush() {
            tracing::debug!(%error, "uses of the cache were not written down");
        }
    }
}

/// Reads the sum that the triggers keep.
pub(super) fn total(connection: &Connection) -> rusqlite::Result<i64> {
    connection.prepare_cached("SELECT bytes FROM totals")?.query_row([], |row| row.get(0))
}

fn save_uses(connection: &Connection, used: &HashMap<Digest, i64>, eviction: Eviction) -> rusqlite::Result<()> {
    if used.is_empty() {
        return Ok(());
    }
    let update = match eviction {
        Eviction::Lru | Eviction::Lfu => "UPDATE entries SET used_at = max(used_at, ?2) WHERE id = ?1",
        Eviction::Sieve => "UPDATE entries SET visited = 1 WHERE id = ?1 AND used_at <= ?2",
        Eviction::Fifo => return Ok(()),
    };
    let mut update = connection.prepare_cached(update)?;
    for (digest, now) in used {
        update.execute(params![digest.row_id(), now])?;
    }
    Ok(())
}
