//! Runs that go on from what another did: forks, retries, marks. What was done is kept, and counted in a file of effects.

use crate::support::{Project, wait};

/// Each step leaves a line in `effects`; the second fails unless there is a file `fixed`.
const FLOW: &str = "flow: chain
inputs: { word: { type: string, default: hello } }
steps:
  - { id: first, run: 'echo first >> effects; echo one' }
  - { id: second, run: 'echo second >> effects; echo {{ inputs.word }}' }
  - { id: third, run: 'echo third >> effects; echo {{ steps.second.output }} {{ steps.first.output }}' }
  - { id: fourth, run: 'echo fourth >> effects' }
";

/// The show-case: 102 items, of which the fourth fails until there is a file `fixed`.
const MANY: &str = "flow: many
steps:
  - id: review
    each: \"{{ range(102) }}\"
    run: 'echo item {{ item }} >> effects; test {{ item }} != 3 || test -e fixed'
  - { id: report, run: 'echo report >> effects' }
";

fn ran(flow: &str, code: i32) -> Project {
    let project = Project::of(flow);
    let ran = project.segno(&["run", "flow.yaml"]);
    assert_eq!(ran.code, Some(code), "{}{}", ran.err, ran.out);
    project
}

/// Runs a command and checks its exit code, what it says on stderr, and all effects since the project began.
fn check(project: &Project, words: &[&str], code: i32, said: &str, effects: &str) -> String {
    let ran = project.segno(words);
    assert_eq!(ran.code, Some(code), "{words:?}: {}{}", ran.err, ran.out);
    assert!(ran.err.contains(said), "{words:?}: {}", ran.err);
    assert_eq!(project.read("effects").split_whitespace().collect::<Vec<_>>().join(" "), effects, "{words:?}");
    ran.out
}

#[test]
fn of_102_items_only_the_one_that_failed_runs_again() {
    let project = ran(MANY, 1);
    let count = |project: &Project| project.read("effects").lines().count();
    assert_eq!(count(&project), 102);
    project.write("fixed", "");
    let told = project.told(&["retry", "latest"]);
    let expected = "segno: nothing was started\n  hint: do it with: segno retry RUN --failed\n2\n\
        failed: review[3]\nwould run again: review[3]\nwould be kept: 101\n";
    assert_eq!(told, expected);
    assert_eq!(count(&project), 102);
    let retried = project.segno(&["retry", "latest", "--failed"]);
    assert_eq!(retried.code, Some(0), "{}{}", retried.err, retried.out);
    assert!(retried.err.contains("forking RUN (many): 101 tasks kept, again: review[3]\n"), "{}", retried.err);
    // A prefix of the list would have been three items, and 99 would have run again.
    let effects = project.read("effects");
    let again: Vec<&str> = effects.lines().skip(102).collect();
    assert_eq!(again, ["item 3", "report"]);
    let report = project.report();
    assert_eq!((&report["figures"]["taken_over"], &report["figures"]["attempts"]), (&101.into(), &2.into()));
    assert!(retried.out.starts_with("✓ many succeeded in TIME: 103 of 103 tasks done · 101 kept\n"), "{}", retried.out);
    let told = project.told(&["retry"]);
    assert_eq!(told, "0\nnothing failed in run RUN, so there is nothing to retry\n");
}

#[test]
fn a_limit_on_items_does_not_hide_what_was_done_behind_it() {
    let project = ran(&MANY.replace("    run:", "    max_parallel: 1\n    run:"), 1);
    project.write("fixed", "");
    assert_eq!(project.segno(&["retry", "latest", "--failed"]).code, Some(0));
    assert_eq!(project.read("effects").lines().count(), 104);
}

#[test]
fn a_fork_keeps_what_came_before_a_step() {
    let project = ran(FLOW, 0);
    let out = check(
        &project,
        &["fork", "latest", "--from", "third"],
        0,
        "forking RUN (chain): 2 tasks kept, again: third, fourth\n",
        "first second third fourth third fourth",
    );
    let expected = "✓ chain succeeded in TIME: 4 of 4 tasks done · 2 kept
  ✓ first   kept
  ✓ second  kept
  ✓ third   TIME
  ✓ fourth  TIME

more: segno show RUN
";
    assert_eq!(out, expected);
    assert_eq!(project.output("third"), "hello one\n");
    let report = project.report();
    assert_eq!(report["tasks"][0]["taken_over"], true);
    assert!(report["forked_from"].is_string());
    assert!(project.segno(&["show"]).out.contains("  fork of     RUN, 2 tasks kept\n"));
}

