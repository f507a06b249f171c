//! `segno logs trace`: the lines of one run, or of any correlation id, as a tree.

use std::ops::ControlFlow;

use segno_errors::{Fault, Kind};
use segno_logging::read::table::steerless;
use segno_logging::read::trace::Trace;
use segno_logging::read::{Filter, Query, each};

use super::logs::{fault, keys, open, paths, run, tell};
use crate::args::LogsTraceArguments;
use crate::exit::{End, Failure};
use crate::terminal::{print, say};

pub(super) fn trace(arguments: &LogsTraceArguments) -> Result<End, Failure> {
    // What is no run may still be an id that some program set.
    let id = run(&arguments.id).unwrap_or_else(|_| arguments.id.clone());
    let mut query = Query::new(Filter::default());
    query.keys = keys(arguments.keys.as_deref())?;
    let mut trace = Trace::new(id.as_str());
    let tally = each(open(&paths(&arguments.files)?)?, &query, |line| {
        trace.see(line);
        ControlFlow::Continue(())
    });
    tell(&tally.map_err(fault)?);
    if trace.lines() == 0 {
        let fault = Fault::new(Kind::Validation, format!("no line has the correlation id '{id}'"));
        return Err(fault
            .hint("segno runs lists the runs; segno logs analyze --by correlation_id lists all ids")
            .into());
    }
    let (lines, left_out) = (trace.lines(), trace.left_out());
    let tree = trace.into_tree();
    match arguments.json {
        true => print(&format!("{}\n", steerless(&format!("{:#}", tree.json())))),
        false => print(&tree.text()),
    }
    if left_out > 0 {
        say(&format!("segno: the first {lines} lines are told; {left_out} more are not"));
    }
    Ok(End::Done)
}
