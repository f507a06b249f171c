//! What other systems take: bodies for Loki, OTLP and Prometheus, made of lines that were read. Nothing here does I/O: sending
//! a body, and what to do about the answer, is the caller's.

pub mod loki;
pub mod otlp;
pub mod prometheus;

mod any_value;
#[cfg(feature = "compress")]
mod gzip;
mod record;
mod spans;
mod traces;

#[cfg(feature = "compress")]
pub use gzip::gzip;
pub use record::Record;
pub use spans::Spans;
pub use traces::Traces;
