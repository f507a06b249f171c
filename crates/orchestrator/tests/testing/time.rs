//! Virtual time: it jumps, several things go on at once in it, and it has an end.

use std::time::Instant;

use crate::support::{check, outcomes, passes};

#[test]
fn hours_of_waiting_pass_at_once() {
    let began = Instant::now();
    passes(
        "steps: [{ id: a, run: [x], retry: { attempts: 5, wait: 2h, max_wait: 4h } }]",
        "mocks: { a: { fail_times: 4, then: { output: ok } } },
         expect: { steps: { a: { attempts: 5 } }, took: { min: 14h, max: 14h 1m } }",
    );
    assert!(began.elapsed().as_secs() < 60, "it waited");
}

#[test]
fn as_many_go_on_at_once_as_there_are_jobs() {
    let flow = "parallel: [{ id: a, run: [x] }, { id: b, run: [x] }, { id: c, run: [x] }, { id: d, run: [x] }]";
    for (jobs, took) in [(1, "4h"), (2, "2h"), (3, "2h"), (4, "1h")] {
        passes(flow, &format!("jobs: {jobs}, mocks: {{ '*': {{ took: 1h }} }}, expect: {{ took: {took} }}"));
    }
}

#[test]
fn whoever_is_quicker_goes_first() {
    passes(
        "parallel: [{ steps: [{ id: slow, run: [x] }, { id: after_slow, run: [x] }] },
                    { steps: [{ id: quick, run: [x] }, { id: after_quick, run: [x] }] }]",
        "mocks: { slow: { took: 2m }, '*': { took: 1m } }, expect: { order: [slow, quick, after_quick, after_slow], took: 3m }",
    );
}

#[test]
fn what_takes_longer_than_it_may_is_cut_off_then() {
    passes(
        "steps: [{ id: a, run: [x], timeout: 30m, retry: 1 }]",
        "mocks: { a: { took: 2h } }, expect: { status: failed, took: 30m, steps: { a: { error: longer than 30m } } }",
    );
    passes("steps: [{ id: a, run: [x], timeout: 100ms }]", "mocks: { a: {} }");
}

#[test]
fn a_run_without_an_end_is_told_as_that() {
    check(
        "steps: [{ id: a, agent: coder, retry: { attempts: 1000, wait: 1h, max_wait: 1d } }]",
        "mocks: { a: { fail: no } }, expect: { status: paused }",
        "the run is endless: it takes more than 720h00m of virtual time (limit.time)\n",
    );
    check(
        "steps: [{ id: a, loop: { max: 10000 }, run: [x] }]",
        "limit: { events: 300 }, mocks: { a: {} }, expect: { status: succeeded }",
        "the run is endless: it makes more than 300 events (limit.events)\n\
         status\n  expected  succeeded\n  got       not ended\n",
    );
}

#[test]
fn the_same_test_makes_the_same_events_each_time() {
    let flow = "steps: [{ id: l, each: [1, 2, 3, 4, 5, 6, 7], agent: coder }, { id: r, loop: { max: 3 }, run: [x] }]";
    let test =
        "- { name: it, jobs: 3, mocks: { l: [{ took: 3s }, { fail: no, kind: network }, { took: 1s }], r: {} } }";
    let first = outcomes(flow, test);
    for _ in 0..5 {
        assert_eq!(outcomes(flow, test), first);
    }
    assert!(first[0].events.len() > 20);
}
