//! Values on their way to programs: whatever they hold, each arrives as the word it is, and nothing of it is executed.

use serde_json::{Value, json};

use crate::support::Project;

/// Every place in which a value can stand, and what arrives there when the value is `V` and `#` bytes long.
/// The shell itself takes line ends off what `$( )` gives, which is why a dot follows there.
const PLACES: [(&str, &str, &str); 12] = [
    ("bare", "run: printf '<%s>' {{ item }}", "<V>"),
    ("quoted", "run: printf '<%s>' \"{{ item }}\"", "<V>"),
    ("inside", "run: printf '<%s>' \"a {{ item }}{{ item }} b\"", "<a VV b>"),
    ("beside", "run: printf '<%s>' a{{ item }}'b c'", "<aVb c>"),
    ("command", "run: printf '<%s>' $(printf '%s' {{ item }} | wc -c)", "<#>"),
    ("command_quoted", "run: printf '<%s>' \"$(printf '%s.' {{ item }})\"", "<V.>"),
    ("option", "run: printf '<%s>' --k={{ item }}", "<--k=V>"),
    ("variable", "run: x={{ item }}; printf '<%s>' \"$x\"", "<V>"),
    ("argv", "run: [printf, '<%s>', '{{ item }}']", "<V>"),
    ("argv_option", "run: [printf, '<%s>', '--k={{ item }}']", "<--k=V>"),
    ("env", "{ env: { V: '{{ item }}' }, run: [sh, -c, 'printf \"<%s>\" \"$V\"'] }", "<V>"),
    ("stdin", "{ stdin: '<{{ item }}>', run: [cat] }", "<V>"),
];

const VALUES: [&str; 17] = [
    "plain",
    "two words",
    "  many   blanks  ",
    "it's",
    "\"quoted\"",
    "two\nlines",
    "ends with lines\n\n",
    "$(touch pwned)",
    "`touch pwned`",
    "; touch pwned #",
    "' ; touch pwned ; '",
    "$HOME ${SEGNO_1}",
    "*",
    "-n",
    "back\\slash \\",
    "",
    "ünïcödé ♫ 🎉",
];

