//! `segno health [FLOW]`: how healthy the project and its workflows are, with what was deducted and why.

use std::fmt::Write as _;
use std::time::SystemTime;

use segno_errors::{Fault, Kind};
use segno_monitor::{Health, ProjectHealth, Storage, Verdict};
use segno_orchestrator::history::Filter;
use segno_orchestrator::journal::RunEntry;
use segno_orchestrator::model::Timestamp;
use segno_orchestrator::report::counted;

use crate::args::HealthArguments;
use crate::exit::{End, Failure};
use crate::session::Session;
use crate::terminal::print;

pub(super) fn health(arguments: &HealthArguments) -> Result<End, Failure> {
    let session = Session::open_existing()?;
    let filter = Filter { flow: arguments.flow.clone(), ..Filter::default() };
    let entries = session.history().list(&filter, usize::MAX)?;
    if let (Some(flow), true) = (&arguments.flow, entries.is_empty()) {
        let fault = Fault::new(Kind::Validation, format!("there is no run of a workflow '{flow}'"));
        return Err(fault.hint("segno health names those that were run").into());
    }
    let health = judge(&session, &entries, arguments.detailed);
    // Of one workflow its own health is wanted, not that of a project which consists of it.
    let judged: Vec<&Health> = match arguments.flow {
        Some(_) => health.flows.iter().collect(),
        None => std::iter::once(&health.project).chain(&health.flows).collect(),
    };
    match arguments.json {
        true if arguments.flow.is_some() => print(&format!("{:#}\n", serde_json::json!(health.flows))),
        true => print(&format!("{:#}\n", serde_json::json!(health))),
        false => print(&told(&judged, arguments.detailed)),
    }
    let worst = judged.iter().map(|health| health.verdict).max().unwrap_or(Verdict::Unknown);
    Ok(match worst {
        Verdict::Critical if arguments.strict => End::Amiss,
        Verdict::Degraded if arguments.strict => End::Degraded,
        _ => End::Done,
    })
}

fn judge(session: &Session, entries: &[RunEntry], detailed: bool) -> ProjectHealth {
    let now = Timestamp::from_system(SystemTime::now());
    let cache = session.setup.memory.is_none().then(|| "it cannot be used, so steps run without it".to_owned());
    let mut storage = Storage { cache, store: None };
    if !detailed {
        return ProjectHealth::quick(entries, &storage, now);
    }
    let mut reports = Vec::new();
    // A run whose definition this segno does not understand counts by its status alone.
    for stored in ProjectHealth::counted(entries).iter().filter_map(|run| session.read(run).ok()) {
        if let (Some(found), None) = (&stored.damage, &storage.store) {
            storage.store = Some(format!("run {} from event {} on: {}", stored.report.run, found.seq, found.reason));
        }
        reports.push(stored.report);
    }
    ProjectHealth::detailed(entries, &reports, &storage, now)
}

fn told(judged: &[&Health], detailed: bool) -> String {
    let width = judged.iter().map(|health| health.name.chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    let mut line = |words: &str| writeln!(text, "{words}").expect("a string takes any text");
    for health in judged {
        let runs = counted(health.runs, "run");
        line(&format!("{:<width$}  {:>3}  {:<8}  {runs}", health.name, health.score, health.verdict.name()));
        for deduction in &health.deductions {
            line(&format!("  -{:<6.1}{}: {}", deduction.points, deduction.name, deduction.formula));
            // The project's evidence is that of its workflows, which follow.
            let evidence = if health.name == "project" && judged.len() > 1 { &[] } else { &deduction.evidence[..] };
            evidence.iter().for_each(|piece| line(&format!("         {piece}")));
        }
    }
    if !detailed {
        line("a quick look: quality and critical failures are not known; segno health --detailed reads the runs");
    }
    text
}
