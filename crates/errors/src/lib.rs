//! One [`Fault`] for every failure. This file names the modules and what they offer; logic is in them.
#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod kind;

mod category;

mod severity;

mod later;

mod blame;

mod breaker;

mod advice;

mod fault;

mod body;

mod facts;

mod judge;

mod text;

mod trail;

mod place;

mod scrub;

mod classify;

mod recovery;

mod problem;

pub mod analytics;

pub mod pages;

pub use advice::Advice;
pub use blame::Blame;
pub use breaker::Breaker;
pub use category::Category;
pub use classify::{
    Classifier, Finding, MAX_PAUSE, classify, from_body, from_exit, from_grpc, from_http, from_io, from_output,
    from_own_signal, from_poison, from_redis_code, from_signal, from_spawn, from_sqlite_code, from_sqlstate,
};
pub use fault::Fault;
pub use judge::Stage;
pub use kind::Kind;
pub use later::{Effect, Later};
pub use problem::Problem;
pub use recovery::{Abilities, Clamp, Decision, Next, Obstacle, Recovered, Recovery, Situation, Step, decide};
pub use scrub::{Scrub, is_secret_name, scrub};
pub use severity::Severity;
