//! What is remembered and what is not: by content, never by time; what was lost is restored; each re-run has a reason.

use std::fs::File;
use std::process::Command;
use std::time::{Duration, SystemTime};

use crate::support::{Project, Ran};

const FLOW: &str = "flow: sums
inputs: { loud: { type: string, default: a-z } }
steps:
  - id: sum
    run: tr {{ inputs.loud }} A-Z < src/a.txt > out.txt; echo made; echo ran >> ran
    cache: { files: ['src/*.txt'], env: [MODE] }
    outputs: [out.txt]
";

fn project() -> Project {
    let project = Project::of(FLOW);
    project.write("src/a.txt", "abc");
    project
}

/// Runs the flow and says how often the step has been run by now, and why it was or was not.
fn why(project: &Project, words: &[&str]) -> String {
    let ran = project.segno(&[&["run", "flow.yaml"], words].concat());
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    format!("{} {}", project.read("ran").lines().count(), project.segno(&["why", "latest", "sum"]).out.trim_end())
}

fn modified(project: &Project, name: &str) -> SystemTime {
    File::open(project.path(name)).unwrap().metadata().unwrap().modified().unwrap()
}

fn set_modified(project: &Project, name: &str, time: SystemTime) {
    File::options().write(true).open(project.path(name)).unwrap().set_modified(time).unwrap();
}

#[test]
fn a_result_holds_as_long_as_what_it_depends_on() {
    let project = project();
    assert_eq!(why(&project, &[]), "1 sum: run, because nothing is stored for it yet");
    assert_eq!(why(&project, &[]), "1 sum: cached: nothing it depends on changed");
    set_modified(&project, "src/a.txt", SystemTime::now() + Duration::from_secs(5));
    assert_eq!(why(&project, &[]), "1 sum: cached: nothing it depends on changed");
    let before = modified(&project, "src/a.txt");
    project.write("src/a.txt", "xyz");
    set_modified(&project, "src/a.txt", before);
    assert_eq!(why(&project, &[]), "2 sum: re-run because src/a.txt changed");
    assert_eq!(project.read("out.txt"), "XYZ");
    std::fs::remove_file(project.path("out.txt")).unwrap();
    assert_eq!(why(&project, &[]), "2 sum: cached; restored out.txt");
    assert_eq!(project.read("out.txt"), "XYZ");
    project.write("out.txt", "abc");
    assert_eq!(why(&project, &[]), "2 sum: cached; restored out.txt");
    assert_eq!((&*project.read("out.txt"), &*project.output("sum")), ("XYZ", "made\n"));
    assert_eq!(
        why(&project, &["--loud", "x-z"]),
        "3 sum: re-run because the value of inputs.loud changed from `a-z` to `x-z`"
    );
    assert_eq!(why(&project, &[]), "3 sum: cached; restored out.txt");
    project.write("src/b.txt", "");
    assert_eq!(
        why(&project, &[]),
        "4 sum: re-run because the value of inputs.loud changed from `x-z` to `a-z` and src/b.txt is new"
    );
    project.write("flow.yaml", FLOW.replace("echo made", "echo done"));
    assert_eq!(
        why(&project, &[]),
        "5 sum: re-run because the command changed from `tr \"${SEGNO_1}\" A-Z < src/a.txt > out.txt; echo made; echo ran >> ran` to `tr \"${SEGNO_1}\" A-Z < src/a.txt > out.txt; echo done; echo ran >> ran`"
    );
    project.write("flow.yaml", FLOW.replace("env: [MODE]", "env: [MODE], salt: two"));
    assert_eq!(
        why(&project, &[]),
        "6 sum: re-run because the command changed from `tr \"${SEGNO_1}\" A-Z < src/a.txt > out.txt; echo done; echo ran >> ran` to `tr \"${SEGNO_1}\" A-Z < src/a.txt > out.txt; echo made; echo ran >> ran` and the salt changed from `` to `two`"
    );
    project.write("src/a.txt", "abc");
    std::fs::remove_file(project.path("src/b.txt")).unwrap();
    project.write("flow.yaml", FLOW);
    assert_eq!(why(&project, &[]), "6 sum: cached; restored out.txt");
}

