//! Files that can be read but say what cannot be done: keys, names, cycles, ids, values; each with its place.

use crate::bad_files::check;

#[test]
fn doubled_and_unknown_keys_are_told_with_what_was_meant() {
    check(
        "a.yaml",
        "flow: a
flow: b
steps:
  - { id: a, run: [touch, ran], run: [touch, ran] }
",
        "a.yaml:2:1: the key 'flow' stands here twice
  2 | flow: b
    | ^

a.yaml:4:33: the key 'run' stands here twice
  4 |   - { id: a, run: [touch, ran], run: [touch, ran] }
    |                                 ^
",
    );
    check(
        "a.yaml",
        "flwo: a
inputs: { goal: { typ: string, type: strng } }
defaults: { retyr: 2 }
steps:
  - { id: a, rnu: [touch, ran] }
  - { id: b, run: [touch, ran], cahe: true, retry: { atempts: 3 } }
  - { id: c, parallel: [{ run: [touch, ran] }], timeout: 3s }
",
        "a.yaml:1:1: unknown key 'flwo' in a workflow
  1 | flwo: a
    | ^
  hint: did you mean 'flow'?

a.yaml:2:19: unknown key 'typ' in input 'goal'
  2 | inputs: { goal: { typ: string, type: strng } }
    |                   ^
  hint: did you mean 'type'?

a.yaml:2:38: unknown type 'strng'
  2 | inputs: { goal: { typ: string, type: strng } }
    |                                      ^
  hint: did you mean 'string'?

a.yaml:3:13: unknown key 'retyr' in defaults
  3 | defaults: { retyr: 2 }
    |             ^
  hint: did you mean 'retry'?

a.yaml:5:5: step 'a' does nothing
  5 |   - { id: a, rnu: [touch, ran] }
    |     ^
  hint: give it one of: run, agent, steps, parallel, pipe, switch, flow

a.yaml:5:14: unknown key 'rnu' in step 'a'
  5 |   - { id: a, rnu: [touch, ran] }
    |              ^
  hint: did you mean 'run'?

a.yaml:6:33: unknown key 'cahe' in step 'b'
  6 |   - { id: b, run: [touch, ran], cahe: true, retry: { atempts: 3 } }
    |                                 ^
  hint: did you mean 'cache'?

a.yaml:6:54: unknown key 'atempts' in retry
  6 |  { id: b, run: [touch, ran], cahe: true, retry: { atempts: 3 } }
    |                                                   ^
  hint: did you mean 'attempts'?

a.yaml:7:49: unknown key 'timeout' in step 'c'
  7 |   - { id: c, parallel: [{ run: [touch, ran] }], timeout: 3s }
    |                                                 ^
  hint: known keys: id, description, if, else, skip_when, each, matrix, at_least, max_parallel, loop, needs, optional, on_failure, weight, steps, parallel, pipe, always
",
    );
    check(
        "a.toml",
        r#"flow = "a"
[[steps]]
id = "a"
rnu = ["touch", "ran"]
"#,
        r#"a.toml:2:1: step 'a' does nothing
  2 | [[steps]]
    | ^
  hint: give it one of: run, agent, steps, parallel, pipe, switch, flow

a.toml:4:1: unknown key 'rnu' in step 'a'
  4 | rnu = ["touch", "ran"]
    | ^
  hint: did you mean 'run'?
"#,
    );
    check(
        "a.json",
        r#"{"steps": [
  {"id": "a", "run": ["touch", "ran"], "optinal": true}
]}
"#,
        r#"a.json:2:41: unknown key 'optinal' in step 'a'
  2 |   {"id": "a", "run": ["touch", "ran"], "optinal": true}
    |                                         ^
  hint: did you mean 'optional'?
"#,
    );
}

