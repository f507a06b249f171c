//! From a task description to the pattern that fits, with the reason. Pure and offline: a table of cues and a few
//! looks at how the sentences are built, added up. What a pattern does when it runs is the matter of `patterns`.
//!
//! The data's way: text → words → cues found and shapes seen (both are [`Evidence`]) → scores → [`Selection`].
//!
//! ```
//! use segno_orchestrator::select::{Pattern, select};
//!
//! let selection = select("Refine the prompt until the score is at least 0.9, five rounds at most");
//! assert_eq!(selection.pattern, Some(Pattern::Iterative));
//! assert_eq!(select("please do the needful").pattern, None);
//! ```

mod cues;
mod decide;
mod language;
mod lexicon;
mod pattern;
mod phrase;
mod reason;
mod selection;
mod sets;
mod shape;
mod skeleton;
mod stem;
mod verbs;
mod words;

#[cfg(test)]
mod fit;

pub use decide::select;
pub use pattern::Pattern;
pub use selection::{Evidence, Selection};
