//! Who may touch a key's entries in the layers at the same time: many readers or one writer, so that memory and all layers
//! see the same last value. Keys share a fixed number of places; that only makes some wait a little longer.

use std::sync::Arc;

use tokio::sync::{OwnedRwLockReadGuard, RwLock, RwLockWriteGuard};

use crate::Digest;

const PLACES: usize = 256;

/// A reader's part in it, which may be handed on to who fills layers with what was read.
pub(super) type Turn = OwnedRwLockReadGuard<()>;

#[derive(Debug)]
pub(super) struct Order {
    places: Box<[Arc<RwLock<()>>]>,
}

impl Default for Order {
    fn default() -> Order {
        Order { places: (0..PLACES).map(|_| Arc::default()).collect() }
    }
}

impl Order {
    pub(super) async fn read(&self, key: &Digest) -> Turn {
        Arc::clone(&self.places[place(key)]).read_owned().await
    }

    pub(super) async fn write(&self, key: &Digest) -> RwLockWriteGuard<'_, ()> {
        self.places[place(key)].write().await
    }

    /// Takes part as a reader of many keys. Places are always taken in their order, so that nobody waits in a circle.
    pub(super) async fn read_many(&self, keys: &[Digest]) -> Vec<Turn> {
        let mut guards = Vec::new();
        for place in places(keys) {
            guards.push(Arc::clone(&self.places[place]).read_owned().await);
        }
        guards
    }

    pub(super) async fn write_many(&self, keys: &[Digest]) -> Vec<RwLockWriteGuard<'_, ()>> {
        let mut guards = Vec::new();
        for place in places(keys) {
            guards.push(self.places[place].write().await);
        }
        guards
    }

    pub(super) async fn write_all(&self) -> Vec<RwLockWriteGuard<'_, ()>> {
        let mut guards = Vec::with_capacity(PLACES);
        for place in &self.places {
            guards.push(place.write().await);
        }
        guards
    }
}

fn place(key: &Digest) -> usize {
    usize::from(key.as_bytes()[0]) % PLACES
}

fn places(keys: &[Digest]) -> std::collections::BTreeSet<usize> {
    keys.iter().map(place).collect()
}
