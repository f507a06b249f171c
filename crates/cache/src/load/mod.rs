//! Loads: one at a time for each key, whatever happens to who asked.
//!
//! Read in this order: `error`, `loading` (the options), `flight` (one load and who waits for it), `flights` (those of one
//! cache), `leader` (who runs one), `approach` (what is to be done for a caller), and the shells: `threads`, `tasks`,
//! `loader`, `ahead`, `alone`, and for many keys at once `many`, `many_threads`, `many_tasks`.

mod ahead;
#[cfg(feature = "tokio")]
mod alone;
mod approach;
mod berths;
mod counts;
mod early;
mod error;
mod failures;
mod flight;
mod flights;
#[cfg(feature = "tokio")]
mod landing;
mod leader;
mod loader;
mod loading;
mod many;
#[cfg(feature = "tokio")]
mod many_tasks;
mod many_threads;
mod pace;
mod sync;
#[cfg(feature = "tokio")]
mod tasks;
mod threads;
mod trail;

pub use error::{LoadError, LoadErrorKind};
pub(crate) use flights::Flights;
pub use loader::Loader;
pub use loading::{Dice, Loading};
pub use many::Loaded;
