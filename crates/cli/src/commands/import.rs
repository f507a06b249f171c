//! `segno import FILE`: another tool's workflow as segno's, on stdout or in a file; what was lost is said on stderr.

use std::fs::File;
use std::io::Write as _;

use segno_errors::from_io;
use segno_orchestrator::{import, spec};

use crate::args::ImportArguments;
use crate::exit::{End, Failure};
use crate::session;
use crate::terminal::{print, say};

pub(super) fn import(arguments: &ImportArguments) -> Result<End, Failure> {
    let name = arguments.file.display().to_string();
    let source = spec::load(&arguments.file, &name)?;
    let imported = import::import(&source, &name, arguments.job.as_deref())?;
    match &arguments.output {
        None => print(&imported.flow),
        Some(path) => {
            let written = File::create_new(path).and_then(|mut file| file.write_all(imported.flow.as_bytes()));
            written.map_err(|error| from_io(error).operation("import").with("file", path.display()))?;
            say(&format!("wrote {} from {}, {}", path.display(), name, imported.origin.name()));
        }
    }
    if !imported.notes.is_empty() {
        say("not carried over as it was:");
        imported.notes.iter().for_each(|note| say(&format!("  {note}")));
    }
    // What other tools allow may still be a mistake here, such as the result of a step that runs once for each item.
    let project = session::project()?;
    if let Err(Failure::Mistakes(mistakes)) = session::definition_of(&project, &imported.flow, "the new workflow") {
        say(&format!(
            "the new workflow has mistakes that only a person can mend:\n{}",
            mistakes.to_string().trim_end()
        ));
    }
    Ok(End::Done)
}
