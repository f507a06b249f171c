//! `segno logs export`: lines, and metrics and traces of them, for other systems.

use std::ops::ControlFlow;
use std::time::SystemTime;

use segno_logging::export::{Record, Spans, Traces, loki, otlp, prometheus};
use segno_logging::read::analyze::analyze;
use segno_logging::read::table::Formulas;
use segno_logging::read::{Query, Sources, each};
use segno_orchestrator::report::counted;

use super::logs::{fault, open, tell};
use super::logs_line::Printer;
use super::logs_out::Out;
use super::logs_send::Sender;
use super::logs_sent::Sent;
use crate::args::{LogsExportArguments, LogsFormat, Target};
use crate::exit::{End, Failure};
use crate::terminal::{print, say};

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
    let (mut traces, mut spans) = (Traces::default(), Spans::new(&arguments.service));
    let tally = each(sources, query, |line| {
        traces.see(line);
        while let Some(trace) = traces.over() {
            sent.trace(&traces_to, &mut spans, trace)?;
        }
        sent.add(&sender, logs.add(&Record::of(line, &query.keys)))
    });
    tell(&tally.map_err(fault)?);
    let mut flow = sent.end(&sender, logs.rest());
    while let (ControlFlow::Continue(()), Some(trace)) = (flow, traces.rest()) {
        flow = sent.trace(&traces_to, &mut spans, trace);
    }
    sent.spans(&traces_to, spans.rest());
    tell_cut(&traces);
    let made = format!(" and {}", counted(sent.traces, "trace"));
    sent.told(&sender, &made)
}

/// Says what of the traces did not fit into the memory.
fn tell_cut(traces: &Traces) {
    let number = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
    if traces.without() > 0 {
        let lines = counted(number(traces.without()), "line");
        let ended = counted(number(traces.ended_early()), "trace");
        say(&format!(
            "segno: too much for the memory of traces: sent, but events of no span: {lines}; ended early: {ended}"
        ));
    }
}
