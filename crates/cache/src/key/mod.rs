//! Keys: digests of named parts, and what differs between two of them, in words.

mod change;
mod digest;
mod excerpt;
mod manifest;
mod part;
mod parts;
mod sentence;
mod value;
mod writer;

pub use change::{Change, FileChange};
pub use digest::Digest;
pub use manifest::Manifest;
pub use part::KeyPart;
pub use parts::{Key, KeyBuilder, Part, Shown};
pub use value::Value;
pub use writer::PartWriter;
