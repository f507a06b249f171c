//! Runs workflows of agents and never pays twice.
//!
//! A workflow file becomes a checked [`plan`], a run of it becomes a list of [events](model::Event) in a
//! [`journal`], and everything else is a fold over that list: the [`state`] that says what is ready, the
//! [`report`], resume, progress. There is no second path for recovery: resume is the normal loop with a longer list.
//!
//! ```
//! use segno_orchestrator::{Definition, agents::{Registry, Stop}, engine::{Engine, Setup}, model::RunStatus};
//!
//! # tokio::runtime::Runtime::new().unwrap().block_on(async {
//! let flow = "steps: [{ id: hello, run: [echo, hello] }]";
//! let definition = Definition::parse(flow, "hello.yaml", &Registry::default())?;
//! let engine = Engine::new(Setup::default());
//! let run = engine.begin(&definition, Default::default())?;
//! assert_eq!(engine.run(run, Stop::never()).await?, RunStatus::Succeeded);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```
//!
//! Read in this order: [`model`], [`patterns`], [`state`], [`engine`].
#![forbid(unsafe_code)]

pub mod agents;
pub mod builder;
mod definition;
#[cfg(feature = "sqlite")]
pub mod doctor;
pub mod engine;
pub mod graph;
pub mod history;
pub mod import;
pub mod inbox;
pub mod journal;
pub mod model;
mod orchestrator;
pub mod patterns;
pub mod plan;
#[cfg(feature = "sqlite")]
mod project;
pub mod report;
pub mod retention;
mod room;
pub mod select;
pub mod spec;
pub mod starter;
pub mod state;
pub mod testing;

pub use definition::Definition;
pub use orchestrator::Orchestrator;
#[cfg(feature = "sqlite")]
pub use project::{Project, STATE_FOLDER};
pub use spec::Settings;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
