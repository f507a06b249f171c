//! `segno test`: workflows tested from outside, with nothing of them started.

use serde_json::{Value, json};

use crate::support::Project;

const FLOW: &str = "steps:
- { id: build, run: touch made }
- { id: deploy, run: [./deploy], retry: { attempts: 3, wait: 1h, max_wait: 1h } }
";
const TESTS: &str = "flow: a.flow.yaml
tests:
- name: it gets through after hours
  mocks: { build: {}, deploy: { fail_times: 2, then: { output: out } } }
  expect: { steps: { deploy: { attempts: 3, output: out } }, took: { min: 2h, max: 3h } }
- name: it builds first
  mocks: { build: { took: 5s }, deploy: {} }
  expect: { order: [build, deploy], took: 6s }
";

fn project(tests: &str) -> Project {
    let project = Project::with("a.flow.yaml", FLOW);
    project.write("a.test.yaml", tests);
    project
}

#[test]
fn tests_are_found_run_and_told_a_line_each_and_nothing_is_started() {
    let project = project(TESTS);
    let lines =
        "PASS [  2h00m] a.test.yaml: it gets through after hours\nPASS [   TIME] a.test.yaml: it builds first\n";
    for words in [&["test"][..], &["test", "a.flow.yaml"], &["test", "a.test.yaml"], &["test", "--file", "a.test.yaml"]]
    {
        let told = project.told(words);
        assert_eq!(told, format!("2 tests in TIME: 2 passed\n0\n{lines}"), "{words:?}");
    }
    assert_eq!(
        project.told(&["test", "--filter", "builds"]),
        "1 test in TIME: 1 passed\n0\nPASS [   TIME] a.test.yaml: it builds first\n"
    );
    assert!(!project.has("made"), "a command was run");
    assert!(!project.has(".segno"), "a test left something behind");
}

#[test]
fn a_failed_test_says_what_was_expected_and_what_happened() {
    let project = project(
        "flow: a.flow.yaml\ntests: [{ name: it fails, mocks: { build: { code: 3 } }, expect: { steps: { deploy: partial } } }]",
    );
    assert_eq!(
        project.told(&["test"]),
        "1 test in TIME: 0 passed · 1 failed
1
FAIL [   TIME] a.test.yaml: it fails
    status
      expected  succeeded
      got       failed
    steps.deploy
      expected  partial
      got       it was not reached
    what happened:
        1     TIME  run of a started
        2     TIME  build: attempt 1
        3     TIME  build: failed: the command ended with exit code 3 (external_service)
        4     TIME  run failed
"
    );
}

#[test]
fn a_broken_test_file_is_told_with_all_its_mistakes_and_the_others_run() {
    let project = project(TESTS);
    project.write("b.test.yaml", "flow: a.flow.yaml\ntests: [{ name: x, mocks: { bild: {} }, expct: {} }]");
    assert_eq!(
        project.told(&["test"]),
        "2 tests in TIME: 2 passed · 1 broken file
b.test.yaml:2:29: unknown step 'bild'
  2 | tests: [{ name: x, mocks: { bild: {} }, expct: {} }]
    |                             ^
  hint: did you mean 'build'?

b.test.yaml:2:41: unknown key 'expct' in a test
  2 | tests: [{ name: x, mocks: { bild: {} }, expct: {} }]
    |                                         ^
  hint: did you mean 'expect'?
2
PASS [  2h00m] a.test.yaml: it gets through after hours
PASS [   TIME] a.test.yaml: it builds first
"
    );
}

#[test]
fn without_tests_it_says_where_they_would_stand() {
    let project = Project::with("a.flow.yaml", FLOW);
    assert_eq!(
        project.told(&["test", "a.flow.yaml"]),
        "segno: a.flow.yaml has no tests: there is no a.test.yaml\n  hint: write one, or name it with --file\n2\n"
    );
    assert_eq!(
        project.told(&["test"]),
        "0 tests in TIME: 0 passed\nsegno: there are no such tests\n  \
         hint: write NAME.test.yaml beside the workflow, or look at --filter\n2\n"
    );
}

#[test]
fn outcomes_are_there_as_json_and_as_junit() {
    let project = project(TESTS);
    let output = project.command(&["test", "--json", "--junit", "junit.xml"]).output().unwrap();
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    let first = &told[0]["tests"][0];
    assert_eq!((&told[0]["file"], &first["passed"]), (&json!("a.test.yaml"), &json!(true)));
    assert_eq!((&first["status"], &first["virtual_ms"]), (&json!("succeeded"), &json!(7_204_000)));
    assert!(project.read("junit.xml").contains("<testsuite name=\"a.test.yaml\" tests=\"2\" failures=\"0\""));
}

#[test]
fn a_real_run_is_recorded_and_played_back() {
    let flow = "inputs: { goal: { default: speed } }
steps:
- { id: say, run: 'echo {{ inputs.goal }}; touch made' }
- { id: again, each: [1, 2], run: [echo, '{{ steps.say.output }}', '{{ item }}'] }
";
    let project = Project::with("a.flow.yaml", flow);
    assert_eq!(project.segno(&["run", "a.flow.yaml"]).code, Some(0));
    assert_eq!(
        project.told(&["test", "a.flow.yaml", "--record", "latest"]),
        "0\nrecorded 3 calls of run RUN in a.cassette.json\nplay them back with: - { name: as recorded, cassette: a.cassette.json }\n"
    );
    let tests = "flow: a.flow.yaml
tests:
- { name: as recorded, cassette: a.cassette.json, expect: { steps: { 'again[1]': { output: speed 2 } } } }
";
    project.write("a.test.yaml", tests);
    std::fs::remove_file(project.path("made")).unwrap();
    let ran = project.segno(&["test"]);
    assert_eq!((ran.code, &*ran.err), (Some(0), "1 test in TIME: 1 passed\n"), "{}", ran.out);
    assert!(!project.has("made"), "a command was run");
    project.write("a.flow.yaml", flow.replace("[echo, '{{ steps", "[echo, 'no {{ steps"));
    let ran = project.segno(&["test"]);
    assert_eq!(ran.code, Some(1));
    let expected = "unanswered: again[0]: the command 'echo 'no speed' 1' was not recorded like this (the nearest one, of \
                    again[0], differs in command: was 'echo speed 1', is 'echo 'no speed' 1'";
    assert!(ran.out.contains(expected), "{}", ran.out);
}

#[test]
fn files_of_the_project_are_listed_where_a_test_does_not_say() {
    let project =
        Project::with("a.yaml", "steps: [{ id: look, each: \"{{ files('*.rs') }}\", run: [x, '{{ item }}'] }]");
    project.write("one.rs", "");
    project.write("two.rs", "");
    project.write(
        "a.test.yaml",
        "flow: a.yaml\ntests: [{ name: it looks at two, mocks: { look: {} }, expect: { calls: { look: 2 } } }]",
    );
    let ran = project.segno(&["test", "a.yaml"]);
    assert_eq!(ran.code, Some(0), "{}", ran.out);
}

/// The example that the guide shows.
#[test]
fn the_example_passes() {
    let project = Project::with("release.flow.yaml", include_str!("../../../../examples/tested/release.flow.yaml"));
    project.write("release.test.yaml", include_str!("../../../../examples/tested/release.test.yaml"));
    let ran = project.segno(&["test"]);
    assert_eq!((ran.code, &*ran.err), (Some(0), "4 tests in TIME: 4 passed\n"), "{}", ran.out);
}
