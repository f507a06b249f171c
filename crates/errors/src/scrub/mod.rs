//! Hides secrets in every text of a fault. Leaves secrets that only the caller knows to his own closure.

mod search;

mod value;

mod names;

mod rules;

mod kept;

pub use rules::Scrub;
pub use search::scrub;

pub(crate) use kept::{Bounded, kept};
pub use names::is_secret_name;
pub(crate) use search::HIDDEN;
