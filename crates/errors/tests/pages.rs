//! The pages under `docs/errors` are those of the crate, and their index is made from its kinds.
#![allow(clippy::unwrap_used)]

use std::path::Path;

use segno_errors::analytics::REJECTIONS;
use segno_errors::{Kind, pages};

/// Set to anything, it makes the files anew.
const MAKE: &str = "SEGNO_MAKE_DOCS";

/// Compares a made file with what it should be, or writes it when asked to. In a package there are no docs beside the crate.
fn fresh(name: &str, expected: &str) {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    if !docs.exists() {
        return;
    }
    let path = docs.join("errors").join(name);
    if std::env::var_os(MAKE).is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, expected).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == expected, "docs/errors/{name} is not what the crate says; make it anew with {MAKE}=1");
}

#[test]
fn the_published_pages_are_those_of_the_crate() {
    for kind in Kind::ALL {
        fresh(&format!("{}.md", kind.code()), kind.page());
    }
    fresh("README.md", &pages::index(|kind| format!("{}.md", kind.code())));
}

/// Returns the kinds and reasons of a source file's rows: `Row::new(Kind::Network, "dns", ..`.
fn rows(source: &str) -> Vec<(String, String)> {
    let code = source.split("#[cfg(test)]").next().unwrap();
    let rows = code.split("Row::new(").skip(1);
    let row = |row: &str| {
        let kind = row.trim_start().strip_prefix("Kind::")?.split_once(',')?;
        let reason = kind.1.trim_start().strip_prefix('"')?.split_once('"')?;
        Some((kind.0.to_owned(), reason.0.to_owned()))
    };
    rows.filter_map(row).collect()
}

fn sources(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| match path.is_dir() {
            true => sources(&path),
            false => vec![std::fs::read_to_string(path).unwrap()],
        })
        .collect()
}

#[test]
fn each_reason_that_a_table_gives_stands_on_the_page_of_its_kind() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/classify");
    let found: Vec<(String, String)> = sources(&folder).iter().flat_map(|source| rows(source)).collect();
    assert!(found.len() > 100, "{} rows", found.len());
    for (kind, reason) in found {
        let page = Kind::ALL.into_iter().find(|known| format!("{known:?}") == kind).unwrap();
        assert!(page.reasons().any(|(own, _)| own == reason), "the page of {kind} does not name '{reason}'");
    }
}

/// Returns the reasons that a source file gives to faults: `Fault::new(Kind::Network, ..).reason("dns")`. The kind is `None`
/// where it stands elsewhere.
fn given(source: &str) -> Vec<(Option<String>, String)> {
    let code = source.split("#[cfg(test)]").next().unwrap();
    let mut found = Vec::new();
    for begin in [".reason(\"", "refused(\""] {
        for (at, _) in code.match_indices(begin) {
            let reason = code[at + begin.len()..].split('"').next().unwrap();
            // A sentence is handed to something else of that name.
            if !reason.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_') {
                continue;
            }
            let kind = code[..at].rsplit_once("Kind::").map(|(_, kind)| kind);
            let kind = kind.filter(|kind| !kind.contains(';')).and_then(|kind| kind.split(',').next());
            found.push((kind.map(str::to_owned), reason.to_owned()));
        }
    }
    found
}

#[test]
fn each_reason_that_segno_gives_stands_on_a_page() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let folders = ["orchestrator/src", "monitor/src", "cli/src"].map(|folder| crates.join(folder));
    // In a package there is no other crate beside this one.
    if folders.iter().any(|folder| !folder.exists()) {
        return;
    }
    let known =
        |reason: &str| Kind::ALL.into_iter().filter(|kind| kind.reasons().any(|(own, _)| own == reason)).collect();
    for reason in REJECTIONS {
        let kinds: Vec<Kind> = known(reason);
        assert!(!kinds.is_empty(), "no page names '{reason}'");
    }
    let sources: Vec<String> = folders.iter().flat_map(|folder| sources(folder)).collect();
    // A file of tests alone gives reasons that are made up.
    let is_code = |source: &&String| !source.contains("#[test]") || source.contains("#[cfg(test)]");
    let found: Vec<(Option<String>, String)> =
        sources.iter().filter(is_code).flat_map(|source| given(source)).collect();
    assert!(found.len() > 30, "{} reasons", found.len());
    for (kind, reason) in found {
        let kinds: Vec<Kind> = known(&reason);
        let is_there = match &kind {
            Some(kind) => kinds.iter().any(|known| format!("{known:?}") == *kind),
            None => !kinds.is_empty(),
        };
        assert!(is_there, "no page of {kind:?} names '{reason}'");
    }
}

#[test]
fn no_page_names_a_reason_that_nothing_gives() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    if !crates.join("orchestrator/src").exists() {
        return;
    }
    let folders = ["errors/src", "orchestrator/src", "monitor/src", "cli/src"].map(|folder| crates.join(folder));
    let sources = folders.iter().flat_map(|folder| sources(folder));
    let code: String = sources.map(|source| source.split("#[cfg(test)]").next().unwrap().to_owned()).collect();
    for kind in Kind::ALL {
        for (reason, _) in kind.reasons() {
            assert!(code.contains(&format!("\"{reason}\"")), "nothing gives '{reason}' of {kind:?}");
        }
    }
}

#[test]
fn no_answer_of_a_service_is_taken_for_a_refusal() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/classify");
    for source in sources(&folder) {
        let code = source.split("#[cfg(test)]").next().unwrap();
        for reason in REJECTIONS {
            assert!(!code.contains(&format!("\"{reason}\"")), "'{reason}' is a reason of what was tried");
        }
    }
    let answered = segno_errors::from_http(429, [("", ""); 0], b"");
    assert!(answered.why().is_some_and(|reason| !REJECTIONS.contains(&reason)), "{answered}");
}
