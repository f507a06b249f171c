//! Where finished lines go. Read in this order: `contract` (what a sink is), `file` (one call a line), `ring` (a buffer that
//! survives its process), `queue` (a thread that writes), `loss` (what could not be written, and the guard that tells);
//! below them `log_file` (the file itself), `open` (its end), `turn` (one process at a time), `rotate` (sealed segments), `notice`.

#[cfg(feature = "subscriber")]
mod contract;

#[cfg(feature = "subscriber")]
mod file;

mod ring;

#[cfg(feature = "subscriber")]
mod queue;

#[cfg(feature = "subscriber")]
mod loss;

#[cfg(feature = "subscriber")]
mod log_file;

#[cfg(feature = "subscriber")]
mod open;

mod turn;

mod rotate;

#[cfg(feature = "subscriber")]
pub(crate) mod notice;

#[cfg(feature = "subscriber")]
pub use contract::Sink;
#[cfg(feature = "subscriber")]
pub use file::FileSink;
#[cfg(feature = "subscriber")]
pub(crate) use log_file::LogFile;
#[cfg(feature = "subscriber")]
pub(crate) use loss::Loss;
#[cfg(feature = "subscriber")]
pub use loss::{Guard, Hold};
#[cfg(feature = "subscriber")]
pub use queue::{Full, QueueOptions, QueueSink};
pub use ring::{Leftover, leftover};
#[cfg(feature = "subscriber")]
pub use ring::{RingOptions, RingSink};
pub use rotate::segments;
#[cfg(feature = "subscriber")]
pub use rotate::{Compression, Every, Keep, Rotation};
