//! What a run does and reports: order, guards, fan-outs, failures that may be and that may not be, clean-up.

use crate::support::Project;

/// Runs a flow and compares how it ended and the whole report.
#[track_caller]
fn check(project: &Project, words: &[&str], code: i32, expected: &str) {
    let ran = project.segno(&[&["run", "flow.yaml"], words].concat());
    assert_eq!((ran.code, &*ran.out), (Some(code), expected), "{}", ran.err);
}

#[test]
fn outputs_flow_into_later_steps_and_guards_choose() {
    let project = Project::of(
        r#"flow: choices
inputs: { deep: { type: boolean, default: false } }
steps:
  - { id: first, run: [echo, one] }
  - id: both
    parallel:
      - { id: left, run: "echo left of {{ steps.first.output }}" }
      - { id: right, run: "echo right of {{ steps.left.output }}" }
  - id: deeper
    if: inputs.deep
    run: [echo, deep]
    else:
      - { id: shallow, run: "echo not {{ inputs.deep }}" }
  - { id: never, if: steps.first.output == 'two', run: [touch, ran] }
  - { id: last, needs: [never], if: not steps.never.ok, run: "echo {{ steps.right.output }}, {{ steps.never.status }}" }
"#,
    );
    check(
        &project,
        &[],
        0,
        "✓ choices succeeded in TIME: 5 of 7 tasks done · 2 skipped
  ✓ first      TIME
  ✓ both
    ✓ left     TIME
    ✓ right    TIME
  – deeper     skipped: its 'if' did not hold
    ✓ shallow  TIME
  – never      skipped: its 'if' did not hold
  ✓ last       TIME

more: segno show RUN
",
    );
    assert_eq!(project.output("last"), "right of left of one, skipped\n");
    check(
        &project,
        &["--deep", "true"],
        0,
        "✓ choices succeeded in TIME: 5 of 6 tasks done · 1 skipped
  ✓ first    TIME
  ✓ both
    ✓ left   TIME
    ✓ right  TIME
  ✓ deeper   TIME
  – never    skipped: its 'if' did not hold
  ✓ last     TIME

more: segno show RUN
",
    );
}

#[test]
fn a_fan_out_runs_for_each_item_of_a_list_and_of_another_fan_out() {
    let project = Project::of(
        r#"flow: fan
inputs: { names: { type: list, default: "{{ files('src/*.txt') }}" } }
steps:
  - { id: lines, run: "printf 'x\ny\n'" }
  - { id: over_files, each: "{{ inputs.names }}", run: "echo {{ index }} {{ item }}" }
  - { id: over_lines, each: "{{ steps.lines.output | lines }}", run: "echo {{ item }}" }
  - { id: over_nothing, each: "{{ [] }}", run: [touch, ran] }
  - id: outer
    each: [a, b]
    steps:
      - id: inner
        each: [1, "{{ item }}2"]
        run: "echo {{ item }}"
      - { id: both, run: "echo {{ steps.inner.items | map(attribute='output') | join('+') }}" }
  - { id: all, run: "echo {{ steps.over_files.items | map(attribute='output') | join(', ') }}" }
"#,
    );
    project.write("src/b.txt", "");
    project.write("src/a.txt", "");
    project.write("src/c.md", "");
    check(
        &project,
        &[],
        0,
        "✓ fan succeeded in TIME: 12 of 12 tasks done
  ✓ lines         TIME
  ✓ over_files    2 items, TIME
  ✓ over_lines    2 items, TIME
  ✓ over_nothing  no items
  ✓ outer
    ✓ inner       4 items, TIME
    ✓ both        2 items, TIME
  ✓ all           TIME

more: segno show RUN
",
    );
    assert_eq!(project.output("all"), "0 src/a.txt, 1 src/b.txt\n");
    assert_eq!(project.output("both[0]"), "1+a2\n");
    assert_eq!(project.output("both[1]"), "1+b2\n");
}

#[test]
fn what_is_optional_degrades_a_run_and_what_is_not_fails_it() {
    let flow = |optional| {
        format!(
            "flow: quality
steps:
  - {{ id: lint, run: 'echo dirty >&2; exit 3', optional: {optional} }}
  - {{ id: after, run: 'echo {{{{ steps.lint.ok }}}} {{{{ steps.lint.code }}}}' }}
"
        )
    };
    let project = Project::of(&flow(true));
    let degraded = "◐ quality degraded in TIME: 1 of 2 tasks done · 1 failed
  ✗ lint   TIME
  ✓ after  TIME

lint failed: the command ended with exit code 3
  command     echo dirty >&2; exit 3
  last words  | dirty
  category    external_service (EXTERNAL_SERVICE_ERROR, exit_status)
  segno       ran it once and went on, since it is optional
  you can     read what the command printed
  all of it   segno show RUN lint

more: segno show RUN
";
    check(&project, &[], 0, degraded);
    assert_eq!(project.output("after"), "false 3\n");
    check(&project, &["--strict"], 3, degraded);
    project.write("flow.yaml", flow(false));
    let failed = "✗ quality failed in TIME: 0 of 1 task done · 1 failed
  ✗ lint   TIME
  · after  not reached

lint failed: the command ended with exit code 3
  command     echo dirty >&2; exit 3
  last words  | dirty
  category    external_service (EXTERNAL_SERVICE_ERROR, exit_status)
  segno       ran it once and did not start what comes after it
  you can     read what the command printed
  all of it   segno show RUN lint

more: segno show RUN
";
    check(&project, &["--strict"], 1, failed);
    let unreached = "segno: 'after' was not reached in run RUN\n";
    assert_eq!(project.segno(&["show", "latest", "after"]).err, unreached);
}

