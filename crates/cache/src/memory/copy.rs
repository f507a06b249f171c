//! Everything that is known of the entries of a cache, for whoever keeps it elsewhere.

use std::hash::{BuildHasher, Hash};
use std::time::Duration;

use super::core::lock;
use super::times::{Age, NEVER};
use super::{Cache, Terms};

/// One entry as it was at one moment.
pub(crate) struct Copied<K, V> {
    pub(crate) key: K,
    pub(crate) value: V,
    /// Its terms; the time to live is what is left of it.
    pub(crate) terms: Terms,
    /// How often it was used since its key came in; an estimate, up to 65,535.
    pub(crate) uses: u64,
}

impl<K: Hash + Eq + Clone, V: Clone, S: BuildHasher> Cache<K, V, S> {
    /// Returns copies of all entries whose time is not over. Each shard is copied when it is its turn.
    pub(crate) fn copies(&self) -> impl Iterator<Item = Copied<K, V>> {
        self.core.shards.iter().flat_map(|shard| {
            let shard = lock(shard);
            let now = self.core.exact_now();
            let copy = |(slot, key, value): (u32, &K, &V)| {
                if shard.times.age(slot, now) != Age::Fresh {
                    return None;
                }
                let span = |nanos: u64| Some(nanos).filter(|nanos| *nanos != NEVER).map(Duration::from_nanos);
                let (until, (stale, idle)) = (shard.times.until(slot), shard.times.stale_and_idle(slot));
                let terms = Terms {
                    time_to_live: span(until).map(|until| until.saturating_sub(Duration::from_nanos(now))),
                    time_to_idle: span(idle),
                    stale: span(stale).filter(|stale| !stale.is_zero()),
                    ..shard.side.as_ref().map(|side| side.terms(slot)).unwrap_or_default()
                };
                let uses = u64::from(shard.slab.uses(slot));
                Some(Copied { key: key.clone(), value: value.clone(), terms, uses })
            };
            shard.slab.taken_from(0).filter_map(copy).collect::<Vec<_>>()
        })
    }
}
