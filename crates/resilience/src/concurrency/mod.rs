//! A limit to how many calls run at a time that finds itself: up while calls go well, down when they do not.

mod limiter;

mod builder;

mod adaption;

mod aimd;

mod gradient;

pub use builder::ConcurrencyBuilder;
pub use limiter::{Concurrency, ConcurrencySnapshot, Lease};
