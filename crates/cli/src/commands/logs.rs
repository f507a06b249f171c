//! `segno logs`: what programs wrote, read back. Here: which command is meant, which logs, and which of their lines.

use std::path::PathBuf;

use segno_errors::{Fault, Kind};
use segno_logging::Leftover;
use segno_logging::read::{
    self, Component, Filter, Held, Keys, Level, Levels, Query, Skip, Skipped, Sources, Tally, Timestamp,
};

use crate::args::{LogsArguments, LogsCommand, Wanted};
use crate::exit::{End, Failure};
use crate::session::{Session, project};
use crate::terminal::say;

/// What can be named.
const HINT: &str = "name files or folders, or - for standard input; runs leave their logs in .segno/logs";

pub(super) fn logs(arguments: &LogsArguments) -> Result<End, Failure> {
    match &arguments.command {
        LogsCommand::Query(arguments) => super::logs_query::query(arguments),
        LogsCommand::Tail(arguments) => super::logs_tail::tail(arguments),
        LogsCommand::Analyze(arguments) => super::logs_analyze::analyze(arguments),
        LogsCommand::Trace(arguments) => super::logs_trace::trace(arguments),
        LogsCommand::Level(arguments) => super::logs_level::level(arguments),
        LogsCommand::Export(arguments) => super::logs_export::export(arguments),
    }
}

impl Wanted {
    /// Returns the files and folders that are read.
    pub(super) fn paths(&self) -> Result<Vec<PathBuf>, Failure> {
        paths(&self.files)
    }

    /// Returns the lines that are meant.
    pub(super) fn query(&self) -> Result<Query, Failure> {
        let filter = self.filter.as_deref().map(Filter::parse).transpose().map_err(fault)?.unwrap_or_default();
        let mut query = Query::new(filter.and(self.asked()?));
        query.keys = keys(self.keys.as_deref())?;
        (query.by_time, query.by_text) = (!self.all, !self.all);
        Ok(query)
    }

    /// Returns what is asked for with options of its own.
    fn asked(&self) -> Result<Filter, Failure> {
        let moment = |at: segno_orchestrator::model::Timestamp| {
            let millis = i64::try_from(at.0).unwrap_or(i64::MAX);
            Timestamp { micros: millis.saturating_mul(1_000) }
        };
        let compile = |text: &String| {
            read::regex(text).map_err(|error| {
                let message = format!("the regular expression '{text}' cannot be used: {error}");
                Fault::new(Kind::Validation, message)
            })
        };
        Ok(Filter {
            levels: self.level.as_deref().map(parse_level).transpose()?.map(Levels::at_least),
            components: self.components.iter().map(|component| Component::parse(component)).collect(),
            since: self.since.map(moment),
            until: self.until.map(moment),
            correlation_id: self.run.as_deref().map(run).transpose()?.or_else(|| self.correlation.clone()),
            conditions: Vec::new(),
            texts: self.texts.clone(),
            regexes: self.regexes.iter().map(compile).collect::<Result<_, _>>()?,
        })
    }
}

/// Returns what the keys of lines mean.
pub(super) fn keys(text: Option<&str>) -> Result<Keys, Failure> {
    Ok(text.map(Keys::parse).transpose().map_err(fault)?.unwrap_or_default())
}

/// Returns what is read: what was named, or the project's logs.
pub(super) fn paths(files: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    if !files.is_empty() {
        return Ok(files.to_vec());
    }
    let folder = project()?.logs();
    match folder.is_dir() {
        true => Ok(vec![folder]),
        false => Err(Fault::new(Kind::Validation, "nothing has been logged in this project yet").hint(HINT).into()),
    }
}

/// Opens what is read.
pub(super) fn open(paths: &[PathBuf]) -> Result<Sources, Failure> {
    let sources = Sources::open(paths).map_err(fault)?.once().with_leftover(leftover);
    for (folder, files) in sources.bare_folders().filter(|(_, files)| *files > 0) {
        let folder = super::cache::in_line(&folder.display().to_string());
        let files = if files == 1 { "1 file".to_owned() } else { format!("{files} files") };
        say(&format!("segno: no log among {files} in {folder}"));
    }
    Ok(sources)
}

