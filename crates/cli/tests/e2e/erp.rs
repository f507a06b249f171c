//! The pack `examples/bangladesh-erp`, run as a user would: agents in order, checkpoints, planted faults, what is remembered.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::support::Project;

const PACK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/bangladesh-erp");
/// What runs leave behind in the pack's own folder.
const LEFTOVERS: [&str; 3] = [".segno", "work", "__pycache__"];

/// Copies the pack into an empty folder.
fn pack() -> Project {
    let project = Project::with("segno.toml", "");
    copy(&project, Path::new(PACK), "");
    project
}

fn copy(project: &Project, from: &Path, to: &str) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let target = format!("{to}{name}");
        match entry.path().is_dir() {
            _ if LEFTOVERS.contains(&&*name) => {}
            true => copy(project, &entry.path(), &format!("{target}/")),
            false => project.write(&target, fs::read(entry.path()).unwrap()),
        }
    }
}

/// Runs a flow of the pack and returns its report.
fn run(project: &Project, flow: &str) -> Value {
    let ran = project.segno(&["run", &format!("{flow}.flow.yaml")]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    project.report()
}

fn tasks(report: &Value) -> &Vec<Value> {
    report["tasks"].as_array().unwrap()
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_default()
}

/// Returns the names of the marks, in order.
fn marks(report: &Value) -> Vec<&str> {
    report["marks"].as_array().unwrap().iter().map(|mark| text(mark, "name")).collect()
}

/// Returns the agents that were called, in order, one after the other.
fn agents(report: &Value) -> Vec<&str> {
    let mut agents: Vec<&str> = tasks(report).iter().map(|task| text(task, "agent")).collect();
    agents.dedup();
    agents
}

/// Says how many of the tasks that were done came from the cache.
fn hits(report: &Value) -> (usize, usize) {
    let done = || tasks(report).iter().filter(|task| text(task, "status") != "skipped");
    (done().filter(|task| task["cached"] == json!(true)).count(), done().count())
}

/// Returns what an agent handed over.
fn output(project: &Project, task: &str) -> Value {
    serde_json::from_str(&project.output(task)).unwrap()
}

fn expected(project: &Project) -> Value {
    serde_json::from_str(&project.read("data/expected-findings.json")).unwrap()
}

/// Returns the codes of a task's findings by the place where they were found.
fn by_place(project: &Project, task: &str) -> Value {
    let mut places: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for finding in output(project, task)["findings"].as_array().unwrap() {
        places.entry(text(finding, "place").into()).or_default().push(finding["code"].clone());
    }
    json!(places)
}

#[test]
fn the_agents_pass_their_own_tests() {
    let project = pack();
    let output = project.wrapped(&["python3"], &["-m", "unittest", "discover", "-s", "agents"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Returns what the newest run's `each` found, by the subjects that have findings.
fn by_subject(project: &Project, report: &Value, step: &str, told: impl Fn(&Value) -> String) -> Value {
    let mut subjects: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let addresses = tasks(report).iter().map(|task| text(task, "task"));
    for address in addresses.filter(|address| address.split('[').next() == Some(step)) {
        let reply = output(project, address);
        for finding in reply["findings"].as_array().unwrap() {
            subjects.entry(text(&reply, "subject").into()).or_default().insert(told(finding));
        }
    }
    json!(subjects)
}

/// One project for both facts: a run calls 39 programs.
#[test]
fn the_finance_flow_finds_just_the_planted_faults_and_pays_again_only_for_what_changed() {
    let project = pack();
    let report = run(&project, "finance-feature");
    let called = ["business-logic-validator", "context-gathering", "code-reviewer", "performance-profiler"];
    assert_eq!(agents(&report), called);
    assert_eq!(marks(&report), ["batch-validate", "batch-review_code", "step-3"]);
    let invoices = by_subject(&project, &report, "validate", |finding| text(finding, "code").into());
    let numbering = by_place(&project, "validate_set");
    let place = |finding: &Value| format!("{} {}", text(finding, "code"), text(finding, "place"));
    let code = by_subject(&project, &report, "review_code", place);
    let planted = expected(&project);
    let planted = |part: &str| planted[part].clone();
    assert_eq!(json!([invoices, numbering, code]), json!([planted("invoices"), planted("numbering"), planted("code")]));
    assert_eq!(output(&project, "gather_context")["unknown_codes"], json!([]));

    let total = tasks(&report).len();
    assert_eq!(hits(&run(&project, "finance-feature")), (total, total));
    let invoice = project.read("data/invoices/invoice-08.json");
    project.write("data/invoices/invoice-08.json", invoice.replace("Synthetic Clerk", "Another Clerk"));
    let report = run(&project, "finance-feature");
    let is_anew = |task: &&Value| task["cached"] == json!(false);
    let anew: Vec<&str> = tasks(&report).iter().filter(is_anew).map(|task| text(task, "task")).collect();
    assert_eq!(anew, ["validate[7]", "validate_set", "gather_context"]);
    let (cached, total) = hits(&report);
    assert!(cached * 100 >= total * 80, "{cached} of {total}");
}

#[test]
fn the_health_check_asks_all_at_once_and_finds_what_does_not_answer_as_agreed() {
    let project = pack();
    let report = run(&project, "health-check");
    assert_eq!(text(&report, "status"), "succeeded");
    assert_eq!(agents(&report), ["api-integration-tester", "performance-profiler"]);
    assert_eq!(marks(&report), ["batch-check"]);
    let health = |task: &str| output(&project, task)["health"].clone();
    assert_eq!([health("bkash"), health("nagad"), health("nbr_portal")], ["healthy", "recovered", "degraded"]);
    let expected = expected(&project);
    for (task, portal) in [("nagad", "nagad"), ("nbr_portal", "nbr")] {
        assert_eq!(output(&project, task)["codes"], expected["portals"][portal], "{task}");
    }
    assert_eq!(by_place(&project, "database"), expected["database"]);
    assert_eq!(hits(&run(&project, "health-check")), (4, 4));
}

#[test]
fn the_optimisation_reaches_its_target_in_five_rounds_with_a_mark_each() {
    let project = pack();
    let report = run(&project, "performance-optimization");
    assert_eq!((&report["loops"][0]["rounds"], text(&report["loops"][0], "verdict")), (&json!(5), "satisfied"));
    let rounds: Vec<String> = (1..=5).map(|round| format!("round-optimise-{round}")).collect();
    assert_eq!(marks(&report), rounds);
    let profiles: Vec<Value> = tasks(&report)
        .iter()
        .map(|task| text(task, "task"))
        .filter(|task| task.starts_with("profile"))
        .map(|task| output(&project, task))
        .collect();
    let costs: Vec<f64> = profiles.iter().map(|profile| profile["cost_ms"].as_f64().unwrap()).collect();
    assert!(costs.windows(2).all(|pair| pair[1] < pair[0]), "{costs:?}");
    assert!(costs[3] >= 300.0 && costs[4] < 300.0, "{costs:?}");
    assert!(
        profiles.iter().all(|profile| profile["result"] == profiles[0]["result"]),
        "an improvement changed a result"
    );
    let (cached, total) = hits(&run(&project, "performance-optimization"));
    assert_eq!(cached, total);
}
