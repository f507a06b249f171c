//! Runs every rule over the workspace and prints all findings at once.
//! Leaves to `workspace` what is read from the disk.

use std::fmt;

use super::workspace::Workspace;
use super::{arrows, header, leftovers, length, manifests, names, packages, purity, safety};
use crate::gate::{Outcome, Red};

/// A breach of a rule: where, which, what, and what to do about it.
#[derive(Debug)]
pub struct Finding {
    /// The file's path below the repository's root.
    pub file: String,
    /// Counted from one.
    pub line: usize,
    pub rule: &'static str,
    pub text: String,
    pub hint: &'static str,
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Finding { file, line, rule, text, hint } = self;
        write!(formatter, "{file}:{line}: {rule}: {text}\n    {hint}")
    }
}

const RULES: &[fn(&Workspace) -> Vec<Finding>] = &[
    arrows::check,
    packages::check,
    length::check,
    header::check,
    names::check,
    manifests::check,
    leftovers::check,
    safety::check,
    purity::check,
];

/// Prints the findings and returns whether there were none.
pub fn report() -> bool {
    match gate() {
        Ok(summary) => {
            print!("{summary}");
            true
        }
        Err(red) => {
            print!("{}", red.output);
            false
        }
    }
}

/// The same as a gate of CI.
pub fn gate() -> Outcome {
    check(crate::root()).map_err(|output| Red { output, repeat: "cargo xtask tidy".to_owned() })
}

fn check(root: &std::path::Path) -> Result<String, String> {
    let workspace = Workspace::load(root).map_err(|error| format!("{error}\n"))?;
    let mut findings: Vec<Finding> = RULES.iter().flat_map(|rule| rule(&workspace)).collect();
    findings.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
    match findings.len() {
        0 => Ok(format!("{} files, no findings\n", workspace.sources.len())),
        count => {
            let lines: String = findings.iter().map(|finding| format!("{finding}\n")).collect();
            let noun = if count == 1 { "finding" } else { "findings" };
            Err(format!("{lines}{count} {noun}\n"))
        }
    }
}

/// Runs one rule over a workspace in memory; `expected` lists `file:line: text` of what it finds.
#[cfg(test)]
pub fn assert_findings(rule: fn(&Workspace) -> Vec<Finding>, workspace: &Workspace, expected: &[&str]) {
    let found: Vec<String> =
        rule(workspace).iter().map(|finding| format!("{}:{}: {}", finding.file, finding.line, finding.text)).collect();
    assert_eq!(found, expected);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_shows_place_rule_text_and_hint() {
        let finding = Finding {
            file: "crates/cache/src/lib.rs".to_owned(),
            line: 7,
            rule: "names",
            text: "`get_key` begins with get_".to_owned(),
            hint: "say what it returns: `key`",
        };
        assert_eq!(
            finding.to_string(),
            "crates/cache/src/lib.rs:7: names: `get_key` begins with get_\n    say what it returns: `key`"
        );
    }
}
