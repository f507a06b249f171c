//! What happens to layers that somebody should know of, and how he is told.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use super::envelope::Rejection;
use crate::Digest;

/// Something that happened to a layer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LayerEvent {
    /// A layer is skipped from now on.
    Degraded {
        /// The layer's name.
        layer: Arc<str>,
        /// Why, and whether it is still read.
        reason: String,
    },
    /// A layer is asked again.
    Restored {
        /// The layer's name.
        layer: Arc<str>,
        /// How long it was not.
        after: Duration,
    },
    /// An entry of a layer was not believed; [`Rejection::is_security_event`] says when to look into it.
    Rejected {
        /// The layer's name.
        layer: Arc<str>,
        /// Under which digest it stood.
        key: Digest,
        /// What was wrong.
        rejection: Rejection,
    },
    /// A value was not written to the layers since the queue was full.
    Dropped {
        /// Its digest.
        key: Digest,
    },
}

pub(super) type Listener = Arc<dyn Fn(&LayerEvent) + Send + Sync>;

/// Tells what happened, as a `tracing` event and to the listener.
#[derive(Clone, Default)]
pub(super) struct Teller {
    pub(super) listener: Option<Listener>,
}

impl Teller {
    pub(super) fn tell(&self, event: &LayerEvent) {
        match event {
            LayerEvent::Degraded { layer, reason } => tracing::warn!(%layer, reason, "a cache layer is skipped"),
            LayerEvent::Restored { layer, after } => tracing::info!(%layer, ?after, "a cache layer is back"),
            LayerEvent::Rejected { layer, key, rejection } if rejection.is_security_event() => {
                tracing::warn!(%layer, key = %key.short(), ?rejection, "a cache entry is not believed");
            }
            LayerEvent::Rejected { layer, key, rejection } => {
                tracing::debug!(%layer, key = %key.short(), ?rejection, "a cache entry is not used");
            }
            LayerEvent::Dropped { key } => {
                tracing::warn!(key = %key.short(), "the queue of the cache layers is full; a value was not written");
            }
        }
        let Some(listener) = &self.listener else { return };
        if catch_unwind(AssertUnwindSafe(|| listener(event))).is_err() {
            tracing::error!("the listener of the cache layers panicked");
        }
    }
}

impl fmt::Debug for Teller {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Teller")
    }
}
