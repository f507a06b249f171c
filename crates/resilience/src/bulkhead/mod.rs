//! Places: how many calls run at a time, and who of those that wait comes next.

mod limit;

mod builder;

mod priority;

mod seats;

mod line;

mod turn;

pub use builder::BulkheadBuilder;
pub use limit::{Bulkhead, BulkheadSnapshot, Slot};
pub use priority::Priority;
pub(crate) use seats::{Seat, Seats};
