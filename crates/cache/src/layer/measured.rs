//! Layers in a registry: what they tell of themselves there.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use super::inner::Inner;
use super::layer::Layer;
use super::layered::Layered;
use crate::{Level, Measured, Registrable, Revive, Statistics};

impl<V: Clone + Send + Sync + 'static> Registrable for Layered<V> {
    fn weakly(&self) -> Revive {
        let weak = Arc::downgrade(&self.inner);
        Box::new(move || weak.upgrade().map(|inner| -> Arc<dyn Measured> { inner }))
    }
}

impl<V: Clone + Send + Sync + 'static> Measured for Inner<V> {
    fn statistics(&self) -> Statistics {
        self.memory.statistics()
    }

    /// Takes everything out of memory at once; the layers are told by a task, and not read until then.
    fn clear(&self) {
        self.clear_here();
        self.below.tiers.iter().for_each(|tier| tier.call_nurse());
    }

    /// Tags count in memory alone: what goes there by its tag comes back from a layer.
    fn invalidate_tag(&self, tag: &str) -> usize {
        self.memory.invalidate_tag(tag)
    }

    fn levels(&self) -> Vec<Level> {
        let memory = Level { hits: self.hits.load(Relaxed), ..Level::of("memory") };
        let tiers = self.below.tiers.iter().map(|tier| {
            let told = tier.statistics();
            Level {
                hits: told.hits,
                misses: told.misses + told.expired + told.unusable + told.security_events,
                skipped: told.skipped + told.failures,
                bytes_read: told.bytes_read,
                bytes_written: told.bytes_written,
                degraded: told.degraded.is_some(),
                ..Level::of(told.layer)
            }
        });
        std::iter::once(memory).chain(tiers).collect()
    }

    fn layers(&self) -> Vec<Arc<dyn Layer>> {
        self.below.tiers.iter().map(|tier| Arc::clone(tier.layer())).collect()
    }
}
