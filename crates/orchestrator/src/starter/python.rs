//! The steps of a Python project: the tools that it has set up, run by the program that keeps its environment.

use std::path::Path;

use super::detect::Step;

/// Lock files, and how a tool is run in the environment that they describe.
const ENVIRONMENTS: [(&str, &[&str]); 4] = [
    ("uv.lock", &["uv", "run"]),
    ("poetry.lock", &["poetry", "run"]),
    ("pdm.lock", &["pdm", "run"]),
    ("Pipfile.lock", &["pipenv", "run"]),
];
const SOURCES: [&str; 6] = ["**/*.py", "**/*.pyi", "pyproject.toml", "setup.cfg", "*.toml", "*.lock"];

pub(super) fn steps(folder: &Path) -> (Vec<Step>, Vec<Step>) {
    let is_there = |(lock, _): &&(&str, &[&str])| folder.join(lock).is_file();
    let environment = ENVIRONMENTS.iter().find(is_there).map_or(&["python3", "-m"][..], |(_, words)| words);
    let settings = std::fs::read_to_string(folder.join("pyproject.toml")).unwrap_or_default();
    let uses = |tool: &str, files: &[&str]| {
        settings.contains(&format!("[tool.{tool}")) || files.iter().any(|name| folder.join(name).is_file())
    };
    let step = |id: &str, words: &[&str]| Step::new(id, &[environment, words].concat());
    let mut together = Vec::new();
    if uses("ruff", &["ruff.toml", ".ruff.toml"]) {
        together.push(step("lint", &["ruff", "check"]).by(&SOURCES));
        together.push(step("format", &["ruff", "format", "--check"]).by(&SOURCES));
    } else if uses("black", &[]) {
        together.push(step("format", &["black", "--check", "."]).by(&SOURCES));
    } else if uses("flake8", &[".flake8"]) {
        together.push(step("lint", &["flake8"]).by(&SOURCES));
    }
    if uses("mypy", &["mypy.ini", ".mypy.ini"]) {
        together.push(step("types", &["mypy", "."]).by(&SOURCES));
    }
    (together, vec![step("test", &["pytest"]).by_work_tree()])
}
