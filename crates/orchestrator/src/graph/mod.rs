//! A workflow as a picture: a Mermaid flowchart, Graphviz DOT, or a tree for the terminal.
//!
//! [`Graph::of`] says what stands in what and what comes before what; each format is a writer over that.
//!
//! ```
//! use segno_orchestrator::{Definition, agents::Registry, graph::Graph};
//!
//! let flow = "steps: [{ id: build, run: [make] }, { id: test, run: [make, test] }]";
//! let graph = Graph::of(&Definition::parse(flow, "check.yaml", &Registry::default())?);
//! assert!(graph.mermaid().contains("s_build --> s_test"));
//! # Ok::<(), segno_orchestrator::spec::Mistakes>(())
//! ```

mod part;

mod edges;
mod layout;
mod words;

mod dot;
mod mermaid;
mod text;

pub use part::{Form, Graph, Mark, Part};
