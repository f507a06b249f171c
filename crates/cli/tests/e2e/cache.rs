//! `segno cache`: what is remembered is listed, shown, explained, verified, warmed and forgotten.

use std::fs;
use std::process::Command;

use serde_json::Value;

use crate::support::Project;

/// Two steps that are remembered and one that is not; what they put out steers a terminal.
const FLOW: &str = r#"flow: words
steps:
  - { id: count, run: "wc -w < a.txt; printf '\\033[31mred'", cache: { files: [a.txt] } }
  - id: each
    each: "{{ ['one', 'two'] }}"
    run: "echo {{ item }}"
    cache: { files: ["*.txt"], ttl: 1h }
  - { id: say, run: "echo said", cache: false }
"#;

fn ran() -> Project {
    let project = Project::of(FLOW);
    project.write("a.txt", "one two");
    for _ in 0..2 {
        let ran = project.segno(&["run", "flow.yaml"]);
        assert_eq!(ran.code, Some(0), "{}{}", ran.err, ran.out);
    }
    project
}

fn json(project: &Project, words: &[&str]) -> Value {
    let ran = project.segno(words);
    assert_eq!(ran.code, Some(0), "{words:?}: {}{}", ran.err, ran.out);
    serde_json::from_str(&ran.out).unwrap()
}

/// Runs a command, and checks its exit code and that all these texts are said.
fn check(project: &Project, words: &[&str], code: i32, said: &[&str]) -> String {
    let told = project.segno(words);
    let all = format!("{}{}", told.err, told.out);
    assert_eq!(told.code, Some(code), "{words:?}: {all}");
    for text in said {
        assert!(all.contains(text), "{words:?} says no '{text}': {all}");
    }
    all
}

#[test]
fn before_the_first_run_nothing_is_remembered_and_nothing_is_made() {
    let project = Project::of(FLOW);
    check(&project, &["cache", "ls"], 0, &["nothing is remembered yet"]);
    check(&project, &["cache", "du"], 0, &["nothing is remembered yet"]);
    check(&project, &["cache", "stats"], 0, &["saved       nothing yet"]);
    check(&project, &["cache", "verify"], 0, &["all is whole"]);
    check(&project, &["cache", "clear", "--all"], 0, &["nothing is remembered yet"]);
    check(&project, &["cache", "get", "words/count"], 2, &["nothing is remembered for 'words/count'"]);
    assert_eq!(json(&project, &["cache", "ls", "--json"])["results"], Value::Array(Vec::new()));
    assert!(!project.has(".segno"));
}

#[test]
fn results_are_listed_with_their_uses_and_counted() {
    let project = ran();
    let listed = json(&project, &["cache", "ls", "--json", "--subject", "words/*"]);
    let results = listed["results"].as_array().unwrap();
    let mut subjects: Vec<&str> = results.iter().map(|result| result["subject"].as_str().unwrap()).collect();
    subjects.sort_unstable();
    assert_eq!(subjects, ["words/count", "words/each[one]", "words/each[two]"]);
    assert!(results.iter().all(|result| result["uses"] == 1 && result["bytes"].as_u64().unwrap() > 0), "{listed}");
    let ls = check(&project, &["cache", "ls", "--subject", "words/each*"], 0, &["words/each[one]", "in ", "2 results"]);
    assert!(!ls.contains("words/count"), "{ls}");
    check(&project, &["cache", "ls", "--older", "1h"], 0, &["no such results"]);
    let stats = json(&project, &["cache", "stats", "--json"]);
    assert_eq!((&stats["asked"]["hits"], &stats["saved"]["uses"]), (&3.into(), &3.into()), "{stats}");
    check(&project, &["cache", "stats"], 0, &["3 hits", "by 3 uses"]);
    check(&project, &["cache", "du", "--by", "flow"], 0, &["words, 3 results", "in all"]);
    check(&project, &["cache", "du"], 0, &["words/each, 2 results"]);
}

