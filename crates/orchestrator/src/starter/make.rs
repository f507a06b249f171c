//! The steps of a project with a Makefile: those of its targets that have the usual names.

use std::path::Path;

use super::detect::Step;

const FILES: [&str; 3] = ["GNUmakefile", "makefile", "Makefile"];
/// Targets that do not hang on each other.
const CHECKS: [&str; 3] = ["format-check", "lint", "typecheck"];
/// Targets that follow, in order.
const AFTER: [&str; 3] = ["build", "check", "test"];

pub(super) fn steps(folder: &Path) -> (Vec<Step>, Vec<Step>) {
    let text = FILES.iter().find_map(|name| std::fs::read_to_string(folder.join(name)).ok()).unwrap_or_default();
    let targets = targets(&text);
    let has = |name: &&&str| targets.contains(*name);
    let step = |name: &&str| Step::new(&name.replace('-', "_"), &["make", name]).by_work_tree();
    let together: Vec<Step> = CHECKS.iter().filter(has).map(step).collect();
    let after: Vec<Step> = AFTER.iter().filter(has).map(step).collect();
    match together.is_empty() && after.is_empty() {
        true => (together, vec![Step::new("make", &["make"]).by_work_tree()]),
        false => (together, after),
    }
}

/// Returns the names before the colon of each rule; variables and rules with patterns are none.
fn targets(text: &str) -> Vec<&str> {
    let rules = text.lines().filter(|line| !line.starts_with(['\t', ' ', '#', '.']));
    let named = rules.filter_map(|line| line.split_once(':')).filter(|(_, rest)| !rest.starts_with(['=', ':']));
    named.flat_map(|(names, _)| names.split_whitespace()).filter(|name| !name.contains(['%', '$', '='])).collect()
}