#[test]
fn clean_up_runs_however_the_work_ended() {
    let flow = "flow: tidy
steps:
  - id: work
    steps:
      - { id: make, run: [touch, made] }
      - { id: break, run: \"exit {{ inputs.code }}\" }
      - { id: unreached, run: [touch, ran] }
    always:
      - { id: clean, run: [rm, made] }
always:
  - { id: report, run: 'echo {{ steps.work.status }} {{ steps.break.code }} > report' }
inputs: { code: { type: integer } }
";
    let project = Project::of(flow);
    check(
        &project,
        &["--code", "9"],
        1,
        r#"✗ tidy failed in TIME: 3 of 4 tasks done · 1 failed
  ✗ work
    ✓ make       TIME
    ✗ break      TIME
    · unreached  not reached
    ✓ clean      TIME
  ✓ report       TIME

break failed: the command ended with exit code 9
  command     exit "${SEGNO_1}"
  category    external_service (EXTERNAL_SERVICE_ERROR, exit_status)
  segno       ran it once and did not start what comes after it
  you can     read what the command printed
  all of it   segno show RUN break

more: segno show RUN
"#,
    );
    assert_eq!((project.has("made"), &*project.read("report")), (false, "failed 9\n"));
    check(
        &project,
        &["--code", "0"],
        0,
        "✓ tidy succeeded in TIME: 5 of 5 tasks done
  ✓ work
    ✓ make       TIME
    ✓ break      TIME
    ✓ unreached  TIME
    ✓ clean      TIME
  ✓ report       TIME

more: segno show RUN
",
    );
    assert_eq!((project.has("made"), &*project.read("report")), (false, "succeeded 0\n"));
}

#[test]
fn a_failed_attempt_is_made_again_as_often_as_the_step_says() {
    let project = Project::of(
        "flow: stubborn
defaults: { retry: { attempts: 3, wait: 1ms } }
steps:
  - { id: third_time, run: 'echo $SEGNO_ATTEMPT >> tries; test $SEGNO_ATTEMPT -ge 3' }
  - { id: never, run: 'echo $SEGNO_ATTEMPT: not yet >&2; exit 1', optional: true }
  - { id: missing, run: [no-such-program] }
",
    );
    check(
        &project,
        &[],
        1,
        "✗ stubborn failed in TIME: 1 of 3 tasks done · 2 failed · 2 retried
  ✓ third_time  TIME  after 3 attempts
  ✗ never       TIME  after 3 attempts
  ✗ missing     TIME

never failed: the command ended with exit code 1
  command     echo $SEGNO_ATTEMPT: not yet >&2; exit 1
  last words  | 3: not yet
  category    external_service (EXTERNAL_SERVICE_ERROR, exit_status)
  segno       tried it 3 times and went on, since it is optional
  you can     read what the command printed
  all of it   segno show RUN never

missing failed: the program 'no-such-program' was not found
  category    configuration (CONFIGURATION_ERROR, not_started)
  segno       ran it once and did not start what comes after it
  you can     install it, or check its name and PATH; a command line in one text needs no list
  all of it   segno show RUN missing

more: segno show RUN
",
    );
    assert_eq!(project.read("tries"), "1\n2\n3\n");
}

#[test]
fn a_large_output_reaches_later_steps_whole() {
    let project = Project::of(
        "steps:
  - { id: large, run: 'seq 1 20000' }
  - { id: count, run: [wc, -l], stdin: '{{ steps.large.output }}' }
  - { id: last, run: \"echo {{ steps.large.output | lines | last }}\" }
",
    );
    assert_eq!(project.segno(&["run", "flow.yaml"]).code, Some(0));
    assert_eq!((&*project.output("count"), &*project.output("last")), ("19999\n", "20000\n"));
    assert_eq!(project.output("large").lines().count(), 20_000);
}

#[test]
fn json_toml_and_yaml_run_alike_and_report_as_json() {
    let flows = [
        ("a.yaml", "flow: same\nsteps: [{ id: a, run: [echo, 'x\ty'] }, { id: b, run: 'exit 4', optional: true }]"),
        (
            "a.json",
            r#"{"flow": "same", "steps": [{"id": "a", "run": ["echo", "x\ty"]}, {"id": "b", "run": "exit 4", "optional": true}]}"#,
        ),
        (
            "a.toml",
            "flow = 'same'\n[[steps]]\nid = 'a'\nrun = ['echo', \"x\\ty\"]\n[[steps]]\nid = 'b'\nrun = 'exit 4'\noptional = true\n",
        ),
    ];
    for (name, flow) in flows {
        let project = Project::with(name, flow);
        let ran = project.segno(&["run", name, "--json"]);
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        let report: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
        let facts = [&report["flow"], &report["file"], &report["status"], &report["reason"], &report["resumable"]];
        assert_eq!(serde_json::json!(facts), serde_json::json!(["same", name, "degraded", null, false]));
        let (one, other) = (&report["tasks"][0], &report["tasks"][1]);
        let facts =
            [&one["task"], &one["status"], &one["output"], &one["code"], &other["status"], &other["fault"]["kind"]];
        let expected = serde_json::json!(["a", "succeeded", "x\ty", 0, "failed", "EXTERNAL_SERVICE_ERROR"]);
        assert_eq!(serde_json::json!(facts), expected);
    }
}
