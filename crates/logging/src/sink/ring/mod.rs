//! Lines in memory that outlives the process. Read in this order: `sink` (what the user holds), `crew` (the buffers and how
//! they reach the log), `seat` (which thread has which), `slot` (one buffer), `map` (its memory), `side` (its file), `bell`
//! (when the background works); then what is left by the dead: `layout`, `image`, `doubt`, `rest`, `replay`, `sweep`,
//! `leftover`.

#[cfg(feature = "subscriber")]
mod sink;

#[cfg(feature = "subscriber")]
mod crew;

#[cfg(feature = "subscriber")]
mod seat;

#[cfg(feature = "subscriber")]
mod slot;

#[cfg(feature = "subscriber")]
mod map;

#[cfg(feature = "subscriber")]
mod side;

#[cfg(feature = "subscriber")]
mod bell;

mod layout;

mod image;

mod doubt;

mod rest;

#[cfg(feature = "subscriber")]
mod replay;

#[cfg(feature = "subscriber")]
mod sweep;

mod leftover;

#[cfg(feature = "subscriber")]
pub(crate) use image::side_files;
#[cfg(feature = "subscriber")]
pub(crate) use layout::Place;
pub use leftover::{Leftover, leftover};
#[cfg(feature = "subscriber")]
pub(crate) use replay::replay;
#[cfg(feature = "subscriber")]
pub use sink::{RingOptions, RingSink};
