//! From a `Workflow` to a `Plan`: names resolved, edges inferred from templates, patterns as a tree, all mistakes at once.
//!
//! After this nothing is unresolved. A plan is pure: it does no I/O and knows no clock.

mod called;
mod calls;
mod compile;
mod cycles;
mod inputs;
mod language;
mod likeness;
mod names;
mod node;
mod only;
mod scope;
mod shell;
mod task;
mod template;

pub(crate) use called::beside;
pub use compile::{Catalog, compile};
pub use inputs::BadInputs;
pub(crate) use language::{is_list, to_text};
pub(crate) use likeness::{Change, Likeness};
pub use node::{Fan, Guard, Items, Kind, Loop, Need, Node, NodeId, Plan, StepRef, SubFlow, Switch};
pub use scope::{ListFiles, Scope};
pub use shell::{Carried, Rendered, Script};
pub use task::{Alternative, Cache, Call, ItemTemplate, Program, RunForm, Task, Verifier};
pub use template::{BadValue, Expression, Template};
