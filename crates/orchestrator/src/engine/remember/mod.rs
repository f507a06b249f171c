//! The cache as the engine uses it: asked in batches before steps run, told of results after. It never fails a run.
//!
//! Read in this order: `memory` (what there is), `surroundings` (what a step depends on besides its call), `ask`, `keep`.

mod memory;
#[cfg(feature = "redis")]
mod shared;
#[cfg(not(feature = "redis"))]
#[path = "unshared.rs"]
mod shared;
mod surroundings;

mod ask;
mod carry;
mod keep;
mod look;
mod texts;

pub use carry::{Exported, Imported};
pub use look::Kept;
pub use memory::{Memory, ReadVariable};

use std::time::Duration;

use segno_errors::{Fault, Kind};

use crate::spec::SharedCache;

/// Makes a round trip to a shared cache: says how long it took, or what is wrong.
///
/// # Errors
/// When it cannot be used or does not answer as it should.
pub fn check_shared(settings: &SharedCache, variable: &ReadVariable) -> Result<Duration, String> {
    let shared = shared::Shared::open(settings, variable).map_err(|fault| fault.message().to_owned())?;
    shared.check()
}

/// What the cache gives back.
type CacheResult<T> = Result<T, segno_cache::Error>;

/// Says an error with its causes.
fn said(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

/// Turns what the cache says into a fault, with its causes.
pub fn cache_fault(error: segno_cache::Error) -> Fault {
    Fault::new(Kind::Cache, said(&error)).operation("cache")
}
