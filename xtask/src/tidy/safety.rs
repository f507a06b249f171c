//! Rule: no code is unsafe but that of the one file that maps the log's ring, and every other crate forbids it for good: the
//! workspace's lint, which says deny, could be allowed again.

use super::report::Finding;
use super::source::Source;
use super::workspace::Workspace;

/// The one file; its header says why.
const EXCEPTION: &str = "crates/logging/src/sink/ring/map.rs";
/// The crate that has it.
const EXEMPT: &str = "crates/logging/";

/// Checks every file, and what every crate of the house begins with.
pub fn check(workspace: &Workspace) -> Vec<Finding> {
    workspace.sources.iter().flat_map(|source| allowed(source).into_iter().chain(unforbidden(source))).collect()
}

fn allowed(source: &Source) -> Vec<Finding> {
    if source.path == EXCEPTION {
        return Vec::new();
    }
    let lines = source.code.lines().enumerate().filter(|(_, line)| allows(line));
    let hint = "find a safe way; only the file that maps the log's ring may have it";
    lines.map(|(index, _)| finding(source, index + 1, "unsafe code is allowed here", hint)).collect()
}

fn allows(line: &str) -> bool {
    line.contains("unsafe_code") && ["allow(", "expect(", "warn("].iter().any(|word| line.contains(word))
}

fn unforbidden(source: &Source) -> Option<Finding> {
    let is_root = source.path.starts_with("crates/")
        && !source.path.starts_with(EXEMPT)
        && (source.path.ends_with("/src/lib.rs") || source.path.ends_with("/src/main.rs"));
    let hint = "begin the crate with `#![forbid(unsafe_code)]`";
    (is_root && !source.code.contains("#![forbid(unsafe_code)]"))
        .then(|| finding(source, 1, "unsafe code is not forbidden", hint))
}

fn finding(source: &Source, line: usize, text: &str, hint: &'static str) -> Finding {
    Finding { file: source.path.clone(), line, rule: "safety", text: text.to_owned(), hint }
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

    #[test]
    fn unsafe_code_is_allowed_in_one_file_only() {
        let text = "//! Maps.\n#![allow(unsafe_code, reason = \"why\")]\n";
        check(EXCEPTION, text, &[]);
        check("crates/cache/src/a.rs", text, &["crates/cache/src/a.rs:2: unsafe code is allowed here"]);
        check("crates/cache/src/a.rs", "//! A.\n// allow(unsafe_code)\n", &[]);
    }

    #[test]
    fn every_other_crate_forbids_it() {
        check("crates/a/src/lib.rs", "//! A.\n#![forbid(unsafe_code)]\n", &[]);
        check("crates/a/src/lib.rs", "//! A.\n", &["crates/a/src/lib.rs:1: unsafe code is not forbidden"]);
        check("crates/cli/src/main.rs", "//! A.\n", &["crates/cli/src/main.rs:1: unsafe code is not forbidden"]);
        check("crates/logging/src/lib.rs", "//! A.\n", &[]);
    }
}