#[test]
fn a_result_is_shown_so_that_it_does_a_terminal_no_harm() {
    let project = ran();
    let shown = check(&project, &["cache", "get", "words/count"], 0, &["2\n", "\\u{1b}[31mred"]);
    assert!(!shown.contains('\u{1b}'));
    check(&project, &["cache", "get", "words/count", "--raw"], 0, &["\u{1b}[31mred"]);
    let got = json(&project, &["cache", "get", "words/each[two]", "--json"]);
    assert_eq!((&got["kind"], &got["output"]), (&"result".into(), &"two".into()), "{got}");
    let key = got["key"].as_str().unwrap();
    check(&project, &["cache", "get", &key[..12]], 0, &["two"]);
    check(&project, &["cache", "get", "words/none"], 2, &["segno cache ls lists what is"]);
}

#[test]
fn a_result_is_explained_by_its_parts_and_what_changed_since() {
    let project = ran();
    check(&project, &["cache", "explain", "words/count"], 0, &["1: a.txt", "none of the files"]);
    project.write("a.txt", "one two three");
    check(&project, &["cache", "explain", "words/count"], 0, &["since then:", "a.txt changed"]);
    fs::remove_file(project.path("a.txt")).unwrap();
    let explained = json(&project, &["cache", "explain", "words/count", "--json"]);
    assert_eq!(explained["changed"][0], "a.txt is gone", "{explained}");
    check(&project, &["cache", "explain", "none"], 2, &["nothing is remembered for 'none'"]);
}

#[test]
fn what_is_forgotten_runs_again_and_nothing_else_does() {
    let project = ran();
    check(&project, &["cache", "clear"], 2, &["it is not said what is to be forgotten"]);
    check(&project, &["cache", "clear", "--all"], 2, &["say --yes"]);
    check(&project, &["cache", "clear", "--subject", "words/each*", "--dry-run"], 0, &["would forget 2 results"]);
    check(&project, &["cache", "clear", "--subject", "words/each*", "--yes"], 0, &["forgot 2 results"]);
    check(&project, &["plan", "flow.yaml"], 0, &["1 hit, 2 miss, 1 runs"]);
    check(&project, &["cache", "clear", "--subject", "other/*", "--yes"], 0, &["no such results"]);
    check(&project, &["cache", "clear", "--all", "--yes"], 0, &["forgot"]);
    check(&project, &["cache", "ls"], 0, &["nothing is remembered yet"]);
    check(&project, &["run", "flow.yaml"], 0, &["succeeded"]);
}

#[test]
fn damage_is_found_and_taken_out() {
    let project = ran();
    check(&project, &["cache", "verify"], 0, &["all is whole"]);
    project.write(".segno/cache/objects/zz/stray", "x");
    check(&project, &["cache", "verify"], 1, &["file zz/stray: it belongs to nothing", "--repair takes it out"]);
    check(&project, &["cache", "verify", "--repair"], 0, &["was taken out"]);
    let verdict = json(&project, &["cache", "verify", "--json"]);
    assert_eq!(verdict["verdict"]["damages"], Value::Array(Vec::new()));
}

#[test]
fn warming_hashes_files_and_says_what_would_run() {
    let project = ran();
    project.write("b.txt", "new");
    let warmed = json(&project, &["cache", "warm", "flow.yaml", "--json"]);
    assert_eq!(warmed["remembered"], serde_json::json!(["count"]), "{warmed}");
    assert_eq!(warmed["would_run"].as_array().unwrap().len(), 3, "{warmed}");
    // A file that was written a moment ago is not believed to stay as it is: its hash is kept a little later.
    let hashes = || json(&project, &["cache", "warm", "flow.yaml", "--json"])["hashes"].as_u64().unwrap();
    assert!((0..1_000).any(|_| hashes() >= 2), "{warmed}");
    check(&project, &["cache", "warm", "flow.yaml"], 0, &["1 task remembered", "3 tasks would run"]);
    check(&project, &["cache", "warm", "none.yaml"], 2, &["none.yaml"]);
}

