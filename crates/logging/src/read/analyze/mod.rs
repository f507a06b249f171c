//! What many lines say together: counts, quantiles, templates of messages, errors that are the same, the course of time.
//! Finding the lines is the reader's work; each question here is a fold over them in bounded memory.
//!
//! # What is bounded
//!
//! A question keeps a limited number of groups. When a log has more, the light ones are let go, their lines are still
//! counted, and a note says how much a count may be too low at most; without a note all counts are exact. Quantiles are
//! exact up to [`EXACT`] numbers, then within [`ERROR`] of themselves.
//!
//! ```
//! use segno_logging::read::analyze::{Analysis, By, Counts, analyze};
//! use segno_logging::read::{Filter, Query, Sources};
//!
//! let lines = concat!(
//!     r#"{"timestamp":"2026-11-21T11:20:00.000000Z","level":"WARN","component":"cache","message":"slow"}"#, "\n",
//!     r#"{"timestamp":"2026-11-21T11:20:01.000000Z","level":"INFO","component":"cache","message":"fast"}"#, "\n",
//! );
//! let sources = Sources::reader("memory", lines.as_bytes());
//! let by = [By::parse("component"), By::parse("level")];
//! let (counts, _) = analyze(sources, &Query::new(Filter::default()), || Counts::new(by.clone()))?;
//! let mut shown = Vec::new();
//! counts.table(10).write_text(&mut shown)?;
//! assert_eq!(String::from_utf8(shown)?, "COMPONENT  LEVEL  LINES  SHARE\ncache      INFO       1    50%\ncache      WARN       1    50%\n");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod by;
mod counts;
mod durations;
mod errors;
mod percentiles;
mod question;
mod slowest;
mod timeline;

mod groups;
mod sketch;
mod template;

pub use by::By;
pub use counts::Counts;
pub use durations::{Durations, Histogram};
pub use errors::ErrorGroups;
pub use percentiles::Percentiles;
pub use question::{Analysis, analyze};
pub use sketch::{ERROR, EXACT, Sketch};
pub use slowest::Slowest;
pub use template::template;
pub use timeline::Timeline;

pub(crate) use by::{fnv, short};
pub(crate) use groups::{Gathered, Groups};
