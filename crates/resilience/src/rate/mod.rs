//! Rates: how much may pass in a time, by calls or by what they cost.

mod limiter;

mod builder;

mod gcra;

pub use builder::RateBuilder;
pub use limiter::Rate;
