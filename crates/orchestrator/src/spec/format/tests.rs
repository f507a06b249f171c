//! Facts about formatting, and two laws over random files: it says the same afterwards, and doing it twice is doing it
//! once.

use proptest::prelude::*;

use super::format;
use crate::spec::{parse, value};

#[track_caller]
fn check(source: &str, expected: &str) {
    assert_eq!(format(source, "a.yaml").map_err(|bad| bad.to_string()).as_deref(), Ok(expected));
    assert_eq!(format(expected, "a.yaml").as_deref(), Ok(expected), "twice is not once");
}

#[track_caller]
fn refused(source: &str, expected: &str) {
    let mistakes = format(source, "a.yaml").unwrap_err();
    let mistake = &mistakes.list()[0];
    let line = mistake.place.map_or(0, |place| place.line);
    assert_eq!(format!("{line}: {}", mistake.message), expected, "{source}");
}

#[test]
fn keys_come_in_the_order_of_the_vocabulary_with_what_stands_above_them() {
    check(
        "# the header stays\n\n# about steps\nsteps:\n- run: [x] # why\n  # its name\n  id: a\n\n  # when\n  if: y\nflow: f\n",
        "# the header stays\n\n# about steps\nflow: f\nsteps:\n  # its name\n  - id: a\n\n    # when\n    if: y\n    run: [x] # why\n",
    );
    check(
        "steps:\n- timeout: 1m\n  run: x\n  zeta: 1\n  env: {B: 1, A: 2}\n  alpha: 2\n",
        "steps:\n  - run: x\n    env: {B: 1, A: 2}\n    timeout: 1m\n    zeta: 1\n    alpha: 2\n",
    );
}

#[test]
fn maps_of_names_keep_their_order() {
    check(
        "inputs:\n  b: {}\n  a:\n    default: 1\n    type: integer\nsteps:\n- run: x\n  env:\n    B: 1\n    A: 2\n",
        "inputs:\n  b: {}\n  a:\n    type: integer\n    default: 1\nsteps:\n  - run: x\n    env:\n      B: 1\n      A: 2\n",
    );
}

#[test]
fn each_level_stands_two_deeper() {
    check(
        "steps:\n-   id: a\n    parallel:\n          -\n              run: x\n          - run: y\n",
        "steps:\n  - id: a\n    parallel:\n      - run: x\n      - run: y\n",
    );
    check(
        "steps:\n- each:\n    - - 1\n      - 2\n    - a\n  run: x\n",
        "steps:\n  - each:\n      - - 1\n        - 2\n      - a\n    run: x\n",
    );
}

#[test]
fn scalars_and_texts_stay_as_written() {
    check(
        "steps:\n- run: |2-\n     a\n\n    # no comment\n      b  \n\n  id: a\n- run: >\n\n    folded\n      text\n  id: b\n- run: \"x\n     y \\\n     z\"\n- run: plain\n    words\n",
        "steps:\n  - id: a\n    run: |2-\n       a\n\n      # no comment\n        b  \n  - id: b\n    run: >\n\n      folded\n        text\n  - run: \"x\n       y \\\n       z\"\n  - run: plain\n      words\n",
    );
    check("steps:\n- stdin: |+\n    a\n\n  run: x\n", "steps:\n  - run: x\n    stdin: |+\n      a\n\n");
    check(
        "steps:\n- run:\n    [x,\n    y]\n  id:\n    a\n",
        "steps:\n  - id:\n      a\n    run:\n      [x,\n      y]\n",
    );
}

#[test]
fn comments_stay_with_what_they_are_indented_as() {
    check(
        "steps:\n- id: a\n  run: x\n  # a's last word\n\n  # and another\n# about b\n- id: b # here\n  run: y\n# about always\nalways:\n- run: z\n  # z's\n# the end\n",
        "steps:\n  - id: a\n    run: x\n    # a's last word\n\n    # and another\n  # about b\n  - id: b # here\n    run: y\n# about always\nalways:\n  - run: z\n    # z's\n# the end\n",
    );
    check("steps:\n- # note\n  run: x\n", "steps:\n  # note\n  - run: x\n");
}

#[test]
fn blank_lines_are_one_or_none() {
    check("\n\nsteps:\n\n\n- run: x\n\n\n\n- run: y\n\n\n", "steps:\n  - run: x\n\n  - run: y\n");
}

#[test]
fn line_ends_and_the_byte_order_mark_stay() {
    let crlf = "\u{feff}steps:\r\n- run: x\r\n  id: a\r\n";
    assert_eq!(format(crlf, "a.yaml").as_deref(), Ok("\u{feff}steps:\r\n  - id: a\r\n    run: x\r\n"));
    check("---\nsteps:\n- run: x", "---\nsteps:\n  - run: x\n");
}

