//! Lines for people. Read in this order: `look` (what is chosen), `line` (one line of JSON as one of a terminal), `pairs` (how
//! it is read), `width` (cut or wrapped), `sink` (where it goes).
//!
//! The console form is made of the finished line, not of the event: what is hidden, escaped or held back there is so here, too,
//! and what reads logs back can show them in the same form.

mod look;

mod line;

mod pairs;

mod width;

mod sink;

pub use look::{Colour, Fit, Look};
pub use sink::Console;