#[test]
fn a_value_is_one_word_in_every_place() {
    let mut flow = String::from("inputs: { values: { type: list } }\nparallel:\n");
    for (id, step, _) in PLACES {
        let step = step.strip_prefix("{ ").and_then(|step| step.strip_suffix(" }")).unwrap_or(step);
        let lines = step.replace("}, run:", "}\n    run:").replace("', run:", "'\n    run:");
        flow.push_str(&format!("  - id: {id}\n    each: \"{{{{ inputs.values }}}}\"\n    {lines}\n"));
    }
    let project = Project::of(&flow);
    let ran = project.segno(&["run", "flow.yaml", "--values", &json!(VALUES).to_string()]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    assert!(!project.has("pwned"), "a value was executed");
    let report = project.report();
    let tasks = report["tasks"].as_array().unwrap();
    assert_eq!(tasks.len(), PLACES.len() * VALUES.len());
    for (index, task) in tasks.iter().enumerate() {
        let ((id, _, expected), value) = (PLACES[index / VALUES.len()], VALUES[index % VALUES.len()]);
        let expected = expected.replace('#', &value.len().to_string()).replace('V', value);
        assert_eq!(task["output"].as_str(), Some(&*expected), "{id} with {value:?}");
    }
}

#[test]
fn a_list_is_as_many_words_as_it_has_items() {
    let project = Project::of(
        "inputs: { values: { type: list } }
steps:
  - { id: shell, run: \"printf '<%s>' {{ inputs.values }}\" }
  - { id: argv, run: [printf, '<%s>', '{{ inputs.values }}'] }
  - { id: part, run: \"printf '<%s>' {{ inputs.values[1:] }} {{ inputs.values | reverse | first }}\" }
  - { id: joined, run: \"printf '<%s>' --all={{ inputs.values | join(',') }}\" }
  - { id: inside, run: 'echo --all={{ inputs.values }}', optional: true }
",
    );
    let ran = project.segno(&["run", "flow.yaml", "--values", r#"["a b", "$(touch pwned)", ""]"#]);
    assert_eq!(ran.code, Some(0), "{}", ran.out);
    let output = |task: &str| project.output(task).trim_end().to_owned();
    assert_eq!(output("shell"), "<a b><$(touch pwned)><>");
    assert_eq!(output("argv"), "<a b><$(touch pwned)><>");
    assert_eq!(output("part"), "<$(touch pwned)><><>");
    assert_eq!(output("joined"), "<--all=a b,$(touch pwned),>");
    let reason = "it is a list and stands inside a word; write {{ list | join(' ') }} or let it stand alone";
    assert!(ran.out.contains(reason), "{}", ran.out);
    assert!(!project.has("pwned"));
}

#[test]
fn values_that_are_no_text_read_as_the_file_writes_them() {
    let project = Project::of(
        "inputs: { values: { type: map } }
steps:
  - { id: shell, run: \"printf '<%s>' {{ inputs.values.b }} {{ inputs.values.n }} {{ inputs.values.m }}\" }
  - { id: text, run: [cat], stdin: '{{ inputs.values.b }} {{ inputs.values.n }} {{ inputs.values.m }}' }
  - { id: prose, run: [cat], stdin: '{% if true %}{{ inputs.values.b }} {{ inputs.values.m }}{% endif %}' }
",
    );
    let ran = project.segno(&["run", "flow.yaml", "--values", r#"{"b": true, "n": 1.5, "m": {"k": [null, "v"]}}"#]);
    assert_eq!(ran.code, Some(0), "{}", ran.out);
    assert_eq!(project.output("shell"), "<true><1.5><{\"k\":[null,\"v\"]}>\n");
    assert_eq!(project.output("text"), "true 1.5 {\"k\":[null,\"v\"]}\n");
    assert_eq!(project.output("prose"), "true {\"k\":[null,\"v\"]}\n");
}

#[test]
fn a_value_that_no_command_line_can_carry_says_so_and_goes_by_stdin() {
    let project = Project::of(
        "steps:
  - { id: nul, run: \"printf 'a\\\\000b'\" }
  - { id: large, run: \"head -c 200000 /dev/zero | tr '\\\\000' x\" }
  - parallel:
      - { id: nul_word, run: 'echo {{ steps.nul.output }}', optional: true }
      - { id: nul_argv, run: [echo, '{{ steps.nul.output }}'], optional: true }
      - { id: large_word, run: 'echo {{ steps.large.output }}', optional: true }
      - { id: large_argv, run: [echo, '{{ steps.large.output }}'], optional: true }
      - { id: nul_stdin, run: [wc, -c], stdin: '{{ steps.nul.output }}' }
      - { id: large_stdin, run: [wc, -c], stdin: '{{ steps.large.output }}' }
",
    );
    let ran = project.segno(&["run", "flow.yaml"]);
    assert_eq!(ran.code, Some(0), "{}", ran.out);
    let report = project.report();
    let fault = |task: &str| {
        let tasks = report["tasks"].as_array().unwrap();
        let task: &Value = tasks.iter().find(|found| found["task"] == task).unwrap();
        [&task["fault"]["message"], &task["fault"]["hint"]].map(|text| text.as_str().unwrap().to_owned())
    };
    let nul = ["a value holds a NUL byte, which no command line can carry", "give it by 'stdin:'"];
    let large = [
        "a value is too long for a command line",
        "the system limits one value to 128 KiB; give large texts by 'stdin:'",
    ];
    for (task, expected) in [("nul_word", nul), ("nul_argv", nul), ("large_word", large), ("large_argv", large)] {
        assert_eq!(fault(task), expected, "{task}");
    }
    assert_eq!((&*project.output("nul_stdin"), &*project.output("large_stdin")), ("3\n", "200000\n"));
}
