//! Reports in every form, on stdout and in files.

use serde_json::{Value, json};

use crate::schema::breaches;
use crate::support::Project;

const FLOW: &str = "flow: nightly
steps:
  - { id: good, run: [echo, hello], cache: { files: [] } }
  - { id: items, each: [1, 2], optional: true, run: 'test {{ item }} = 1 || { echo no | tee /dev/stderr; exit 3; }' }
  - { id: maybe, if: inputs.more, run: [echo, more] }
  - { id: large, run: 'head -c 20000 /dev/zero | tr \\\\000 x' }
inputs: { more: { type: boolean, default: false } }
";

/// A flow with all that a report may hold besides.
const RICH: &str = "flow: rich
agents:
  broken: { run: [no-such-program], retry: 1 }
  good: { run: 'echo {{ with.text }}; echo {{ with.result }} > \"$SEGNO_RESULT\"' }
steps:
  - id: write
    agent: broken
    fallback:
      - agent: good
        partial: true
        with:
          text: a draft
          result: '{ \"summary\": \"wrote it\", \"metrics\": { \"tool_calls\": 3, \"jokes\": 1.5 }, \"cost_usd\": 0.02, \"tokens_in\": 7 }'
    judge: { run: [echo, '0.75'] }
  - id: loop
    loop: { until: steps.check.ok, max: 3 }
    steps: [{ id: check, run: 'test {{ round }} = 2' }]
  - { id: kind, switch: \"'b'\", cases: { a: [{ id: one, run: [x] }], b: [{ id: two, run: [echo, b] }] } }
  - { id: gone, skip_when: 'true', run: [x] }
";

fn project() -> Project {
    let project = Project::of(FLOW);
    let ran = project.segno(&["run", "flow.yaml"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    project
}

#[test]
fn a_report_can_be_had_in_four_forms() {
    let project = project();
    let shown = |format: &str| project.segno(&["show", "latest", "--format", format]);
    assert!(shown("text").out.starts_with("◐ nightly degraded in TIME: 3 of 5 tasks done"), "{}", shown("text").out);
    assert_eq!(shown("json"), project.segno(&["show", "--json"]));
    assert_eq!(
        shown("markdown").out.lines().take(11).collect::<Vec<_>>(),
        [
            "### ⚠️ nightly degraded in TIME",
            "",
            "3 of 5 tasks done · 1 failed · 1 skipped · quality 0.83",
            "",
            "|   | Step | What became of it |",
            "|:-:|:-----|:------------------|",
            "| ✅ | `good` | TIME |",
            "| ❌ | `items` | 2 items, 1 failed, TIME |",
            "| ⏭️ | `maybe` | skipped: its 'if' did not hold |",
            "| ✅ | `large` | TIME |",
            "",
        ]
    );
    let junit = shown("junit").out;
    assert!(junit.contains(r#"tests="5" failures="1" errors="0" skipped="1""#), "{junit}");
    assert!(junit.contains(r#"<failure type="EXTERNAL_SERVICE_ERROR" message="#), "{junit}");
    assert!(junit.contains("<system-out>20000 bytes: segno show RUN large</system-out>"), "{junit}");
}

#[test]
fn reports_are_as_their_schema_says() {
    let project = project();
    let mut reports = vec![project.report()];
    assert_eq!(project.segno(&["run", "flow.yaml", "--more", "true"]).code, Some(0));
    reports.push(project.report());
    project.write(
        "broken.yaml",
        "steps: [{ id: a, retry: { attempts: 2, wait: 1ms }, run: [no-such-program] }, { id: b, run: [echo] }]",
    );
    assert_eq!(project.segno(&["run", "broken.yaml"]).code, Some(1));
    reports.push(project.report());
    project.write("more.yaml", RICH);
    assert_eq!(project.segno(&["run", "more.yaml"]).code, Some(0));
    reports.push(project.report());
    for report in reports {
        assert_eq!(breaches("report.schema.json", &report), Vec::<String>::new(), "{report:#}");
    }
    let strange = json!({ "run": 1, "status": "good", "tasks": [{ "took_ms": -1 }], "more": 1 });
    assert!(breaches("report.schema.json", &strange).len() > 10);
}

#[test]
fn a_run_writes_the_reports_that_it_is_asked_for() {
    let project = Project::of(FLOW);
    let ran = project.segno(&[
        "run",
        "flow.yaml",
        "--report",
        "a.md",
        "--report",
        "a.xml",
        "--report=a.json",
        "--report",
        "a.txt",
    ]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let form = |format: &str| {
        String::from_utf8(project.command(&["show", "--format", format]).output().unwrap().stdout).unwrap()
    };
    assert_eq!(project.read("a.md"), form("markdown"));
    assert_eq!(project.read("a.xml"), form("junit"));
    let mut shown = project.report();
    // Figures and marks are worked out when a run is shown.
    for name in ["figures", "marks"] {
        assert!(shown.as_object_mut().unwrap().remove(name).is_some(), "{name}");
    }
    assert_eq!(serde_json::from_str::<Value>(&project.read("a.json")).unwrap(), shown);
    assert!(project.read("a.txt").starts_with("◐ nightly degraded in "), "{}", project.read("a.txt"));
    let left: Vec<_> = std::fs::read_dir(project.path(".")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_str().unwrap().ends_with(".tmp")), "{left:?}");
}

#[test]
fn a_report_that_cannot_be_written_is_told_before_anything_runs() {
    let project = Project::of("steps: [{ id: a, run: 'touch ran' }]");
    assert_eq!(
        project.told(&["run", "flow.yaml", "--report", "no/such/a.md"]),
        "segno: there is no folder no/such for the report\n  hint: make it first\n2\n"
    );
    let told = project.told(&["run", "flow.yaml", "--report", "a.html"]);
    assert!(told.contains("its ending says the form: .md, .xml (JUnit), .json or .txt"), "{told}");
    assert!(!project.has("ran"));
}
