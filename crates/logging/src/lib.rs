//! JSON Lines from `tracing` with one flat schema, and the correlation id that ties lines together.
//! Says what a line looks like and names the public items; the work is in the modules.
//!
//! An application calls [`init`], or chooses with [`Logging`]; a program with a registry of its own adds
//! [`JsonLayer`] to it. Libraries need neither: they emit `tracing` events and spans.
//!
//! # The schema, version [`SCHEMA_VERSION`]
//!
//! One event is one line and one flat JSON object. The first keys always stand in this order:
//!
//! | key | value |
//! |---|---|
//! | `timestamp` | RFC 3339, UTC, six digits of a second |
//! | `level` | `DEBUG`, `INFO`, `WARN`, `ERROR` or `FATAL` |
//! | `component` | the event's target with `.` for `::` (of a record of the `log` crate its own), or the innermost field `component` |
//! | `message` | the event's message, empty when it has none |
//! | `correlation_id` | the innermost field `correlation_id`; absent when there is none |
//!
//! After them come the fields of the spans, outermost first, and then those of the event itself. Behind those may stand
//! `sampled`, for how many events the line stands when its logger writes a sample, and last `context`, the innermost field
//! of that name.
//!
//! - No key stands twice: of two fields with one name the inner one is written, in its own place.
//! - Numbers stay numbers and booleans stay booleans. 128-bit integers are strings, because most
//!   readers would round them; NaN and the infinities are `null`.
//! - Everything else is a string: errors with their sources behind colons, `Debug` values as they
//!   print. A string longer than [`VALUE_LIMIT`] ends in `…[cut, N bytes]`.
//! - Control characters and Unicode's line separators are escaped, so that a line is one line to
//!   every reader and harmless in a terminal.
//! - `TRACE` is written as `DEBUG`. An error with the field `fatal = true` is `FATAL`.
//! - `component`, `message` and `correlation_id` are always strings. A field with the name of a key
//!   that it cannot set (`timestamp`, `level`, `sampled`, of a span also `message`) is written with an underscore behind it
//!   (`level_`).
//! - Secrets are `[redacted]`: the whole value when a field has the name of a secret, else the secret in the text. A number
//!   that holds a known secret becomes such a text.
//! - A line about lines: `N log lines were lost` when a sink could not take them, `suppressed N` with the keys `suppressed`
//!   and `callsite`, and `sampled` where that counts, when a limit held them back.
//!
//! # Example
//! ```
//! # #[cfg(feature = "subscriber")] {
//! use std::sync::{Arc, Mutex};
//! use segno_logging::{JsonLayer, correlation};
//! use tracing_subscriber::layer::SubscriberExt;
//!
//! let lines = Arc::new(Mutex::new(Vec::new()));
//! let layer = JsonLayer::new(Arc::clone(&lines)).with_clock(|| std::time::UNIX_EPOCH);
//! let subscriber = tracing_subscriber::registry().with(layer);
//! tracing::subscriber::with_default(subscriber, || {
//!     correlation::span(&correlation::Id::new("run-7")).in_scope(|| {
//!         tracing::info!(target: "shop::cart", items = 3, "cart paid");
//!     });
//! });
//!
//! let text = String::from_utf8(lines.lock().unwrap().clone()).unwrap();
//! assert_eq!(text, concat!(
//!     r#"{"timestamp":"1970-01-01T00:00:00.000000Z","level":"INFO","component":"shop.cart","#,
//!     r#""message":"cart paid","correlation_id":"run-7","items":3}"#, "\n",
//! ));
//! # }
//! ```

#[cfg(feature = "subscriber")]
mod console;
pub mod correlation;
#[cfg(feature = "read")]
pub mod export;
#[cfg(feature = "subscriber")]
mod loggers;
#[cfg(feature = "read")]
pub mod read;
#[cfg(feature = "redact")]
pub mod redact;
#[cfg(feature = "subscriber")]
mod set_up;
#[cfg(any(feature = "subscriber", feature = "read"))]
mod sink;
pub mod timing;
#[cfg(feature = "subscriber")]
mod write;

#[cfg(feature = "subscriber")]
mod error;

#[cfg(all(doctest, feature = "subscriber"))]
#[doc = include_str!("../README.md")]
mod readme {}

#[cfg(feature = "subscriber")]
pub use console::{Colour, Console, Fit, Look};
#[cfg(feature = "subscriber")]
pub use error::Error;
#[cfg(feature = "subscriber")]
pub use loggers::{Levels, Logger, Loggers, Mistake};
#[cfg(feature = "redact")]
pub use redact::Redactor;
#[cfg(feature = "subscriber")]
pub use set_up::{Logging, init};
#[cfg(feature = "subscriber")]
pub use sink::{Compression, Every, Keep, Rotation};
#[cfg(feature = "subscriber")]
pub use sink::{FileSink, Guard, Hold, Sink};
#[cfg(feature = "subscriber")]
pub use sink::{Full, QueueOptions, QueueSink, RingOptions, RingSink};
#[cfg(any(feature = "subscriber", feature = "read"))]
pub use sink::{Leftover, leftover, segments};
pub use tracing::Level;
#[cfg(feature = "subscriber")]
pub use write::{JsonLayer, SCHEMA_VERSION, VALUE_LIMIT};
