//! A run's state: the fold over its events, and the cursor that says what is ready.
//!
//! Only `apply` changes a run's state. It does no I/O, reads no clock and draws no random number, so the same list
//! always gives the same state; resume is the same fold over a longer list.

mod cursor;
mod fold;
mod frame;
#[cfg(test)]
mod oracle;
#[cfg(test)]
mod random_flows;
mod reading;
#[cfg(test)]
mod trial;
mod view;

pub use fold::RunState;
pub use frame::{FrameId, Ready, Work};
pub use view::View;
