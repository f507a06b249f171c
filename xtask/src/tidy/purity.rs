//! Rule: inside the orchestrator the rooms that only compute neither wait nor touch the machine.

use super::report::Finding;
use super::source::{Source, is_name};
use super::workspace::Workspace;

const RULE: &str = "purity";
const HOME: &str = "crates/orchestrator/src/";

/// Folders, or files of the same names.
const ROOMS: [&str; 5] = ["model", "patterns", "state", "report", "plan"];

/// Modules of `std` that reach outside.
const OUTSIDE: [&str; 2] = ["fs", "env"];

/// Checks the files of those rooms.
pub fn check(workspace: &Workspace) -> Vec<Finding> {
    workspace.sources.iter().filter(|source| is_pure(&source.path)).flat_map(findings).collect()
}

fn is_pure(path: &str) -> bool {
    let Some(room) = path.strip_prefix(HOME).and_then(|below| below.split(['/', '.']).next()) else {
        return false;
    };
    // Whatever begins with `state` belongs to the fold.
    ROOMS.contains(&room) || room.starts_with("state")
}

fn findings(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut start = 0;
    for (index, line) in source.code.split_inclusive('\n').enumerate() {
        for word in impure(line, &source.code[start..]) {
            findings.push(Finding {
                file: source.path.clone(),
                line: index + 1,
                rule: RULE,
                text: format!("`{word}` where nothing waits or reads the machine"),
                hint: "let the engine do it and pass the result in",
            });
        }
        start += line.len();
    }
    findings
}

/// Returns what a line uses; `rest` is the code from that line on, for imports of several lines.
fn impure(line: &str, rest: &str) -> Vec<String> {
    let mut words = Vec::new();
    if line.split(|c| !is_name(c)).any(|word| word == "async") {
        words.push("async".to_owned());
    }
    if line.contains("tokio::") {
        words.push("tokio::".to_owned());
    }
    for module in OUTSIDE {
        let path = format!("std::{module}");
        let is_whole = |(at, _)| !line[at + path.len()..].starts_with(is_name);
        if line.match_indices(&path).any(is_whole) || imports(line, rest, module) {
            words.push(path);
        }
    }
    words
}

/// Whether an import such as `use std::{env, fmt};` begins in the line and names the module.
fn imports(line: &str, rest: &str, module: &str) -> bool {
    let Some(at) = line.find("std::{") else {
        return false;
    };
    let list = rest[at + "std::{".len()..].split(';').next().unwrap_or_default();
    list.split([',', '}']).any(|item| {
        let path = item.trim();
        path.strip_prefix(module).is_some_and(|after| !after.starts_with(is_name))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::report::assert_findings;

    fn check(path: &str, text: &str, expected: &[&str]) {
        let sources = vec![Source::new(&format!("{HOME}{path}"), text)];
        let workspace = Workspace { packages: Vec::new(), sources };
        let expected: Vec<String> = expected
            .iter()
            .map(|found| {
                let (line, word) = found.split_once(' ').unwrap();
                format!("{HOME}{path}:{line}: `{word}` where nothing waits or reads the machine")
            })
            .collect();
        let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
        assert_findings(super::check, &workspace, &expected);
    }

    const IMPURE: &str = "use std::fs;\nuse std::{\n    env,\n    fmt,\n};\nasync fn a() {\n    tokio::spawn(b)\n}";

    #[test]
    fn a_pure_room_neither_waits_nor_reads_the_machine() {
        let all = ["1 std::fs", "2 std::env", "6 async", "7 tokio::"];
        check("plan/compile.rs", IMPURE, &all);
        check("state.rs", IMPURE, &all);
        check("state_cursor.rs", IMPURE, &all);
    }

    #[test]
    fn other_rooms_may() {
        check("engine/drive.rs", IMPURE, &[]);
        check("planner/drive.rs", IMPURE, &[]);
    }

    #[test]
    fn words_that_only_look_alike_are_fine() {
        check("model/event.rs", "// async fn over std::fs\nlet asynchronous = std::fs_like;", &[]);
        check("model/event.rs", "use std::{fmt, collections::BTreeMap};\nlet env = 1;", &[]);
    }
}
