//! The real guards, lists, switches, loops, pipes and sub-workflows, with nobody really called.

use std::collections::BTreeMap;

use segno_orchestrator::Definition;
use segno_orchestrator::spec::{Mistake, Mistakes};
use segno_orchestrator::testing::{self, Script};

use crate::support::{agents, check, passes};

#[test]
fn a_judges_no_sends_it_round_again() {
    passes(
        "steps:
- { id: fix, loop: { until: steps.check.ok and steps.judge.output.score >= 0.8, max: 5 }, steps: [
    { id: edit, agent: coder, with: { errors: \"{{ previous.check.errors | default('none') }}\" } },
    { id: check, run: [test] },
    { id: judge, agent: critic } ] }
",
        "mocks: { edit: { output: x }, check: [{ code: 1, errors: '2 failed' }, { output: ok }],
                  judge: [{ output: { score: 0.4 } }, { output: { score: 0.9 } }] },
         expect: { rounds: { fix: 3 }, calls: { check: 3, judge: 2 },
                   steps: { fix: succeeded, 'check[0]': failed, 'judge[0]': skipped, check: succeeded,
                            judge: { output: { score: 0.9 } } } }",
    );
}

#[test]
fn a_loop_that_ends_by_its_limit_is_partial() {
    passes(
        "steps: [{ id: fix, loop: { until: 'this_never == 1', max: 3 }, run: [x] }]"
            .replace("this_never", "round * 0")
            .as_str(),
        "mocks: { fix: {} }, expect: { status: degraded, rounds: { fix: 3 }, steps: { fix: partial } }",
    );
}

#[test]
fn guards_cases_and_lists_are_worked_out() {
    let flow = "
inputs: { kind: { required: true }, items: { type: list, default: [a, b] } }
steps:
- { id: triage, run: [x] }
- { id: route, switch: inputs.kind, cases: { bug: [{ id: bug, run: [x] }], feature: [{ id: feature, run: [x] }] } }
- { id: extra, if: steps.triage.output == 'big', run: [x], else: [{ id: small, run: [x] }] }
- { id: each, each: '{{ inputs.items }}', at_least: 50%, agent: coder, with: { it: '{{ item }}' } }
- { id: costly, skip_when: 'true', run: [x] }
outputs: { verdict: '{{ steps.triage.output }}', count: '{{ steps.each.items | length }}' }
";
    passes(
        flow,
        "inputs: { kind: bug }, mocks: { triage: { output: big }, 'each[1]': { fail: no, permanent: true }, '*': {} },
         expect: { status: degraded, not_run: [feature, small, costly], outputs: { verdict: big, count: 2 },
                   steps: { route: succeeded, feature: skipped, extra: succeeded, each: partial, 'each[1]': failed, costly: skipped } }",
    );
    check(
        flow,
        "inputs: { knd: bug }",
        "the run cannot begin: unknown input 'knd'; did you mean 'kind'?\ninput 'kind' is missing; give it with --kind VALUE\n",
    );
}

#[test]
fn files_are_those_that_the_test_says() {
    let flow = "steps: [{ id: look, each: \"{{ files('src/**/*.rs') }}\", run: [x, '{{ item }}'] }]";
    passes(flow, "files: { 'src/**/*.rs': [src/a.rs, src/b.rs] }, mocks: { look: {} }, expect: { calls: { look: 2 } }");
    passes(flow, "files: { 'src/**/*.rs': [] }, mocks: { look: {} }, expect: { calls: { look: 0 } }");
    passes(flow, "mocks: { look: {} }, expect: { status: failed, calls: { look: 0 } }");
}

#[test]
fn stages_take_items_one_at_a_time() {
    passes(
        "steps: [{ id: p, each: [1, 2, 3], pipe: [{ id: first, run: [x] }, { id: second, run: [x] }] }]",
        "mocks: { first: { took: 1m }, second: { took: 1m } },
         expect: { took: 4m, order: ['first[0]', 'first[1]', 'second[1]', 'second[2]'], steps: { p: succeeded, first: succeeded } }",
    );
}

#[test]
fn values_go_from_step_to_step_by_key() {
    passes(
        "steps: [{ id: a, run: [x], put: { k: '{{ this.output }}' } }, { id: b, get: [k], run: [y, '{{ data.k }}'] }]",
        "mocks: { a: { output: one }, b: {} }, expect: { data: { k: one } }",
    );
}

#[test]
fn a_sub_workflow_runs_inside_with_steps_of_its_own() {
    let files = BTreeMap::from([
        (
            "main.yaml",
            "steps: [{ id: review, flow: sub.yaml, with: { goal: g } }, { id: end, run: ['{{ steps.review.outputs.words }}'] }]",
        ),
        (
            "sub.yaml",
            "inputs: { goal: {} }\nsteps: [{ id: lint, run: ['{{ inputs.goal }}'] }]\noutputs: { words: '{{ steps.lint.output }}' }",
        ),
    ]);
    let none = |path: &str| Mistakes::new(path, "", vec![Mistake::whole("there is no such file")]);
    let read = |path: &str| files.get(path).map(|text| (*text).to_owned()).ok_or_else(|| none(path));
    let load = |name: &str| Definition::assemble(&read(name)?, name, &agents(), &read);
    let tests = "flow: main.yaml\ntests: [{ name: it, mocks: { review/lint: { output: fine }, end: {} },
        expect: { steps: { review: succeeded, review/lint: { output: fine } }, order: [review, end] } }]";
    let script = Script::parse(tests, "main.test.yaml", &load).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let outcome = testing::run(&script.definition, &script.cases[0]);
    assert!(outcome.is_passed(), "{}{}", outcome.told(), outcome.timeline());
}
