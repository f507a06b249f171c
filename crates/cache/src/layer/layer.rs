//! What a layer is: bytes under digests. What the bytes mean is `envelope`'s, who is asked when is `layered`'s.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use crate::Digest;

/// What a layer promises to answer.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, LayerError>> + Send + 'a>>;

/// Is told which digests others have changed, or with nothing that anything may have changed.
pub type Outdated = Arc<dyn Fn(Option<&[Digest]>) + Send + Sync>;

/// Somewhere that keeps bytes under digests, and may be slow, full, damaged or gone.
///
/// An answer may be dropped at any time: whoever asks gives it a limit. A layer keeps what it is given as it is; that
/// nobody else wrote it is checked above.
pub trait Layer: Send + Sync + fmt::Debug {
    /// Returns the name by which the layer stands in statistics and events: `disk`, `redis`.
    fn name(&self) -> &str;

    /// Returns what is kept under the digest.
    fn fetch<'a>(&'a self, key: &'a Digest) -> Answer<'a, Option<Vec<u8>>>;

    /// Returns what is kept under each of the digests, in one round trip where that can be.
    fn fetch_many<'a>(&'a self, keys: &'a [Digest]) -> Answer<'a, Vec<Option<Vec<u8>>>> {
        Box::pin(async move {
            let mut found = Vec::with_capacity(keys.len());
            for key in keys {
                found.push(self.fetch(key).await?);
            }
            Ok(found)
        })
    }

    /// Keeps bytes, for at most `time_to_live`.
    fn keep<'a>(&'a self, key: &'a Digest, bytes: &'a [u8], time_to_live: Option<Duration>) -> Answer<'a, ()>;

    /// Forgets what is kept under the digests, and returns once nobody is given it any more.
    fn forget<'a>(&'a self, keys: &'a [Digest]) -> Answer<'a, ()>;

    /// Forgets everything of this layer's namespace.
    fn clear(&self) -> Answer<'_, ()>;

    /// Makes a real round trip: what is written is read back and removed.
    fn check(&self) -> Answer<'_, ()>;

    /// Tells from now on of what others change here, so that the layers above do not give out what is out of date; the
    /// listener must return at once. A layer that cannot know such a thing never tells.
    fn watch(&self, _told: Outdated) {}
}

/// Why a layer did not answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LayerError {
    /// It did not answer in time.
    #[error("the layer {layer} did not answer within {limit:?}")]
    Slow {
        /// The layer's name.
        layer: String,
        /// The limit.
        limit: Duration,
    },
    /// It takes nothing more.
    #[error("the layer {layer} is full")]
    Full {
        /// The layer's name.
        layer: String,
    },
    /// It was written by somebody else, may not be written, or is not to be trusted.
    #[error("the layer {layer} is refused: {reason}")]
    Refused {
        /// The layer's name.
        layer: String,
        /// Why.
        reason: String,
    },
    /// It failed in its own way.
    #[error("the layer {layer} failed")]
    Failed {
        /// The layer's name.
        layer: String,
        /// What it said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}
