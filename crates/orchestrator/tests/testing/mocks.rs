//! Who answers, and in which order.

use crate::support::{check, passes};

const THREE: &str = "steps:
- { id: a, run: [a] }
- { id: b, agent: coder, with: { goal: '{{ steps.a.output }}' } }
- { id: c, agent: coder }
";

#[test]
fn a_step_is_mocked_by_its_name_its_agent_or_with_all_others() {
    passes(
        THREE,
        "mocks: { a: { output: one }, 'agent:coder': { output: two }, '*': { output: three } },
         expect: { steps: { a: { output: one }, b: { output: two }, c: { output: two } },
                   calls: { a: 1, 'agent:coder': 2, '*': 3 } }",
    );
    passes(
        THREE,
        "mocks: { b: { output: two }, '*': { output: three } },
         expect: { steps: { a: { output: three }, b: { output: two }, c: { output: three } } }",
    );
}

#[test]
fn a_call_that_nobody_mocks_is_told_with_its_name_and_never_made() {
    check(
        "steps: [{ id: touch, run: [touch, made] }]",
        "mocks: {}",
        "unanswered: touch: the command 'touch made' is not mocked (add mocks: { touch: { output: .. } })\n\
         status\n  expected  succeeded\n  got       failed\n",
    );
    check(
        "steps: [{ id: review, each: [x], agent: coder, with: { file: '{{ item }}' } }]",
        "mocks: { 'review[1]': { output: x } }, expect: { status: failed }",
        "unanswered: review[0]: the agent 'coder' is not mocked (add mocks: { review: { output: .. } }; did you mean it \
         by 'review[1]'?)\n",
    );
}

#[test]
fn a_list_answers_one_after_the_other_and_the_last_one_stays() {
    passes(
        "steps: [{ id: l, each: [1, 2, 3, 4], run: [x], max_parallel: 1 }]",
        "mocks: { l: [{ output: a }, { output: b }, { output: c }] },
         expect: { steps: { 'l[0]': { output: a }, 'l[1]': { output: b }, 'l[2]': { output: c }, 'l[3]': { output: c } } }",
    );
}

#[test]
fn the_name_of_a_task_goes_before_that_of_its_step() {
    passes(
        "steps: [{ id: l, each: [1, 2], run: [x] }]",
        "mocks: { l: { output: all }, 'l[1]': { output: one } },
         expect: { steps: { 'l[0]': { output: all }, 'l[1]': { output: one } } }",
    );
    passes(
        "steps: [{ id: l, each: [1, 2], loop: { max: 2 }, run: [x] }]",
        "mocks: { 'l[1]': { output: item }, 'l[0][1]': { output: round }, '*': { output: any } },
         expect: { steps: { 'l[0][0]': { output: any }, 'l[0][1]': { output: round }, 'l[1][1]': { output: item } } }",
    );
}

#[test]
fn commands_give_text_json_or_an_exit_code_as_they_really_would() {
    let flow = "steps:
- { id: text, run: [x] }
- { id: data, run: [x], output: json }
- { id: use, run: ['{{ steps.data.output.n }}', '{{ steps.text.output }}'] }
- { id: odd, run: [x], ok_codes: [0, 3] }
- { id: bad, run: [x], output: json, optional: true, retry: 1 }
";
    passes(
        flow,
        "mocks: { text: { output: \"two\\nlines\\n\" }, data: { output: '{\"n\": 5}' }, use: { output: ok },
                  odd: { code: 3 }, bad: { output: 'no json' } },
         expect: { status: degraded,
                   steps: { text: { output: \"two\\nlines\" }, data: { output: { n: 5 } }, odd: { status: succeeded, code: 3 },
                            bad: { status: failed, error: 'is not JSON' } } }",
    );
}

#[test]
fn what_an_answer_says_of_itself_is_there_for_others() {
    passes(
        "steps: [{ id: a, agent: coder }, { id: b, if: steps.a.metrics.tool_calls > 1 and steps.a.cost < 1, agent: critic }]",
        "mocks: { a: { output: { n: 1 }, summary: all done, score: 0.7, metrics: { tool_calls: 2 }, cost: 0.02,
                       tokens: { in: 1000, out: 200 }, put: { k: 1 } },
                  b: { output: x, partial: true, cost: 0.03, tokens: 5 } },
         expect: { status: degraded, cost: 0.05, tokens: 1205, data: { k: 1 },
                   steps: { a: { summary: all, quality: 0.7, output: { n: 1.0 } }, b: partial } }",
    );
}

#[test]
fn what_came_out_otherwise_is_told_with_both_values() {
    check(
        THREE,
        "mocks: { a: { output: one }, '*': { output: [1, 2], cost: 0.2 } },
         expect: { status: failed, steps: { a: { output: two, attempts: 2, has: x }, b: failed, c: { output: [2, 1] } },
                   order: [c, a], not_run: [b], cost: { max: 0.1 }, calls: { a: 2, 'agent:coder': { min: 3, max: 4 } },
                   took: { max: 1s } }",
        "status\n  expected  failed\n  got       succeeded\n\
         steps.a.attempts\n  expected  2\n  got       1\n\
         steps.a.output\n  expected  \"two\"\n  got       \"one\"\n\
         steps.a.output\n  expected  a text with 'x'\n  got       'one'\n\
         steps.b\n  expected  failed\n  got       succeeded\n\
         steps.c.output\n  expected  [2,1]\n  got       [1,2]\n\
         order\n  expected  c, a\n  got       a, c\n\
         not_run.b\n  expected  it does not begin\n  got       it began\n\
         cost\n  expected  at most 0.1 USD\n  got       0.4 USD\n\
         calls.a\n  expected  2\n  got       1\n\
         calls.agent:coder\n  expected  from 3 to 4\n  got       2\n\
         took\n  expected  at most 1.0s\n  got       3.0s\n",
    );
}
