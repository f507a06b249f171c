//! What a person sees on stderr while a run goes on: a tree on a terminal, lines elsewhere. Readers of events, no more.
//!
//! Events fold into a `Model`; `rows` lays it out, `fit` folds it to the screen, `screen` makes bytes of the difference.
//! All of that is pure. Only `ticker` has a thread, so that a slow terminal never holds the loop up.

mod look;

mod text;

mod outline;

mod ledger;

mod model;

mod rows;

mod fit;

mod screen;

mod ticker;

mod live;

mod tell;

mod plain;

#[cfg(test)]
mod agreement;
#[cfg(test)]
mod pictures;
#[cfg(test)]
mod script;

pub(crate) use live::Live;
pub(crate) use look::Look;
pub(crate) use plain::Plain;
