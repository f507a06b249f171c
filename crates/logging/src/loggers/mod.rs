//! Named loggers: what is written of which part of a program, where to, and how that is changed while it runs.
//! Read in this order: `logger` (what a name may have of its own), `levels` (the handle and the filter), `directives` (their
//! text form). Leaves the holding back of events to `write::gate`.

mod logger;

mod levels;

mod directives;

pub use directives::Mistake;
pub use levels::Levels;
pub use logger::{Logger, Loggers};
