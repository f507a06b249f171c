//! The one loop: what is ready becomes attempts, what happened becomes events, events become state. Resume is the same
//! loop with a longer list.
//!
//! `drive` is the loop and touches nothing but the `World` it is given; `host` is that world on tokio. The engine prints
//! nothing and reads no environment but the variables that a step names for its key or as its secrets.

pub(crate) mod answer;
mod by_hand;
pub(crate) mod context;
pub(crate) mod drive;
mod estimate;
mod foresee;
mod fork;
pub(crate) mod hide;
mod host;
pub(crate) mod learn;
mod observer;
pub(crate) mod part;
pub(crate) mod prepare;
mod rank;
mod remember;
mod response;
pub(crate) mod run;
mod upstream;
mod verify;
pub(crate) mod world;

pub use by_hand::{by_hand, estimate_text, time_text};
pub use estimate::{Estimate, Estimates, Span, Total};
pub use foresee::{Forecast, Foreseen, foresee};
pub use fork::{Branch, Fork, Point};
pub use observer::{Observer, trace_events};
pub use rank::Ranking;
pub use remember::{Exported, Imported, Kept, Memory, ReadVariable, cache_fault, check_shared};
pub(crate) use response::RETRY_BUDGET;
pub use run::{Begun, CacheMode, Engine, Resumed, Setup};
pub use upstream::Upstreams;