#[test]
fn a_variable_that_a_step_names_is_part_of_its_key() {
    let project = project();
    let run = |mode: &str| {
        let ran =
            Ran::of(project.command(&["run", "flow.yaml"]).env("MODE", mode).env("OTHER", mode).output().unwrap());
        assert_eq!(ran.code, Some(0), "{}", ran.out);
        project.segno(&["why", "latest", "sum"]).out
    };
    run("fast");
    assert_eq!(run("fast"), "sum: cached: nothing it depends on changed\n");
    assert_eq!(run("slow"), "sum: re-run because the variable MODE changed\n");
    assert_eq!(why(&project, &[]), "3 sum: re-run because the variable MODE changed");
}

#[test]
fn a_result_that_is_too_old_is_made_again() {
    let project = Project::of(&FLOW.replace("env: [MODE]", "ttl: 1ms"));
    project.write("src/a.txt", "abc");
    why(&project, &[]);
    let told = why(&project, &[]);
    assert!(told.starts_with("2 sum: re-run because the stored result expired "), "{told}");
}

#[test]
fn the_work_tree_is_what_git_sees() {
    let project = Project::of(
        "steps:
  - { id: sum, run: 'cat src/*.txt; echo ran >> ran', cache: true }
",
    );
    project.write("src/a.txt", "abc");
    project.write(".gitignore", "ran\n*.log\n");
    let git = |words: &[&str]| {
        let status = Command::new("git").args(words).current_dir(project.path(".")).status().unwrap();
        assert!(status.success());
    };
    git(&["init", "--quiet"]);
    git(&["add", "src"]);
    assert_eq!(why(&project, &[]), "1 sum: run, because nothing is stored for it yet");
    assert_eq!(why(&project, &[]), "1 sum: cached: nothing it depends on changed");
    project.write("src/noise.log", "ignored");
    assert_eq!(why(&project, &[]), "1 sum: cached: nothing it depends on changed");
    project.write("src/b.txt", "untracked");
    assert_eq!(why(&project, &[]), "2 sum: re-run because src/b.txt is new");
    project.write("src/a.txt", "abcd");
    assert_eq!(why(&project, &[]), "3 sum: re-run because src/a.txt changed");
}

/// Changes every place of a file where a text stands.
fn overwrite(project: &Project, name: &str, text: &str, other: &str) {
    let mut bytes = std::fs::read(project.path(name)).unwrap();
    let places: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at..].starts_with(text.as_bytes())).collect();
    assert!(!places.is_empty(), "{text} is not in {name}");
    for at in places {
        bytes[at..at + other.len()].copy_from_slice(other.as_bytes());
    }
    project.write(name, bytes);
}

#[test]
fn a_damaged_entry_is_a_miss_that_says_so() {
    let project = project();
    why(&project, &[]);
    overwrite(&project, ".segno/cache/index.db", "made", "fake");
    assert_eq!(why(&project, &[]), "2 sum: re-run because the stored result is damaged (its checksum is wrong)");
    assert_eq!(project.output("sum"), "made\n");
    assert_eq!(why(&project, &[]), "2 sum: cached: nothing it depends on changed");
    project.write(".segno/cache/index.db", "garbage ".repeat(10_000));
    assert_eq!(why(&project, &[]), "3 sum: run, because nothing is stored for it yet");
    assert_eq!(why(&project, &[]), "3 sum: cached: nothing it depends on changed");
}

/// Returns what `segno plan` says, without what it takes: that differs from machine to machine.
fn planned(project: &Project) -> String {
    let told = project.told(&["plan", "flow.yaml"]);
    let line = |line: &str| line.split("; about").next().unwrap_or(line).to_owned() + "\n";
    let says_more = |line: &&str| !line.starts_with("  time ") && !line.starts_with("  cost ");
    told.lines().filter(says_more).map(line).collect()
}

