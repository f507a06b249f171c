//! `segno completions SHELL`: what a shell needs to complete segno's commands and flags.

use crate::args::{self, CompletionsArguments};
use crate::exit::{End, Failure};
use crate::terminal::print;

pub(super) fn completions(arguments: &CompletionsArguments) -> Result<End, Failure> {
    // The generator panics when it cannot write, which a reader that went away is no reason for.
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut args::definition(), "segno", &mut script);
    print(&String::from_utf8_lossy(&script));
    Ok(End::Done)
}
