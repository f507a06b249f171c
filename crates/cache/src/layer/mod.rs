//! Layers: memory, disk and what is further away, one behind the other.
//!
//! Read in this order: `layer` (what a layer promises), `codec` and `namespace` and `envelope` (from a value to bytes that
//! can be believed), `gate` and `debts` and `tier` and `nurse` (one layer, and what is done when it fails), `below` (all of
//! them in turn), `layered` (with memory in front).

#[expect(clippy::module_inception, reason = "the trait is what the folder is about")]
mod layer;

mod below;
mod blocking;
mod builder;
mod codec;
mod debts;
#[cfg(feature = "disk")]
mod disk;
mod envelope;
mod event;
mod gate;
mod inner;
mod layered;
mod measured;
mod namespace;
mod nurse;
mod order;
mod queue;
mod tally;
mod tier;
mod together;
mod underway;

pub use blocking::BlockingLayered;
pub use builder::LayeredBuilder;
pub use codec::{Codec, CodecError, Json, Raw};
#[cfg(feature = "disk")]
pub use disk::DiskLayer;
pub use envelope::Rejection;
pub use event::LayerEvent;
pub use layer::{Answer, Layer, LayerError, Outdated};
pub use layered::Layered;
pub use namespace::Namespace;
pub use queue::WriteBehind;
pub use tally::{Degraded, LayerStatistics, LayeredStatistics};
pub use tier::LayerTerms;
