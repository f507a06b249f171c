//! Rule: the crates stand on floors, and an arrow between them points downwards.

use super::report::Finding;
use super::workspace::{Package, Workspace};

const RULE: &str = "arrows";

const LEAVES: [&str; 4] = ["segno-errors", "segno-resilience", "segno-cache", "segno-logging"];

/// The crate that composes the leaves.
const COMPOSER: &str = "segno-orchestrator";

/// The binary, which nobody builds on.
const BINARY: &str = "segno";

/// Packages that are never published may use whatever they measure or check.
const FREE: [&str; 2] = ["segno-bench", "xtask"];

/// Checks every edge between two members, and that the composer uses all leaves.
pub fn check(workspace: &Workspace) -> Vec<Finding> {
    let is_member = |name: &&String| workspace.packages.iter().any(|other| other.name == **name);
    let mut findings = Vec::new();
    for package in &workspace.packages {
        let members = package.uses.iter().chain(&package.uses_beside).filter(is_member);
        findings.extend(members.filter_map(|used| edge(package, used)));
        if floor(&package.name).is_none() && !FREE.contains(&package.name.as_str()) {
            findings.push(finding(
                package,
                "name",
                format!("`{}` has no floor", package.name),
                "give it one in xtask/src/tidy/arrows.rs and in the design notes",
            ));
        }
        if package.name == COMPOSER {
            findings.extend(LEAVES.into_iter().filter_map(|leaf| composed(package, leaf)));
        }
    }
    findings
}

/// The end of the name of a crate that only holds the macros of another one.
const MACROS: &str = "-macros";

/// From the ground up: the macros of the leaves, which are a part of them, and the leaves.
fn floor(name: &str) -> Option<u8> {
    match name {
        _ if name.strip_suffix(MACROS).is_some_and(|leaf| LEAVES.contains(&leaf)) => Some(0),
        _ if LEAVES.contains(&name) => Some(1),
        COMPOSER => Some(2),
        "segno-monitor" => Some(3),
        BINARY => Some(4),
        _ => None,
    }
}

fn edge(package: &Package, used: &str) -> Option<Finding> {
    let allowed = match (floor(&package.name), floor(used)) {
        _ if used.ends_with(MACROS) => used.strip_suffix(MACROS) == Some(package.name.as_str()),
        (Some(from), Some(to)) => from > to,
        (None, _) => used != BINARY,
        (Some(_), None) => false,
    };
    (!allowed).then(|| {
        finding(
            package,
            used,
            format!("`{}` must not depend on `{used}`", package.name),
            "pass what is needed as a closure or a generic, or move it down",
        )
    })
}

fn composed(package: &Package, leaf: &str) -> Option<Finding> {
    let used = package.uses.iter().any(|used| used == leaf);
    (!used).then(|| {
        finding(
            package,
            "[dependencies]",
            format!("`{COMPOSER}` does not depend on `{leaf}`"),
            "the orchestrator composes all four leaves",
        )
    })
}

fn finding(package: &Package, key: &str, text: String, hint: &'static str) -> Finding {
    Finding { file: package.manifest.clone(), line: package.line_of(key), rule: RULE, text, hint }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::report::assert_findings;

    /// Packages from lines such as `segno-cache: serde; segno-errors`, the latter for tests.
    fn check(packages: &str, expected: &[&str]) {
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect();
        let packages = packages.lines().map(|line| {
            let (name, uses) = line.trim().split_once(':').unwrap();
            let (uses, beside) = uses.split_once(';').unwrap_or((uses, ""));
            Package {
                name: name.to_owned(),
                uses: words(uses),
                uses_beside: words(beside),
                manifest: name.to_owned(),
                ..Package::default()
            }
        });
        let workspace = Workspace { packages: packages.collect(), sources: Vec::new() };
        assert_findings(super::check, &workspace, expected);
    }

    const HOUSE: &str = "segno-errors: serde
        segno-resilience: rand segno-resilience-macros
        segno-resilience-macros: syn
        segno-cache:
        segno-logging:
        segno-orchestrator: segno-errors segno-resilience segno-cache segno-logging
        segno-monitor: segno-orchestrator segno-errors
        segno: segno-monitor segno-orchestrator segno-logging; tempfile
        segno-bench:; segno-cache segno-monitor
        xtask: cargo_metadata";

    #[test]
    fn the_house_as_designed_has_no_finding() {
        check(HOUSE, &[]);
    }

    #[test]
    fn a_leaf_uses_no_member_even_in_tests() {
        check(
            &HOUSE.replace("segno-cache:\n", "segno-cache: segno-logging; segno-errors\n"),
            &[
                "segno-cache:1: `segno-cache` must not depend on `segno-logging`",
                "segno-cache:1: `segno-cache` must not depend on `segno-errors`",
            ],
        );
    }

    #[test]
    fn no_arrow_points_up_or_at_the_binary() {
        check(
            &HOUSE
                .replace("segno-logging\n        segno-m", "segno-logging segno-monitor\n        segno-m")
                .replace("; segno-cache", "; segno segno-cache"),
            &[
                "segno-orchestrator:1: `segno-orchestrator` must not depend on `segno-monitor`",
                "segno-bench:1: `segno-bench` must not depend on `segno`",
            ],
        );
    }

    #[test]
    fn the_orchestrator_uses_all_leaves_in_its_code() {
        check(
            &HOUSE.replace("segno-cache segno-logging", "segno-logging; segno-cache"),
            &["segno-orchestrator:1: `segno-orchestrator` does not depend on `segno-cache`"],
        );
    }

    #[test]
    fn the_macros_of_a_crate_are_for_that_crate_alone() {
        check(
            &HOUSE.replace("segno-cache:\n", "segno-cache: segno-resilience-macros\n"),
            &["segno-cache:1: `segno-cache` must not depend on `segno-resilience-macros`"],
        );
        check(
            &HOUSE.replace("macros: syn", "macros: syn segno-resilience"),
            &["segno-resilience-macros:1: `segno-resilience-macros` must not depend on `segno-resilience`"],
        );
    }

    #[test]
    fn a_new_crate_needs_a_floor() {
        check("segno-new: serde", &["segno-new:1: `segno-new` has no floor"]);
    }
}
