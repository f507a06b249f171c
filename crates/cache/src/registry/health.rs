//! Whether caches are well: a round trip through each layer, within a limit.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::names::Held;
use super::{Registry, TARGET};

/// What a round trip through one layer of one cache came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Health {
    /// The name of the cache.
    pub cache: Arc<str>,
    /// The name of the layer: `memory`, `disk`, `redis`.
    pub layer: String,
    /// How long it took, or how long it was waited for.
    pub took: Duration,
    /// What is wrong, as a fragment of a sentence; nothing if the layer is well.
    pub wrong: Option<String>,
}

impl Health {
    /// Returns whether the layer answered as it should.
    pub fn is_well(&self) -> bool {
        self.wrong.is_none()
    }

    /// Says in the log what is wrong.
    fn told(self) -> Health {
        if let Some(reason) = &self.wrong {
            tracing::warn!(target: TARGET, cache = &*self.cache, layer = self.layer, reason, "a cache is not well");
        }
        self
    }
}

impl Registry {
    /// Checks the memory of each cache. What lies behind it is checked by `health`, with the feature `layers`.
    pub fn check(&self) -> Vec<Health> {
        self.held().iter().map(|held| memory(held).told()).collect()
    }
}

fn memory(held: &Held) -> Health {
    let begun = Instant::now();
    let wrong = held.cache.check().err();
    Health { cache: Arc::clone(&held.name), layer: "memory".into(), took: begun.elapsed(), wrong }
}

#[cfg(feature = "layers")]
mod layers {
    use tokio::task::JoinSet;

    use super::*;
    use crate::Layer;

    impl Registry {
        /// Makes a round trip through each layer of each cache, all at once and each within `limit`.
        ///
        /// # Panics
        /// Outside of a tokio runtime, where there is nothing to wait with.
        pub async fn health(&self, limit: Duration) -> Vec<Health> {
            let (mut found, mut asked) = (Vec::new(), JoinSet::new());
            for held in self.held() {
                found.push(memory(&held));
                for layer in held.cache.layers() {
                    let place = found.len();
                    found.push(unanswered(&held.name, &*layer));
                    let name = Arc::clone(&held.name);
                    asked.spawn(async move { (place, round_trip(name, &*layer, limit).await) });
                }
            }
            while let Some(answer) = asked.join_next().await {
                // A layer that panics leaves what stands in its place.
                if let Ok((place, health)) = answer {
                    found[place] = health;
                }
            }
            found.into_iter().map(Health::told).collect()
        }
    }

    fn unanswered(cache: &Arc<str>, layer: &dyn Layer) -> Health {
        let wrong = Some("its check panicked".to_owned());
        Health { cache: Arc::clone(cache), layer: layer.name().to_owned(), took: Duration::ZERO, wrong }
    }

    async fn round_trip(cache: Arc<str>, layer: &dyn Layer, limit: Duration) -> Health {
        let begun = tokio::time::Instant::now();
        let wrong = match tokio::time::timeout(limit, layer.check()).await {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(in_full(&error)),
            Err(_) => Some(format!("it did not answer within {limit:?}")),
        };
        Health { cache, layer: layer.name().to_owned(), took: begun.elapsed(), wrong }
    }

    fn in_full(error: &dyn std::error::Error) -> String {
        let mut text = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            text = format!("{text}: {cause}");
            source = cause.source();
        }
        text
    }
}