#[test]
fn a_plan_knows_from_history_what_steps_take_and_what_is_not_known() {
    let project = Project::of(
        r#"steps:
  - { id: paid, run: "echo '{\"cost_usd\": 0.25}' > $SEGNO_RESULT" }
  - { id: free, run: [echo, x] }
"#,
    );
    let plan = |words: &[&str]| {
        let output = project.command(&[&["plan", "flow.yaml"], words].concat()).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let json = |project: &Project| {
        let output = project.command(&["plan", "flow.yaml", "--json"]).output().unwrap();
        serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap()
    };
    assert!(plan(&[]).ends_with("  time    unknown, one after the other\n  cost    unknown\n"));
    assert_eq!(json(&project)["cost"]["unknown_tasks"], 2);
    project.segno(&["run", "flow.yaml"]);
    let known = json(&project);
    assert_eq!((&known["cost"]["span_usd"]["expected"], &known["cost"]["unknown_tasks"]), (&0.25.into(), &1.into()));
    assert_eq!(
        (&known["time"]["unknown_tasks"], &known["tasks"][1]["cost_usd"]),
        (&0.into(), &serde_json::Value::Null)
    );
    assert!(plan(&[]).contains("$0.2500 and 1 tasks unknown"), "{}", plan(&[]));
    let by_hand = plan(&["--text"]);
    for said in [
        "How to do 'flow' by hand (flow.yaml)",
        "1. paid: to be done",
        "agent         a program of this machine",
        "call          echo x",
        "expected      exit code 0",
    ] {
        assert!(by_hand.contains(said), "{said}\n{by_hand}");
    }
    assert_eq!(plan(&["--text"]), by_hand, "it is remembered");
}

#[test]
fn a_second_run_is_all_cached_and_the_plan_says_so_before() {
    let project = Project::of(
        "flow: planned
inputs: { go: { type: boolean, default: false } }
steps:
  - { id: list, run: ls src, cache: { files: ['src/*'] } }
  - { id: size, each: \"{{ steps.list.output | lines }}\", run: 'wc -c < src/{{ item }}', cache: { files: ['src/{{ item }}'] } }
  - { id: always_run, run: [echo, x] }
  - { id: after, run: 'echo {{ steps.always_run.output }}', cache: { files: [] } }
  - { id: guarded, if: inputs.go, run: [touch, ran] }
",
    );
    for name in ["a", "b"] {
        project.write(&format!("src/{name}"), name);
    }
    assert_eq!(
        planned(&project),
        "0
planned: 1 miss, 1 runs, 2 unknown, 1 skip
  miss    list        nothing is stored for it yet
  unknown size        depends on 'list', which will run
  runs    always_run  it is not cached
  unknown after       depends on 'always_run', which will run
  skip    guarded     its 'if' does not hold
"
    );
    assert!(!project.has("ran"));
    let ran = project.segno(&["run", "flow.yaml"]);
    assert_eq!((ran.code, project.has("ran")), (Some(0), false));
    project.write("src/b", "longer");
    assert_eq!(
        planned(&project),
        "0
planned: 1 miss, 1 runs, 2 unknown, 1 skip
  miss    list        src/b changed
  unknown size        depends on 'list', which will run
  runs    always_run  it is not cached
  unknown after       depends on 'always_run', which will run
  skip    guarded     its 'if' does not hold
"
    );
    project.write("flow.yaml", "steps: [{ id: a, run: [echo, a], cache: { files: [] } }, { id: b, each: [1, 2], run: 'echo {{ item }}', cache: { files: [] } }]");
    project.segno(&["run", "flow.yaml"]);
    assert_eq!(
        project.segno(&["run", "flow.yaml"]).out,
        "✓ flow succeeded in TIME: all 3 tasks cached
  ✓ a  cached
  ✓ b  2 items, all cached

more: segno show RUN
"
    );
    assert_eq!(
        planned(&project),
        "0
flow: 3 hit
  hit     a     nothing it depends on changed
  hit     b[0]  1: nothing it depends on changed
  hit     b[1]  2: nothing it depends on changed
"
    );
}
