//! Not calling what is down: a breaker lets calls through while they succeed, rejects them for a while
//! when too many fail, and then lets a few probes find out.

mod change;

mod builder;

mod circuit;

mod permit;

mod shells;

mod core;

mod word;

mod rule;

mod window;

mod snapshot;

pub use builder::BreakerBuilder;
pub use change::{Change, State, Why};
pub use circuit::Breaker;
pub(crate) use circuit::BreakerId;
pub use permit::Permit;
pub use snapshot::BreakerSnapshot;
