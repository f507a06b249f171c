//! Workflows of other tools: what they become, and what is said of the rest. Each result must be valid.
#![allow(clippy::unwrap_used)]

use segno_orchestrator::Definition;
use segno_orchestrator::agents::Registry;
use segno_orchestrator::import::import;

/// Imports a workflow and compares it without its head, and the notes.
#[track_caller]
fn check(source: &str, name: &str, job: Option<&str>, expected: &str, notes: &[&str]) {
    let imported = import(source, name, job).unwrap();
    let body: String =
        imported.flow.lines().filter(|line| !line.starts_with('#')).map(|line| format!("{line}\n")).collect();
    assert_eq!(body, expected);
    assert_eq!(imported.notes, notes);
    if let Err(mistakes) = Definition::parse(&imported.flow, "new.yaml", &Registry::default()) {
        unreachable!("{mistakes}{}", imported.flow);
    }
}

// GitHub Actions.

#[test]
fn a_job_becomes_steps() {
    check(
        "name: CI
on: { workflow_dispatch: { inputs: { dry-run: { type: boolean, default: true, description: Look only } } } }
env: { A: '1', B: x }
jobs:
  test:
    timeout-minutes: 30
    defaults: { run: { working-directory: sub } }
    steps:
    - uses: actions/checkout@v4
    - uses: actions/setup-node@v4
    - run: npm ci
      env: { B: '${{ inputs.dry-run }}', T: '${{ secrets.T }}', C: '${{ env.A }}' }
    - name: Unit tests
      id: unit
      if: inputs.dry-run == false
      timeout-minutes: 1.5
      continue-on-error: true
      run: npm test
    - { name: Tell, if: failure(), run: ./tell }
    - { name: Clean, if: always(), run: ./clean, working-directory: . }
",
        "ci.yml",
        None,
        "flow: CI
inputs:
  dry_run:
    type: boolean
    default: true
    description: Look only
steps:
  - id: npm_ci
    run: npm ci
    env:
      A: \"1\"
      B: \"{{ inputs.dry_run }}\"
      C: \"1\"
    cwd: sub
    timeout: 30m
  - id: unit
    description: Unit tests
    if: inputs.dry_run == false
    optional: true
    run: npm test
    env:
      A: \"1\"
      B: x
    cwd: sub
    timeout: 90s
on_failure:
  - id: tell
    run: ./tell
    env:
      A: \"1\"
      B: x
    cwd: sub
    timeout: 30m
always:
  - id: clean
    run: ./clean
    env:
      A: \"1\"
      B: x
    cwd: .
    timeout: 30m
",
        &[
            "job test, step 2: left out, since it is the action actions/setup-node@v4",
            "$T was a secret; set it in the environment",
        ],
    );
}

const TWO: &str = "jobs:
  build-it:
    runs-on: windows-latest
    strategy: { max-parallel: 2, matrix: { os: [a, b], node-version: [18], include: [{ os: c }] } }
    steps: [{ run: 'make ${{ matrix.node-version }}' }]
  ship:
    needs: [build-it, gone]
    if: github.ref == 'refs/heads/main'
    services: {}
    steps: [{ run: ship }]
  other: { uses: ./x.yml }
  empty: { steps: [{ uses: x }] }
";

#[test]
fn jobs_run_together_as_far_as_they_need_each_other() {
    check(
        TWO,
        "ci.yml",
        None,
        "parallel:
  - id: build_it
    matrix:
      os: [a, b]
      node_version: [18]
    max_parallel: 2
    steps:
      - id: make
        run: make {{ item.node_version }}
  - id: ship
    if: false
    needs: [build_it]
    steps:
      - id: ship_2
        run: ship
",
        &[
            "job build-it: it was made for windows-latest",
            "job build-it: the 'include' of its matrix is not carried over",
            "job ship: its 'services' is not carried over",
            "job ship: switched off, since nothing here can answer its condition: github.ref == 'refs/heads/main'",
            "job other: left out, since it is another workflow (./x.yml)",
            "job empty, step 1: left out, since it is the action x",
            "job empty: left out, since none of its steps can be carried over",
            "all jobs run in this one folder, not each in a fresh clone",
        ],
    );
}

#[test]
fn one_job_can_be_chosen() {
    let notes = [
        "job ship: its 'services' is not carried over",
        "job ship: switched off, since nothing here can answer its condition: github.ref == 'refs/heads/main'",
    ];
    check(
        TWO,
        "ci.yml",
        Some("ship"),
        "steps:\n  - id: ship\n    if: false\n    steps:\n      - id: ship_2\n        run: ship\n",
        &notes,
    );
    let mistakes = import(TWO, "ci.yml", Some("shop")).unwrap_err();
    assert_eq!(mistakes.list()[0].message, "there is no job 'shop'; its jobs are: build-it, ship, other, empty");
}

