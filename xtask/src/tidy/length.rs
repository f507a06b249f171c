//! Rule: a file has at most 500 lines, a function at most 60.

use super::blocks;
use super::report::Finding;
use super::source::{Source, declarations};
use super::workspace::Workspace;

const MAX_FILE: usize = 500;
const MAX_FUNCTION: usize = 60;

/// Checks every file, and the functions of all but the folders of tests.
pub fn check(workspace: &Workspace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in &workspace.sources {
        let lines = source.text.lines().count();
        if lines > MAX_FILE {
            findings.push(Finding {
                file: source.path.clone(),
                line: MAX_FILE + 1,
                rule: "length",
                text: format!("the file has {lines} lines, more than {MAX_FILE}"),
                hint: "split it where the idea splits",
            });
        }
        if !source.is_test() {
            findings.extend(long_functions(source));
        }
    }
    findings
}

fn long_functions(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut start = 0;
    for (index, line) in source.code.split_inclusive('\n').enumerate() {
        for (column, name) in declarations(line, "fn") {
            let lines = blocks::lines(&source.code[start + column..]);
            if lines > MAX_FUNCTION {
                findings.push(Finding {
                    file: source.path.clone(),
                    line: index + 1,
                    rule: "length",
                    text: format!("`{name}` has {lines} lines, more than {MAX_FUNCTION}"),
                    hint: "give its parts names of their own",
                });
            }
        }
        start += line.len();
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::report::assert_findings;

    fn check(path: &str, text: &str, expected: &[&str]) {
        let sources = vec![Source::new(path, text)];
        let workspace = Workspace { packages: Vec::new(), sources };
        assert_findings(super::check, &workspace, expected);
    }

    /// A function of `lines` lines in all.
    fn function(lines: usize) -> String {
        format!("fn long() {{\n{}}}\n", "    step();\n".repeat(lines - 2))
    }

    #[test]
    fn a_file_of_500_lines_is_allowed_and_one_more_is_not() {
        check("a.rs", &"//\n".repeat(500), &[]);
        check("tests/a.rs", &"//\n".repeat(501), &["tests/a.rs:501: the file has 501 lines, more than 500"]);
    }

    #[test]
    fn a_function_of_60_lines_is_allowed_and_one_more_is_not() {
        check("a.rs", &function(60), &[]);
        check("a.rs", &format!("\n{}", function(61)), &["a.rs:2: `long` has 61 lines, more than 60"]);
        check("tests/a.rs", &function(61), &[]);
    }

    #[test]
    fn a_declaration_ends_at_its_semicolon() {
        let gap = "\n".repeat(70);
        check("a.rs", &format!("trait A {{\n    fn a(b: [u8; 2]) -> [u8; {{ 1 + 1 }}];{gap}}}"), &[]);
    }

    #[test]
    fn braces_in_texts_and_comments_do_not_count() {
        let gap = "\n".repeat(70);
        check("a.rs", &format!("fn a() {{\n    f(\"{{\", '{{'); // {{\n}}{gap}"), &[]);
    }

    #[test]
    fn inner_blocks_belong_to_the_function() {
        let body = "    if a {\n        b();\n    }\n".repeat(20);
        check("a.rs", &format!("fn a(\n    a: A,\n) {{\n{body}}}\n"), &["a.rs:1: `a` has 64 lines, more than 60"]);
    }
}
