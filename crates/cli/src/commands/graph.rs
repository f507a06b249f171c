//! `segno graph FLOW`: the workflow as a picture, for the terminal, for Mermaid, for Graphviz.

use segno_orchestrator::graph::Graph;

use crate::args::{GraphArguments, Picture};
use crate::exit::{End, Failure};
use crate::session;
use crate::terminal::{Terminal, print};

pub(super) fn graph(arguments: &GraphArguments) -> Result<End, Failure> {
    let definition = session::definition(&session::project()?, &arguments.flow)?;
    let graph = Graph::of(&definition);
    print(&match arguments.format {
        Picture::Text => graph.text(Terminal::look().unicode),
        Picture::Mermaid => graph.mermaid(),
        Picture::Dot => graph.dot(),
    });
    Ok(End::Done)
}
