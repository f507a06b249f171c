//! `segno logs tail`: the last lines, and those that are written from now on.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use segno_errors::{Fault, Kind};
use segno_logging::read::{Line, Query, Sources, Tally, each, follow};
use segno_orchestrator::model::RunId;

use super::logs::{fault, open, run, tell};
use super::logs_line::Printer;
use super::logs_out::Out;
use crate::args::{LogsTailArguments, Wanted};
use crate::exit::{End, Failure};
use crate::session::project;
use crate::terminal::say;

/// How often is looked for new lines.
const TICK: Duration = Duration::from_millis(100);

pub(super) fn tail(arguments: &LogsTailArguments) -> Result<End, Failure> {
    let query = arguments.wanted.query()?;
    let mut out = Out::new();
    let printer = Printer::new(arguments.format, &[], &query.keys, out.colour);
    if out.write(|out| printer.head(out)).is_continue() {
        match arguments.follow {
            true => out = go_on(arguments, &query, &printer, out)?,
            false => last(&arguments.wanted.paths()?, arguments.lines, &query, &printer, &mut out)?,
        }
    }
    out.finish()?;
    Ok(End::Done)
}

/// Prints the last lines, and reads no more files than they stand in: the newest is the last.
fn last(paths: &[PathBuf], lines: usize, query: &Query, printer: &Printer, out: &mut Out) -> Result<(), Failure> {
    let mut found: VecDeque<Vec<u8>> = VecDeque::new();
    let mut tallies = Vec::new();
    if paths.iter().any(|path| path == Path::new("-")) {
        let (kept, tally) = last_of(open(paths)?, lines, query, printer)?;
        found = kept;
        tallies.push(tally);
    } else {
        let files: Vec<PathBuf> = open(paths)?.files().map(Path::to_owned).collect();
        for file in files.iter().rev() {
            if found.len() >= lines {
                break;
            }
            let (mut kept, tally) = last_of(open(std::slice::from_ref(file))?, lines - found.len(), query, printer)?;
            kept.append(&mut found);
            found = kept;
            tallies.push(tally);
        }
    }
    _ = out.write(|out| found.iter().try_for_each(|line| out.write_all(line)));
    tallies.iter().rev().for_each(tell);
    Ok(())
}

/// Returns the last lines of these sources, as they are printed.
fn last_of(
    sources: Sources,
    lines: usize,
    query: &Query,
    printer: &Printer,
) -> Result<(VecDeque<Vec<u8>>, Tally), Failure> {
    let mut kept = VecDeque::new();
    let query = Query { last: Some(lines), ..query.clone() };
    let tally = each(sources, &query, |line| {
        let mut text = Vec::new();
        if printer.line(&mut text, line).is_ok() && lines > 0 {
            kept.push_back(text);
        }
        if kept.len() > lines {
            kept.pop_front();
        }
        ControlFlow::Continue(())
    });
    Ok((kept, tally.map_err(fault)?))
}

/// Prints the last lines, and goes on until nobody reads any more.
fn go_on(arguments: &LogsTailArguments, query: &Query, printer: &Printer, out: Out) -> Result<Out, Failure> {
    let paths = followed(&arguments.wanted)?;
    let out = RefCell::new(out);
    let pause = |news: &Tally| {
        let flow = out.borrow_mut().flush();
        tell(news);
        std::thread::sleep(TICK);
        flow
    };
    let step = |line: &Line<'_>| out.borrow_mut().write(|out| printer.line(out, line));
    // All of it was told in the pauses.
    follow(&paths, query, arguments.lines, pause, step).map_err(fault)?;
    Ok(out.into_inner())
}

/// Returns the files that are followed: of a folder the one that was written last.
fn followed(wanted: &Wanted) -> Result<Vec<PathBuf>, Failure> {
    if let (Some(name), true) = (&wanted.run, wanted.files.is_empty()) {
        let name = run(name)?;
        let id =
            RunId::new(name.as_str()).map_err(|_| Fault::new(Kind::Validation, format!("there is no run '{name}'")))?;
        return Ok(vec![project()?.log(&id)]);
    }
    let mut files = Vec::new();
    for path in wanted.paths()? {
        if path == Path::new("-") {
            let fault = Fault::new(Kind::Validation, "standard input cannot be followed");
            return Err(fault.hint("segno logs query - prints its lines as they come").into());
        }
        match path.is_dir() {
            false => files.push(path),
            true => {
                let file = newest(&path)?;
                say(&format!("segno: following {}", super::cache::in_line(&file.display().to_string())));
                files.push(file);
            }
        }
    }
    Ok(files)
}

fn newest(folder: &Path) -> Result<PathBuf, Failure> {
    let changed = |file: &Path| file.metadata().and_then(|file| file.modified()).unwrap_or(SystemTime::UNIX_EPOCH);
    let sources = open(&[folder.to_owned()])?;
    let file = sources.files().max_by_key(|file| changed(file)).map(Path::to_owned);
    file.ok_or_else(|| Fault::new(Kind::Validation, format!("there is no log in {}", folder.display())).into())
}
