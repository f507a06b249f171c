//! The cache in memory: one sharded structure, and a policy that says what goes when it is full.
//!
//! Read in this order: `terms` (what a caller may say about a value), `cause`, `cache` (the handle), `core` (shards, and the
//! room that they share), `shard`, `index`, `slab` and `side` (where keys, values and the rest are), `policy` (who goes next).

mod builder;
mod cache;
mod cause;
#[cfg(feature = "disk")]
mod copy;
mod core;
mod cost;
mod counts;
mod entry;
mod gone;
mod index;
mod invalidate;
mod ledger;
mod moment;
mod policy;
mod shard;
mod shares;
mod side;
mod size;
mod slab;
mod tags;
mod terms;
mod ticker;
mod times;
mod walk;
mod weights;
mod wheel;
mod worth;

pub use builder::Builder;
pub use cache::Cache;
pub use cause::Cause;
#[cfg(feature = "disk")]
pub(crate) use copy::Copied;
pub use entry::Entry;
pub use policy::Policy;
pub use terms::Terms;
pub use ticker::Ticker;
pub use walk::Iter;
