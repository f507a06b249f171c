//! Rule: the packages that the project promised to build on are really in use.

use super::report::Finding;
use super::workspace::{Package, Workspace};

const PROMISED: [&str; 8] = ["tracing", "serde", "thiserror", "tokio", "lru", "rand", "criterion", "proptest"];

/// Checks that some member depends on each promised package.
pub fn check(workspace: &Workspace) -> Vec<Finding> {
    let depends =
        |package: &Package, name: &str| package.uses.iter().chain(&package.uses_beside).any(|used| used == name);
    PROMISED
        .into_iter()
        .filter(|name| !workspace.packages.iter().any(|package| depends(package, name)))
        .map(|name| Finding {
            file: "Cargo.toml".to_owned(),
            line: 1,
            rule: "packages",
            text: format!("no member depends on `{name}`"),
            hint: "build on it where it fits: the project promised to",
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::report::assert_findings;

    fn check(uses: &[&str], uses_beside: &[&str], expected: &[&str]) {
        let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        let package = Package { uses: owned(uses), uses_beside: owned(uses_beside), ..Package::default() };
        let workspace = Workspace { packages: vec![package], sources: Vec::new() };
        assert_findings(super::check, &workspace, expected);
    }

    #[test]
    fn a_dependency_for_tests_counts() {
        check(&PROMISED[..6], &PROMISED[6..], &[]);
    }

    #[test]
    fn a_missing_package_is_named() {
        check(&PROMISED[1..], &[], &["Cargo.toml:1: no member depends on `tracing`"]);
        check(&PROMISED[..7], &["proptest-derive"], &["Cargo.toml:1: no member depends on `proptest`"]);
    }
}
