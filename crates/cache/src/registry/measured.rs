//! What a registry asks of a cache, whatever its keys and values are.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Latencies;
#[cfg(feature = "layers")]
use crate::Layer;
use crate::Statistics;

/// A cache that tells what it does. A registry holds no lock while it asks.
pub trait Measured: Send + Sync {
    /// Returns what the cache did since it was made.
    fn statistics(&self) -> Statistics;

    /// Takes out everything.
    fn clear(&self);

    /// Takes out every value with this tag, and returns how many there were.
    fn invalidate_tag(&self, tag: &str) -> usize;

    /// Returns what each layer answered, the nearest first; empty if memory is the only one.
    fn levels(&self) -> Vec<Level> {
        Vec::new()
    }

    /// Returns how long its operations take, where that is sampled.
    fn latencies(&self) -> Latencies {
        Latencies::default()
    }

    /// Returns the keys that are asked for most, at most `limit`, where that is sampled.
    fn most_used(&self, _limit: usize) -> Vec<Used> {
        Vec::new()
    }

    /// Looks through memory, and says what is wrong. Layers make a round trip of their own.
    fn check(&self) -> Result<(), String> {
        Ok(())
    }

    /// Returns the layers behind memory, each of which is asked for a round trip of its own when health is.
    #[cfg(feature = "layers")]
    fn layers(&self) -> Vec<Arc<dyn Layer>> {
        Vec::new()
    }
}

/// What one layer answered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Level {
    /// The layer's name: `memory`, `disk`, `redis`.
    pub layer: String,
    /// Asked for and there.
    pub hits: u64,
    /// Asked for and not there.
    pub misses: u64,
    /// Not asked, because the layer is closed, or asked and not answered in time.
    pub skipped: u64,
    /// Bytes that were read from the layer; none from memory, which holds values and no bytes.
    pub bytes_read: u64,
    /// Bytes that were written to the layer.
    pub bytes_written: u64,
    /// Whether the layer is left out at present.
    pub degraded: bool,
}

impl Level {
    /// Returns the numbers of a layer, to be completed by field.
    pub fn of(layer: impl Into<String>) -> Level {
        Level { layer: layer.into(), ..Level::default() }
    }

    pub(super) fn merge(&mut self, other: &Level) {
        self.hits = self.hits.saturating_add(other.hits);
        self.misses = self.misses.saturating_add(other.misses);
        self.skipped = self.skipped.saturating_add(other.skipped);
        self.bytes_read = self.bytes_read.saturating_add(other.bytes_read);
        self.bytes_written = self.bytes_written.saturating_add(other.bytes_written);
        self.degraded |= other.degraded;
    }
}

/// How often a key was asked for, about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Used {
    /// The key, as its `Debug` shows it.
    pub key: String,
    /// How often at most. Sampled: the number of samples times their distance.
    pub uses: u64,
    /// How much of that may belong to keys that stood in its place before.
    pub doubt: u64,
}

/// Gives a cache as long as somebody else keeps it.
pub type Revive = Box<dyn Fn() -> Option<Arc<dyn Measured>> + Send + Sync>;

/// What can be registered: it is held weakly, so that a registry keeps no cache alive.
pub trait Registrable {
    /// Returns what gives the cache again, without keeping it.
    fn weakly(&self) -> Revive;
}

impl<M: Measured + 'static> Registrable for Arc<M> {
    fn weakly(&self) -> Revive {
        let weak = Arc::downgrade(self);
        Box::new(move || weak.upgrade().map(|cache| -> Arc<dyn Measured> { cache }))
    }
}