// .claude/workflows.

const CALLED: &str = "agents are called as: claude -p PROMPT; change that in 'agents' of the new file";

#[test]
fn agents_and_commands_become_steps_with_places_for_values() {
    check(
        r#"{"name": "review", "description": "Looks", "inputs": ["goal"], "steps": [
              {"id": "list files", "command": "git ls-files | head -${N:-9}"},
              {"name": "review", "subagent_type": "code-reviewer", "retries": 2, "timeout": "5m",
               "prompt": "For {{goal}}, see {{list files}} and ${who}, not {% x %}"},
              {"command": "grep '{{goal}}' x", "continue_on_error": true}]}"#,
        "review.json",
        None,
        "flow: review
description: Looks
inputs:
  goal:
    required: true
  who:
    required: true
agents:
  code_reviewer:
    run: [claude, -p, \"{{ with.prompt }}\"]
steps:
  - id: list_files
    run: git ls-files | head -${N:-9}
  - id: review
    agent: code_reviewer
    prompt: For {{ inputs.goal }}, see {{ steps.list_files.output }} and {{ inputs.who }}, not {{ '{%' }} x %}
    retry: 3
    timeout: 5m
  - id: step
    optional: true
    run: [sh, -e, -c, \"grep '{{ inputs.goal }}' x\"]
",
        &["step review: 'who' was declared as an input", CALLED],
    );
}

#[test]
fn patterns_become_blocks() {
    check(
        r#"{"pattern": "parallel", "steps": [
              {"id": "fix", "pattern": "iterative", "max_iterations": 3, "until": "tests pass",
               "steps": [{"id": "test", "run": ["cargo", "test"]}]},
              {"id": "all", "pattern": "pipeline", "items": ["a", "{{ b"],
               "steps": [{"id": "one", "command": "echo {{item}}"}, {"id": "two", "command": "echo {{one.output}}"}]},
              {"id": "odd", "pattern": "swarm", "steps": [{"id": "x", "command": "x"}]}]}"#,
        "review.json",
        None,
        "parallel:
  - id: fix
    loop:
      max: 3
    steps:
      - id: test
        run: [cargo, test]
  - id: all
    each: [a, \"{{ '{{' }} b\"]
    pipe:
      - id: one
        run: echo {{ item }}
      - id: two
        run: echo {{ steps.one.output }}
  - id: odd
    steps:
      - id: x
        run: x
",
        &[
            "step fix: all rounds are made until 'until' is an expression in its 'loop': tests pass",
            "step odd: the pattern 'swarm' is not known here, so the steps run in order",
        ],
    );
}

#[test]
fn what_depends_on_others_runs_together_as_far_as_that_allows() {
    check(
        r#"{"agents": [
              {"name": "a", "agent": "x", "prompt": "p"},
              {"name": "b", "agent": "x", "prompt": "q", "depends_on": ["a", "gone"], "condition": "a is good", "model": "m"},
              {"name": "c"}]}"#,
        "review.json",
        None,
        "agents:
  x:
    run: [claude, -p, \"{{ with.prompt }}\"]
parallel:
  - id: a
    agent: x
    prompt: p
  - id: b
    if: false
    needs: [a]
    agent: x
    prompt: q
",
        &[
            "step b: switched off until its condition is an expression: a is good",
            "step b: it depends on 'gone', which is no step",
            "step b: its 'model' is not carried over",
            "step c: left out, since it says neither what to ask nor what to run",
            CALLED,
        ],
    );
}

#[test]
fn what_is_no_workflow_is_refused() {
    let refused = |source: &str| import(source, "a.json", None).unwrap_err().list()[0].message.clone();
    assert_eq!(refused("{}"), "this is no workflow that segno knows");
    assert_eq!(refused("[1]"), "this is no workflow");
    assert_eq!(refused(r#"{"steps": []}"#), "nothing of it can be carried over");
    assert_eq!(refused(r#"{"flow": "x", "steps": []}"#), "this looks like a segno workflow already");
    assert_eq!(refused("{"), "the file cannot be read from here on: unclosed bracket '{'");
}

#[test]
fn jobs_and_steps_of_one_name_get_names_of_their_own() {
    check(
        "on: push
jobs:
  build:
    steps:
    - { name: test, run: make }
  test:
    needs: build
    steps:
    - { name: build, run: make test }
",
        "ci.yml",
        None,
        "parallel:
  - id: build
    steps:
      - id: test_2
        run: make
  - id: test
    needs: [build]
    steps:
      - id: build_2
        run: make test
",
        &["all jobs run in this one folder, not each in a fresh clone"],
    );
}
