//! Mistakes of test files: all at once, each with its place and a hint.

use crate::support::script;

const FLOW: &str = "steps:
- { id: build, steps: [{ id: compile, run: [x], check: [y] }] }
- { id: review, each: [1], agent: coder }
";

/// Checks the mistakes of a test: place, message and hint, a line each.
#[track_caller]
fn check(tests: &str, expected: &[&str]) {
    let mistakes = script(FLOW, tests).expect_err("there are mistakes");
    let told = |mistake: &segno_orchestrator::spec::Mistake| {
        let place = mistake.place.map(|place| format!("{}:{} ", place.line, place.column)).unwrap_or_default();
        let hint = mistake.hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default();
        format!("{place}{}{hint}", mistake.message)
    };
    assert_eq!(mistakes.list().iter().map(told).collect::<Vec<_>>(), expected);
}

#[test]
fn all_mistakes_come_at_once() {
    check(
        "- name: a
  mock: {}
  mocks:
    reviw: { output: x }
    'agent:codr': { outptu: x }
    'review[0][1]': { fail: x, kind: netwrk }
    'compile[0]': {}
    build: { took: 5 }
    compile.check[1]: hangs
    compile.jury: []
  expect:
    status: succeded
    steps: { complie: fialed }
    rounds: { review: 2 }
    took: { min: 2h, max: 1h }
- mocks: {}
- { name: a, jobs: 0 }
",
        &[
            "4:3 unknown key 'mock' in a test (did you mean 'mocks'?)",
            "6:5 unknown step 'reviw' (did you mean 'review'?)",
            "7:6 the workflow calls no agent 'codr' (did you mean 'agent:coder'?)",
            "7:21 unknown key 'outptu' in the mock 'agent:codr' (did you mean 'output'?)",
            "8:6 'review[0][1]' has 2 indices, and step 'review' has 1",
            "8:38 unknown kind of failure 'netwrk' (did you mean 'network'?)",
            "9:6 'compile[0]': nothing round step 'compile' repeats it",
            "10:5 'build' is a group of steps: one can mock the steps in it",
            "10:20 took 5 has no unit (write a number with its unit: 500ms, 30s, 15m, 2h, 7d)",
            "11:5 'compile.check[1]': step 'compile' has only 1, counted from 0",
            "11:23 the mock 'compile.check[1]' must be a map, a list of maps, 'hang' or 'crash', not text (an answer is { output: .. } or { fail: .. })",
            "12:5 'compile.jury' means nobody (after a step stands .fallback, .check or .judge, as in deploy.fallback[0])",
            "12:19 the mock 'compile.jury' has no answers (give at least one, such as { output: ok })",
            "14:13 status cannot be 'succeded' (did you mean 'succeeded'?)",
            "15:14 unknown step 'complie' (did you mean 'compile'?)",
            "15:23 steps.complie cannot be 'fialed' (did you mean 'failed'?)",
            "16:15 step 'review' has no loop",
            "17:11 the min of took is above its max",
            "18:3 this test has no name (add name: what is so)",
            "19:11 two tests are called 'a'",
            "19:20 jobs must be from 1 to 1000, not 0",
        ],
    );
}

#[test]
fn somebody_who_is_not_there_is_told() {
    check(
        "- { name: a, mocks: { compile.jury: {}, 'compile.check[1]': {}, compile.judge: {}, compile.fallback: {} } }",
        &[
            "3:23 'compile.jury' means nobody (after a step stands .fallback, .check or .judge, as in deploy.fallback[0])",
            "3:42 'compile.check[1]': step 'compile' has only 1, counted from 0",
            "3:65 'compile.judge': step 'compile' has no judge",
            "3:84 'compile.fallback': step 'compile' has no fallback",
        ],
    );
}

#[test]
fn words_of_a_failure_need_one() {
    check(
        "- { name: a, mocks: { compile: { kind: network }, review: { fail_times: 2 }, '*': { then: {} } } }",
        &[
            "3:34 this says something of a failure (add fail: \"what went wrong\")",
            "3:59 the mock 'review' does not say what comes 'then'",
            "3:85 'then' belongs to 'fail_times'",
        ],
    );
    check(
        "- { name: a, mocks: { compile: { fail_times: 1, then: { fail_times: 5, fail: x, then: { output: ok } } } } }",
        &["3:55 'then' cannot have 'fail_times' again (give the answers one after the other, as a list)"],
    );
}
