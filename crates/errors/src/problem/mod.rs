//! Problem details for HTTP APIs (RFC 9457), out of a fault and back into one.

mod details;

mod read;

pub use details::Problem;

pub(crate) use read::refined;
