//! Ending a run for good, whoever is at work on it.

use crate::support::{Project, is_alive, wait};

const FLOW: &str = r#"flow: long
steps:
  - { id: first, run: "echo x >> effects" }
  - { id: slow, run: "echo $$ > pid; sleep 600" }
  - { id: never, run: "echo x >> effects" }
"#;

/// Waits until the slow step runs.
fn until_slow(project: &Project) {
    wait("the slow step", || !project.read("pid").trim().is_empty());
}

#[test]
fn a_run_that_is_worked_on_ends_with_its_processes_and_cannot_be_resumed() {
    let project = Project::of(FLOW);
    let started = project.start(&["run", "flow.yaml"]);
    until_slow(&project);
    assert_eq!(project.told(&["cancel", "latest"]), "0\nrun RUN is cancelled\n");
    let ran = started.end();
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    assert!(ran.out.starts_with("✗ long failed (cancelled) in TIME: 1 of 2 tasks done"), "{}", ran.out);
    assert!(!is_alive(&project.read("pid")));
    let report = project.report();
    assert_eq!((report["status"].as_str(), report["reason"].as_str()), (Some("failed"), Some("cancelled")));
    let again = project.segno(&["resume", "latest"]);
    assert_eq!(again.code, Some(1), "{}", again.err);
    assert!(again.err.contains("run RUN has ended: failed"), "{}", again.err);
    assert_eq!(project.read("effects"), "x\n");
}

#[test]
fn an_owner_that_dies_before_it_looks_into_its_inbox_is_not_waited_for() {
    let project = Project::of(FLOW);
    let started = project.start(&["run", "flow.yaml"]);
    until_slow(&project);
    started.signal("STOP");
    let cancel = project.start(&["cancel", "latest"]);
    std::thread::sleep(std::time::Duration::from_millis(300));
    started.signal("KILL");
    started.end();
    let ran = cancel.end();
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.out.contains("is cancelled"), "{}", ran.out);
    assert!(!is_alive(&project.read("pid")));
}

#[test]
fn a_run_whose_owner_died_is_cancelled_with_what_it_left_behind() {
    let project = Project::of(FLOW);
    let started = project.start(&["run", "flow.yaml"]);
    until_slow(&project);
    started.signal("KILL");
    started.end();
    assert!(is_alive(&project.read("pid")), "the orphan lives on");
    assert_eq!(project.told(&["cancel", "latest"]), "0\nrun RUN is cancelled\n");
    assert!(!is_alive(&project.read("pid")));
    let again = project.segno(&["cancel", "latest"]);
    assert_eq!(again.code, Some(1));
    assert!(again.err.contains("run RUN has ended: failed"), "{}", again.err);
}
