//! The append-only list of what happened, and the blobs beside it. An event is durable before it counts.
//!
//! Two twins behind one trait: SQLite on disk and a list in memory. Each event carries a checksum chained over its
//! run, because a database's pages carry none.

mod blobs;
#[cfg(feature = "sqlite")]
mod chain;
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
#[cfg(feature = "sqlite")]
mod writer;

pub use blobs::{Blobs, INLINE_LIMIT};
pub use lock::{Locks, RunLock};
pub use memory::MemoryJournal;
#[cfg(feature = "sqlite")]
pub use repair::{Repair, repair};
#[cfg(feature = "sqlite")]
pub use schema::FORMAT as SQLITE_FORMAT;
#[cfg(feature = "sqlite")]
pub use sqlite::SqliteJournal;
pub use stored::{Batch, Damage, Journal, Log, Pending, RunEntry};
#[cfg(feature = "sqlite")]
pub use survey::{Survey, survey};
