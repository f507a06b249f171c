//! Answers of HTTP services: what the body says first, then the status, with the pause that the headers name.

mod answer;

mod status;

mod provider;

mod body;

mod stream;

mod pause;

mod date;

pub use answer::from_http;
pub use pause::MAX_PAUSE;
pub use stream::from_body;

#[cfg(feature = "reqwest-0_13")]
pub(super) use status::row_of;
