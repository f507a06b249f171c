//! Errors of other crates, each behind a feature that names the crate and its major version: a downcast sees only the
//! very type. Leaves their codes to the tables of codes.

use std::error::Error;

use super::link::Sign;

#[cfg(any(feature = "toml-1", feature = "serde-saphyr-2"))]
mod text;

#[cfg(feature = "tokio-1")]
mod tokio;

#[cfg(feature = "hyper-1")]
mod hyper;

#[cfg(feature = "reqwest-0_13")]
mod reqwest;

#[cfg(feature = "rusqlite-0_41")]
mod rusqlite;

#[cfg(feature = "redis-1")]
mod redis;

/// Recognises one link of a chain; `None` where no crate is on that knows it.
type Recognise = fn(&(dyn Error + 'static)) -> Option<Sign>;

const CRATES: &[Recognise] = &[
    #[cfg(feature = "tokio-1")]
    tokio::sign,
    #[cfg(feature = "reqwest-0_13")]
    reqwest::sign,
    #[cfg(feature = "hyper-1")]
    hyper::sign,
    #[cfg(feature = "rusqlite-0_41")]
    rusqlite::sign,
    #[cfg(feature = "redis-1")]
    redis::sign,
    #[cfg(any(feature = "toml-1", feature = "serde-saphyr-2"))]
    text::sign,
];

/// Recognises one link of a chain by the crates whose features are on.
pub(super) fn sign(error: &(dyn Error + 'static)) -> Option<Sign> {
    CRATES.iter().find_map(|recognise| recognise(error))
}
