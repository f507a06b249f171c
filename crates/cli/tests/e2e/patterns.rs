//! The patterns from outside: loops, pipes, cases, sub-workflows, fallbacks, checks, judges, undo; each with what goes
//! wrong in it.

use crate::support::Project;

/// Runs a flow and returns what became of each task: `task: status output`, in the report's order, after the exit code.
#[track_caller]
fn check(project: &Project, words: &[&str], expected: &str) {
    let ran = project.segno(&[&["run", "flow.yaml"], words].concat());
    let report = project.report();
    let mut lines = vec![format!("{} {}", ran.code.unwrap(), report["status"].as_str().unwrap())];
    for task in report["tasks"].as_array().unwrap() {
        let text = |name: &str| task[name].as_str().map(str::to_owned);
        let said = text("output").or_else(|| (!task["output"].is_null()).then(|| task["output"].to_string()));
        let fault = task["fault"]["message"].as_str().map(|message| format!(" ! {message}"));
        let line = format!(
            "{}: {} {}{}",
            text("task").unwrap(),
            text("status").unwrap_or("open".into()),
            said.unwrap_or_default(),
            fault.unwrap_or_default()
        );
        lines.push(line.trim_end().replace('\n', "\\n"));
    }
    let expected: Vec<&str> = expected.trim().lines().map(str::trim).collect();
    assert_eq!(lines, expected, "{}{}", ran.err, ran.out);
}

#[test]
fn a_loop_ends_when_its_condition_holds_and_sees_the_round_before() {
    let project = Project::of(
        r#"steps:
  - id: fix
    loop: { until: "steps.check.ok", max: 5 }
    steps:
      - { id: edit, run: "echo {{ round }} after {{ previous.check.errors | default('nothing') }}" }
      - { id: check, run: "test {{ index }} -ge 2 || { echo no {{ index }} >&2; exit 1; }" }
  - { id: after, run: "echo {{ steps.fix.rounds }} rounds, kept {{ steps.fix.best }}: {{ steps.edit.output }}" }
"#,
    );
    check(
        &project,
        &[],
        "0 succeeded
        edit[0]: succeeded 1 after nothing
        edit[1]: succeeded 2 after no 0
        edit[2]: succeeded 3 after no 1
        check[0]: failed  ! the command ended with exit code 1
        check[1]: failed  ! the command ended with exit code 1
        check[2]: succeeded
        after: succeeded 3 rounds, kept 3: 3 after no 1",
    );
}

