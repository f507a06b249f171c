//! Rule: a file begins with `//!`, the line that says what it does and what it leaves to others.

use super::report::Finding;
use super::workspace::Workspace;

/// Checks the first line of every file.
pub fn check(workspace: &Workspace) -> Vec<Finding> {
    workspace
        .sources
        .iter()
        .filter(|source| !has_header(&source.text))
        .map(|source| Finding {
            file: source.path.clone(),
            line: 1,
            rule: "header",
            text: "the first line is no `//!` with a sentence".to_owned(),
            hint: "say what this file does and what it leaves to others",
        })
        .collect()
}

fn has_header(text: &str) -> bool {
    let sentence = text.lines().next().and_then(|line| line.strip_prefix("//!"));
    sentence.is_some_and(|sentence| !sentence.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::report::assert_findings;
    use crate::tidy::source::Source;

    fn check(text: &str, expected: &[&str]) {
        let sources = vec![Source::new("a.rs", text)];
        let workspace = Workspace { packages: Vec::new(), sources };
        assert_findings(super::check, &workspace, expected);
    }

    #[test]
    fn a_header_is_a_sentence_in_line_one() {
        let finding = "a.rs:1: the first line is no `//!` with a sentence";
        check("//! Sorts events.\nfn a() {}\n", &[]);
        check("\n//! Sorts events.\n", &[finding]);
        check("//!\n//! Sorts events.\n", &[finding]);
        check("// Sorts events.\n", &[finding]);
        check("", &[finding]);
    }
}
