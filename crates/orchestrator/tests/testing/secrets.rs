//! Secrets in what mocks answer are hidden as in a real run.

use segno_logging::redact::Options;
use segno_orchestrator::testing::{Bench, Outcome};

use crate::support::{passes, script};

/// Runs the one test of a workflow, which passes, and checks that nothing of the secret is told anywhere.
#[track_caller]
fn hides(flow: &str, test: &str) {
    let outcome = outcome(flow, test, &Bench::default());
    assert_eq!(outcome.told(), "");
    let seen = format!("{:?} {}", outcome.events, outcome.timeline());
    assert!(!seen.contains("hunter"), "{seen}");
}

fn outcome(flow: &str, test: &str, bench: &Bench) -> Outcome {
    let script = script(flow, &format!("- {{ name: it, {test} }}")).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    bench.run(&script.definition, &script.cases[0])
}

#[test]
fn what_a_mock_prints_is_hidden_and_so_is_what_a_later_step_is_given() {
    hides(
        "steps: [{ id: a, run: [x] }, { id: b, run: [echo, '{{ steps.a.output }}'] }, { id: c, agent: coder }]",
        "mocks: { a: { output: 'password=hunter2' }, b: { output: ok, errors: 'token=hunter2' },
                  c: { output: { password: hunter2, n: 5 }, summary: 'used --token hunter2', put: { api_key: hunter2 } } },
         expect: { steps: { a: { output: 'password=[redacted]' }, b: { errors: 'token=[redacted]' },
                            c: { output: { password: '[redacted]', n: 5 }, summary: '--token [redacted]' } },
                   data: { api_key: '[redacted]' } }",
    );
}

#[test]
fn what_a_step_is_given_is_known_in_all_steps() {
    hides(
        "inputs: { word: { type: string, default: hunter-of-b } }
steps:
- { id: a, run: [x] }
- { id: b, run: [x], env: { MY_CODE: '{{ inputs.word }}', API_TOKEN: hunter-of-a }, secrets: [MY_CODE] }",
        "inputs: { word: given-to-b }, mocks: { a: { output: 'x hunter-of-a' }, b: { output: 'x given-to-b' } },
         expect: { steps: { a: { output: 'x [redacted]' }, b: { output: 'x [redacted]' } } }",
    );
}

#[test]
fn one_test_knows_nothing_of_what_another_gives() {
    let flow = "inputs: { word: { type: string, required: true } }
steps: [{ id: a, run: [x], env: { API_TOKEN: '{{ inputs.word }}' } }]";
    let script = script(
        flow,
        "- { name: one, inputs: { word: given-by-one }, mocks: { a: { output: given-by-one } },
             expect: { steps: { a: { output: '[redacted]' } } } }
- { name: two, inputs: { word: given-by-two }, mocks: { a: { output: given-by-one } },
             expect: { steps: { a: { output: given-by-one } } } }",
    );
    let script = script.unwrap_or_else(|mistakes| panic!("{mistakes}"));
    for case in &script.cases {
        assert_eq!(Bench::default().run(&script.definition, case).told(), "", "{}", case.name);
    }
}

#[test]
fn failures_are_hidden_with_what_they_left() {
    hides(
        "steps: [{ id: a, run: [x], optional: true, retry: 1 }, { id: b, agent: coder, optional: true, retry: 1 }]",
        "mocks: { a: { code: 3, errors: 'password=hunter2' }, b: { fail: 'cannot log in at https://me:hunter2@host' } },
         expect: { status: degraded, steps: { a: { status: failed, errors: 'password=[redacted]' },
                                              b: { status: failed, error: 'https://[redacted]@host' } } }",
    );
}

#[test]
fn what_is_cut_from_a_failure_is_hidden_before() {
    let line = format!("password={}\\n", "hunter".repeat(2_000));
    hides(
        "steps: [{ id: a, run: [x], optional: true, retry: 1 }]",
        &format!("mocks: {{ a: {{ code: 3, errors: \"{line}\" }} }}, expect: {{ status: degraded }}"),
    );
}

#[test]
fn json_is_read_before_its_texts_are_hidden() {
    passes(
        "steps: [{ id: a, run: [x], output: json }]",
        "mocks: { a: { output: '{\"password\": 12345678, \"secret\": {\"n\": [\"x\"]}}' } },
         expect: { steps: { a: { output: { password: '[redacted]', secret: { n: ['[redacted]'] } } } } }",
    );
}

#[test]
fn what_is_allowed_stays() {
    let bench =
        Bench { secrets: Options { allowed: vec!["page_token".into()], ..Options::default() }, ..Bench::default() };
    let test = "mocks: { a: { output: 'page_token=a1 token=b1' } },
                expect: { steps: { a: { output: 'page_token=a1 token=[redacted]' } } }";
    assert_eq!(outcome("steps: [{ id: a, run: [x] }]", test, &bench).told(), "");
}
