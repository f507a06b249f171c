//! What a person sees on stderr while a run goes on: a tree on a terminal, lines elsewhere. Readers of events, no more.
//!
//! Events fold into a `Model`. `rows` lays it out as a tree, `fit` folds that to the screen, `screen` draws it over what
//! was there before; `tell` says the same in lines. All of that is pure. Only `ticker` has a thread, so that a slow
//! terminal never holds the loop up.

mod live;
mod plain;

mod look;
mod text;
mod words;

mod count;
mod layout;
mod ledger;
mod outline;
mod rounds;
mod span;
mod task;

mod lean;
mod model;

mod fit;
mod rows;
mod screen;

mod tell;

mod ticker;

#[cfg(test)]
mod agreement;
#[cfg(test)]
mod patterns;
#[cfg(test)]
mod pictures;
#[cfg(test)]
mod script;

pub(crate) use live::Live;
pub(crate) use look::Look;
pub(crate) use plain::Plain;
