//! Lines through a queue. Read in this order: `sink` (what the user holds), `line_up` (the bounded queue), `writer` (the thread).

mod sink;

mod line_up;

mod writer;

pub use line_up::{Full, QueueOptions};
pub use sink::QueueSink;