/// Returns what a run that is at work, or died, has not put into its log yet.
fn leftover(log: &std::path::Path) -> Option<Held> {
    let place = || super::cache::in_line(&log.display().to_string());
    match segno_logging::leftover(log) {
        Ok(leftover) => {
            for reason in &leftover.unread {
                say(&format!("segno: not read: lines beside {}: {}", place(), super::cache::in_line(reason)));
            }
            let Leftover { lines, end, .. } = leftover;
            (!lines.is_empty()).then_some(Held { lines, end })
        }
        Err(error) => {
            say(&format!("segno: not read: lines beside {}: {error}", place()));
            None
        }
    }
}

/// Returns the name of a run by its name, the end of it, or `latest`.
pub(super) fn run(name: &str) -> Result<String, Failure> {
    Ok(Session::open_existing()?.find(Some(name))?.to_string())
}

pub(super) fn parse_level(name: &str) -> Result<Level, Failure> {
    let unknown = || {
        let fault = Fault::new(Kind::Validation, format!("there is no level '{name}'"));
        fault.hint("the levels are debug, info, warn, error, fatal").into()
    };
    Level::parse(name).ok_or_else(unknown)
}

/// Turns what the reader says into what the command line tells.
pub(super) fn fault(error: read::Error) -> Fault {
    use std::error::Error as _;
    let cause = error.source().map(|source| format!(": {source}")).unwrap_or_default();
    let message = format!("{error}{cause}");
    match error {
        read::Error::Open { .. } => Fault::new(Kind::Validation, message).hint(HINT),
        read::Error::Read { .. } => Fault::new(Kind::Resource, message),
        _ => Fault::new(Kind::Validation, message),
    }
}

/// Tells which lines could not be read, and which were passed over.
pub(super) fn tell(tally: &Tally) {
    for skipped in &tally.skipped {
        say(&format!("segno: not read: {}", what(skipped)));
    }
    if let Some(passed) = passed_over(tally.passed_bytes) {
        say(&format!("segno: {passed} outside the time were not read; --all reads and checks them"));
    }
}

/// Returns how much was not looked at, because no line in it can match unless it is out of order.
fn passed_over(bytes: u64) -> Option<String> {
    match bytes {
        0 => None,
        bytes if bytes < 1 << 20 => Some(format!("{} kB", bytes.div_ceil(1 << 10))),
        bytes => Some(format!("{} MB", bytes >> 20)),
    }
}

/// Says what was not read, where, and why.
fn what(skipped: &Skipped) -> String {
    let Skipped { skip, count, file, offset } = skipped;
    let place = super::cache::in_line(&file.display().to_string());
    let name = skip.name();
    match (skip, count) {
        (Skip::Gone, 1) => format!("{place}: {name}"),
        (skip, 1) if skip.is_of_files() => format!("{place} from byte {offset} on: {name}"),
        (skip, _) if skip.is_of_files() => format!("{count} files, the first {place}: {name}"),
        (_, 1) => format!("line at byte {offset} of {place}: {name}"),
        _ => format!("{count} lines, the first at byte {offset} of {place}: {name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(skip: Skip, count: u64, expected: &str) {
        assert_eq!(what(&Skipped { skip, count, file: "a\n".into(), offset: 7 }), expected);
    }

    #[test]
    fn what_was_not_read_is_told_as_lines_or_as_files() {
        check(Skip::Cut, 1, "line at byte 7 of a\\n: cut in the middle");
        check(Skip::Cut, 3, "3 lines, the first at byte 7 of a\\n: cut in the middle");
        check(Skip::Damaged, 1, "a\\n from byte 7 on: damaged compressed data");
        check(Skip::Shrunk, 2, "2 files, the first a\\n: shortened while it was read");
        check(Skip::Gone, 1, "a\\n: gone before it was read");
    }
}
