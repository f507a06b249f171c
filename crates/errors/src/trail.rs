//! What caused a fault: the live error while the process lives, its texts for ever. Leaves the
//! meaning of the errors to `classify`.

use std::error::Error;
use std::fmt;
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Fault;
use crate::scrub::Bounded;

/// The most causes that are kept; a chain that is longer is cut, so that one that bites its own
/// tail ends.
const MAX_CAUSES: usize = 32;

/// The longest text of one cause, in bytes; 32 of them stay below half a megabyte.
const MAX_CAUSE: usize = 8 << 10;

/// The chain of errors below a fault, outermost first.
///
/// The texts are made when they are first read: most faults are retried away unread.
#[derive(Clone, Default)]
pub(crate) struct Trail {
    source: Option<Arc<dyn Error + Send + Sync>>,
    texts: OnceLock<Vec<String>>,
}

impl Trail {
    /// Returns a trail that keeps this error and all below it.
    pub(crate) fn below(source: impl Error + Send + Sync + 'static) -> Trail {
        Trail { source: Some(Arc::new(source)), texts: OnceLock::new() }
    }

    /// Returns a trail that keeps this error, which may be boxed already, and all below it.
    pub(crate) fn of(source: Box<dyn Error + Send + Sync>) -> Trail {
        Trail { source: Some(Arc::from(source)), texts: OnceLock::new() }
    }

    /// Returns a trail of texts alone: a borrowed error cannot be kept.
    pub(crate) fn seen(source: &(dyn Error + 'static)) -> Trail {
        Trail::from(texts_of(source))
    }

    /// Returns the live error, which is gone once the fault was read back from a store.
    pub(crate) fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn Error + 'static))
    }

    /// Returns the text of each error, at most [`MAX_CAUSES`].
    pub(crate) fn texts(&self) -> &[String] {
        self.texts.get_or_init(|| self.source().map(texts_of).unwrap_or_default())
    }

    /// Says whether there is no cause at all, so that nothing needs to be stored.
    pub(crate) fn is_empty(&self) -> bool {
        self.texts().is_empty()
    }
}

impl From<Vec<String>> for Trail {
    fn from(texts: Vec<String>) -> Trail {
        Trail { source: None, texts: OnceLock::from(texts) }
    }
}

impl fmt::Debug for Trail {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.texts()).finish()
    }
}

impl Serialize for Trail {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.texts().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Trail {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Trail, D::Error> {
        Vec::deserialize(deserializer).map(Trail::from)
    }
}

fn texts_of(source: &(dyn Error + 'static)) -> Vec<String> {
    let mut texts = Vec::new();
    let mut link = Some(source);
    while let Some(error) = link.filter(|_| texts.len() < MAX_CAUSES) {
        texts.push(Bounded::text_of(error, MAX_CAUSE));
        // A fault that was read back has texts but no live source to walk.
        if let Some(fault) = error.downcast_ref::<Fault>() {
            texts.extend_from_slice(fault.causes());
            break;
        }
        link = error.source();
    }
    texts.truncate(MAX_CAUSES);
    texts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Kind;

    /// An error that is its own source.
    #[derive(Debug)]
    struct Ouroboros;

    impl fmt::Display for Ouroboros {
        fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("tail")
        }
    }

    impl Error for Ouroboros {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(self)
        }
    }

    #[test]
    fn a_chain_that_bites_its_own_tail_ends() {
        assert_eq!(Trail::below(Ouroboros).texts().len(), MAX_CAUSES);
    }

    #[test]
    fn a_text_of_ten_megabytes_is_cut() {
        let trail = Trail::below(std::io::Error::other("x".repeat(10 << 20)));
        assert!(trail.texts()[0].len() < MAX_CAUSE + 16);
    }

    #[test]
    fn a_fault_below_a_fault_hands_its_stored_causes_on() {
        let inner = Fault::new(Kind::Network, "no answer").caused_by(fmt::Error);
        let stored = serde_json::to_string(&inner).unwrap();
        let inner: Fault = serde_json::from_str(&stored).unwrap();
        let outer = Fault::new(Kind::ExternalService, "the agent failed").caused_by(inner);
        let formatting = fmt::Error.to_string();
        assert_eq!(outer.causes(), ["NETWORK_ERROR no answer", formatting.as_str()]);
    }
}
