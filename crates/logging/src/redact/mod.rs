//! Hides secrets: by the name of a key, by what a value looks like, and by values that are known to be secret.
//!
//! Usable without a subscriber. Read in this order: `redactor`, `stream`, `known`, `scan`.

mod redactor;

mod options;

mod stream;

mod known;

mod forms;

mod rules;

mod scan;

mod value;

mod quoted;

mod group;

mod below;

mod command;

mod code;

mod token;

mod swallow;

mod names;

mod shapes;

mod cards;

mod filter;

mod view;

pub use known::Refused;
pub use options::{Options, Shape};
pub use redactor::{HIDDEN, Redactor};
pub use stream::Stream;