#[test]
fn names_that_mean_nothing_are_told_with_the_nearest_that_does() {
    check(
        "a.yaml",
        r#"inputs:
  goal: { type: string }
steps:
  - { id: build, run: [touch, ran] }
  - id: test
    needs: [bild]
    run: |

      touch ran
      echo {{ steps.biuld.output }} {{ inputs.gaol }}
      echo {{ itm }}
  - { id: each_one, each: [1], steps: [{ id: inner, run: [touch, ran] }] }
  - { id: late, if: steps.nothing.ok, run: "echo {{ steps.inner.output }} {{ item }} {{ steps }}" }
"#,
        r#"a.yaml:6:13: unknown step 'bild'
  6 |     needs: [bild]
    |             ^
  hint: did you mean 'build'?

a.yaml:10:12: unknown step 'biuld'
  10 |       echo {{ steps.biuld.output }} {{ inputs.gaol }}
     |            ^
  hint: did you mean 'build'?

a.yaml:10:37: unknown input 'gaol'
  10 |       echo {{ steps.biuld.output }} {{ inputs.gaol }}
     |                                     ^
  hint: did you mean 'inputs.goal'?

a.yaml:11:12: unknown name 'itm'
  11 |       echo {{ itm }}
     |            ^
  hint: did you mean 'item'?

a.yaml:13:21: unknown step 'nothing'
  13 |   - { id: late, if: steps.nothing.ok, run: "echo {{ steps.inner.output }} {{ item }} {{ steps }}" }
     |                     ^
  hint: steps are named by their 'id'

a.yaml:13:50: step 'inner' runs once for each item of 'each_one'
  13 |   - { id: late, if: steps.nothing.ok, run: "echo {{ steps.inner.output }} {{ item }} {{ steps }}" }
     |                                                  ^
  hint: use steps.each_one.items, the list of all results

a.yaml:13:75: 'item' is used outside of an 'each'
  13 | s.nothing.ok, run: "echo {{ steps.inner.output }} {{ item }} {{ steps }}" }
     |                                                   ^
  hint: 'item' exists only in the body of an 'each' or a 'matrix'

a.yaml:13:86: 'steps' is used without saying which step is meant
  13 | k, run: "echo {{ steps.inner.output }} {{ item }} {{ steps }}" }
     |                                                   ^
  hint: name the step: steps.NAME.output; a list of all steps cannot be followed
"#,
    );
    check(
        "a.toml",
        r#"[[steps]]
run = '''
touch ran
echo {{ itm }}
'''
env = { A = "{{ indx }}" }
"#,
        r#"a.toml:4:6: unknown name 'itm'
  4 | echo {{ itm }}
    |      ^
  hint: did you mean 'item'?

a.toml:6:14: unknown name 'indx'
  6 | env = { A = "{{ indx }}" }
    |              ^
  hint: did you mean 'index'?
"#,
    );
}

#[test]
fn a_cycle_is_drawn() {
    check(
        "a.yaml",
        r#"parallel:
  - { id: a, run: [echo, "{{ steps.b.output }}"] }
  - { id: b, run: [echo, "{{ steps.c.output }}"] }
  - { id: c, needs: a, run: [touch, ran] }
"#,
        "a.yaml:4:5: these steps wait for each other: a -> b -> c -> a
  4 |   - { id: c, needs: a, run: [touch, ran] }
    |     ^
  hint: a step can use only what comes before it; in a list of 'steps' that is what stands above it
",
    );
    check(
        "a.yaml",
        r#"steps:
  - { id: first, run: [echo, "{{ steps.second.output }}"] }
  - { id: second, run: [touch, ran] }
"#,
        "a.yaml:3:5: these steps wait for each other: first -> second -> first
  3 |   - { id: second, run: [touch, ran] }
    |     ^
  hint: a step can use only what comes before it; in a list of 'steps' that is what stands above it
",
    );
    check(
        "a.yaml",
        "steps: [{ id: a, run: [echo, \"{{ steps.a.output }}\"] }]\n",
        r#"a.yaml:1:31: step 'a' uses its own result, or that of a group it is part of
  1 | steps: [{ id: a, run: [echo, "{{ steps.a.output }}"] }]
    |                               ^
"#,
    );
}

