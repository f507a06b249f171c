//! Remembers results by what they depend on, and can say what changed when a result no longer fits.
//!
//! - [`Key`] is a content key made of named parts. Two keys can be compared: [`Change`] says in words
//!   what makes them differ, down to the file.
//! - [`Files`] turns globs or a whole work tree into a [`Manifest`], with one `stat` a file when
//!   nothing was touched.
//! - [`Store`] keeps values on disk under their keys; several processes may share its folder. A damaged
//!   value is a miss that says so, never a wrong hit.
//! - [`Outputs`] keeps the files a step wrote and brings them back.
//! - [`MemoryCache`] is a small cache in memory that is bounded by weight and by count, exactly.
//!
//! Everything blocks and nothing is async: call it from a blocking pool. Nothing here reads the
//! environment, prints or installs a subscriber; what is worth knowing is a `tracing` event.
//!
//! ```
//! use segno_cache::{Files, Key, Lookup, NewEntry, Options, Store};
//! use std::time::SystemTime;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let project = tempfile::tempdir()?;
//! std::fs::write(project.path().join("a.txt"), "one")?;
//! let store = Store::open(&project.path().join(".cache"), Options::default())?;
//! let files = Files::open(project.path(), &store)?;
//!
//! let manifest = files.manifest(&["*.txt".into()])?;
//! let mut builder = Key::builder("count words");
//! builder.text("command", "wc -w *.txt").files("files *.txt", &manifest);
//! let key = builder.finish();
//!
//! let now = SystemTime::now();
//! let manifests = [manifest];
//! store.store(NewEntry { value: b"1 a.txt", manifests: &manifests, ..NewEntry::of(&key, "count", now) })?;
//! let answers = store.fetch(&[key.digest()], now)?;
//! assert!(matches!(&answers[0], Lookup::Hit(hit) if hit.value == b"1 a.txt"));
//! # Ok(())
//! # }
//! ```

mod change;
mod clock;
mod digest;
mod error;
mod files;
mod key;
mod manifest;
mod memory;
mod outputs;
mod sentence;
mod store;

pub use change::{Change, FileChange};
pub use clock::Clock;
pub use digest::Digest;
pub use error::Error;
pub use files::{CLOCK_TICK, Files};
pub use key::{Key, KeyBuilder, Part, Shown};
pub use manifest::Manifest;
pub use memory::MemoryCache;
pub use outputs::{OutputFile, Outputs, Restored};
pub use store::{Hit, Lookup, MissReason, NewEntry, Options, Store};

/// The example of the README runs with the other examples.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