#[test]
fn what_cannot_be_moved_is_left_alone() {
    refused("[a]", "1: what is no map in block style cannot be formatted, so the file is left alone");
    refused("steps: [{run: x}]\n---\nb: 1", "2: a second document cannot be formatted, so the file is left alone");
    refused(
        "steps:\n- &a\n  run: x\n",
        "3: an item with something between its dash and its value cannot be formatted, so the file is left alone",
    );
    refused(
        "? steps\n: - run: x\n",
        "1: a key with something before it cannot be formatted, so the file is left alone",
    );
    refused(
        "steps:\n- run: x\n  id: &n a\n- run: y\n  if: *n\n  env: {A: *m}\n",
        "6: the file cannot be read from here on: while parsing node, found unknown anchor",
    );
    refused(
        "steps:\n- if: &n a\n  id: *n\n  run: x\n",
        "0: formatting would change what the file says, so it is left alone",
    );
    refused("a: 1\n...\n", "2: '...' cannot be formatted, so the file is left alone");
}

#[test]
fn the_examples_can_be_formatted() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|end| end == "yaml") {
            let source = std::fs::read_to_string(&path).unwrap();
            let once = format(&source, "a.yaml").unwrap();
            assert_eq!(format(&once, "a.yaml").unwrap(), once);
        }
    }
}

/// A piece of a random file, in lines.
fn step(depth: u32) -> BoxedStrategy<Vec<String>> {
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<String>>();
    let call = prop_oneof![
        Just(lines("run: [x, \"# no comment\", 'y']")),
        Just(lines("run: |\n  echo a\n\n    # no comment\n  - b")),
        Just(lines("run: >-\n    deep\n      deeper\n\n    end")),
        Just(lines("run: \"two\n  lines\"")),
        Just(lines("run: plain # behind")),
        Just(lines("run:\n- x\n# above y\n- y")),
    ];
    let round = prop::sample::subsequence(
        vec![
            lines("if: a and b"),
            lines("optional: true"),
            lines("timeout: 1m"),
            lines("env:\n  B: 1\n  # above A\n  A: 2"),
            lines("cache:\n   ttl: 1d\n   files:\n   - \"*.rs\"\n   - b"),
            lines("retry: {attempts: 2,\n  wait: 1s}"),
            lines("cwd: a"),
        ],
        0..7,
    );
    let body = match depth {
        0 => call.boxed(),
        _ => {
            let group = (prop_oneof![Just("steps:"), Just("parallel:")], list(depth - 1))
                .prop_map(|(key, list)| [vec![key.to_owned()], list].concat());
            prop_oneof![2 => call, 1 => group].boxed()
        }
    };
    (round, body, any::<prop::sample::Index>(), 0..4_usize)
        .prop_map(|(mut fields, body, at, decoration)| {
            let at = at.index(fields.len() + 1);
            fields.insert(at, body);
            let between: &[String] = &match decoration {
                0 => vec![],
                1 => vec![String::new()],
                2 => vec!["# note".to_owned()],
                _ => vec![String::new(), "# one".to_owned(), String::new(), String::new(), "# two".to_owned()],
            };
            fields.join(between)
        })
        .boxed()
}

/// A random list of steps, its dashes indented more or less.
fn list(depth: u32) -> BoxedStrategy<Vec<String>> {
    let item = (step(depth), 1..4_usize, prop::bool::ANY);
    (prop::collection::vec(item, 1..4), 0..4_usize)
        .prop_map(|(items, indent)| {
            let mut lines = Vec::new();
            for (fields, gap, commented) in items {
                lines.extend(commented.then(|| format!("{:indent$}# step", "")));
                for (index, line) in fields.iter().enumerate() {
                    let dash = if index == 0 { "-" } else { " " };
                    let is_blank = line.is_empty();
                    lines.push(if is_blank { String::new() } else { format!("{:indent$}{dash}{:gap$}{line}", "", "") });
                }
            }
            lines
        })
        .boxed()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn formatting_says_the_same_and_twice_is_once(list in list(2), tail in prop::bool::ANY) {
        let mut lines = [vec!["# head".to_owned(), "steps:".to_owned()], list].concat();
        lines.extend(tail.then(|| "# tail\nflow: f".to_owned()));
        let source = lines.join("\n");
        let said = |text: &str| (value(text, "a.yaml").unwrap(), parse(text, "a.yaml").map(|flow| flow.name).ok());
        let once = format(&source, "a.yaml").map_err(|bad| TestCaseError::fail(format!("{bad}\n{source}")))?;
        prop_assert_eq!(said(&once), said(&source));
        prop_assert_eq!(&format(&once, "a.yaml").unwrap(), &once);
    }
}
