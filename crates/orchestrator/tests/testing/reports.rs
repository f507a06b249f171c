//! How outcomes are told: the timeline, JUnit.

use std::time::Duration;

use segno_orchestrator::testing::{Suite, junit};

use crate::support::outcomes;

const FLOW: &str =
    "steps: [{ id: a, run: [x], retry: { attempts: 2, wait: 2h, max_wait: 2h } }, { id: b, if: steps.a.ok, run: [y] }]";

#[test]
fn a_timeline_has_a_line_for_each_event() {
    let tests = "- { name: it, mocks: { a: [{ code: 3 }, { output: ok }], b: { took: 5s } } }";
    assert_eq!(
        outcomes(FLOW, tests)[0].timeline(),
        "    1     0.0s  run of flow started
    2     0.0s  a: attempt 1
    3     1.0s  a: attempt 1 failed: the command ended with exit code 3; to be tried again
    4    2h00m  a: attempt 2
    5    2h00m  a: succeeded
    6    2h00m  b: 'if' holds
    7    2h00m  b: attempt 1
    8    2h00m  b: succeeded
    9    2h00m  run succeeded
"
    );
}

#[test]
fn junit_tells_each_test_and_why_it_failed() {
    let tests = "- { name: good, mocks: { '*': {} } }\n- { name: 'bad <&>', mocks: { '*': {} }, expect: { steps: { a: failed } } }";
    let tests = outcomes(FLOW, tests).into_iter().map(|outcome| (outcome, Duration::from_millis(2))).collect();
    let text = junit(&[Suite { name: "a.test.yaml".into(), tests }]);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        lines[..7].join("\n"),
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>
<testsuites name=\"segno test\">
  <testsuite name=\"a.test.yaml\" tests=\"2\" failures=\"1\" time=\"0.004\">
    <testcase classname=\"a.test.yaml\" name=\"good\" time=\"0.002\"/>
    <testcase classname=\"a.test.yaml\" name=\"bad &lt;&amp;&gt;\" time=\"0.002\">
      <failure message=\"steps.a: expected failed, got succeeded\">steps.a
  expected  failed"
    );
    assert!(text.ends_with("    </testcase>\n  </testsuite>\n</testsuites>\n"));
}
