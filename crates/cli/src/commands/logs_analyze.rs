//! `segno logs analyze`: what many lines say together.

use std::path::PathBuf;
use std::time::SystemTime;

use segno_errors::{Fault, Kind};
use segno_logging::read::analyze::{Analysis, By, Counts, ErrorGroups, Percentiles, Slowest, Timeline};
use segno_logging::read::sidecar::{Shelf, Summed, analyze_with};
use segno_logging::read::table::{Formulas, Table};
use segno_logging::read::{Level, Path, Query, Tally};

use super::logs::{fault, open, tell};
use super::logs_out::Out;
use crate::args::{LogsAnalyzeArguments, LogsFormat, Question};
use crate::exit::{End, Failure};
use crate::terminal::say;

/// Lines are grouped by so many keys at most.
const MAX_GROUPS: usize = 2;

pub(super) fn analyze(arguments: &LogsAnalyzeArguments) -> Result<End, Failure> {
    let query = arguments.wanted.query()?;
    let paths = arguments.wanted.paths()?;
    let by = groups(arguments)?;
    let (table, mut tally) = answer(&paths, &query, &arguments.question, &by, arguments.limit)?;
    if arguments.wanted.all {
        // Only a sidecar passed over a file then, and it was made of every line.
        tally.passed_bytes = 0;
    }
    let mut out = Out::new();
    _ = out.write(|out| match arguments.format {
        LogsFormat::Table => table.write_text(&mut { out }),
        LogsFormat::Json => table.write_json(&mut { out }),
        LogsFormat::Csv => table.write_csv(&mut { out }, Formulas::Disarmed),
    });
    out.finish()?;
    table.notes.iter().for_each(|note| say(&format!("segno: {note}")));
    tell(&tally);
    Ok(End::Done)
}

/// Returns by what lines are grouped.
fn groups(arguments: &LogsAnalyzeArguments) -> Result<Vec<By>, Failure> {
    let Question { errors, slowest, timeline, messages, percentiles } = &arguments.question;
    let named: Vec<By> = arguments.by.iter().map(|name| By::parse(name.trim())).collect();
    if named.len() > MAX_GROUPS {
        let message = format!("lines are grouped by {MAX_GROUPS} keys at most");
        return Err(Fault::new(Kind::Validation, message).hint("--by level,component").into());
    }
    if !named.is_empty() && (*errors || slowest.is_some() || timeline.is_some()) {
        let message = "--by goes with counts, --messages and --percentiles";
        return Err(Fault::new(Kind::Validation, message).into());
    }
    let usual = match (messages, percentiles) {
        (true, _) => vec![By::Template],
        (_, Some(_)) => Vec::new(),
        _ => vec![By::Level, By::Component],
    };
    Ok(match (messages, named.is_empty()) {
        (_, true) => usual,
        (true, false) => named.into_iter().chain(usual).collect(),
        (false, false) => named,
    })
}

fn answer(
    paths: &[PathBuf],
    query: &Query,
    question: &Question,
    by: &[By],
    rows: usize,
) -> Result<(Table, Tally), Failure> {
    match question {
        Question { errors: true, .. } => ask(paths, query, rows, || ErrorGroups::new(Level::Error)),
        Question { percentiles: Some(field), .. } => {
            ask_summed(paths, query, rows, || Percentiles::new(Path::new(field.as_str()), by.iter().cloned()))
        }
        Question { slowest: Some(field), .. } => {
            ask(paths, query, rows, || Slowest::new(Path::new(field.as_str()), rows))
        }
        Question { timeline: Some(width), .. } => ask(paths, query, rows, || Timeline::new(*width)),
        _ => ask_summed(paths, query, rows, || Counts::new(by.iter().cloned())),
    }
}

fn ask<A: Analysis>(
    paths: &[PathBuf],
    query: &Query,
    rows: usize,
    new: impl Fn() -> A + Sync,
) -> Result<(Table, Tally), Failure> {
    let (analysis, tally) = segno_logging::read::analyze::analyze(open(paths)?, query, new).map_err(fault)?;
    Ok((analysis.table(rows), tally))
}

/// Asks what sidecars may answer.
fn ask_summed<A: Summed>(
    paths: &[PathBuf],
    query: &Query,
    rows: usize,
    new: impl Fn() -> A + Sync,
) -> Result<(Table, Tally), Failure> {
    let shelf = Shelf::at(SystemTime::now());
    let (analysis, tally) = analyze_with(open(paths)?, query, &shelf, new).map_err(fault)?;
    Ok((analysis.table(rows), tally))
}
