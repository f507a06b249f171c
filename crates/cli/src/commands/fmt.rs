//! `segno fmt FILE..`: writes workflow files in the one order and with the one indentation, or says which are not.

use std::path::Path;

use segno_errors::from_io;
use segno_orchestrator::spec::{self, Mistakes};

use crate::args::FmtArguments;
use crate::exit::{End, Failure};
use crate::replace::replace;
use crate::terminal::{print, say};

/// What came of a file.
enum Outcome {
    /// It is as it should be.
    Same,
    /// It was written anew, or would be.
    Changed,
    /// It is of a format that is not formatted.
    Other,
    /// It is left alone.
    Broken(Box<Mistakes>),
}

pub(super) fn fmt(arguments: &FmtArguments) -> Result<End, Failure> {
    if let [file] = &arguments.files[..]
        && file.as_os_str() == super::validate::STDIN
    {
        return stdin(arguments.check);
    }
    let mut end = End::Done;
    for file in &arguments.files {
        let name = file.display();
        match format(file, arguments.check)? {
            Outcome::Same => {}
            Outcome::Other => say(&format!("{name}: not formatted, since it is no YAML")),
            Outcome::Changed if arguments.check => {
                print(&format!("{name}: would be formatted\n"));
                end = if end == End::Done { End::Amiss } else { end };
            }
            Outcome::Changed => print(&format!("{name}: formatted\n")),
            Outcome::Broken(mistakes) => {
                say(mistakes.to_string().trim_end());
                end = End::Broken;
            }
        }
    }
    Ok(end)
}

/// Formats what comes from stdin onto stdout.
fn stdin(check: bool) -> Result<End, Failure> {
    let source = super::validate::stdin()?;
    let formatted = spec::format(&source, "stdin")?;
    if check {
        return Ok(if formatted == source { End::Done } else { End::Amiss });
    }
    print(&formatted);
    Ok(End::Done)
}

fn format(file: &Path, check: bool) -> Result<Outcome, Failure> {
    let name = file.display().to_string();
    if file.extension().is_some_and(|end| end == "json" || end == "toml") {
        return Ok(Outcome::Other);
    }
    let formatted = spec::load(file, &name).and_then(|source| Ok((spec::format(&source, &name)?, source)));
    match formatted {
        Err(mistakes) => Ok(Outcome::Broken(Box::new(mistakes))),
        Ok((formatted, source)) if formatted == source => Ok(Outcome::Same),
        Ok(_) if check => Ok(Outcome::Changed),
        Ok((formatted, _)) => {
            replace(file, formatted.as_bytes()).map_err(|error| from_io(error).operation("fmt").with("file", &name))?;
            Ok(Outcome::Changed)
        }
    }
}