#[test]
fn groups_and_steps_without_work_are_refused() {
    check(
        "a.yaml",
        r#"steps:
  - { id: a, parallel: [] }
  - { id: b, run: [] }
  - { id: c, run: "" }
  - { id: d }
  - { id: e, if: "true", run: [touch, ran], else: [] }
  - { id: f, run: [touch, ran], always: [{ run: [touch, ran] }] }
"#,
        r#"a.yaml:2:24: 'parallel' is empty
  2 |   - { id: a, parallel: [] }
    |                        ^
  hint: add a step or remove it

a.yaml:3:19: 'run' is empty
  3 |   - { id: b, run: [] }
    |                   ^
  hint: run: [program, argument, ..]

a.yaml:4:20: 'run' is empty
  4 |   - { id: c, run: "" }
    |                    ^
  hint: run: [program, argument, ..]

a.yaml:5:5: step 'd' does nothing
  5 |   - { id: d }
    |     ^
  hint: give it one of: run, agent, steps, parallel, pipe, switch, flow

a.yaml:6:51: 'else' is empty
  6 |   - { id: e, if: "true", run: [touch, ran], else: [] }
    |                                                   ^
  hint: add a step or remove it

a.yaml:7:33: unknown key 'always' in step 'f'
  7 |   - { id: f, run: [touch, ran], always: [{ run: [touch, ran] }] }
    |                                 ^
  hint: known keys: id, description, if, else, skip_when, each, matrix, at_least, max_parallel, loop, needs, optional, on_failure, weight, run, env, secrets, cwd, stdin, ok_codes, outputs, output, retry, timeout, cache, fallback, check, judge, undo, get, put
"#,
    );
    check(
        "a.yaml",
        "flow: a\n",
        "a.yaml:1:1: the workflow has no steps
  1 | flow: a
    | ^
  hint: add 'steps:' with a list of steps
",
    );
}

#[test]
fn an_id_is_a_plain_word_and_unique() {
    check(
        "a.yaml",
        "steps:
  - { id: .., run: [touch, ran] }
  - { id: a/b, run: [touch, ran] }
  - { id: a-b, run: [touch, ran] }
  - { id: twice, run: [touch, ran] }
  - { id: twice, run: [touch, ran] }
  - { id: 7, run: [touch, ran] }
",
        "a.yaml:2:11: '..' cannot be a step's id
  2 |   - { id: .., run: [touch, ran] }
    |           ^
  hint: use letters, digits and '_', beginning with a letter, at most 48

a.yaml:3:11: 'a/b' cannot be a step's id
  3 |   - { id: a/b, run: [touch, ran] }
    |           ^
  hint: use letters, digits and '_', beginning with a letter, at most 48

a.yaml:4:11: 'a-b' cannot be a step's id
  4 |   - { id: a-b, run: [touch, ran] }
    |           ^
  hint: use letters, digits and '_', beginning with a letter, at most 48; in a template '-' is minus

a.yaml:6:11: the id 'twice' is taken by the step at line 5
  6 |   - { id: twice, run: [touch, ran] }
    |           ^
  hint: ids are unique in a workflow

a.yaml:7:11: id must be text, not a whole number
  7 |   - { id: 7, run: [touch, ran] }
    |           ^
",
    );
}

#[test]
fn a_value_where_the_shell_reads_none_is_refused() {
    check(
        "a.yaml",
        r#"inputs: { v: { type: string } }
steps:
  - run: |
      touch ran
      echo '{{ inputs.v }}'
  - { run: "echo `cat {{ inputs.v }}` # {{ inputs.v }}" }
  - { run: 'echo "${{ inputs.v }}"' }
  - run: |
      cat <<END
      {{ inputs.v }}
      END
  - { run: "echo {{ inputs.v" }
"#,
        r#"a.yaml:5:13: a value cannot stand inside single quotes
  5 |       echo '{{ inputs.v }}'
    |             ^
  hint: use double quotes or none: a value is one word anyway

a.yaml:6:23: a value cannot stand inside back-ticks
  6 |   - { run: "echo `cat {{ inputs.v }}` # {{ inputs.v }}" }
    |                       ^
  hint: use $( )

a.yaml:6:41: a value cannot stand inside a comment
  6 |   - { run: "echo `cat {{ inputs.v }}` # {{ inputs.v }}" }
    |                                         ^
  hint: remove it

a.yaml:7:19: a '$' stands before a value
  7 |   - { run: 'echo "${{ inputs.v }}"' }
    |                   ^
  hint: write {{ value }} without it; \$ is a dollar sign

a.yaml:10:7: a value cannot stand inside a heredoc
  10 |       {{ inputs.v }}
     |       ^
  hint: use stdin: for the text, or give it a name first: x={{ value }}

a.yaml:12:18: this {{ is not closed
  12 |   - { run: "echo {{ inputs.v" }
     |                  ^
  hint: close it with }}
"#,
    );
}

