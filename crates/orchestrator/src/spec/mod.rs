//! From a file (YAML, JSON, TOML) to a `Workflow`, with every mistake at once, each with its place and a hint.
//!
//! The file becomes a tree with places first, and one checker walks that tree: serde would stop at the first
//! mistake. Names are resolved later, by `plan`.

mod actions;
mod cache_settings;
mod caching;
pub(crate) mod fields;
mod format;
pub(crate) mod keys;
mod mistake;
mod policies;
mod read;
mod rounds;
mod scalars;
mod settings;
mod settings_file;
mod steps;
#[cfg(feature = "toml")]
mod toml;
pub(crate) mod tree;
mod value;
pub mod vocabulary;
mod workflow;
mod yaml;

pub use cache_settings::{Address, CacheSettings, SharedCache};
pub(crate) use fields::nearest;
pub use format::format;
pub use mistake::{Mistake, Mistakes};
pub use policies::{CallPolicy, Choice};
pub use read::{Format, MAX_FILE_BYTES, load, parse};
pub(crate) use read::{read, tree};
pub use settings_file::{FallbackOrder, Jobs, Price, Retention, SETTINGS_FILE, Settings};
pub(crate) use value::is_plain_text;
pub use value::value;
