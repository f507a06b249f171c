//! Broken files and wrong calls: each mistake with its place and what to do; nothing is run, nothing is made.

use crate::support::Project;

/// Runs a broken file and compares all that is said about it.
#[track_caller]
pub(crate) fn check(name: &str, text: impl AsRef<[u8]>, expected: &str) {
    refused(&Project::with(name, text), &["run", name], expected);
}

/// Runs the binary, which must refuse to do anything.
#[track_caller]
fn refused(project: &Project, words: &[&str], expected: &str) {
    let ran = project.segno(words);
    assert_eq!((ran.code, &*ran.out, &*ran.err), (Some(2), "", expected));
    assert!(!project.has(".segno") && !project.has("ran"), "something was done");
}

#[test]
fn what_is_no_workflow_file_is_refused_by_name() {
    let smallest = "  hint: a smallest workflow is: {flow: hello, steps: [{run: [echo, hello]}]}\n";
    let path = "  hint: give the path of a workflow file (YAML, JSON or TOML)\n";
    let project = Project::with("folder/flow.yaml", "");
    refused(&project, &["run", "folder"], &format!("folder: this is not a file\n{path}"));
    refused(&project, &["run", "gone.yaml"], &format!("gone.yaml: there is no such file\n{path}"));
    let near = "folder/flwo.yaml: there is no such file\n  hint: did you mean 'folder/flow.yaml'?\n";
    refused(&project, &["run", "folder/flwo.yaml"], near);
    refused(&project, &["plan", "folder/flwo.yaml"], near);
    check("a.yaml", "", &format!("a.yaml: the file is empty\n{smallest}"));
    check("a.toml", " \n\n", &format!("a.toml: the file is empty\n{smallest}"));
    check("a.yaml", "# nothing\n", &format!("a.yaml: the file holds nothing but comments\n{smallest}"));
    check("a.yaml", b"steps:\n- \xff", "a.yaml: the file is not UTF-8 text (line 2)\n  hint: save it as UTF-8\n");
    check("a.yaml", "#".repeat(5 << 20), "a.yaml: the file is larger than 4 MiB\n");
    check("a.yaml", "- a\n", "a.yaml:1:1: a workflow file must be a map, not a list\n  1 | - a\n    | ^\n");
}

#[test]
fn bombs_are_refused_quickly_and_with_their_place() {
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..9 {
        let alias = format!("*a{}", level - 1);
        bomb.push_str(&format!("a{level}: &a{level} [{}]\n", vec![alias; 10].join(", ")));
    }
    let excerpt = "  6 | a5: &a5 [*a4, *a4, *a4, *a4, *a4, *a4, *a4, *a4, *a4, *a4]\n    |          ^\n";
    check("a.yaml", bomb, &format!("a.yaml:6:10: the file's aliases expand to more than 200000 values\n{excerpt}"));
    for (name, before, open, place, levels) in [
        ("a.yaml", "steps: ", "[", "1:2108", 2_100),
        ("a.yaml", "", "{a: ", "1:8401", 2_100),
        ("a.json", "{\"steps\": ", "[", "1:2110", 2_100),
        ("a.toml", "steps = ", "[", "1:89", 64),
    ] {
        let project = Project::with(name, format!("{before}{}", open.repeat(10_000)));
        let ran = project.segno(&["run", name]);
        let message = format!("{name}:{place}: blocks nest deeper than {levels} levels");
        assert_eq!((ran.code, ran.err.lines().next()), (Some(2), Some(&*message)));
    }
    let deep = format!("steps: [{{ run: [echo, \"{{{{ {}1{} }}}}\"] }}]", "(".repeat(10_000), ")".repeat(10_000));
    let ran = Project::with("a.yaml", deep).segno(&["run", "a.yaml"]);
    let message = "a.yaml:1:24: the expression cannot be read: template exceeds maximum recursion limits";
    assert_eq!((ran.code, ran.err.lines().next()), (Some(2), Some(message)));
}

