//! The picture as a tree for the terminal: one line a step.

use super::part::{Form, Graph, Part};
use super::words;

/// The signs that a tree is drawn with.
struct Signs {
    inner: &'static str,
    last: &'static str,
    down: &'static str,
}

const LINES: Signs = Signs { inner: "├─ ", last: "└─ ", down: "│  " };
const PLAIN: Signs = Signs { inner: "|- ", last: "`- ", down: "|  " };

impl Graph {
    /// Writes the picture as a tree, with lines or in plain ASCII.
    pub fn text(&self, unicode: bool) -> String {
        self.down(|| self.as_text(if unicode { &LINES } else { &PLAIN }))
    }

    fn as_text(&self, signs: &Signs) -> String {
        let mut text = format!("{}\n", words::cut(&self.name));
        match self.root.is_group() && self.root.name.is_none() {
            true => inside(&self.root, "", signs, &mut text),
            false => branch(&self.root, None, "", true, signs, &mut text),
        }
        text
    }
}

fn inside(group: &Part, indent: &str, signs: &Signs, text: &mut String) {
    let roles = roles(group);
    let count = roles.len();
    for (index, (role, part)) in roles.into_iter().enumerate() {
        branch(part, role, indent, index + 1 == count, signs, text);
    }
}

fn branch(part: &Part, role: Option<&str>, indent: &str, is_last: bool, signs: &Signs, text: &mut String) {
    let sign = if is_last { signs.last } else { signs.inner };
    text.push_str(&format!("{indent}{sign}{}\n", line(part, role)));
    let below = if is_last { "   " } else { signs.down };
    inside(part, &format!("{indent}{below}"), signs, text);
}

/// Says what each part of a group is to it, where the order alone does not.
fn roles(group: &Part) -> Vec<(Option<&str>, &Part)> {
    match &group.form {
        Form::Choice { answers, .. } => answers.iter().map(|(answer, part)| (Some(answer.as_str()), part)).collect(),
        Form::Then { body, when, after } => vec![(None, body), (Some(when), after)],
        _ => group.parts().into_iter().map(|part| (None, part)).collect(),
    }
}

fn line(part: &Part, role: Option<&str>) -> String {
    let mut words: Vec<String> = Vec::new();
    words.extend(role.map(|role| format!("{role}:")));
    match &part.form {
        Form::Choice { question, .. } => words.extend(part.name.iter().cloned().chain([question.clone()])),
        _ => words.extend(part.label()),
    }
    if !part.needs.is_empty() {
        let needs: Vec<&str> = part.needs.iter().map(|(_, name)| name.as_str()).collect();
        words.push(format!("(needs {})", needs.join(", ")));
    }
    words.join("  ")
}

#[cfg(test)]
mod tests {
    use super::super::layout::tests::{PATTERNS, graph};

    fn check(flow: &str, unicode: bool, expected: &str) {
        assert_eq!(graph(flow).text(unicode), expected);
    }

    #[test]
    fn a_step_is_a_line_below_its_group() {
        check(
            PATTERNS,
            true,
            "a
├─ in order
│  ├─ build  $ make
│  ├─ checks  together
│  │  ├─ lint  optional  $ lint
│  │  └─ test  for each of 1, 2  $ make test {{ item }}
│  └─ end  if steps.test.ok  (needs build, test)
│     ├─ yes:  $ publish {{ steps.build.output }}
│     └─ no:  sorry  $ sorry
└─ always:  clean  $ rm x
",
        );
    }

    #[test]
    fn a_flow_of_one_step_is_one_line() {
        check("steps: [{ id: only, if: '{{ true }}', run: [x] }]", false, "a\n`- only  if true  $ x\n");
    }

    #[test]
    fn only_the_first_words_of_a_script_are_shown() {
        check(
            &format!("steps: [{{ id: a, run: \"\\n# why\\necho \\e[31m{}\\nmore\" }}]", "x".repeat(80)),
            false,
            &format!("a\n`- a  $ echo  [31m{}.. ..\n", "x".repeat(50)),
        );
    }

    #[test]
    fn who_checks_and_who_takes_over_stands_behind_the_call() {
        let flow = "steps:\n- { id: a, run: make, check: [{ run: [make, test] }], judge: { run: [score] }, \
                    fallback: [{ run: [make, less] }, { run: make none }], undo: { run: [make, clean] }, optional: true }\n";
        let line = "a  optional  $ make  checked by $ make test  judged by $ score  else $ make less  else $ make none  \
                    undone by $ make clean";
        assert_eq!(graph(flow).text(false), format!("a\n`- {line}\n"));
    }
}
