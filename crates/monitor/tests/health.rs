//! Health as tables: runs in, score and deductions out.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking, its helpers too")]

use proptest::prelude::*;
use segno_monitor::{CriticalFault, Health, ProjectHealth, RunDetail, RunFacts, Storage, Verdict};
use segno_orchestrator::journal::RunEntry;
use segno_orchestrator::model::{RunId, RunStatus, StepId, Timestamp};
use segno_orchestrator::report::{Quality, StepQuality};

const HOUR: u64 = 3_600_000;
/// The moment at which health is looked at.
const NOW: Timestamp = Timestamp(1_000 * HOUR);

fn step(name: &str) -> StepId {
    StepId::new(name).unwrap()
}

/// Reads runs, newest first: `flow status`, then `quality=0.5`, `critical=STEP`, `well=STEP`, `hours=N` (since it was
/// touched), `reason=WORD`, `unremembered=N`. With any of quality, critical and well its events were read.
fn runs(script: &str) -> Vec<RunFacts> {
    let lines = script.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.enumerate().map(|(index, line)| run(index, line)).collect()
}

fn run(index: usize, line: &str) -> RunFacts {
    let words: Vec<&str> = line.split(' ').collect();
    let mut run = RunFacts {
        run: RunId::new(&format!("r{index}")).unwrap(),
        flow: words[0].into(),
        status: serde_json::from_value(words[1].into()).unwrap(),
        reason: None,
        touched: NOW,
        detail: None,
    };
    for (name, value) in words[2..].iter().map(|word| word.split_once('=').unwrap()) {
        let hours = || Timestamp(NOW.0 - value.parse::<u64>().unwrap() * HOUR);
        match name {
            "hours" => run.touched = hours(),
            "reason" => run.reason = Some(value.into()),
            name => detail(run.detail.get_or_insert_default(), name, value),
        }
    }
    run
}

/// Reads runs as a list of runs shows them.
fn entries(script: &str) -> Vec<RunEntry> {
    let entry = |run: RunFacts| RunEntry {
        id: run.run,
        flow: run.flow,
        path: "f.yaml".into(),
        started: run.touched,
        touched: run.touched,
        status: run.status,
        reason: run.reason,
        kept: false,
    };
    runs(script).into_iter().map(entry).collect()
}

fn detail(detail: &mut RunDetail, name: &str, value: &str) {
    match name {
        "quality" => detail.quality = Some(quality(value.parse().unwrap())),
        "critical" => detail.critical.push(CriticalFault { step: step(value), message: "a bug".into() }),
        "well" => _ = detail.well.insert(step(value)),
        "unremembered" => {
            detail.unremembered = value.parse().unwrap();
            detail.unremembered_because = Some("the disk is full".into());
        }
        other => panic!("{other}"),
    }
}

fn quality(value: f64) -> Quality {
    let evidence = StepQuality { step: step("a"), weight: 1.0, value, tasks: 1, because: "so".into() };
    Quality { value, evidence: vec![evidence] }
}

/// Writes health as `name score verdict`, then each deduction with its points and formula.
fn said(health: &Health) -> String {
    let deduction =
        |found: &segno_monitor::Deduction| format!("; {} {:.1} = {}", found.name, found.points, found.formula);
    let deductions: String = health.deductions.iter().map(deduction).collect();
    format!("{} {} {}{deductions}", health.name, health.score, health.verdict.name())
}

/// Compares the health of the project and then of each workflow.
fn check(script: &str, storage: &Storage, expected: &[&str]) {
    let health = ProjectHealth::of(&runs(script), storage, NOW);
    let all: Vec<String> = std::iter::once(&health.project).chain(&health.flows).map(said).collect();
    assert_eq!(all, expected, "{script}");
}

#[test]
fn nothing_speaks_against_what_never_ran() {
    check("", &Storage::default(), &["project 100 unknown"]);
    check("a running", &Storage::default(), &["project 100 unknown", "a 100 unknown"]);
}

#[test]
fn failed_and_degraded_runs_count_by_their_share() {
    check(
        "a succeeded\na failed\na degraded\na succeeded\nb succeeded",
        &Storage::default(),
        &[
            "project 74 degraded; failed_runs 20.0 = 100 x 1 of 5 runs failed; degraded_runs 6.0 = 30 x 1 of 5 runs degraded",
            "a 67 degraded; failed_runs 25.0 = 100 x 1 of 4 runs failed; degraded_runs 7.5 = 30 x 1 of 4 runs degraded",
            "b 100 healthy",
        ],
    );
    check(
        "a failed",
        &Storage::default(),
        &[
            "project 0 critical; failed_runs 100.0 = 100 x 1 of 1 runs failed",
            "a 0 critical; failed_runs 100.0 = 100 x 1 of 1 runs failed",
        ],
    );
}

#[test]
fn a_workflow_is_judged_by_its_last_twenty_ended_runs() {
    let good = "a succeeded\n".repeat(20);
    check(
        &format!("a running\na failed reason=cancelled\n{good}a failed"),
        &Storage::default(),
        &["project 100 healthy", "a 100 healthy"],
    );
    let health = ProjectHealth::of(&runs(&format!("{good}{}", "b succeeded\n".repeat(3))), &Storage::default(), NOW);
    assert_eq!((health.project.runs, health.flows[0].runs, health.flows[1].runs), (23, 20, 3));
    let entries = entries(&format!("a running\n{good}a failed\nb failed"));
    assert_eq!(ProjectHealth::counted(&entries).len(), 21);
    assert_eq!(ProjectHealth::quick(&entries, &Storage::default(), NOW).project.runs, 21);
}

