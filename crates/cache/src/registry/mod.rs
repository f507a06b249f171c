//! Named caches in one place: what they did, what it saved, whether they are well, and what can be done to all of them.
//!
//! Read in this order: `measured` (what a cache tells), `memory` (the cache in memory among them), `reading` (what was told, as values), `names` (the registry),
//! `watched` (times and most used keys, sampled), `health`, `warm`, `metrics`.
//!
//! Events, all with the target `segno_cache::registry`:
//!
//! | level | message | fields |
//! |---|---|---|
//! | debug | a cache is registered | `cache` |
//! | debug | a cache is cleared | `cache` |
//! | debug | a tag is invalidated | `tag`, `entries` |
//! | warn | a cache is not well | `cache`, `layer`, `reason` |
//! | info | a cache is warmed | `loaded`, `present`, `failed`, `left` |

mod health;
mod measured;
mod memory;
#[cfg(feature = "prometheus")]
mod metrics;
mod names;
mod reading;
mod sampling;
mod uses;
mod warm;
#[cfg(feature = "tokio")]
mod warm_tasks;
mod watched;
mod worth;

pub use health::Health;
pub use measured::{Level, Measured, Registrable, Revive, Used};
#[cfg(feature = "prometheus")]
pub use metrics::Metrics;
pub use names::Registry;
pub use reading::{Latencies, Reading};
pub use uses::Uses;
pub use warm::{Warm, Warmed, warm};
#[cfg(feature = "tokio")]
pub use warm_tasks::warm_async;
pub use watched::{Operation, Watched, Watching};
pub use worth::Worth;

/// Where the events of this room come from.
const TARGET: &str = "segno_cache::registry";
