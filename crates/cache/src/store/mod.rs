//! The disk cache: values under keys in one folder that several processes may share.

mod disk;
mod evict;
mod explain;
mod index;
mod lookup;
mod memo_rows;
mod objects;
mod values;
mod write;

pub use disk::{Options, Store};
pub use lookup::{Hit, Lookup, MissReason};
pub use write::NewEntry;
