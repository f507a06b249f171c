//! The disk cache: values under keys in one folder that several processes may share.

mod bytes;
mod census;
mod disk;
mod evict;
mod explain;
mod folder;
mod index;
mod list;
mod lookup;
mod memo_rows;
mod objects;
mod tally;
mod values;
mod verify;
mod write;

pub use census::{Amount, Census};
pub use disk::{Durability, Eviction, Options, Store};
pub use list::{Cleared, Listed};
pub use lookup::{Hit, Lookup, MissReason};
pub use tally::Tally;
pub use verify::{Damage, DamagedPart, Verdict};
pub use write::NewEntry;
