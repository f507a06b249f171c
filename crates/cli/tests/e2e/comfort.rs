//! The commands round a run: checking, drawing, formatting, beginning, importing files, and examining the machine.

use std::fs;
use std::io::Write as _;
use std::process::Stdio;

use serde_json::Value;

use crate::support::{Project, Ran};

const GOOD: &str = "steps:\n- { id: a, run: [echo, a] }\n- { id: b, run: 'echo {{ steps.a.output }}' }\n";
const BAD: &str = "steps:\n- { id: a, rum: x }\n";

/// Runs the binary with something on stdin.
fn with_stdin(project: &Project, words: &[&str], text: &str) -> Ran {
    let mut command = project.command(words);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    Ran::of(child.wait_with_output().unwrap())
}

#[test]
fn all_files_are_checked_and_nothing_is_made() {
    let project = Project::with("good.yaml", GOOD);
    project.write("bad.yaml", BAD);
    assert_eq!(project.told(&["validate", "good.yaml"]), "0\ngood.yaml: valid, 2 steps\n");
    let expected = "2
good.yaml: valid, 2 steps
bad.yaml:2:3: step 'a' does nothing
  2 | - { id: a, rum: x }
    |   ^
  hint: give it one of: run, agent, steps, parallel, pipe, switch, flow

bad.yaml:2:12: unknown key 'rum' in step 'a'
  2 | - { id: a, rum: x }
    |            ^
  hint: did you mean 'run'?
bad.yaml: 2 mistakes
gone.yaml: there is no such file
  hint: did you mean 'good.yaml'?
gone.yaml: 1 mistake
";
    assert_eq!(project.told(&["validate", "good.yaml", "bad.yaml", "gone.yaml"]), expected);
    assert!(!project.has(".segno"));
}

#[test]
fn editors_get_mistakes_as_json_also_of_what_is_not_saved() {
    let project = Project::of(GOOD);
    let ran = with_stdin(&project, &["validate", "--json", "-", "flow.yaml"], BAD);
    let told: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((ran.code, &*ran.err), (Some(2), ""));
    let mistake = &told[0]["mistakes"][1];
    assert_eq!(told[0]["file"], "stdin");
    assert_eq!((&mistake["line"], &mistake["column"]), (&Value::from(2), &Value::from(12)));
    assert_eq!(
        (&mistake["message"], &mistake["hint"]),
        (&Value::from("unknown key 'rum' in step 'a'"), &Value::from("did you mean 'run'?"),)
    );
    assert_eq!((&told[1]["valid"], &told[1]["steps"]), (&Value::from(true), &Value::from(2)));
}