#[test]
fn other_inputs_run_again_what_uses_them() {
    let project = ran(FLOW, 0);
    let said = "forking RUN (chain): 1 task kept, again: second, third, fourth\n";
    let effects = "first second third fourth second third fourth";
    check(&project, &["fork", "latest", "--word", "bye"], 0, said, effects);
    assert_eq!(project.output("third"), "bye one\n");
    let independent = "{ inputs: { word: { type: string, default: a } }, parallel: [{ id: uses, run: 'echo {{ inputs.word }} >> effects' }, { id: other, run: 'echo other > other' }] }";
    let project = ran(independent, 0);
    check(&project, &["fork", "latest", "--word", "b"], 0, "1 task kept, again: uses\n", "a b");
}

#[test]
fn what_cannot_be_forked_is_told() {
    let project = ran(&FLOW.replace("echo second >> effects;", "exit 3;"), 1);
    let told = |words: &[&str]| project.told(words);
    assert_eq!(
        told(&["fork", "latest", "--from", "thrid"]),
        "segno: there is no step 'thrid'\n  hint: did you mean 'third'?\n2\n"
    );
    assert_eq!(
        told(&["fork", "latest", "--from", "third"]),
        "segno: 'third' never ran in run RUN\n  hint: what ran is: first, second\n2\n"
    );
    assert_eq!(
        told(&["fork", "latest", "--from", "first[7]"]),
        "segno: 'first[7]' never ran in run RUN\n  hint: what ran is: first, second\n2\n"
    );
    assert_eq!(
        told(&["fork", "latest", "--at", "step-3"]),
        "segno: run RUN has no mark 'step-3'\n  hint: it has none; 'checkpoints' in the workflow says when marks are set\n2\n"
    );
    assert_eq!(
        told(&["fork", "latest", "--from", "first", "--wrod", "x"]),
        "segno: unknown input 'wrod'; did you mean 'word'?\n2\n"
    );
    assert_eq!(
        told(&["fork", "nowhere", "--from", "first"]),
        "segno: there is no run 'nowhere'\n  hint: segno runs lists them\n2\n"
    );
    for words in
        [&["fork", "latest"][..], &["fork", "latest", "--from", "a", "--at", "b"], &["fork", "x", "--from", "a b"]]
    {
        let ran = project.segno(words);
        assert_eq!((ran.code, &*ran.out), (Some(2), ""), "{words:?}");
    }
    assert_eq!(project.segno(&["runs"]).out.lines().count(), 2, "nothing was started");
}

#[test]
fn a_run_goes_back_to_a_mark() {
    let project = ran(FLOW, 0);
    let report = project.report();
    assert_eq!((report["marks"].as_array().unwrap().len(), &report["marks"][0]["name"]), (1, &"step-3".into()));
    assert!(project.segno(&["show"]).out.contains("  marks       step-3\n"));
    let effects = "first second third fourth fourth";
    check(&project, &["resume", "latest", "--at", "step-3"], 0, "resuming RUN (chain)\n", effects);
    assert_eq!(project.segno(&["runs"]).out.lines().count(), 2, "it is the same run");
    assert_eq!(
        project.told(&["resume", "latest", "--at", "step-2"]),
        "segno: run RUN has no mark 'step-2'\n  hint: did you mean 'step-3'?\n2\n"
    );
    let said = "forking RUN (chain): 3 tasks kept\n";
    check(&project, &["fork", "latest", "--at", "step-3"], 0, said, &format!("{effects} fourth"));
}

#[test]
fn of_two_that_go_back_at_once_one_does() {
    let wait_for_go = "echo b >> effects; while [ ! -e go ]; do sleep 0.02; done";
    let flow = format!(
        "checkpoints: {{ every: 1 }}\nsteps:\n- {{ id: a, run: 'echo a >> effects' }}\n- {{ id: b, run: '{wait_for_go}' }}\n"
    );
    let project = Project::of(&flow);
    project.write("go", "");
    assert_eq!(project.segno(&["run", "flow.yaml"]).code, Some(0));
    std::fs::remove_file(project.path("go")).unwrap();
    let back = ["resume", "latest", "--at", "step-1"];
    let first = project.start(&back);
    wait("the second step", || project.read("effects") == "a\nb\nb\n");
    let locked = "segno: run RUN is being worked on\n  hint: wait until it ends, or stop the other process\n75\n";
    assert_eq!(project.told(&back), locked);
    project.write("go", "");
    assert_eq!(first.end().code, Some(0));
    assert_eq!(project.read("effects"), "a\nb\nb\n");
}