#[test]
fn settings_of_the_wrong_kind_are_told_with_what_fits() {
    check(
        "a.yaml",
        r#"defaults: { timeout: 15 }
inputs: { n: { type: integer, default: three } }
steps:
  - { run: [touch, ran], retry: many, timeout: 0s, cache: 3 }
  - { run: [touch, ran], ok_codes: [0, 300], env: [A], retry: 0 }
  - { run: [touch, ran], retry: { wait: 2s, max_wait: 1s }, if: "1 +", each: inputs.n }
  - { agent: nobody, with: { a: 1 } }
  - { run: [touch, ran], else: [{ run: [touch, ran] }] }
"#,
        r#"a.yaml:1:22: timeout 15 has no unit
  1 | defaults: { timeout: 15 }
    |                      ^
  hint: write a number with its unit: 500ms, 30s, 15m, 2h, 7d

a.yaml:2:40: the default of input 'n' must be of type integer, not text
  2 | inputs: { n: { type: integer, default: three } }
    |                                        ^

a.yaml:4:33: retry must be a number of attempts or a map, not text
  4 |   - { run: [touch, ran], retry: many, timeout: 0s, cache: 3 }
    |                                 ^

a.yaml:4:48: timeout '0s' is no duration
  4 |   - { run: [touch, ran], retry: many, timeout: 0s, cache: 3 }
    |                                                ^
  hint: write a number with its unit: 500ms, 30s, 15m, 2h, 7d

a.yaml:4:59: cache must be true, false or a map, not a whole number
  4 | n: [touch, ran], retry: many, timeout: 0s, cache: 3 }
    |                                                   ^

a.yaml:5:40: an exit code must be from 0 to 255, not 300
  5 |   - { run: [touch, ran], ok_codes: [0, 300], env: [A], retry: 0 }
    |                                        ^

a.yaml:5:51: env must be a map, not a list
  5 |   - { run: [touch, ran], ok_codes: [0, 300], env: [A], retry: 0 }
    |                                                   ^

a.yaml:5:63: retry (attempts, the first included) must be from 1 to 1000, not 0
  5 | touch, ran], ok_codes: [0, 300], env: [A], retry: 0 }
    |                                                   ^

a.yaml:6:33: max_wait is shorter than wait
  6 |   - { run: [touch, ran], retry: { wait: 2s, max_wait: 1s }, if: "1 +", each: inputs.n }
    |                                 ^

a.yaml:6:66: the expression cannot be read: unexpected end of input, expected expression
  6 | ch, ran], retry: { wait: 2s, max_wait: 1s }, if: "1 +", each: inputs.n }
    |                                                   ^

a.yaml:6:78: 'each' takes a list or a value in braces
  6 | try: { wait: 2s, max_wait: 1s }, if: "1 +", each: inputs.n }
    |                                                   ^
  hint: each: "{{ inputs.n }}", or a list

a.yaml:7:14: unknown agent 'nobody'
  7 |   - { agent: nobody, with: { a: 1 } }
    |              ^
  hint: no agents are registered; use 'run' for a command

a.yaml:8:32: an 'else' needs an 'if' beside it
  8 |   - { run: [touch, ran], else: [{ run: [touch, ran] }] }
    |                                ^
"#,
    );
}
