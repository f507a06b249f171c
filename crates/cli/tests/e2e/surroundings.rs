//! What a result depends on besides files: values in settings, what git says, versions of tools.

use std::process::Command;

use crate::support::{Project, Ran};

fn flow(cache: &str) -> String {
    format!("steps:\n  - {{ id: sum, run: echo sum; echo ran >> ran, cache: {cache} }}\n")
}

/// Runs the flow and says how often the step has been run by now, and why it was or was not.
fn why(project: &Project) -> String {
    let ran = project.segno(&["run", "flow.yaml"]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    format!("{} {}", project.read("ran").lines().count(), project.segno(&["why", "latest", "sum"]).out.trim_end())
}

fn git(project: &Project, words: &str) {
    let who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"];
    let command = Command::new("git").args(who).args(words.split(' ')).current_dir(project.path(".")).output().unwrap();
    assert!(command.status.success(), "{}", String::from_utf8_lossy(&command.stderr));
}

const CACHED: &str = "cached: nothing it depends on changed";

#[test]
fn a_value_in_a_file_of_settings_counts_and_the_rest_of_the_file_does_not() {
    let project = Project::of(&flow("{ config: ['a.toml#build.level', 'b.yaml#names[1]', c.json#/deep/er] }"));
    project.write("a.toml", "[build]\nlevel = 1\nother = 1\n");
    project.write("b.yaml", "names: [x, y]\n");
    project.write("c.json", r#"{ "deep": { "er": true } }"#);
    assert_eq!(why(&project), "1 sum: run, because nothing is stored for it yet");
    project.write("a.toml", "# words\n[build]\nother = 2\nlevel = 1\n");
    project.write("b.yaml", "names: [z, y, x]\nmore: yes\n");
    assert_eq!(why(&project), format!("1 sum: {CACHED}"));
    project.write("a.toml", "[build]\nlevel = 2\n");
    assert_eq!(why(&project), "2 sum: re-run because the value build.level in a.toml changed from `1` to `2`");
    project.write("b.yaml", "names: [z]\n");
    let told = why(&project);
    assert!(told.starts_with("3 sum: re-run because the value names[1] in b.yaml changed from `y`"), "{told}");
    std::fs::remove_file(project.path("c.json")).unwrap();
    let told = why(&project);
    assert!(told.starts_with("4 sum: re-run because the value /deep/er in c.json changed from `true`"), "{told}");
}

#[test]
fn settings_that_cannot_be_read_are_told_and_nothing_is_run_by_chance() {
    let project = Project::of(&flow("{ config: ['a.toml#build.level'] }"));
    project.write("a.toml", "[build\n");
    let ran = project.segno(&["run", "flow.yaml"]);
    assert_eq!(ran.code, Some(1), "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("a.toml"), "{}", ran.out);
    assert!(!project.has("ran"), "the step must not be run under a key that nobody knows");
}

#[test]
fn what_git_says_counts_if_it_is_named() {
    let project = Project::of(&flow("{ git: [commit, branch] }"));
    project.write(".gitignore", "ran\n.segno\n");
    git(&project, "init --quiet --initial-branch=main");
    git(&project, "add .gitignore flow.yaml");
    git(&project, "commit --quiet --message=one");
    assert_eq!(why(&project), "1 sum: run, because nothing is stored for it yet");
    project.write("more.txt", "not committed");
    assert_eq!(why(&project), format!("1 sum: {CACHED}"));
    git(&project, "checkout --quiet -b fix");
    assert_eq!(why(&project), "2 sum: re-run because the branch changed from `main` to `fix`");
    git(&project, "add more.txt");
    git(&project, "commit --quiet --message=two");
    let told = why(&project);
    assert!(told.starts_with("3 sum: re-run because the commit changed from `"), "{told}");
    git(&project, "checkout --quiet main");
    assert_eq!(why(&project).split(' ').next(), Some("3"), "the first result is still there");
}

#[test]
fn a_part_of_the_tree_counts_without_the_rest() {
    let project = Project::of(&flow("{ git: { tree: [src, Cargo.toml] } }"));
    project.write(".gitignore", "ran\n*.log\n.segno\n");
    project.write("src/deep/a.rs", "a");
    project.write("srcs/b.rs", "b");
    git(&project, "init --quiet");
    assert_eq!(why(&project), "1 sum: run, because nothing is stored for it yet");
    project.write("srcs/b.rs", "bb");
    project.write("src/noise.log", "ignored");
    assert_eq!(why(&project), format!("1 sum: {CACHED}"));
    project.write("src/deep/a.rs", "aa");
    assert_eq!(why(&project), "2 sum: re-run because src/deep/a.rs changed");
    project.write("Cargo.toml", "");
    assert_eq!(why(&project), "3 sum: re-run because Cargo.toml is new");
}

#[test]
fn the_version_of_a_tool_counts() {
    let project = Project::of(&flow("{ tools: [./tool --version, 'no-such-tool-at-all'] }"));
    let tool = |version: &str| {
        use std::os::unix::fs::PermissionsExt;
        project.write("tool", format!("#!/bin/sh\necho tool {version}\n"));
        std::fs::set_permissions(project.path("tool"), std::fs::Permissions::from_mode(0o755)).unwrap();
    };
    tool("1.0");
    assert_eq!(why(&project), "1 sum: run, because nothing is stored for it yet");
    assert_eq!(why(&project), format!("1 sum: {CACHED}"));
    tool("1.1");
    let told = why(&project);
    assert!(told.starts_with("2 sum: re-run because the "), "{told}");
    assert!(told.contains("`tool 1.0` to `tool 1.1`"), "{told}");
}

#[test]
fn a_step_that_changes_what_git_says_is_not_remembered() {
    let project = Project::of(
        "steps:
  - { id: sum, run: 'echo ran >> ran; git -c user.name=A -c user.email=a@b.c commit --quiet --allow-empty -m x', cache: { git: commit } }
",
    );
    project.write(".gitignore", "ran\n.segno\n");
    git(&project, "init --quiet");
    git(&project, "commit --quiet --allow-empty --message=one");
    why(&project);
    assert!(why(&project).starts_with("2 sum: "), "a hit would leave out the commit");
}

#[test]
fn a_read_only_cache_is_used_and_not_written() {
    let project = Project::of(&flow("{ files: [a.txt] }"));
    project.write("a.txt", "one");
    let run = |words: &[&str]| -> Ran { project.segno(&[&["run", "flow.yaml"], words].concat()) };
    run(&["--read-only-cache"]);
    run(&["--read-only-cache"]);
    assert_eq!(project.read("ran").lines().count(), 2, "nothing was remembered");
    run(&[]);
    run(&["--read-only-cache"]);
    assert_eq!(project.read("ran").lines().count(), 3, "what is remembered is used");
    project.write("segno.toml", "[cache]\nread_only = true\n");
    project.write("a.txt", "two");
    run(&[]);
    run(&[]);
    assert_eq!(project.read("ran").lines().count(), 5, "the project says so too");
}

#[test]
fn a_cache_may_lie_elsewhere_and_be_used_by_two_projects() {
    let shared = tempfile::tempdir().unwrap();
    let projects = [Project::of(&flow("{ files: [a.txt] }")), Project::of(&flow("{ files: [a.txt] }"))];
    for project in &projects {
        project.write("a.txt", "one");
        project.write("segno.toml", format!("[cache]\nfolder = '{}'\n", shared.path().join("cache").display()));
    }
    assert_eq!(why(&projects[0]), "1 sum: run, because nothing is stored for it yet");
    assert_eq!(why(&projects[1]), format!("0 sum: {CACHED}"), "two clones agree on their keys");
    assert!(!projects[0].has(".segno/cache"));
}
