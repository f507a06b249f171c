//! How a text is built: rows of steps, lists of things, cases side by side, actions that come again.
//!
//! Nothing here knows a weight; what is seen is told as one of the cues of `cues::shapes`.

mod act;
mod again;
mod cases;
mod kinds;
mod links;
mod look;
mod many;
mod pieces;
mod plural;
mod scope;
mod steps;
mod things;

pub(super) use look::look;
pub(super) use scope::scope;
