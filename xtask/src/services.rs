//! The tests that need a server: Redis, PostgreSQL. They start their own, on private sockets in temporary folders. Leaves
//! what else tests need of the machine to `disks`.
//!
//! A server that is not installed is skipped by its name. Where it may be installed it must be there: see `ready`.

use std::fs;
use std::path::Path;

use crate::disks;
use crate::gate::{Outcome, Red, SKIPPED, cargo};
use crate::tools::{self, Missing, Tool};

/// The gate's name.
pub const NAME: &str = "services";

/// Where the tests lie whose names begin with a service's.
const TESTS: &str = "crates/cache/tests";

/// Every server that tests start.
const SERVICES: &[Service] = &[
    Service { prefix: "redis_", tool: Tool { program: "redis-server", packages: &["redis-server"] }, versions: None },
    Service {
        prefix: "postgres_",
        tool: Tool { program: "postgres", packages: &["postgresql"] },
        // Debian keeps servers of all versions here, and none of them on the path.
        versions: Some("/usr/lib/postgresql"),
    },
];

/// The whole program is tried with this server too.
const WHOLE: (&str, &str) = ("redis_", "test --package segno --quiet --test services");

/// Prometheus' own checker, and the tests that have it read what is exported.
const PROMTOOL: (Tool, &str) = (
    Tool { program: "promtool", packages: &["prometheus"] },
    "test --package segno --quiet --test e2e exports::prometheus",
);

/// A server, and the tests that start it.
struct Service {
    /// What the names of its tests begin with.
    prefix: &'static str,
    tool: Tool<'static>,
    /// A folder of versions with the program in their `bin`.
    versions: Option<&'static str>,
}

/// Installs what is missing. Where this is called, as in CI, nothing may be skipped.
pub fn ready() -> Result<(), Missing> {
    for service in SERVICES.iter().filter(|service| !service.is_there()) {
        tools::install(&service.tool)?;
        if !service.is_there() {
            return Err(Missing::of(&service.tool, "its package did not bring it"));
        }
    }
    let (promtool, _) = &PROMTOOL;
    if !tools::on_path(promtool.program) {
        tools::install(promtool)?;
    }
    disks::ready()
}

/// Runs the tests of the servers that are there.
pub fn gate() -> Outcome {
    let (there, missing): (Vec<&Service>, Vec<&Service>) = SERVICES.iter().partition(|service| service.is_there());
    let mut said: String =
        missing.into_iter().map(|service| skipped(&format!("{}*", service.prefix), &service.tool)).collect();
    let folder = crate::root().join(TESTS);
    let mut tests = Vec::new();
    for service in there {
        let its = names(&folder, service.prefix);
        if its.is_empty() {
            let output = format!("no test in {TESTS} begins with `{}`", service.prefix);
            return Err(Red { output, repeat: format!("cargo xtask ci {NAME}") });
        }
        tests.extend(its);
    }
    if !tests.is_empty() {
        said += &cargo(&command(&tests)).run()?;
    }
    if tests.iter().any(|test| test.starts_with(WHOLE.0)) {
        said += &cargo(WHOLE.1).run()?;
    }
    let (promtool, test) = &PROMTOOL;
    said += &match tools::on_path(promtool.program) {
        true => cargo(test).run()?,
        false => skipped(test, promtool),
    };
    said += &disks::run()?;
    Ok(said)
}

impl Service {
    fn is_there(&self) -> bool {
        tools::on_path(self.tool.program)
            || self.versions.is_some_and(|folder| has(Path::new(folder), self.tool.program))
    }
}

fn has(versions: &Path, program: &str) -> bool {
    let versions = fs::read_dir(versions).into_iter().flatten().flatten();
    versions.map(|version| version.path().join("bin").join(program)).any(|path| path.is_file())
}

fn skipped(tests: &str, tool: &Tool<'_>) -> String {
    let program = tool.program;
    format!("{SKIPPED}{tests}: {program} is not installed; `cargo xtask ci --install {NAME}` installs it\n")
}

/// With everything on, so that a test which needs one feature more is not left out without a word.
fn command(tests: &[String]) -> String {
    let tests: String = tests.iter().map(|test| format!(" --test {test}")).collect();
    format!("test --package segno-cache --all-features --quiet{tests}")
}

/// Returns the names of the tests in a folder that begin so, in their order.
fn names(folder: &Path, prefix: &str) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut names: Vec<String> =
        entries.filter_map(|path| name(&path)).filter(|name| name.starts_with(prefix)).collect();
    names.sort();
    names
}

/// Returns the name of the test that a file is, or a folder with a `main.rs`.
fn name(path: &Path) -> Option<String> {
    let is_test = path.extension().is_some_and(|end| end == "rs") || path.join("main.rs").is_file();
    is_test.then(|| path.file_stem()?.to_str().map(str::to_owned)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_are_found_by_the_beginning_of_their_names() {
        let folder = tempfile::tempdir().unwrap();
        for file in ["redis_b.rs", "redis_note.md", "other.rs", "redis_a/main.rs", "redis_helpers/mod.rs"] {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let names = names(folder.path(), "redis_");
        assert_eq!(names, ["redis_a", "redis_b"]);
        let tests = "--test redis_a --test redis_b";
        assert_eq!(command(&names), format!("test --package segno-cache --all-features --quiet {tests}"));
    }

    #[test]
    fn a_server_of_any_version_is_found() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!has(folder.path(), "postgres"));
        fs::create_dir_all(folder.path().join("15/bin")).unwrap();
        assert!(!has(folder.path(), "postgres"));
        fs::write(folder.path().join("15/bin/postgres"), "").unwrap();
        assert!(has(folder.path(), "postgres") && !has(folder.path(), "initdb"));
    }

    #[test]
    fn every_server_has_tests_and_is_skipped_by_name() {
        for service in SERVICES {
            assert!(!names(&crate::root().join(TESTS), service.prefix).is_empty(), "{}", service.prefix);
            assert!(skipped(service.prefix, &service.tool).contains(service.tool.program));
        }
    }
}
