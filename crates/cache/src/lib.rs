//! Remembers results: in memory, on disk and elsewhere, by what they depend on, and can say what changed.
//!
//! - [`Cache`] keeps values in memory within a capacity, exactly, under a [`Policy`] of choice.
//! - [`Key`] is a content key made of named parts. Two keys can be compared: [`Change`] says in words
//!   what makes them differ, down to the file.
//! - A [`Dependency`] is what a value depends on as a value itself; looked up in [`Surroundings`] that the application
//!   gives, it is a part of a key.
//! - With the feature `files`: `Files` turns globs or a whole work tree into a [`Manifest`], with one `stat` a file
//!   when nothing was touched; settings files, git and tools are dependencies too.
//! - With the feature `disk`: `Store` keeps values on disk under their keys, and several processes may share its
//!   folder; `Outputs` keeps the files a step wrote and brings them back.
//!
//! - [`Registry`] knows caches by name: what they did, what it saved, whether they are well; with the feature
//!   `prometheus` it is a collector of metrics.
//!
//! Nothing here reads the environment, prints or installs a subscriber; what is worth knowing is a `tracing` event.
//!
//! ```
//! use segno_cache::{Cache, Key};
//!
//! let mut builder = Key::builder("count words");
//! builder.text("command", "wc -w a.txt");
//! let key = builder.finish();
//!
//! let cache = Cache::new(1_000);
//! cache.insert(key.digest(), "1 a.txt");
//! assert_eq!(cache.get(&key.digest()), Some("1 a.txt"));
//! ```
#![forbid(unsafe_code)]

#[cfg(feature = "disk")]
mod bundle;
mod clock;
mod depend;
mod error;
#[cfg(feature = "files")]
mod files;
mod key;
#[cfg(feature = "layers")]
mod layer;
mod load;
pub mod memo;
mod memory;
#[cfg(feature = "files")]
mod process;
#[cfg(feature = "sql")]
pub mod query;
#[cfg(feature = "redis")]
mod redis;
mod registry;
mod sketch;
#[cfg(feature = "disk")]
mod snapshot;
mod statistics;
#[cfg(feature = "disk")]
mod store;
mod sync;
#[cfg(feature = "watch")]
mod watch;

#[cfg(feature = "redis")]
pub use self::redis::{RedisLayer, RedisOptions};
#[cfg(feature = "disk")]
pub use bundle::{ArchiveError, ArchiveReader, ArchiveWriter, Bundle, BundleError, Secret};
pub use clock::Clock;
pub use depend::{Dependency, Dependents, Moment, Observation, Surroundings, Tags};
#[cfg(feature = "files")]
pub use depend::{Depth, Git, ToolAnswer};
pub use error::Error;
#[cfg(feature = "files")]
pub use files::{CLOCK_TICK, Files};
#[cfg(feature = "disk")]
pub use files::{OutputFile, Outputs, Restored};
pub use key::{Change, Digest, FileChange, Key, KeyBuilder, KeyPart, Manifest, Part, PartWriter, Shown, Value};
#[cfg(all(feature = "disk", feature = "layers"))]
pub use layer::DiskLayer;
#[cfg(feature = "layers")]
pub use layer::{
    Answer, BlockingLayered, Codec, CodecError, Degraded, Json, Layer, LayerError, LayerEvent, LayerStatistics,
    LayerTerms, Layered, LayeredBuilder, LayeredStatistics, Namespace, Outdated, Raw, Rejection, WriteBehind,
};
pub use load::{Dice, LoadError, LoadErrorKind, Loaded, Loader, Loading};
pub use memory::{Builder, Cache, Cause, Entry, Iter, Policy, Terms, Ticker};
#[cfg(feature = "prometheus")]
pub use registry::Metrics;
#[cfg(feature = "tokio")]
pub use registry::warm_async;
pub use registry::{
    Health, Latencies, Level, Measured, Operation, Reading, Registrable, Registry, Revive, Used, Uses, Warm, Warmed,
    Watched, Watching, Worth, warm,
};
#[cfg(feature = "macros")]
pub use segno_cache_macros::memoize;
pub use sketch::{Distribution, Sketch};
#[cfg(feature = "disk")]
pub use snapshot::{Recovery, Restoration};
pub use statistics::Statistics;
#[cfg(feature = "disk")]
pub use store::{
    Amount, Census, Cleared, Damage, DamagedPart, Durability, Eviction, Hit, Listed, Lookup, MissReason, NewEntry,
    Options, Store, Tally, Verdict,
};
#[cfg(feature = "watch")]
pub use watch::{Watch, WatchEvent, WatchLoss, WatchOptions};

/// The example of the README runs with the other examples.
#[cfg(all(doctest, feature = "disk"))]
#[doc = include_str!("../README.md")]
struct Readme;
