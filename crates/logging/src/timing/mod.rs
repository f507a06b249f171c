//! How long things take: a guard, a closure, a future or an attribute round a piece of work, at well under a microsecond.
//!
//! Each ending is counted in a histogram of its operation ([`timings`] reads them), is an event at level DEBUG, and at level
//! WARN if it took as long as the operation's `slow_after`. The event's target is [`TARGET`]; its fields are `operation`,
//! `took_ms` and `outcome`.
//!
//! ```
//! use segno_logging::timing::{self, Operation};
//! use std::time::Duration;
//!
//! static PARSE: Operation = Operation::new("parse").slow_after(Duration::from_millis(50));
//!
//! let number = PARSE.time_result(|| "42".parse::<u32>());
//! assert_eq!(number, Ok(42));
//! assert_eq!(timing::of("parse").unwrap().succeeded, 1);
//! ```

mod histogram;

mod operation;

mod outcome;

mod ledger;

mod timer;

mod timed;

pub use ledger::{MAX_OPERATIONS, OTHERS, Timing, of, timings};
pub use operation::{Operation, TARGET, time, timer};
pub use outcome::Outcome;
pub use timed::Timed;
pub use timer::Timer;

#[cfg(feature = "macros")]
pub use segno_logging_macros::timed;