#[test]
fn a_loop_at_its_limit_keeps_its_best_round_and_is_partial() {
    let flow = |more: &str| {
        format!(
            "steps:
  - id: tune
    loop: {{ until: 'false', max: 3, score: steps.try.output{more} }}
    steps: [{{ id: try, run: \"case $SEGNO_STEP in *1*) echo 0.9;; *) echo 0.2;; esac\" }}]
  - {{ id: last, run: \"echo {{{{ steps.tune.best }}}} {{{{ steps.tune.score }}}} {{{{ steps.try.output }}}}\" }}
"
        )
    };
    let tries = "try[0]: succeeded 0.2
        try[1]: succeeded 0.9
        try[2]: succeeded 0.2";
    check(&Project::of(&flow("")), &[], &format!("0 degraded\n{tries}\nlast: succeeded 2 0.9 0.9"));
    check(&Project::of(&flow(", at_limit: fail")), &[], &format!("1 failed\n{tries}"));
}

#[test]
fn a_counted_loop_and_a_while_loop_stop_by_themselves() {
    let project = Project::of(
        r#"steps:
  - { id: twice, loop: 2, run: "echo {{ round }}" }
  - { id: grow, loop: { while: "steps.grow.status == 'skipped' or previous.grow.output | default('x') != 'xx'", max: 9 }, run: "echo x" }
"#,
    );
    // A loop's own result cannot decide about it: that of its round can.
    let ran = project.segno(&["run", "flow.yaml"]);
    assert_eq!(ran.code, Some(2), "{}", ran.err);
    assert!(ran.err.contains("step 'grow' uses its own result"), "{}", ran.err);
    let project = Project::of(
        r#"steps:
  - { id: twice, loop: 2, run: "echo {{ round }}" }
  - id: grow
    loop: { while: "steps.add.output | default('') != '3'", max: 9 }
    steps: [{ id: add, run: "echo {{ round }}" }]
  - { id: never, loop: { while: "false", max: 9 }, run: [touch, ran] }
  - id: stuck
    optional: true
    loop: { while: "true", max: 2 }
    steps: [{ id: turn, run: [echo, again] }]
"#,
    );
    check(
        &project,
        &[],
        "0 degraded
        twice[0]: succeeded 1
        twice[1]: succeeded 2
        add[0]: succeeded 1
        add[1]: succeeded 2
        add[2]: succeeded 3
        turn[0]: succeeded again
        turn[1]: succeeded again",
    );
    assert!(!project.has("ran"));
}

#[test]
fn a_loop_that_does_not_say_when_it_is_over_is_a_mistake() {
    let project = Project::of("steps: [{ id: a, loop: { score: '1' }, run: [x] }]\n");
    let ran = project.segno(&["run", "flow.yaml"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("flow.yaml:1:24: this 'loop' does not say when it is over"), "{}", ran.err);
}

#[test]
fn items_stream_through_a_pipe_in_order_and_one_that_fails_drops_out() {
    let project = Project::of(
        r#"steps:
  - id: line
    each: [a, b, c]
    at_least: 2
    pipe:
      - { id: take, run: "echo {{ item }} >> took; test {{ item }} != b" }
      - { id: pack, run: "echo packed {{ item }}; echo {{ item }} >> packed" }
  - { id: count, run: "echo {{ steps.line.items | map(attribute='status') | join(' ') }}" }
"#,
    );
    check(
        &project,
        &["--jobs", "4"],
        "0 degraded
        take[0]: succeeded
        take[1]: failed  ! the command ended with exit code 1
        take[2]: succeeded
        pack[0]: succeeded packed a
        pack[2]: succeeded packed c
        count: succeeded succeeded failed succeeded",
    );
    assert_eq!((project.read("took"), project.read("packed")), ("a\nb\nc\n".into(), "a\nc\n".into()));
}

#[test]
fn a_matrix_is_every_combination_and_too_few_items_fail() {
    let project = Project::of(
        r#"steps:
  - { id: grid, matrix: { os: [linux, mac], n: "{{ [1, 2] }}" }, max_parallel: 1, run: "echo {{ item.os }}{{ item.n }}" }
  - { id: most, each: [0, 1, 1], at_least: 60%, run: "exit {{ item }}" }
"#,
    );
    check(
        &project,
        &[],
        "1 failed
        grid[0]: succeeded linux1
        grid[1]: succeeded linux2
        grid[2]: succeeded mac1
        grid[3]: succeeded mac2
        most[0]: succeeded
        most[1]: failed  ! the command ended with exit code 1
        most[2]: failed  ! the command ended with exit code 1",
    );
}

#[test]
fn a_case_is_chosen_by_a_value_and_what_is_left_out_degrades() {
    let project = Project::of(
        r#"inputs: { kind: { type: string, default: bug }, quick: { type: boolean, default: false } }
steps:
  - id: route
    switch: inputs.kind
    cases:
      bug: [{ id: fix, run: [echo, fixed] }]
      feature: { id: build, run: [echo, built] }
    default: [{ id: ask, run: [echo, asked] }]
  - { id: deep, skip_when: inputs.quick, run: [echo, looked] }
  - { id: end, run: "echo {{ steps.fix.ok }} {{ steps.deep.status }}" }
"#,
    );
    check(&project, &[], "0 succeeded\nfix: succeeded fixed\ndeep: succeeded looked\nend: succeeded true succeeded");
    check(
        &project,
        &["--kind", "else", "--quick", "true"],
        "0 degraded\nask: succeeded asked\ndeep: skipped\nend: succeeded false skipped",
    );
}

#[test]
fn a_sub_workflow_has_its_own_inputs_steps_and_outputs() {
    let project = Project::of(
        r#"outputs: { said: "{{ steps.call.outputs.word | upper }}" }
steps:
  - { id: word, run: [echo, first] }
  - { id: call, flow: parts/inner.yaml, with: { word: "{{ steps.word.output }}", times: 2 } }
  - { id: end, run: "echo {{ steps.call.outputs.word }}, {{ steps.call.outputs.count }}" }
"#,
    );
    project.write(
        "parts/inner.yaml",
        r#"inputs: { word: { type: string, required: true }, times: { type: integer, default: 9 } }
outputs: { word: "{{ steps.word.items[1].output }}", count: "{{ inputs.times }}" }
steps:
  - { id: word, each: "{{ range(inputs.times) | list }}", run: "echo {{ inputs.word }} {{ item }}" }
"#,
    );
    check(
        &project,
        &[],
        "0 succeeded
        word: succeeded first
        call/word[0]: succeeded first 0
        call/word[1]: succeeded first 1
        end: succeeded first 1, 2",
    );
}

#[test]
fn a_workflow_that_calls_itself_or_another_wrongly_is_a_mistake_with_its_place() {
    let project = Project::of("steps: [{ id: a, flow: b.yaml, with: { wrod: x } }]\n");
    project
        .write("b.yaml", "inputs: { word: { type: string, required: true } }\nsteps: [{ id: c, flow: ./flow.yaml }]\n");
    let ran = project.segno(&["run", "flow.yaml"]);
    assert_eq!(ran.code, Some(2));
    for said in [
        "flow.yaml:1:24: in b.yaml:2:24: this workflow calls itself: flow.yaml -> b.yaml -> flow.yaml",
        "the workflow 'b.yaml' has no input 'wrod'",
        "did you mean 'word'?",
        "the workflow 'b.yaml' needs the input 'word'",
    ] {
        assert!(ran.err.contains(said), "{said}\n{}", ran.err);
    }
    let project = Project::of("steps: [{ id: a, flow: gone.yaml }]\n");
    let ran = project.segno(&["run", "flow.yaml"]);
    assert!(ran.err.contains("flow.yaml:1:24: in gone.yaml: there is no such file"), "{}", ran.err);
}

#[test]
fn a_fallback_takes_over_and_a_simpler_one_is_worth_a_part() {
    let project = Project::of(
        r#"agents:
  full: { run: [sh, -c, "exit 69"], retry: 1 }
  other: { run: [echo, "{{ with.word }}"] }
steps:
  - { id: moved, agent: full, with: { word: hello }, fallback: other }
  - id: simple
    run: exit 1
    fallback:
      - { run: exit 2 }
      - { run: [echo, roughly], partial: true }
  - { id: none, optional: true, run: exit 1, fallback: [{ run: exit 3 }] }
"#,
    );
    check(
        &project,
        &[],
        "0 degraded
        moved: succeeded hello
        simple: partial roughly
        none: failed  ! the command ended with exit code 3",
    );
}

#[test]
fn a_check_and_a_judge_decide_over_what_the_step_says_of_itself() {
    let project = Project::of(
        r#"steps:
  - id: done
    retry: { attempts: 3, wait: 1ms, max_wait: 1ms }
    run: echo done; echo x >> tries
    check: "test $(wc -l < tries) -ge 2"
  - { id: judged, run: [echo, text], judge: { run: "echo '{\"score\": 0.8}'", min: 0.7 } }
  - { id: claims, optional: true, retry: 1, run: [echo, fine], check: [{ run: [test, "{{ this.output }}", =, better] }] }
  - { id: seven, optional: true, retry: 1, run: [echo, x], judge: { run: [echo, "7"] } }
  - { id: low, optional: true, retry: 1, run: [echo, x], judge: { run: [echo, "0.3"], min: 0.5 } }
  - { id: end, run: "echo {{ steps.done.quality }} {{ steps.judged.quality }}" }
"#,
    );
    check(
        &project,
        &[],
        "0 degraded
        done: succeeded done
        judged: succeeded text
        claims: failed fine ! the step said that it was done, and its check 'test {{ this.output }} = better' does not hold
        seven: failed x ! the judge 'run' answered 7; a score is from 0 to 1
        low: failed x ! the judge 'run' gave 0.3, and 0.5 is the least
        end: succeeded 1.0 0.8",
    );
    assert_eq!(project.read("tries"), "x\nx\n");
}

#[test]
fn effects_are_taken_back_last_first_when_the_workflow_fails() {
    let project = Project::of(
        r#"steps:
  - { id: one, run: [echo, first], undo: { run: "echo undo {{ this.output }} >> undone" } }
  - { id: two, each: [a, b], max_parallel: 1, run: "echo {{ item }}", undo: { run: "echo undo {{ this.output }} >> undone; exit {{ index }}" } }
  - { id: not_run, if: "false", run: [x], undo: { run: "echo never >> undone" } }
  - { id: three, run: exit 9, undo: { run: "echo never >> undone" } }
on_failure:
  - { id: tell, run: "echo {{ steps.three.error }}" }
always:
  - { id: clean, run: "cat undone" }
"#,
    );
    check(
        &project,
        &[],
        "1 failed
        one: succeeded first
        two[0]: succeeded a
        two[1]: succeeded b
        not_run: skipped
        three: failed  ! the command ended with exit code 9
        tell: succeeded the command ended with exit code 9
        clean: succeeded undo b\\nundo a\\nundo first
        undo/one: succeeded
        undo/two[0]: succeeded
        undo/two[1]: failed  ! the command ended with exit code 1",
    );
    assert_eq!(project.read("undone"), "undo b\nundo a\nundo first\n");
}

#[test]
fn effects_of_workflows_that_a_called_one_calls_are_taken_back_too() {
    let project = Project::of("steps:\n  - { id: in, flow: sub/a.yaml }\n  - { id: late, run: exit 3 }\n");
    project.write("sub/a.yaml", "steps:\n  - { id: deeper, flow: b.yaml }\n");
    project.write("sub/b.yaml", "steps:\n  - { id: make, run: [echo, made], undo: { run: 'echo back >> undone' } }\n");
    let ran = project.segno(&["run", "flow.yaml"]);
    assert_eq!(ran.code, Some(1), "{}{}", ran.err, ran.out);
    assert_eq!(project.read("undone"), "back\n");
}

#[test]
fn a_workflow_that_calls_itself_many_times_is_told_at_once() {
    let calls: String = (0..12).map(|number| format!("  - {{ id: s{number}, flow: flow.yaml }}\n")).collect();
    let project = Project::of(&format!("steps:\n{calls}"));
    let ran = project.segno(&["validate", "flow.yaml"]);
    assert_eq!(ran.code, Some(2), "{}", ran.out);
    assert!(ran.out.contains("this workflow calls itself: flow.yaml -> flow.yaml"), "{}", ran.out);
}

#[test]
fn steps_share_values_by_key() {
    let project = Project::of(
        r#"steps:
  - { id: leave, run: [echo, left], put: { word: "{{ this.output }}", number: "{{ 2 + 1 }}" } }
  - { id: find, get: [word, number], run: "echo {{ data.word }} {{ data.number + 1 }} {{ data.gone | default('-') }}" }
"#,
    );
    let ran = project.segno(&["run", "flow.yaml"]);
    assert_eq!(ran.code, Some(2), "{}", ran.err);
    assert!(ran.err.contains("ask for it on the step: get: [gone]"), "{}", ran.err);
    project.write("flow.yaml", project.read("flow.yaml").replace("get: [word, number]", "get: [word, number, gone]"));
    check(&project, &[], "0 succeeded\nleave: succeeded left\nfind: succeeded left 4 -");
}

#[test]
fn a_result_file_says_more_than_the_output() {
    let project = Project::of(
        r#"steps:
  - id: count
    output: json
    run: |
      echo '{"found": [1, 2]}'
      echo '{"status": "partial", "summary": "two found", "score": 0.5, "metrics": {"files_read": 3, "rules": 7}, "cost_usd": 0.02}' > "$SEGNO_RESULT"
  - { id: end, run: "echo {{ steps.count.output.found | length }} {{ steps.count.summary }} {{ steps.count.metrics.rules }} {{ steps.count.quality }} {{ steps.count.cost }}" }
  - { id: bad, optional: true, output: json, run: [echo, "no json"] }
"#,
    );
    check(
        &project,
        &[],
        "0 degraded
        count: partial {\"found\":[1,2]}
        end: succeeded 2 two found 7.0 0.5 0.02
        bad: failed no json ! the output of the command is not JSON: expected ident at line 1 column 2",
    );
    let report = project.report();
    let task = report["tasks"].as_array().unwrap().iter().find(|task| task["task"] == "count").unwrap();
    assert_eq!(task["attempts"], 1);
}

#[test]
fn a_list_of_a_million_items_is_refused_with_what_to_do() {
    let project = Project::of(
        "steps: [{ id: a, matrix: { x: \"{{ range(800) | list }}\", y: \"{{ range(800) | list }}\" }, run: [x] }]\n",
    );
    let ran = project.segno(&["run", "flow.yaml"]);
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    assert!(ran.out.contains("a failed: the matrix has more than 500000 combinations"), "{}", ran.out);
}

#[test]
fn a_guard_on_a_step_that_was_skipped_sees_that() {
    let project = Project::of(
        r#"steps:
  - { id: a, if: "false", run: [x] }
  - { id: b, if: "steps.a.ok", run: [x] }
  - { id: c, if: "steps.a.status == 'skipped'", run: [echo, c] }
  - { id: d, if: "steps.a.output == 'x'", optional: true, run: [x] }
"#,
    );
    let undefined =
        "'if' cannot be worked out: 'steps.a.output == 'x'' (line 5, column 19): `steps.a.output` is undefined";
    check(&project, &[], &format!("0 degraded\na: skipped\nb: skipped\nc: succeeded c\nd: failed  ! {undefined}"));
}
