//! A skeleton is a workflow file for every pattern, whatever the description says.

use segno_orchestrator::Definition;
use segno_orchestrator::agents::Registry;
use segno_orchestrator::select::{Pattern, Selection, select};

/// A description for each answer.
const DESCRIPTIONS: [&str; 6] = [
    "First fetch the report, then summarise it, finally mail the summary",
    "Ask three translators at the same time, independently of each other, and merge what they send",
    "If the invoice is above 500 euros ask the manager, otherwise pay it",
    "Keep improving the draft until the judge gives 9 of 10, at most 5 rounds",
    "Every incoming photo goes through resize, tag and upload",
    "hello",
];

/// Texts that would be more than a comment if they were not looked after.
const NASTY: [&str; 6] = [
    "a\nsteps: []\nflow: evil",
    "a\rflow: evil\r\n- b",
    "a\u{85}flow: evil\u{2028}flow: evil\u{2029}b",
    "\"}}]}'{{ inputs.x }} # %YAML 1.1\n---\n...\n",
    "\0\u{1b}[2J\u{feff}\u{fffe}\u{ffff}\u{202e}",
    "\t\t- a: b",
];

/// Compiles a skeleton and returns the patterns of its steps' tree, as far as they tell.
#[track_caller]
fn check(selection: &Selection, description: &str) -> String {
    let skeleton = selection.skeleton(description);
    let definition = Definition::parse(&skeleton, "skeleton.yaml", &Registry::default());
    assert!(definition.is_ok(), "{}\n{skeleton}", definition.err().unwrap());
    skeleton
}

#[test]
fn every_skeleton_is_a_workflow_of_its_pattern() {
    let keys = ["", "parallel:", "if:", "loop:", "pipe:", ""];
    let found: Vec<Option<Pattern>> = DESCRIPTIONS.iter().map(|text| select(text).pattern).collect();
    let expected: Vec<Option<Pattern>> = Pattern::ALL.into_iter().map(Some).chain([None]).collect();
    assert_eq!(found, expected);
    for (text, key) in DESCRIPTIONS.iter().zip(keys) {
        let skeleton = check(&select(text), text);
        assert!(skeleton.contains(key) && skeleton.starts_with(&format!("# {text}\n")), "{skeleton}");
    }
}

#[test]
fn no_description_gets_out_of_its_comment() {
    for text in NASTY.iter().map(|text| (*text).to_owned()).chain(["x".repeat(1 << 20), "# a\n".repeat(9999)]) {
        for pattern in Pattern::ALL.into_iter().map(Some).chain([None]) {
            let skeleton = check(&Selection { pattern, ..Selection::default() }, &text);
            assert!(skeleton.len() < 12_000 && !skeleton.contains("\nflow: evil"), "{skeleton}");
        }
    }
}
