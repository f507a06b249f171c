//! Bytes under digests, without a key that could explain a miss: what a layer keeps. They lie beside the results and share
//! their bounds, and never meet them.

use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use rusqlite::params;

use super::disk::Store;
use super::write::{Content, Space, delete};
use crate::clock::nanos;
use crate::{Digest, Error, Lookup};

/// To work out the purpose each time would cost as much as the digest.
static PLACE_BEGIN: LazyLock<blake3::Hasher> =
    LazyLock::new(|| blake3::Hasher::new_derive_key("segno-cache 2026-11-27 bytes of a layer 1"));

impl Store {
    /// Keeps bytes under a digest, for at most `ttl`, replacing older ones. Fails as [`store`](Store::store) does.
    pub fn keep_bytes(&self, key: &Digest, bytes: &[u8], ttl: Option<Duration>, now: SystemTime) -> Result<(), Error> {
        let large = bytes.len() > self.options().inline_limit;
        let staged = if large { Some(self.stage(&mut &*bytes)?) } else { None };
        let content =
            Content { key: place(key), value: bytes, ttl, now, used_at: now, objects: &[], space: Space::Layer };
        self.write("keep bytes", |transaction| {
            self.insert(transaction, &content, staged)?;
            self.make_room(transaction, nanos(now))
        })
    }

    /// Returns what is kept under each of the digests, in the order asked; what is damaged or has expired is not there.
    pub fn recall_bytes(&self, keys: &[Digest], now: SystemTime) -> Result<Vec<Option<Vec<u8>>>, Error> {
        let places: Vec<Digest> = keys.iter().map(place).collect();
        let value = |lookup| match lookup {
            Lookup::Hit(hit) => Some(hit.value),
            Lookup::Miss(_) => None,
        };
        Ok(self.look_up(&places, now)?.into_iter().map(value).collect())
    }

    /// Forgets what is kept under the digests.
    pub fn forget_bytes(&self, keys: &[Digest], now: SystemTime) -> Result<(), Error> {
        self.write("forget bytes", |transaction| {
            for key in keys {
                delete(transaction, &place(key))?;
            }
            self.make_room(transaction, nanos(now))
        })
    }

    /// Forgets all bytes of layers; results stay.
    pub fn clear_bytes(&self, now: SystemTime) -> Result<(), Error> {
        self.write("forget all bytes", |transaction| {
            transaction.execute("DELETE FROM entries WHERE space = ?1", params![Space::Layer as i64])?;
            self.make_room(transaction, nanos(now))
        })
    }
}

/// The same digest may name a result.
fn place(key: &Digest) -> Digest {
    Digest::finish(PLACE_BEGIN.clone().update(key.as_bytes()))
}
