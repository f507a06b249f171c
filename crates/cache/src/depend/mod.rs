//! What values depend on: dependencies as values, and what they are at a moment.

#[cfg(feature = "files")]
mod config;
mod dependency;
mod dependents;
#[cfg(feature = "files")]
mod git;
#[cfg(feature = "files")]
mod lines;
mod moment;
mod observation;
#[cfg(feature = "files")]
mod reach;
mod surroundings;
mod tags;
#[cfg(feature = "files")]
mod tool;
mod window;

pub use dependency::Dependency;
#[cfg(feature = "files")]
pub use dependency::{Depth, Git};
pub use dependents::Dependents;
pub use moment::Moment;
pub use observation::Observation;
pub use surroundings::Surroundings;
pub use tags::Tags;
#[cfg(feature = "files")]
pub use tool::ToolAnswer;
#[cfg(feature = "watch")]
pub(crate) use {
    git::{folders as git_folders, head_digest},
    reach::places,
};
