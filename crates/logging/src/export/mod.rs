//! What other systems take: bodies for Loki, OTLP and Prometheus, made of lines that were read. Nothing here does I/O: sending
//! a body, and what to do about the answer, is the caller's.

pub mod loki;
pub mod otlp;
pub mod prometheus;

mod record;
mod spans;

pub use record::Record;
pub use spans::spans;
