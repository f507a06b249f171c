//! The steps of a Node.js project: the scripts of its package.json, by the package manager whose lock file lies there.

use std::path::Path;

use serde_json::Value;

use super::detect::Step;

/// Lock files and the programs that write them.
const MANAGERS: [(&str, &str); 5] = [
    ("pnpm-lock.yaml", "pnpm"),
    ("yarn.lock", "yarn"),
    ("bun.lock", "bun"),
    ("bun.lockb", "bun"),
    ("package-lock.json", "npm"),
];
/// Scripts that do not hang on each other and change nothing: `format` alone often writes files.
const CHECKS: [&str; 5] = ["format:check", "format-check", "lint", "typecheck", "type-check"];
/// Scripts that follow, in order.
const AFTER: [&str; 2] = ["test", "build"];
/// What those read.
const SOURCES: [&str; 6] = [
    "**/*.{js,jsx,ts,tsx,mjs,cjs,vue,svelte,css,json}",
    "*.config.*",
    ".*rc*",
    "**/tsconfig*.json",
    "package.json",
    "*lock*",
];

pub(super) fn steps(folder: &Path) -> (Vec<Step>, Vec<Step>) {
    let is_there = |(lock, _): &&(&str, &str)| folder.join(lock).is_file();
    let manager = MANAGERS.iter().find(is_there).map_or("npm", |(_, manager)| *manager);
    let scripts = scripts(folder);
    let has = |name: &&&str| scripts.iter().any(|script| script == **name);
    let step = |name: &&str| Step::new(&name.replace(['-', ':'], "_"), &[manager, "run", name]);
    let together: Vec<Step> = CHECKS.iter().filter(has).map(|name| step(name).by(&SOURCES)).collect();
    let after: Vec<Step> = AFTER.iter().filter(has).map(|name| step(name).by_work_tree()).collect();
    match together.is_empty() && after.is_empty() {
        true => (together, vec![Step::new("test", &[manager, "test", "--if-present"]).by_work_tree()]),
        false => (together, after),
    }
}

/// Returns the names of the project's scripts; none when its package.json cannot be read.
fn scripts(folder: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(folder.join("package.json")).unwrap_or_default();
    let package: Value = serde_json::from_str(&text).unwrap_or_default();
    package["scripts"].as_object().map(|scripts| scripts.keys().cloned().collect()).unwrap_or_default()
}
