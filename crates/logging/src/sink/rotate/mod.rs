//! When a log file is sealed and what becomes of sealed segments. Read in this order: `rotation` (what can be asked for),
//! `names` (what a sealed segment is called), `seal` (how it gets its name), `rotor` (when), `keeper` (what is done in the
//! background), `squeeze` (compression), `limit` (which are removed), `shelves` (sidecars).

mod names;

#[cfg(feature = "subscriber")]
mod rotation;

#[cfg(feature = "subscriber")]
mod seal;

#[cfg(feature = "subscriber")]
mod rotor;

#[cfg(feature = "subscriber")]
mod keeper;

#[cfg(all(feature = "subscriber", feature = "compress"))]
mod squeeze;

#[cfg(feature = "subscriber")]
mod limit;

#[cfg(all(feature = "subscriber", feature = "read"))]
mod shelves;

#[cfg(feature = "subscriber")]
pub(crate) use keeper::Keeper;
#[cfg(feature = "subscriber")]
use names::next_name;
pub use names::segments;
#[cfg(feature = "subscriber")]
pub use rotation::{Compression, Every, Keep, Rotation};
#[cfg(feature = "subscriber")]
pub(crate) use rotor::Rotor;
#[cfg(feature = "subscriber")]
pub(crate) use seal::{rename_new, seal};
