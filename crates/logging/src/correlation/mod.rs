//! The correlation id: set round a piece of work, found on every line, passed on to tasks, threads, processes and servers.
//! Leaves the writing of it to the layer; it travels as the span field `correlation_id`.
//!
//! The id follows the span: into `.await`s by [`scope`], into closures by [`Span::in_scope`](tracing::Span::in_scope). Work
//! that another thread or task does carries it by [`carry`], `spawn` and `spawn_blocking` (feature `tokio`), [`thread`] and,
//! through a channel, [`Carried`]. Other programs get it as a [`TraceContext`], HTTP servers and clients by the layers in
//! `http` (feature `tower`).

mod id;

mod trace;

mod carry;

#[cfg(feature = "tower")]
pub mod http;

pub use carry::{Carried, carry, thread};
#[cfg(feature = "tokio")]
pub use carry::{spawn, spawn_blocking};
pub use id::{Id, scope, span, span_within, traceparent};
#[cfg(feature = "subscriber")]
pub use id::{current, current_trace};
pub use trace::TraceContext;
