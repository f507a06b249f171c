//! A second call when the first takes too long: whichever answers first wins.

mod builder;

mod race;

mod latencies;

pub use builder::HedgeBuilder;
pub use race::Hedge;
pub(crate) use race::Worth;
