//! Logs read back: JSON Lines in any schema, from files, folders, compressed segments and streams.
//! Finds, checks and filters lines; what is counted from them is the caller's.
//!
//! # What counts as a line
//!
//! A line is one JSON object and nothing else. Every line that is parsed is checked to its end, by
//! the same grammar as `serde_json`: of a key that stands twice the last counts, a number must fit
//! a 64-bit float, and nesting is at most 127 deep. Lines that break it are skipped, counted and
//! named in the [`Tally`]; blank lines are none. The library never panics on what a file holds.
//!
//! Two short cuts leave lines unparsed, and only such as cannot match: a filter that asks for a text
//! passes over lines in which it cannot stand, and a filter with a time passes over parts of a file
//! that is sorted. The tally says how many lines and bytes that were; [`Query::by_text`] and
//! [`Query::by_time`] switch it off.
//!
//! # Example
//! ```
//! use segno_logging::read::{Filter, Query, Sources, fold};
//!
//! let lines = concat!(
//!     r#"{"timestamp":"2026-11-21T11:20:00.000000Z","level":"WARN","component":"cache.redis","message":"slow","took_ms":140}"#, "\n",
//!     r#"{"timestamp":"2026-11-21T11:20:01.000000Z","level":"INFO","component":"shop","message":"paid","took_ms":3}"#, "\n",
//! );
//! let filter = Filter::parse("level>=warn component=cache.* took_ms>100")?;
//! let sources = Sources::reader("memory", lines.as_bytes());
//! let (count, tally) = fold(sources, &Query::new(filter), || 0, |count, _line| *count += 1, |all, count| *all += count)?;
//! assert_eq!((count, tally.lines), (1, 2));
//! # Ok::<(), segno_logging::read::Error>(())
//! ```

pub mod analyze;
pub mod sidecar;
pub mod table;
pub mod trace;

mod blocks;
mod both;
mod by_time;
mod check;
mod error;
mod filter;
mod filter_text;
mod follow;
mod identity;
mod index;
mod keys;
mod level;
mod line;
mod once;
mod open;
mod path;
mod plan;
mod prefilter;
mod query;
mod scan;
mod segments;
mod shapes;
mod sources;
mod stops;
mod tally;
mod test;
mod timestamp;
mod token;
mod value;

pub use error::Error;
pub use filter::{Component, Filter, regex};
pub use follow::follow;
pub use keys::Keys;
pub use level::{Level, Levels};
pub use line::Line;
pub use path::Path;
pub use query::{Query, each, fold};
pub use sources::{Held, Sources};
pub use tally::{Skip, Skipped, Tally};
pub use test::{Condition, Literal, Test};
pub use timestamp::Timestamp;
pub use value::Value;
