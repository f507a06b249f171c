//! A run's state: the fold over its events, and the cursor that says what is ready.
//!
//! Only `apply` changes a run's state. It does no I/O, reads no clock and draws no random number, so the same list
//! always gives the same state; resume is the same fold over a longer list.

mod cursor;
mod early;
mod fold;
mod frame;
mod keep;
mod marks;
#[cfg(test)]
mod oracle;
mod places;
#[cfg(test)]
mod random_flows;
mod reading;
mod spots;
#[cfg(test)]
mod trial;
mod view;

pub use fold::RunState;
pub use frame::{FrameId, Ready, Work};
pub use keep::{Keep, Wish, keep};
pub use marks::{Mark, MarkFold, Marks, marks};
pub use view::View;