#[test]
fn templates_that_yaml_reads_in_another_way_get_their_own_hint() {
    check(
        "a.yaml",
        "steps:
  - { id: a, run: echo {{ x }} }
",
        r#"a.yaml:2:24: the file cannot be read from here on: while parsing a flow mapping, did not find expected ',' or '}'
  2 |   - { id: a, run: echo {{ x }} }
    |                        ^
  hint: inside braces a text with {{ }} must be quoted: { run: "echo {{ x }}" }
"#,
    );
    check(
        "a.yaml",
        "steps:
  - id: a
    run: {{ x }}
",
        r#"a.yaml:3:11: a list or map cannot be a key
  3 |     run: {{ x }}
    |           ^
  hint: a value that begins with {{ must be quoted: key: "{{ value }}"
"#,
    );
}

#[test]
fn what_is_not_in_the_strict_part_of_yaml_is_refused() {
    check(
        "a.yaml",
        "steps:\n\t- { id: a, run: [touch, ran] }\n",
        "a.yaml:2:2: the file cannot be read from here on: tabs disallowed within this context (block indentation)
  2 |  - { id: a, run: [touch, ran] }
    |  ^
  hint: indent with spaces, not tabs
",
    );
    check(
        "a.yaml",
        "steps: [{ run: [touch, ran] }]
---
steps: [{ run: [touch, ran] }]
",
        "a.yaml:2:1: a workflow file holds one document
  2 | ---
    | ^
  hint: remove the '---' and what follows
",
    );
    check(
        "a.yaml",
        "steps: !!python/object [{ run: [touch, 017], optional: yes }]\n",
        "a.yaml:1:24: the tag tag:yaml.org,2002:python/object is not understood
  1 | steps: !!python/object [{ run: [touch, 017], optional: yes }]
    |                        ^
  hint: remove the tag

a.yaml:1:40: 017 is read as 17 by YAML 1.2 and as octal by YAML 1.1
  1 | steps: !!python/object [{ run: [touch, 017], optional: yes }]
    |                                        ^
  hint: write it without the zero, or quote it if it is text

a.yaml:1:56: optional must be true or false, not text
  1 | : !!python/object [{ run: [touch, 017], optional: yes }]
    |                                                   ^
",
    );
}

#[test]
fn inputs_that_do_not_fit_are_told_all_at_once() {
    let project = Project::of(
        r#"inputs:
  goal: { type: string, required: true, description: what to reach }
  n: { type: integer, default: 3 }
  files: { type: list, default: "{{ files('*') }}" }
steps: [{ run: [touch, ran] }]
"#,
    );
    let known = "  hint: its inputs are
  goal (string, required): what to reach
  n (integer)
  files (list)
";
    let missing = "input 'goal' is missing; give it with --goal VALUE\n";
    refused(&project, &["run", "flow.yaml"], &format!("segno: {missing}{known}"));
    refused(&project, &["plan", "flow.yaml"], &format!("segno: {missing}{known}"));
    let wrong = "segno: input 'n' must be of type integer, not 'many'\nunknown input 'gaol'; did you mean 'goal'?\n";
    refused(&project, &["run", "flow.yaml", "--n", "many", "--gaol=x"], &format!("{wrong}{missing}{known}"));
    let bare = "segno: unknown input 'a'; this workflow takes none\n";
    refused(&Project::of("steps: [{ run: [touch, ran] }]"), &["run", "flow.yaml", "--a", "b"], bare);
}

#[test]
fn a_call_that_cannot_be_meant_is_refused_before_anything_is_made() {
    let project = Project::of("steps: [{ run: [touch, ran] }]");
    let nothing = "segno: nothing has been run in this project yet\n  hint: start with: segno run FLOW\n";
    for words in [&["resume"][..], &["runs"], &["show"], &["why", "latest", "a"]] {
        refused(&project, words, nothing);
    }
    for words in [&["run"][..], &["frob"], &["run", "flow.yaml", "--input", "a"], &["run", "flow.yaml", "--jobs", "0"]]
    {
        let ran = project.segno(words);
        assert_eq!((ran.code, ran.err.starts_with("error: ")), (Some(2), true), "{words:?}");
    }
    assert!(!project.has(".segno") && !project.has("ran"));
}
