//! Injected faults and what the real engine makes of them.

use crate::support::{check, passes};

#[test]
fn what_fails_a_few_times_is_tried_again_where_that_may_help() {
    passes(
        "steps: [{ id: deploy, agent: coder }]",
        "mocks: { deploy: { fail_times: 2, fail: no answer, kind: network, then: { output: done } } },
         expect: { steps: { deploy: { status: succeeded, attempts: 3, output: done } }, calls: { deploy: 3 } }",
    );
    check(
        "steps: [{ id: deploy, agent: coder }]",
        "mocks: { deploy: { fail_times: 1, kind: validation, then: { output: done } } }",
        "status\n  expected  succeeded\n  got       failed\n",
    );
}

#[test]
fn a_failure_leaves_what_it_says_of_its_reply() {
    passes(
        "steps: [{ id: deploy, agent: coder, optional: true }]",
        "mocks: { deploy: { fail: no, permanent: true, summary: half done, score: 0.4 } },
         expect: { status: degraded, steps: { deploy: { status: failed, summary: half done } } }",
    );
}

#[test]
fn each_task_fails_so_often_not_all_together() {
    passes(
        "steps: [{ id: l, each: [1, 2, 3], agent: coder }]",
        "mocks: { '*': { fail_times: 1, then: { output: ok } } }, expect: { steps: { l: succeeded }, calls: { l: 6 } }",
    );
}

#[test]
fn a_code_of_a_plain_command_is_tried_again_only_when_the_step_says_so() {
    let steps = "steps: [{ id: plain, run: [x], optional: true }, { id: stubborn, run: [x], retry: 3 }]";
    passes(
        steps,
        "mocks: { plain: { code: 1, errors: 2 failed }, stubborn: [{ code: 1 }, { output: ok }] },
         expect: { status: degraded,
                   steps: { plain: { status: failed, attempts: 1, code: 1, errors: 2 failed }, stubborn: { attempts: 2 } } }",
    );
}

#[test]
fn a_crash_is_a_panic_of_an_agent_and_a_killed_command() {
    passes(
        "parallel: [{ id: agent, agent: coder, optional: true }, { id: command, run: [x], optional: true }]",
        "mocks: { '*': crash }, expect: { status: degraded,
           steps: { agent: { status: failed, error: panicked }, command: { status: failed, error: SIGKILL } } }",
    );
}

#[test]
fn a_hang_ends_by_its_timeout_or_is_told_by_name() {
    passes(
        "steps: [{ id: stuck, run: [x], timeout: 10m, retry: 2 }]",
        "mocks: { stuck: [hang, { output: ok }] }, expect: { steps: { stuck: { attempts: 2 } }, took: { min: 10m, max: 11m } }",
    );
    check(
        "parallel: [{ id: stuck, run: [x] }, { id: fine, run: [x] }]",
        "mocks: { stuck: hang, fine: { took: 2h } }",
        "the run hangs: stuck never end and have no timeout; nothing else goes on\n\
         status\n  expected  succeeded\n  got       paused\n",
    );
    passes("steps: [{ id: stuck, run: [x] }]", "mocks: { stuck: hang }, expect: { status: paused }");
}

#[test]
fn a_failed_step_goes_to_its_fallbacks_in_their_order() {
    let flow = "steps: [{ id: a, agent: coder, retry: 1, fallback: [critic, { run: [simple], partial: true }] }]";
    passes(
        flow,
        "mocks: { a: { fail: no }, 'agent:critic': { fail: no, permanent: true }, 'a.fallback[1]': { output: some } },
         expect: { status: degraded, steps: { a: { status: partial, output: some, attempts: 3 } },
                   calls: { a: 1, a.fallback: 2, 'agent:critic': 1 } }",
    );
    check(
        flow,
        "mocks: { a: { fail: no }, 'agent:critic': { fail: no, permanent: true } }, expect: { status: failed }",
        "unanswered: a.fallback[1]: the command 'simple' is not mocked (add mocks: { \"a.fallback\": { output: .. } })\n",
    );
}

#[test]
fn checks_and_judges_are_asked_and_believed() {
    let flow =
        "steps: [{ id: edit, agent: coder, check: [cargo, test], judge: { agent: critic, min: 0.8 }, retry: 3 }]";
    passes(
        flow,
        "mocks: { edit: { output: x, cost: 0.1 }, edit.check: [{ code: 1, errors: red }, { output: green }],
                  edit.judge: [{ output: { score: 0.3 }, cost: 0.01 }, { output: '0.9', cost: 0.01 }] },
         expect: { steps: { edit: { attempts: 3, quality: 0.9 } }, calls: { edit: 3, edit.check: 3, edit.judge: 2 }, cost: 0.32 }",
    );
    passes(
        flow,
        "mocks: { 'agent:coder': { output: x }, edit.check: { output: ok }, 'agent:critic': { output: 7 } },
         expect: { status: failed, steps: { edit: { status: failed, error: a score is from 0 to 1 } } }",
    );
}

#[test]
fn what_was_done_is_undone_when_the_workflow_fails() {
    passes(
        "steps:
- { id: pr, run: [open], undo: { run: 'close {{ this.output }}' } }
- { id: tag, run: [tag], undo: { run: untag } }
- { id: deploy, run: [deploy] }
",
        "mocks: { pr: { output: '17' }, tag: {}, deploy: { code: 2 }, 'undo/pr': {}, 'undo/tag': {} },
         expect: { status: failed, order: [pr, tag, deploy, undo/tag, undo/pr], calls: { 'undo/pr': 1 } }",
    );
}

#[test]
fn a_pause_that_the_other_side_asks_for_is_kept() {
    passes(
        "steps: [{ id: a, agent: coder }]",
        "mocks: { a: [{ fail: slow down, kind: rate_limit, retry_after: 40s }, { output: ok }] },
         expect: { steps: { a: { attempts: 2 } }, took: { min: 40s, max: 45s } }",
    );
}