#[test]
fn quality_counts_for_runs_that_did_not_fail() {
    check(
        "a succeeded quality=0.5\na degraded quality=1\na failed quality=0",
        &Storage::default(),
        &[
            "project 46 critical; failed_runs 33.3 = 100 x 1 of 3 runs failed; degraded_runs 10.0 = 30 x 1 of 3 runs degraded; quality 10.0 = 40 x (1 - 0.75), the mean quality of 2 runs that did not fail",
            "a 46 critical; failed_runs 33.3 = 100 x 1 of 3 runs failed; degraded_runs 10.0 = 30 x 1 of 3 runs degraded; quality 10.0 = 40 x (1 - 0.75), the mean quality of 2 runs that did not fail",
        ],
    );
}

#[test]
fn a_critical_failure_is_open_until_its_step_ended_well_again() {
    let open = "critical_faults 25.0 = 25 x 1 critical failures that no later run has made good, at most 50";
    let failed = "failed_runs 50.0 = 100 x 1 of 2 runs failed";
    let both = |name: &str| format!("{name} 25 critical; {failed}; {open}");
    check("a succeeded well=other\na failed critical=x", &Storage::default(), &[&both("project"), &both("a")]);
    let mended = |name: &str| format!("{name} 50 degraded; {failed}");
    check("a succeeded well=x\na failed critical=x", &Storage::default(), &[&mended("project"), &mended("a")]);
    // Another workflow's step of the same name mends nothing, and neither does an earlier run.
    let health = ProjectHealth::of(
        &runs("b succeeded well=x\na failed critical=x\na succeeded well=x"),
        &Storage::default(),
        NOW,
    );
    assert_eq!(health.project.deductions.iter().filter(|found| found.name == "critical_faults").count(), 1);
}

#[test]
fn checkpoints_that_were_left_alone_count_up_to_a_limit() {
    let stale = "a paused hours=25 reason=interrupted\n";
    let said = |name: &str, count: usize, points: usize| {
        format!(
            "{name} {} healthy; stale_checkpoints {points}.0 = 5 x {count} paused runs that nobody touched for a day, at most 20",
            100 - points
        )
    };
    for (count, points) in [(1, 5), (4, 20), (9, 20)] {
        let script = format!("a succeeded\na paused hours=24\n{}", stale.repeat(count));
        check(&script, &Storage::default(), &[&said("project", count, points), &said("a", count, points)]);
    }
    let health = ProjectHealth::of(&runs(&stale.repeat(9)), &Storage::default(), NOW);
    let evidence = &health.project.deductions[0].evidence;
    assert_eq!(evidence[0], "r0 is paused (interrupted), left alone for 1 days");
    assert_eq!((evidence.len(), evidence[5].as_str()), (6, ".. and 4 more"));
}

#[test]
fn storage_counts_for_the_project_alone() {
    let storage = Storage { cache: Some("the folder cannot be read".into()), store: Some("run r1 is damaged".into()) };
    check("a succeeded", &storage, &["project 60 degraded; store 30.0 = 30; cache 10.0 = 10", "a 100 healthy"]);
    check(
        "a succeeded quality=1 unremembered=3",
        &Storage::default(),
        &["project 90 healthy; cache 10.0 = 10", "a 100 healthy"],
    );
}

#[test]
fn what_a_score_says_changes_at_80_and_at_50() {
    for (failed, ended, score, verdict) in [
        (1, 5, 80, Verdict::Healthy),
        (4, 19, 78, Verdict::Degraded),
        (1, 2, 50, Verdict::Degraded),
        (10, 19, 47, Verdict::Critical),
    ] {
        let script = format!("{}{}", "a failed\n".repeat(failed), "a succeeded\n".repeat(ended - failed));
        let health = ProjectHealth::of(&runs(&script), &Storage::default(), NOW);
        assert_eq!((health.project.score, health.project.verdict), (score, verdict), "{failed} of {ended}");
    }
}

proptest! {
    #[test]
    fn health_is_100_less_its_deductions_and_never_leaves_its_bounds(
        runs in prop::collection::vec((0usize..3, 0usize..5, 0u64..60, prop::option::of(0.0f64..=1.0), 0usize..3), 0..60),
        broken in any::<bool>(),
    ) {
        let facts = runs.iter().enumerate().map(|(index, (flow, status, hours, value, critical))| RunFacts {
            run: RunId::new(&format!("r{index}")).unwrap(),
            flow: format!("f{flow}"),
            status: RunStatus::ALL[*status],
            reason: None,
            touched: Timestamp(NOW.0 - hours * HOUR),
            detail: value.map(|value| RunDetail {
                quality: Some(quality(value)),
                critical: vec![CriticalFault { step: step("x"), message: "no".into() }; *critical],
                ..RunDetail::default()
            }),
        });
        let storage = Storage { store: broken.then(|| "damaged".into()), cache: None };
        let health = ProjectHealth::of(&facts.collect::<Vec<_>>(), &storage, NOW);
        for health in std::iter::once(&health.project).chain(&health.flows) {
            let points: f64 = health.deductions.iter().map(|found| found.points).sum();
            prop_assert!(health.score <= 100);
            prop_assert!((f64::from(health.score) - (100.0 - points).max(0.0)).abs() < 1.001);
            prop_assert!(health.deductions.iter().all(|found| found.points > 0.0 && found.points <= 100.0 && !found.evidence.is_empty()));
            prop_assert_eq!(health.verdict == Verdict::Critical, health.score < 50);
        }
    }
}
