//! The append-only list of what happened, and the blobs beside it. An event is durable before it counts.
//!
//! Two twins behind one trait: SQLite on disk and a list in memory. Each event carries a checksum chained over its
//! run, because a database's pages carry none.

mod blobs;
#[cfg(feature = "sqlite")]
mod chain;
mod hashes;
mod lock;
mod memory;
#[cfg(feature = "sqlite")]
mod repair;
#[cfg(feature = "sqlite")]
mod requests;
#[cfg(feature = "sqlite")]
mod schema;
#[cfg(feature = "sqlite")]
mod sqlite;
mod stored;
#[cfg(feature = "sqlite")]
mod survey;
mod sweep;
#[cfg(feature = "sqlite")]
mod upkeep;
#[cfg(feature = "sqlite")]
mod writer;

pub use blobs::{Blobs, INLINE_LIMIT};
pub(crate) use hashes::named;
pub use lock::{Locks, RunLock};
pub use memory::MemoryJournal;
pub(crate) use memory::no_run;
#[cfg(feature = "sqlite")]
pub use repair::{Repair, repair};
#[cfg(feature = "sqlite")]
pub use schema::FORMAT as SQLITE_FORMAT;
#[cfg(feature = "sqlite")]
pub use sqlite::SqliteJournal;
pub use stored::{Batch, Compacted, Damage, Journal, Log, Pending, RunEntry, See};
#[cfg(feature = "sqlite")]
pub use survey::{Survey, survey};
pub use sweep::StoredBlob;
