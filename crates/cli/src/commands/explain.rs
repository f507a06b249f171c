//! `segno explain [CODE]`: what a type of failure or a reason means, and what can be done. The pages are left to
//! `segno-errors`.

use segno_errors::pages::{Meant, meant, mentions};
use segno_errors::{Advice, Fault, Kind};
use serde_json::{Value, json};

use super::columns::{self, columns};
use crate::args::ExplainArguments;
use crate::exit::{End, Failure};
use crate::terminal::print;

/// Lines are no longer, however wide the terminal is.
const MAX_WIDTH: usize = 100;

/// The fewest columns that a page needs.
const MIN_WIDTH: usize = 40;

pub(super) fn explain(arguments: &ExplainArguments) -> Result<End, Failure> {
    let found = arguments.code.as_deref().map(|code| (code, meant(code)));
    let text = match found {
        None => shown(arguments, &Kind::ALL),
        Some((_, Meant::Kinds(kinds))) => shown(arguments, &kinds),
        Some((_, Meant::Reason(reason, kinds))) if arguments.json => json_of(&kinds, |kind| reason_of(kind, reason)),
        Some((_, Meant::Reason(reason, kinds))) => of_reason(reason, &kinds),
        Some((code, Meant::Nothing(near))) => mentioned(arguments, code).ok_or_else(|| unknown(code, near))?,
    };
    print(&text);
    Ok(End::Done)
}

fn shown(arguments: &ExplainArguments, kinds: &[Kind]) -> String {
    match kinds {
        _ if arguments.json => json_of(kinds, |_| Value::Null),
        [kind] => page(*kind),
        kinds => list(kinds),
    }
}

/// Tells where the pages mention what is no type and no reason; `None` when they do not.
fn mentioned(arguments: &ExplainArguments, word: &str) -> Option<String> {
    let found = mentions(word);
    let mut kinds: Vec<Kind> = found.iter().map(|(kind, _)| *kind).collect();
    kinds.dedup();
    let lines = |kind: Kind| found.iter().filter(move |(own, _)| *own == kind).map(|(_, line)| said(line));
    match kinds[..] {
        [] => None,
        _ if arguments.json => Some(json_of(&kinds, |kind| json!({ "mentions": lines(kind).collect::<Value>() }))),
        _ => {
            let told = |kind: &Kind| {
                let lines: String = lines(*kind).map(|line| wrapped("  ", &line, 4)).collect();
                format!("{}\n{lines}", kind.code())
            };
            let told: String = kinds.iter().map(told).collect();
            let first = format!("'{}' is no type and no reason; these pages mention it", word.trim());
            let last = "segno explain TYPE shows the page of one\n";
            Some(format!("{}\n{told}\n{last}", wrapped("", &first, 0)))
        }
    }
}

/// Returns a line of a page without its marks.
fn said(line: &str) -> String {
    match cells(line) {
        Some((name, says)) => format!("{name}: {says}"),
        None => plain(line.trim_start_matches(['#', '-', ' '])),
    }
}

fn reason_of(kind: Kind, reason: &str) -> Value {
    let says = kind.reasons().find(|(own, _)| *own == reason).map(|(_, says)| says);
    json!({ "reason": reason, "says": says })
}

/// Returns kinds as JSON, each with why it was found where there is more to say than that its code is meant.
fn json_of(kinds: &[Kind], found_by: impl Fn(Kind) -> Value) -> String {
    let found = |kind: &Kind| {
        let mut found = to_json(*kind);
        let by = found_by(*kind);
        if !by.is_null() {
            found["meant"] = by;
        }
        found
    };
    format!("{:#}\n", kinds.iter().map(found).collect::<Value>())
}

fn unknown(code: &str, near: Option<&str>) -> Fault {
    let code: String = code.chars().take(60).collect();
    let fault = Fault::new(Kind::Validation, format!("there is no type of failure and no reason '{code}'"));
    fault.hint(match near {
        Some(near) => format!("did you mean '{near}'?"),
        None => "segno explain lists all types".to_owned(),
    })
}

fn to_json(kind: Kind) -> Value {
    json!({
        "code": kind.code(),
        "category": kind.category().name(),
        "severity": kind.severity().name(),
        "advice": kind.advice().iter().copied().map(Advice::name).collect::<Value>(),
        "meaning": kind.meaning(),
        "reasons": kind.reasons().map(|(reason, says)| json!({ "reason": reason, "says": says })).collect::<Value>(),
        "page": kind.page(),
    })
}

fn list(kinds: &[Kind]) -> String {
    let mut rows = vec![["TYPE", "SEVERITY", "WHAT IT MEANS"]];
    rows.extend(kinds.iter().map(|kind| [kind.code(), kind.severity().name(), kind.meaning()]));
    let lines = rows.iter().map(|[code, severity, means]| wrapped(&format!("{code:<24}{severity:<10}"), means, 34));
    lines.chain(["\nsegno explain TYPE shows its page\n".to_owned()]).collect()
}

fn of_reason(reason: &str, kinds: &[Kind]) -> String {
    let mut text = String::new();
    for kind in kinds {
        let says = kind.reasons().find(|(own, _)| *own == reason).map_or("", |(_, says)| says);
        text += &wrapped(&format!("{reason}: "), says, 2);
        text += &format!("  a reason of {}\n\n", kind.code());
    }
    match kinds {
        [kind] => text + &page(*kind),
        _ => text + "segno explain TYPE shows the page of one\n",
    }
}

/// Shows a page on a terminal: headings in capitals, tables in columns, lines within the width.
fn page(kind: Kind) -> String {
    let lines = || kind.page().lines().filter(|line| !is_rule(line));
    let first = lines().filter_map(cells).map(|(name, _)| name.chars().count()).max().unwrap_or(0) + 2;
    let mut text = String::new();
    let mut may_be_empty = true;
    for line in lines() {
        let row = cells(line).map(|(name, says)| wrapped(&format!("  {name:<first$}"), &says, first + 2));
        let shown = match row {
            Some(row) => row,
            None if line.is_empty() && !may_be_empty => continue,
            None => prose(line),
        };
        // What a heading is of stands close below it.
        may_be_empty = !line.starts_with("## ") && !line.is_empty();
        text += &shown;
    }
    text
}

fn prose(line: &str) -> String {
    if let Some(heading) = line.strip_prefix("## ") {
        return format!("{}\n", heading.to_uppercase());
    }
    match (line.strip_prefix("# "), line.strip_prefix("- ")) {
        (Some(title), _) => format!("{title}\n"),
        (_, Some(item)) => wrapped("  - ", &plain(item), 4),
        _ => wrapped("", &plain(line), 0),
    }
}

/// Says whether a line only makes a table look like one.
fn is_rule(line: &str) -> bool {
    line.starts_with("|-") || line.starts_with("| |") || line == "| reason | what happened |"
}

/// Returns the two cells of a table's row.
fn cells(line: &str) -> Option<(String, String)> {
    let (name, says) = line.strip_prefix("| ")?.strip_suffix(" |")?.split_once(" | ")?;
    Some((plain(name), plain(says)))
}

/// Takes the marks of code out.
fn plain(text: &str) -> String {
    text.replace('`', "")
}

/// Breaks a text into lines within the width, the later ones moved to the right.
fn wrapped(begin: &str, text: &str, indent: usize) -> String {
    let width = columns().unwrap_or(MAX_WIDTH).clamp(MIN_WIDTH, MAX_WIDTH);
    columns::wrapped(begin, text, indent, width)
}
