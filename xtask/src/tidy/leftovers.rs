//! Rule: nothing unfinished, switched off or forgotten is left in the code.

use super::report::Finding;
use super::source::Source;
use super::workspace::Workspace;

/// What must not stand in code, spelled without blanks.
const IN_CODE: [(&str, &str); 5] = [
    ("todo!", "write it, or leave the caller out too"),
    ("unimplemented!", "write it, or leave the caller out too"),
    ("dbg!", "emit a tracing event or remove it"),
    ("#[ignore", "a test runs or does not exist"),
    ("allow(dead_code)", "remove what nobody uses"),
];

/// Checks the code and the comments of every file.
pub fn check(workspace: &Workspace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in &workspace.sources {
        findings.extend(in_code(source));
        findings.extend(in_comments(source));
    }
    findings
}

fn in_code(source: &Source) -> impl Iterator<Item = Finding> {
    source.code.lines().enumerate().flat_map(move |(index, line)| {
        let found = IN_CODE.into_iter().filter(|(word, _)| line.contains(word));
        found.map(move |(word, hint)| finding(source, index, format!("`{word}` in the code"), hint))
    })
}

fn in_comments(source: &Source) -> impl Iterator<Item = Finding> {
    source.comments.lines().enumerate().filter_map(move |(index, line)| {
        let word = match line {
            // Only with the number of an issue, so that it is on a list that somebody reads.
            _ if line.replace("TODO(#", "").contains("TODO") => "TODO",
            _ if line.contains("FIXME") => "FIXME",
            _ => return None,
        };
        let text = format!("{word} without an issue");
        Some(finding(source, index, text, "write down the issue: TODO(#12), or do it"))
    })
}

fn finding(source: &Source, index: usize, text: String, hint: &'static str) -> Finding {
    Finding { file: source.path.clone(), line: index + 1, rule: "leftovers", text, hint }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::report::assert_findings;

    fn check(text: &str, expected: &[&str]) {
        let sources = vec![Source::new("a.rs", text)];
        let workspace = Workspace { packages: Vec::new(), sources };
        assert_findings(super::check, &workspace, expected);
    }

    #[test]
    fn unfinished_code_is_found() {
        check(
            "fn a() { todo!() }\nfn b() { unimplemented!(\"b\") }\nlet c = dbg!(c);",
            &["a.rs:1: `todo!` in the code", "a.rs:2: `unimplemented!` in the code", "a.rs:3: `dbg!` in the code"],
        );
    }

    #[test]
    fn what_is_switched_off_is_found() {
        check(
            "#[test]\n#[ignore = \"slow\"]\nfn a() {}\n#[allow(dead_code)]\nfn b() {}",
            &["a.rs:2: `#[ignore` in the code", "a.rs:4: `allow(dead_code)` in the code"],
        );
    }

    #[test]
    fn a_note_needs_an_issue() {
        check(
            "// TODO: later\n// FIXME\n// TODO(#12): later",
            &["a.rs:1: TODO without an issue", "a.rs:2: FIXME without an issue"],
        );
    }

    #[test]
    fn texts_may_say_anything() {
        check("let a = \"todo! TODO FIXME #[ignore]\";", &[]);
    }
}