#[test]
fn a_round_and_a_batch_have_marks() {
    let project = ran(
        "flow: rounds
checkpoints: { every: 0 }
steps:
  - { id: both, parallel: [{ id: a, run: 'echo a >> effects' }, { id: b, needs: a, run: 'echo b >> effects' }] }
  - { id: optimize, loop: 5, run: 'echo {{ round }} >> effects' }
",
        0,
    );
    let report = project.report();
    let names: Vec<&str> =
        report["marks"].as_array().unwrap().iter().filter_map(|mark| mark["name"].as_str()).collect();
    let rounds = ["round-optimize-1", "round-optimize-2", "round-optimize-3", "round-optimize-4", "round-optimize-5"];
    assert_eq!(names, [&["batch-both"][..], &rounds].concat());
    check(&project, &["resume", "latest", "--at", "round-optimize-3"], 0, "", "a b 1 2 3 4 5 4 5");
    check(&project, &["fork", "latest", "--from", "optimize[3]"], 0, "", "a b 1 2 3 4 5 4 5 4 5");
}

#[test]
fn todays_file_is_taken_up_on_demand() {
    let project = ran(&FLOW.replace("echo third >> effects;", "exit 3;"), 1);
    project.write("flow.yaml", FLOW);
    let said = "forking RUN (chain): 2 tasks kept, again: third\n";
    check(&project, &["resume", "latest", "--upgrade"], 0, said, "first second third fourth");
    let said = "flow.yaml has not changed since\nsegno: run RUN has ended: succeeded\n";
    check(&project, &["resume", "latest", "--upgrade"], 1, said, "first second third fourth");
}

#[test]
fn a_run_begins_at_a_step_with_todays_file() {
    let project = Project::of(FLOW);
    assert_eq!(
        project.told(&["run", "flow.yaml", "--from", "third"]),
        "segno: flow.yaml has not been run yet\n  hint: --from keeps what an earlier run did; run it without --from first\n2\n"
    );
    let project = ran(FLOW, 0);
    let effects = "first second third fourth third fourth";
    check(&project, &["run", "flow.yaml", "--from", "third"], 0, "2 tasks kept, again: third, fourth\n", effects);
    project.write("flow.yaml", FLOW.replace("echo second >>", "echo other >>"));
    let said = "1 task kept, again: second, third, fourth\n";
    check(&project, &["run", "flow.yaml", "--from", "third"], 0, said, &format!("{effects} other third fourth"));
    assert_eq!(
        project.told(&["run", "flow.yaml", "--from", "thrid"]),
        "segno: there is no step 'thrid'\n  hint: did you mean 'third'?\n2\n"
    );
}

#[test]
fn only_some_steps_run_with_what_they_need() {
    let project = Project::of(FLOW);
    let out = check(&project, &["run", "flow.yaml", "--only", "third"], 0, "", "first second third");
    assert!(out.contains("  – fourth  not asked for\n"), "{out}");
    check(&project, &["run", "flow.yaml", "--only", "first,fourth"], 0, "", "first second third first fourth");
    assert_eq!(
        project.told(&["run", "flow.yaml", "--only", "first,foruth"]),
        "segno: there is no step 'foruth'\n  hint: did you mean 'fourth'?\n2\n"
    );
    let said = "again: second, third, fourth\n";
    check(&project, &["retry", "latest", "--failed"], 0, said, "first second third first fourth second third fourth");
}

#[test]
fn what_is_remembered_can_be_run_all_the_same() {
    let project = Project::of("steps: [{ id: a, run: 'echo a >> effects', cache: { files: [] } }]");
    check(&project, &["run", "flow.yaml", "--no-cache"], 0, "", "a");
    check(&project, &["run", "flow.yaml"], 0, "", "a a");
    check(&project, &["run", "flow.yaml"], 0, "", "a a");
    let out = check(&project, &["run", "flow.yaml", "--force"], 0, "", "a a a");
    assert!(out.contains("re-run because what is stored was not to be used"), "{out}");
    check(&project, &["run", "flow.yaml"], 0, "", "a a a");
    let both = project.segno(&["run", "flow.yaml", "--force", "--no-cache"]);
    assert_eq!(both.code, Some(2));
}
