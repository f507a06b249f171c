//! The disk as a layer: bytes in a [`Store`], on tokio's blocking threads.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use tokio::sync::Semaphore;

use super::layer::{Answer, Layer, LayerError};
use crate::{Digest, Error, Store};

/// So many threads wait for the disk at most: one that hangs must not take all of the runtime's.
const MAX_THREADS: usize = 8;

/// Keeps bytes in a store, beside its results. Several processes may share the folder.
#[derive(Clone, Debug)]
pub struct DiskLayer {
    name: Arc<str>,
    store: Store,
    threads: Arc<Semaphore>,
}

impl DiskLayer {
    /// Makes a layer of a store, by the name of `disk`.
    pub fn new(store: Store) -> DiskLayer {
        DiskLayer { name: "disk".into(), store, threads: Arc::new(Semaphore::new(MAX_THREADS)) }
    }

    /// Gives the layer another name.
    #[must_use]
    pub fn named(self, name: &str) -> DiskLayer {
        DiskLayer { name: name.into(), ..self }
    }

    /// Returns the store.
    pub fn store(&self) -> &Store {
        &self.store
    }

    fn work<T: Send + 'static>(&self, work: impl FnOnce(&Store) -> Result<T, Error> + Send + 'static) -> Answer<'_, T> {
        let (store, threads) = (self.store.clone(), Arc::clone(&self.threads));
        Box::pin(async move {
            let failed = |source: Box<dyn std::error::Error + Send + Sync>| LayerError::Failed {
                layer: self.name.to_string(),
                source,
            };
            let permit = threads.acquire_owned().await.map_err(|closed| failed(closed.into()))?;
            let done = tokio::task::spawn_blocking(move || {
                let _permit = permit;
                work(&store)
            });
            done.await.map_err(|ended| failed(ended.into()))?.map_err(|error| self.explain(error))
        })
    }

    fn explain(&self, error: Error) -> LayerError {
        let layer = self.name.to_string();
        match obstacle(&error) {
            Obstacle::Full => LayerError::Full { layer },
            Obstacle::Rights => LayerError::Refused { layer, reason: error.to_string() },
            Obstacle::Other => LayerError::Failed { layer, source: error.into() },
        }
    }
}

impl Layer for DiskLayer {
    fn name(&self) -> &str {
        &self.name
    }

    fn fetch<'a>(&'a self, key: &'a Digest) -> Answer<'a, Option<Vec<u8>>> {
        let key = *key;
        self.work(move |store| Ok(store.recall_bytes(&[key], store.clock().now())?.pop().flatten()))
    }

    fn fetch_many<'a>(&'a self, keys: &'a [Digest]) -> Answer<'a, Vec<Option<Vec<u8>>>> {
        let keys = keys.to_vec();
        self.work(move |store| store.recall_bytes(&keys, store.clock().now()))
    }

    fn keep<'a>(&'a self, key: &'a Digest, bytes: &'a [u8], time_to_live: Option<Duration>) -> Answer<'a, ()> {
        let (key, bytes) = (*key, bytes.to_vec());
        self.work(move |store| store.keep_bytes(&key, &bytes, time_to_live, store.clock().now()))
    }

    fn forget<'a>(&'a self, keys: &'a [Digest]) -> Answer<'a, ()> {
        let keys = keys.to_vec();
        self.work(move |store| store.forget_bytes(&keys, store.clock().now()))
    }

    fn clear(&self) -> Answer<'_, ()> {
        self.work(|store| store.clear_bytes(store.clock().now()))
    }

    fn check(&self) -> Answer<'_, ()> {
        self.work(round_trip)
    }
}

fn round_trip(store: &Store) -> Result<(), Error> {
    static ROUNDS: AtomicU64 = AtomicU64::new(0);
    let probe = format!("probe {} {}", std::process::id(), ROUNDS.fetch_add(1, Relaxed));
    let (key, now) = (Digest::of(probe.as_bytes()), store.clock().now());
    store.keep_bytes(&key, probe.as_bytes(), Some(Duration::from_secs(60)), now)?;
    let found = store.recall_bytes(&[key], now)?.pop().flatten();
    store.forget_bytes(&[key], now)?;
    match found {
        Some(bytes) if bytes == probe.as_bytes() => Ok(()),
        _ => Err(Error::MissingObject { digest: key }),
    }
}

enum Obstacle {
    Full,
    Rights,
    Other,
}

fn obstacle(error: &Error) -> Obstacle {
    match error {
        Error::Folder { .. } | Error::Newer { .. } => Obstacle::Rights,
        Error::Io { source, .. } => match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => Obstacle::Full,
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => Obstacle::Rights,
            _ => Obstacle::Other,
        },
        Error::Index { source, .. } => source.downcast_ref().map_or(Obstacle::Other, of_index),
        _ => Obstacle::Other,
    }
}

fn of_index(error: &rusqlite::Error) -> Obstacle {
    use rusqlite::ErrorCode;
    // A quota or a limit on the size of files is an error of writing to the database, as a full disk is.
    const UNWRITTEN: [i32; 2] = [rusqlite::ffi::SQLITE_IOERR_WRITE, rusqlite::ffi::SQLITE_IOERR_SHMSIZE];
    match error.sqlite_error() {
        Some(told) if told.code == ErrorCode::DiskFull || UNWRITTEN.contains(&told.extended_code) => Obstacle::Full,
        Some(told) if matches!(told.code, ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => Obstacle::Rights,
        _ => Obstacle::Other,
    }
}
