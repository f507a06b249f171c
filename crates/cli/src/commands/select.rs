//! `segno select "description"`: the pattern that fits a task, with the reason, and a workflow file to begin with.

use std::fs::File;
use std::io::{ErrorKind, IsTerminal as _, Write as _};
use std::path::Path;

use segno_errors::{Fault, Kind, from_io};
use segno_orchestrator::select::{Evidence, Pattern, Selection, select as select_pattern};
use serde_json::{Map, Value, json};

use super::validate::{STDIN, stdin};
use crate::args::SelectArguments;
use crate::exit::{End, Failure};
use crate::terminal::print;

/// How many pieces of evidence are listed.
const MAX_EVIDENCE: usize = 8;

/// How many letters of the text are quoted for one piece of evidence.
const MAX_QUOTE: usize = 60;

/// What a description is called that no pattern fits.
const UNSURE: &str = "unsure";

pub(super) fn select(arguments: &SelectArguments) -> Result<End, Failure> {
    let description = description(&arguments.description)?;
    let selection = select_pattern(&description);
    let skeleton = selection.skeleton(&description);
    if let Some(path) = &arguments.output {
        write(path, &skeleton)?;
    }
    let written = arguments.output.as_deref();
    print(&match arguments.json {
        true => format!("{:#}\n", to_json(&selection, &skeleton)),
        false => told(&selection, &skeleton, written),
    });
    Ok(End::Done)
}

/// Returns what was typed, or what comes in on stdin when nothing or `-` was.
fn description(typed: &[String]) -> Result<String, Failure> {
    match typed {
        [] if std::io::stdin().is_terminal() => {
            let fault = Fault::new(Kind::Validation, "the description is missing");
            Err(fault.hint("say what is to be done: segno select \"summarise each file, then mail the list\"").into())
        }
        [] => stdin(),
        [only] if only == STDIN => stdin(),
        words => Ok(words.join(" ")),
    }
}

/// Writes a new file; one that is there stays as it is.
fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let written = File::create_new(path).and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => {
            let fault = Fault::new(Kind::Validation, format!("'{}' is there already and stays", path.display()));
            fault.hint("give another name, or move it away").into()
        }
        _ => from_io(error).operation("select").with("file", path.display()).into(),
    })
}

fn name(pattern: Option<Pattern>) -> &'static str {
    pattern.map_or(UNSURE, Pattern::name)
}

fn told(selection: &Selection, skeleton: &str, written: Option<&Path>) -> String {
    let next = match (selection.pattern, selection.runner_up) {
        (Some(_), Some(next)) => format!(", else {next}"),
        (None, Some(best)) => format!(", perhaps {best}"),
        (_, None) => String::new(),
    };
    let mut text = format!("{} ({:.2}{next})\n", name(selection.pattern), selection.confidence);
    text.push_str(&format!("  {}\n", selection.reason));
    if !selection.evidence.is_empty() {
        text.push_str("evidence:\n");
        selection.evidence.iter().take(MAX_EVIDENCE).for_each(|one| text.push_str(&line(one)));
        if let Some(more) = selection.evidence.len().checked_sub(MAX_EVIDENCE).filter(|more| *more > 0) {
            text.push_str(&format!("  and {more} more\n"));
        }
    }
    match written {
        Some(path) => text.push_str(&format!("wrote {}\n", path.display())),
        None => text.push_str(&format!("\n{skeleton}")),
    }
    text
}

fn line(evidence: &Evidence) -> String {
    let votes: Vec<String> = evidence.votes.iter().map(|(pattern, weight)| format!("{pattern} {weight:+.1}")).collect();
    format!("  {} \"{}\": {}\n", evidence.says, quoted(&evidence.quote), votes.join(", "))
}

/// Returns a quote on one line, without what a terminal might obey, cut where it is long.
fn quoted(quote: &str) -> String {
    let words: Vec<&str> = quote.split(|letter: char| letter.is_whitespace() || letter.is_control()).collect();
    let line = words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(MAX_QUOTE) {
        Some((at, _)) => format!("{}…", line[..at].trim_end()),
        None => line,
    }
}

fn to_json(selection: &Selection, skeleton: &str) -> Value {
    let evidence: Vec<Value> = selection.evidence.iter().map(evidence_to_json).collect();
    json!({
        "pattern": name(selection.pattern),
        "confidence": selection.confidence,
        "reason": selection.reason,
        "runner_up": selection.runner_up.map(Pattern::name),
        "evidence": evidence,
        "skeleton": skeleton,
    })
}

fn evidence_to_json(evidence: &Evidence) -> Value {
    let votes: Map<String, Value> =
        evidence.votes.iter().map(|(pattern, weight)| (pattern.name().to_owned(), json!(weight))).collect();
    let place = [evidence.place.start, evidence.place.end];
    json!({ "says": evidence.says, "quote": evidence.quote, "place": place, "votes": votes })
}
