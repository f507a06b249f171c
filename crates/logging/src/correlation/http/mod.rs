//! The correlation id over HTTP, as layers for `tower`: taken from requests and given back, put into calls to others.
//!
//! Read in this order: `headers` (what stands where), `server`, `client`.

mod headers;

mod server;

mod client;

pub use client::{Propagate, PropagateLayer};
pub use headers::CORRELATION_ID;
pub use server::{Correlate, CorrelateFuture, CorrelateLayer};
