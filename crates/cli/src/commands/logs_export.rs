//! `segno logs export`: lines, and metrics and traces of them, for other systems.

use std::collections::BTreeMap;
use std::time::SystemTime;

use segno_logging::export::{Record, loki, otlp, prometheus, spans};
use segno_logging::read::analyze::analyze;
use segno_logging::read::table::Formulas;
use segno_logging::read::trace::Trace;
use segno_logging::read::{Line, Query, Sources, each};
use segno_orchestrator::report::counted;

use super::logs::{fault, open, tell};
use super::logs_line::Printer;
use super::logs_out::Out;
use super::logs_send::Sender;
use super::logs_sent::Sent;
use crate::args::{LogsExportArguments, LogsFormat, Target};
use crate::exit::{End, Failure};
use crate::terminal::{print, say};

/// So many traces are made at once; the lines of others are sent without.
const MAX_TRACES: usize = 200;
/// So many lines are kept for all traces together, or so many bytes of memory, whichever is reached first.
const MAX_KEPT: usize = 100_000;
const MAX_BYTES: usize = 64 << 20;

pub(super) fn export(arguments: &LogsExportArguments) -> Result<End, Failure> {
    let query = arguments.wanted.query()?;
    let sources = open(&arguments.wanted.paths()?)?;
    match &arguments.target {
        Target { prometheus: true, .. } => metrics(sources, &query),
        Target { loki: Some(url), .. } => to_loki(arguments, url, sources, &query),
        Target { otlp: Some(url), .. } => to_otlp(arguments, url, sources, &query),
        _ => csv(arguments, sources, &query),
    }
}

fn metrics(sources: Sources, query: &Query) -> Result<End, Failure> {
    let (metrics, tally) = analyze(sources, query, prometheus::Metrics::default).map_err(fault)?;
    print(&metrics.text(&tally));
    tell(&tally);
    Ok(End::Done)
}

fn csv(arguments: &LogsExportArguments, sources: Sources, query: &Query) -> Result<End, Failure> {
    let formulas = if arguments.formulas { Formulas::Kept } else { Formulas::Disarmed };
    let printer = Printer::new(LogsFormat::Csv, &[], &query.keys, false).with_formulas(formulas);
    let mut out = Out::new();
    if out.write(|out| printer.head(out)).is_continue() {
        tell(&each(sources, query, |line| out.write(|out| printer.line(out, line))).map_err(fault)?);
    }
    out.finish()?;
    Ok(End::Done)
}

fn to_loki(arguments: &LogsExportArguments, url: &str, sources: Sources, query: &Query) -> Result<End, Failure> {
    let sender = Sender::new(url, loki::PATH, &arguments.headers)?;
    let mut batches = loki::Batches::new(arguments.service.as_str(), SystemTime::now());
    let mut sent = Sent::default();
    let mut timeless = 0;
    let tally = each(sources, query, |line| {
        let record = Record::of(line, &query.keys);
        timeless += usize::from(record.nanos.is_none());
        sent.add(&sender, batches.add(&record))
    });
    tell(&tally.map_err(fault)?);
    _ = sent.end(&sender, batches.rest());
    if timeless > 0 {
        say(&format!(
            "segno: {} without a time: each was sent with that of the line before, of the first that says one, or of now",
            counted(timeless, "line")
        ));
    }
    sent.told(&sender, "")
}

fn to_otlp(arguments: &LogsExportArguments, url: &str, sources: Sources, query: &Query) -> Result<End, Failure> {
    let sender = Sender::new(url, otlp::LOGS_PATH, &arguments.headers)?;
    let traces_to = Sender::new(url, otlp::TRACES_PATH, &arguments.headers)?;
    let mut logs = otlp::Logs::new(arguments.service.as_str());
    let mut sent = Sent::default();
    let mut traces = Traces::default();
    let tally = each(sources, query, |line| {
        traces.see(line);
        sent.add(&sender, logs.add(&Record::of(line, &query.keys)))
    });
    tell(&tally.map_err(fault)?);
    _ = sent.end(&sender, logs.rest());
    let mut made = 0;
    let without = traces.without;
    for trace in traces.traces.into_values() {
        if let Some(body) = spans(&arguments.service, &trace.into_tree()) {
            made += usize::from(sent.spans(&traces_to, &body));
        }
    }
    if without > 0 {
        let lines = counted(without, "line");
        say(&format!("segno: too much for the memory of traces: {lines} were sent, but are events of no span"));
    }
    sent.told(&sender, &format!(" and {}", counted(made, "trace")))
}

/// A trace for each correlation id.
#[derive(Default)]
struct Traces {
    traces: BTreeMap<String, Trace>,
    /// Lines that are kept, and the memory that they take.
    kept: usize,
    bytes: usize,
    /// Lines that are in no trace: of ids that there are too many of, or more than are kept.
    without: usize,
}

impl Traces {
    fn see(&mut self, line: &Line<'_>) {
        let Some(id) = line.correlation_id().filter(|id| !id.is_empty()) else { return };
        let is_full = self.kept >= MAX_KEPT || self.bytes >= MAX_BYTES;
        let is_new = !self.traces.contains_key(&*id);
        if is_full || is_new && self.traces.len() >= MAX_TRACES {
            self.without += 1;
            return;
        }
        if is_new {
            self.traces.insert(id.clone().into_owned(), Trace::new(id.clone()));
        }
        if let Some(trace) = self.traces.get_mut(&*id) {
            let (lines, bytes) = (trace.lines(), trace.bytes());
            trace.see(line);
            self.kept += trace.lines() - lines;
            self.bytes += trace.bytes() - bytes;
            self.without += usize::from(trace.lines() == lines);
        }
    }
}
