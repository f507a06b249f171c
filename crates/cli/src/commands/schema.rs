//! `segno schema [WHAT]`: the JSON Schema of a kind of file, for editors and other programs.

use segno_orchestrator::spec::vocabulary::Document;

use crate::args::{Described, SchemaArguments};
use crate::exit::{End, Failure};
use crate::terminal::print;

pub(super) fn schema(arguments: &SchemaArguments) -> Result<End, Failure> {
    let document = match arguments.of {
        Described::Workflow => Document::Workflow,
        Described::Settings => Document::Settings,
    };
    print(&format!("{:#}\n", document.schema()));
    Ok(End::Done)
}