#[test]
fn results_are_carried_to_another_project_and_only_with_the_secret() {
    let (from, to) = (ran(), Project::of(FLOW));
    to.write("a.txt", "one two");
    let sealed = |project: &Project, words: &[&str], secret: &str| {
        let mut command = project.command(words);
        crate::support::Ran::of(command.env("SEAL", secret).output().unwrap())
    };
    let path = to.path("results.cache").display().to_string();
    let words = ["cache", "export", &path, "--subject", "words/*", "--secret-env", "SEAL"];
    let exported = sealed(&from, &words, "long enough and random");
    assert!(exported.code == Some(0) && exported.out.starts_with("exported 3 results"), "{exported:?}");
    let words = ["cache", "import", "results.cache", "--secret-env", "SEAL"];
    let refused = sealed(&to, &words, "another, as long and as random");
    assert_ne!(refused.code, Some(0), "{refused:?}");
    check(&to, &["cache", "ls"], 0, &["nothing is remembered yet"]);
    let imported = sealed(&to, &words, "long enough and random");
    assert_eq!((imported.code, imported.out.as_str()), (Some(0), "3 results remembered now\n"), "{imported:?}");
    fs::remove_file(to.path("results.cache")).unwrap();
    check(&to, &["plan", "flow.yaml"], 0, &["3 hit"]);
    check(&to, &["cache", "import", "results.cache"], 2, &["cannot read results.cache"]);
    check(&to, &["cache", "import", "flow.yaml"], 2, &["no archive"]);
    check(&to, &["cache", "import", "flow.yaml", "--secret-env", "NOT_SET"], 2, &["NOT_SET is not set"]);
    let short = sealed(&from, &["cache", "export", "x", "--secret-env", "SEAL"], "short");
    assert!(short.code == Some(2) && short.err.contains("SEAL cannot be used: a secret of 5 bytes"), "{short:?}");
}

fn git(project: &Project) {
    assert!(Command::new("git").args(["init", "--quiet"]).current_dir(project.path(".")).status().unwrap().success());
}

#[test]
fn what_cannot_be_exported_is_told() {
    let make = "{ id: make, run: 'head -c 40000 /dev/zero > big', cache: { files: [a.txt] }, outputs: [big] }";
    let project = Project::of(&format!("flow: made\nsteps:\n  - {make}\n"));
    check(&project, &["run", "flow.yaml"], 0, &["succeeded"]);
    fs::remove_dir_all(project.path(".segno/cache/objects")).unwrap();
    let words = ["cache", "export", "out.cache", "--subject", "made/*"];
    let said = ["exported 0 results", "left out: 'made/make': a file that belongs to it is gone or damaged"];
    check(&project, &words, 1, &said);
}

#[test]
fn a_file_that_is_exported_to_where_git_sees_it_is_told() {
    let project = ran();
    let export = |file: &str| check(&project, &["cache", "export", file], 0, &["exported 3 results"]);
    assert!(!export("out.cache").contains("git"), "there is no git here");
    git(&project);
    assert!(export("out.cache").contains("where git sees it"));
    assert!(!export(".segno/out.cache").contains("git"), "what is segno's own is no part of the work tree");
    project.write(".gitignore", "*.cache");
    assert!(!export("out.cache").contains("git"), "it is ignored");
    let away = Project::of(FLOW);
    assert!(!export(&away.path("out.cache").display().to_string()).contains("git"), "it is outside");
}

#[cfg(unix)]
#[test]
fn a_link_in_the_work_tree_is_no_file_that_changed() {
    let project = Project::of("flow: tree\nsteps:\n  - { id: all, run: 'echo all', cache: true }\n");
    git(&project);
    project.write("folder/a.txt", "one");
    std::os::unix::fs::symlink("folder", project.path("link")).unwrap();
    check(&project, &["run", "flow.yaml"], 0, &["succeeded"]);
    check(&project, &["cache", "explain", "tree/all"], 0, &["link", "none of the files"]);
    project.write("folder/a.txt", "two");
    let explained = json(&project, &["cache", "explain", "tree/all", "--json"]);
    assert_eq!(explained["changed"], serde_json::json!(["folder/a.txt changed"]), "{explained}");
}

#[test]
fn warming_says_what_would_fail_and_what_would_not_run() {
    let flow = "flow: some\ninputs: { n: { type: integer, default: 0 } }\nsteps:\n  \
                - { id: never, if: inputs.n > 0, run: 'echo never', cache: { files: [a.txt] } }\n  \
                - { id: fails, run: 'echo {{ 1 // inputs.n }}', cache: { files: [a.txt] } }\n";
    let project = Project::of(flow);
    let warmed = json(&project, &["cache", "warm", "flow.yaml", "--json"]);
    assert_eq!(warmed["skipped"], serde_json::json!(["never"]), "{warmed}");
    assert_eq!(warmed["would_fail"][0]["task"], "fails", "{warmed}");
    check(&project, &["cache", "warm", "flow.yaml"], 0, &["1 task would fail", "fails: "]);
}
