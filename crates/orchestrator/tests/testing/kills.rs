//! A run that is killed after any event and resumed ends the same.

use crate::support::{check, outcomes, passes};

const FLOW: &str = "steps:
- { id: list, run: [x] }
- { id: review, each: '{{ steps.list.output | lines }}', agent: coder, with: { it: '{{ item }}' }, check: [test] }
- { id: fix, loop: { until: steps.again.ok, max: 4 }, steps: [{ id: again, run: [x] }] }
- { id: end, agent: critic, fallback: [{ run: [simple] }], retry: 1 }
";
const MOCKS: &str = "mocks: { list: { output: \"a\\nb\" }, review: { fail_times: 1, fail: no, kind: network, then: { output: ok } },
    review.check: { output: ok }, again: [{ code: 1 }, { output: ok }], end: { fail: no }, end.fallback: { output: x } }";

#[test]
fn a_run_ends_the_same_after_a_kill_at_any_event() {
    let expect = "expect: { rounds: { fix: 2 }, calls: { review: 4, again: 2 }, steps: { review: succeeded, end: { output: x } } }";
    let whole = outcomes(FLOW, &format!("- {{ name: it, {MOCKS}, {expect} }}"));
    let events = whole[0].events.len();
    assert!(events > 20, "{}", whole[0].timeline());
    for kill in 1..events {
        passes(FLOW, &format!("kill_after: {kill}, {MOCKS}, {expect}"));
    }
    check(
        FLOW,
        &format!("kill_after: {events}, {MOCKS}, {expect}"),
        &format!("kill_after\n  expected  a kill after event {events}\n  got       the run has only {events} events\n"),
    );
}

#[test]
fn the_killed_run_is_the_one_that_is_shown() {
    let outcomes = outcomes(FLOW, &format!("- {{ name: it, kill_after: 7, {MOCKS} }}"));
    assert!(outcomes[0].timeline().contains("run killed and resumed"), "{}", outcomes[0].timeline());
}