#[test]
fn a_workflow_is_drawn_in_three_ways() {
    let project = Project::of(GOOD);
    let tree = "0\nflow\n├─ a  $ echo a\n└─ b  $ echo {{ steps.a.output }}  (needs a)\n";
    assert_eq!(project.told(&["graph", "flow.yaml"]), tree);
    let mermaid = "0
---
title: \"flow\"
---
flowchart TD
  s_a[\"a<br/>$ echo a\"]
  s_b[\"b<br/>$ echo {{ steps.a.output }}\"]
  s_a --> s_b
";
    assert_eq!(project.told(&["graph", "flow.yaml", "--format", "mermaid"]), mermaid);
    assert!(project.told(&["graph", "flow.yaml", "-f", "dot"]).contains("\n  s_a -> s_b\n"));
    assert!(!project.has(".segno"));
}

#[test]
fn the_published_schemas_are_those_that_are_printed() {
    let project = Project::of(GOOD);
    for name in ["workflow", "settings"] {
        let docs = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/schema/");
        let published = fs::read_to_string(format!("{docs}{name}.schema.json")).unwrap();
        assert_eq!(project.segno(&["schema", name]).out, published);
    }
}

#[test]
fn files_are_formatted_in_place_or_only_looked_at() {
    let project = Project::with("a.yaml", "steps:\n- run: [x]\n  # its name\n  id: a\n");
    project.write("b.yaml", "steps:\n  - id: a\n    run: [x]\n");
    project.write("c.toml", "a = 1\n");
    let files = ["a.yaml", "b.yaml", "c.toml"];
    let words = |flags: &[&'static str]| [&["fmt"], flags, &files].concat();
    let note = "c.toml: not formatted, since it is no YAML\n";
    assert_eq!(project.told(&words(&["--check"])), format!("{note}1\na.yaml: would be formatted\n"));
    assert_eq!(project.told(&words(&[])), format!("{note}0\na.yaml: formatted\n"));
    assert_eq!(project.read("a.yaml"), "steps:\n  # its name\n  - id: a\n    run: [x]\n");
    assert_eq!(project.told(&words(&["--check"])), format!("{note}0\n"));
}

#[test]
fn a_file_that_cannot_be_formatted_is_left_alone() {
    let odd = "steps:\n- &a\n  run: x\n";
    let project = Project::with("a.yaml", odd);
    let told = "a.yaml:3:1: an item with something between its dash and its value cannot be formatted, so the file is \
                left alone\n  3 |   run: x\n    | ^\n2\n";
    assert_eq!(project.told(&["fmt", "a.yaml"]), told);
    assert_eq!(project.read("a.yaml"), odd);
    let ran = with_stdin(&project, &["fmt", "-"], "steps:\n- run: x\n");
    assert_eq!((ran.code, &*ran.out), (Some(0), "steps:\n  - run: x\n"));
}

#[test]
fn a_new_project_gets_a_workflow_that_runs_and_loses_nothing() {
    let project = Project::with("Makefile", "build:\n\techo built\ntest:\n\techo tested\n");
    let next = "next:\n  segno plan check.flow.yaml    # what would run, and why\n  \
                segno run check.flow.yaml     # run it; then run it again\n";
    let found = "0\nfound a Make project (Makefile)\n";
    let wrote = "wrote check.flow.yaml with the steps build, test\nwrote segno.toml in which nothing is set yet\n";
    assert_eq!(project.told(&["init"]), format!("{found}{wrote}{next}"));
    let ran = project.segno(&["run", "check.flow.yaml"]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.err, ran.out);
    project.write("check.flow.yaml", "mine");
    let kept = "kept check.flow.yaml as it is\nkept segno.toml as it is\n\
                what was there stays; --force writes anew and keeps the old file beside\n";
    assert_eq!(project.told(&["init"]), format!("{found}{kept}{next}"));
    assert_eq!(project.read("check.flow.yaml"), "mine");
    assert_eq!(project.segno(&["init", "--force"]).code, Some(0));
    assert_eq!(project.read("check.flow.yaml.old"), "mine");
    assert_eq!(project.segno(&["init", "--force"]).code, Some(0));
    assert_eq!((&*project.read("check.flow.yaml.old"), project.has("check.flow.yaml.old-2")), ("mine", true));
}

/// Returns what the doctor says of one thing.
fn finding(project: &Project, area: &str, name: &str) -> (String, String) {
    let output = project.command(&["doctor", "--json"]).output().unwrap();
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    let findings = told["findings"].as_array().unwrap();
    let found = findings.iter().find(|finding| finding["area"] == area && finding["name"] == name).unwrap();
    (found["verdict"].as_str().unwrap().to_owned(), found["words"].as_str().unwrap().to_owned())
}

#[test]
fn the_doctor_finds_nothing_wrong_and_leaves_no_trace() {
    let project = Project::of(GOOD);
    assert_eq!(project.segno(&["doctor"]).code, Some(0));
    assert!(!project.has(".segno"));
    assert_eq!(project.segno(&["run", "flow.yaml"]).code, Some(0));
    let names = || {
        let mut names: Vec<_> =
            fs::read_dir(project.path(".segno")).unwrap().map(|entry| entry.unwrap().path()).collect();
        names.sort();
        names
    };
    let before = names();
    let format = ("good".to_owned(), "sound, format 1, 1 run".to_owned());
    let found = finding(&project, "store", "store");
    assert_eq!((found.0, found.1.replace(|letter: char| letter.is_ascii_digit(), "1")), format);
    assert_eq!(names(), before);
}

#[test]
fn the_doctor_tells_all_mistakes_of_the_settings() {
    let project = Project::with("segno.toml", "[cahce]\n[retention]\nkeep_runs = 'all'\n[agents.a]\nrum = ['x']\n");
    let ran = project.segno(&["doctor"]);
    assert_eq!(ran.code, Some(2));
    let mistakes = ran.out.split_once("\n\n").unwrap().1;
    assert!(ran.out.contains("bad   segno.toml   4 mistakes\n"), "{}", ran.out);
    for expected in ["segno.toml:1:2: unknown key 'cahce'", "segno.toml:3:14: keep_runs must be", "unknown key 'rum'"] {
        assert!(mistakes.contains(expected), "{mistakes}");
    }
}

#[test]
fn agents_of_the_settings_can_be_called_and_broken_settings_stop_everything() {
    let project = Project::of("steps: [{ id: a, agent: greeter, with: { who: me } }]");
    project.write("segno.toml", "[agents.greeter]\nrun = ['echo', 'hello {{ with.who }}']\n");
    assert_eq!(project.told(&["validate", "flow.yaml"]), "0\nflow.yaml: valid, 1 step\n");
    assert_eq!(project.segno(&["run", "flow.yaml"]).code, Some(0));
    assert_eq!(project.output("a"), "hello me\n");
    assert_eq!(finding(&project, "settings", "segno.toml").1, "read; agents: greeter");
    project.write("segno.toml", "[jobs]\nlimit = 0\n");
    let told = "segno.toml:2:9: limit must be from 1 to 65535, not 0\n  2 | limit = 0\n    |         ^\n2\n";
    assert_eq!(project.told(&["run", "flow.yaml"]), told);
    assert_eq!(project.told(&["runs"]), told);
}

#[test]
fn the_doctor_sees_a_run_that_waits() {
    let project = Project::of("steps: [{ id: a, run: 'kill -9 $PPID' }]");
    assert_eq!(project.segno(&["run", "flow.yaml"]).code, None);
    let (verdict, words) = finding(&project, "store", "paused");
    assert_eq!((verdict.as_str(), words.split('-').count()), ("note", 3), "{words}");
    assert_eq!(project.segno(&["doctor"]).code, Some(0));
}

#[test]
fn the_doctor_sees_a_damaged_store() {
    let project = Project::of(GOOD);
    assert_eq!(project.segno(&["run", "flow.yaml"]).code, Some(0));
    let store = project.path(".segno/segno.db");
    let mut bytes = fs::read(&store).unwrap();
    bytes[100..].fill(0xff);
    fs::write(&store, bytes).unwrap();
    let damaged = ("bad".to_owned(), "the store .segno/segno.db is damaged".to_owned());
    assert_eq!(finding(&project, "store", "store"), damaged);
    assert_eq!(project.segno(&["doctor"]).code, Some(1));
}

#[test]
fn packages_get_completions_and_manual_pages_of_every_command() {
    let project = Project::of(GOOD);
    let pages = project.segno(&["man", "--output", "pages"]);
    assert_eq!((pages.code, project.has("pages/segno.1")), (Some(0), true));
    let page = project.segno(&["man"]).out;
    for command in ["run", "resume", "validate", "graph", "schema", "fmt", "init", "doctor", "import"] {
        assert!(project.has(&format!("pages/segno-{command}.1")), "{command}");
        assert!(page.contains(&format!("segno\\-{command}(1)")), "{command}");
        for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
            assert!(project.segno(&["completions", shell]).out.contains(command), "{shell} {command}");
        }
    }
}

const ACTIONS: &str = "jobs:\n  test:\n    steps:\n    - uses: actions/setup-node@v4\n    - run: npm test\n";

#[test]
fn another_tools_workflow_becomes_one_that_is_valid() {
    let project = Project::with("ci.yml", ACTIONS);
    let notes =
        "not carried over as it was:\n  job test, step 1: left out, since it is the action actions/setup-node@v4\n";
    let flow = "# Made from ci.yml, a GitHub Actions workflow, by segno import.
# What was not carried over as it was:
# - job test, step 1: left out, since it is the action actions/setup-node@v4
steps:
  - id: npm_test
    run: npm test
";
    assert_eq!(project.told(&["import", "ci.yml"]), format!("{notes}0\n{flow}"));
    let wrote = "wrote new.yaml from ci.yml, a GitHub Actions workflow\n";
    assert_eq!(project.told(&["import", "ci.yml", "--output", "new.yaml"]), format!("{wrote}{notes}0\n"));
    assert_eq!(project.read("new.yaml"), flow);
    assert_eq!(project.told(&["validate", "new.yaml"]), "0\nnew.yaml: valid, 1 step\n");
    assert_eq!(project.told(&["fmt", "--check", "new.yaml"]), "0\n");
    let again = project.segno(&["import", "ci.yml", "--output", "new.yaml"]);
    assert_eq!((again.code, &*project.read("new.yaml")), (Some(1), flow), "{}", again.err);
}

#[test]
fn the_snippets_for_ci_can_be_read() {
    let project = Project::of(GOOD);
    let docs = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/ci/");
    project.write("github.yml", fs::read(format!("{docs}github-actions.yml")).unwrap());
    let ran = project.segno(&["import", "github.yml"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.out.contains("segno run check.flow.yaml --strict"), "{}", ran.out);
    let gitlab = fs::read_to_string(format!("{docs}gitlab-ci.yml")).unwrap();
    assert!(segno_orchestrator::spec::value(&gitlab, "gitlab-ci.yml").is_ok());
}

#[test]
fn the_settings_say_when_marks_are_set_and_a_run_keeps_to_them() {
    let project = Project::of("steps: [{ id: a, run: [x] }]");
    project.write("segno.toml", "[checkpoints]\nevery = 1\n");
    project.write("flow.yaml", "steps: [{ id: a, run: ['true'] }, { id: b, run: ['true'] }]\n");
    let marks = |project: &Project| {
        let shown = project.told(&["show"]);
        shown.lines().find(|line| line.trim_start().starts_with("marks")).map(|line| line.trim().to_owned())
    };
    project.segno(&["run", "flow.yaml"]);
    assert_eq!(marks(&project).as_deref(), Some("marks       step-1, step-2"));
    // A workflow's own word counts more, and what is set later is not the run's.
    project.write("segno.toml", "[checkpoints]\nevery = 0\n");
    assert_eq!(marks(&project).as_deref(), Some("marks       step-1, step-2"));
    project
        .write("own.yaml", "checkpoints: { every: 2 }\nsteps: [{ id: a, run: ['true'] }, { id: b, run: ['true'] }]\n");
    project.segno(&["run", "own.yaml"]);
    assert_eq!(marks(&project).as_deref(), Some("marks       step-2"));
}

#[test]
fn the_settings_limit_what_is_remembered() {
    let project = Project::of("steps: [{ id: a, run: [x] }]");
    project.write("segno.toml", "[cache]\nmax_size = '1kB'\n");
    project.write("flow.yaml", "steps: [{ id: a, run: [sh, -c, 'yes | head -c 4000'], cache: {} }]\n");
    for _ in 0..2 {
        assert!(!project.segno(&["run", "flow.yaml"]).out.contains("cached"), "it is larger than all that may be kept");
    }
    project.write("segno.toml", "[cache]\nmax_size = '1MB'\n");
    project.segno(&["run", "flow.yaml"]);
    assert!(project.segno(&["run", "flow.yaml"]).out.contains("cached"));
}
