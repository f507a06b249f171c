//! Choosing a pattern for a description, and what is written.

use std::io::Write as _;
use std::process::Stdio;

use serde_json::Value;

use crate::support::{Project, Ran};

const DESCRIPTION: &str = "Ask three translators at the same time and merge their versions";

/// Runs `segno select` with a description on stdin.
fn from_stdin(project: &Project, words: &[&str], text: &[u8]) -> Ran {
    let mut command = project.command(words);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(text).unwrap();
    Ran::of(child.wait_with_output().unwrap())
}

#[test]
fn the_pattern_comes_with_its_reason_and_a_file_that_runs() {
    let project = Project::with("a", "");
    let ran = project.segno(&["select", DESCRIPTION]);
    assert_eq!((ran.code, &*ran.err), (Some(0), ""));
    assert!(ran.out.starts_with("parallel ("), "{}", ran.out);
    let evidence = "several things at the same time \"at the same time\": parallel +3.2\n";
    assert!(ran.out.contains(evidence) && ran.out.contains(&format!("\n\n# {DESCRIPTION}\n# Pattern: parallel")));
    for (text, pattern) in [
        (DESCRIPTION, "parallel"),
        ("Fetch the report, then summarise it, finally mail the summary", "sequential"),
        ("If the invoice is above 500 euros ask the manager, otherwise pay it", "conditional"),
        ("Keep improving the draft until the judge gives 9 of 10", "iterative"),
        ("Every incoming photo goes through resize, tag and upload", "pipeline"),
        ("hello", "unsure"),
    ] {
        let file = format!("{pattern}.yaml");
        let ran = project.segno(&["select", text, "--output", &file]);
        assert!(ran.out.starts_with(&format!("{pattern} (")), "{}", ran.out);
        assert!(ran.out.ends_with(&format!("\nwrote {file}\n")), "{}", ran.out);
        let ran = project.segno(&["run", &file]);
        assert!(ran.code == Some(0) && ran.out.starts_with("✓ task succeeded"), "{}{}", ran.err, ran.out);
    }
}

#[test]
fn a_file_that_is_there_stays() {
    let project = Project::with("flow.yaml", "mine");
    let ran = project.segno(&["select", DESCRIPTION, "-o", "flow.yaml"]);
    let expected = "segno: 'flow.yaml' is there already and stays\n  hint: give another name, or move it away\n";
    assert_eq!((ran.code, &*ran.out, &*ran.err), (Some(2), "", expected));
    assert_eq!(project.read("flow.yaml"), "mine");
}

#[test]
fn words_and_stdin_say_the_same() {
    let project = Project::with("a", "");
    let typed = project.segno(&["select", DESCRIPTION]);
    let words: Vec<&str> = ["select"].into_iter().chain(DESCRIPTION.split(' ')).collect();
    assert_eq!(project.segno(&words), typed);
    assert_eq!(from_stdin(&project, &["select"], DESCRIPTION.as_bytes()), typed);
    assert_eq!(from_stdin(&project, &["select", "-"], DESCRIPTION.as_bytes()), typed);
    assert_eq!(from_stdin(&project, &["select"], b"\xff").code, Some(2));
    assert!(!project.has(".segno"), "choosing a pattern makes no state");
}

#[test]
fn json_holds_all_that_was_found() {
    let project = Project::with("a", "");
    let output = project.command(&["select", DESCRIPTION, "--json"]).output().unwrap();
    let value: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(value["pattern"], "parallel");
    assert!(value["confidence"].as_f64().is_some_and(|confidence| confidence > 0.5 && confidence <= 1.0));
    let first = &value["evidence"][0];
    assert_eq!(first["quote"], "at the same time");
    let place = |index: usize| usize::try_from(first["place"][index].as_u64().unwrap()).unwrap();
    assert_eq!(&DESCRIPTION[place(0)..place(1)], "at the same time");
    assert!(value["skeleton"].as_str().is_some_and(|text| text.starts_with(&format!("# {DESCRIPTION}\n"))));
    let output = project.command(&["select", "hello", "--json"]).output().unwrap();
    let value: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&value["pattern"], &value["evidence"]), (&Value::from("unsure"), &Value::Array(Vec::new())));
}

#[test]
fn nothing_in_a_description_reaches_the_terminal_as_a_command() {
    let project = Project::with("a", "");
    let text = "Ask \u{1b}[2J three at the\u{1b}]0;x\u{7} same\0 time and \u{9b}merge what they say";
    let ran = from_stdin(&project, &["select"], text.as_bytes());
    assert_eq!(ran.code, Some(0));
    assert!(!ran.out.contains(|letter: char| letter.is_control() && letter != '\n'), "{:?}", ran.out);
}
