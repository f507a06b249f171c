//! Installs peers from package registries into the folder in which cargo builds, once.
//! Leaves to the topics what is done with them.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::builder::Builder;
use super::ground::write;
use crate::tools::{self, Tool};

const NINJA: Tool<'_> = Tool { program: "ninja", packages: &["ninja-build"] };
const MAKE: Tool<'_> = Tool { program: "make", packages: &["make"] };
const PYTHON: Tool<'_> = Tool { program: "python3", packages: &["python3-venv", "python3-pip"] };
const NPM: Tool<'_> = Tool { program: "npm", packages: &["npm"] };

/// The durable engines, as pip takes them.
const ENGINES: &[&str] = &["langgraph==1.2.22", "langgraph-checkpoint-sqlite==3.1.2", "dbos==3.4.0"];
/// The database that reads logs, as pip takes it.
const DUCKDB: &[&str] = &["duckdb==2.0.1"];
/// The programs that read logs, and their packages as cargo takes them.
const LOG_READERS: [(&str, &str); 2] = [("jaq", "jaq@3.1.2"), ("agrind", "ag@0.19.5")];
/// The task runners, as npm takes them.
const RUNNERS: &[&str] = &["turbo@2.11.11", "@moonrepo/cli@2.5.5"];
/// Where npm puts their native programs; the wrappers beside them add the start of node.
const TURBO: &str = "node_modules/@turbo/linux-64/bin/turbo";
const MOON: &str = "node_modules/@moonrepo/core-linux-x64-gnu/moon";

/// The programs that bring files up to date and are there, and what is said of those that are not.
#[derive(Debug, Default)]
pub struct Peers {
    /// Each with its program.
    pub builders: Vec<(Builder, PathBuf)>,
    /// A line for each that is missing.
    pub missing: String,
}

impl Peers {
    fn note(&mut self, builder: Builder, found: Result<PathBuf, String>) {
        match found {
            Ok(program) => self.builders.push((builder, program)),
            Err(reason) => writeln!(self.missing, "- {} was not measured: {reason}", builder.name())
                .expect("a string takes any text"),
        }
    }
}

/// Makes sure of every peer that can be had here.
pub fn peers(target: &Path) -> Peers {
    let mut peers = Peers::default();
    let on_path = |tool: &Tool<'_>| {
        let ensured = tools::ensure(tool).map_err(|missing| missing.to_string());
        ensured.map(|()| PathBuf::from(tool.program))
    };
    peers.note(Builder::Ninja, on_path(&NINJA));
    peers.note(Builder::N2, n2());
    peers.note(Builder::Make, on_path(&MAKE));
    let runners = runners(target);
    let program = |path: &str| {
        let program = runners.as_ref().map_err(String::clone)?.join(path);
        program.is_file().then_some(program).ok_or_else(|| "npm brings no program for this machine".to_owned())
    };
    peers.note(Builder::Turbo, program(TURBO));
    peers.note(Builder::Moon, program(MOON));
    peers
}

/// Makes a Python with the durable engines, and returns it.
pub fn engines(target: &Path) -> Result<PathBuf, String> {
    python(&target.join("peers/python"), ENGINES)
}

/// Makes a Python with DuckDB, and returns it.
pub fn duckdb(target: &Path) -> Result<PathBuf, String> {
    python(&target.join("peers/duckdb"), DUCKDB)
}

/// Builds a program that reads logs, and returns it.
pub fn log_reader(target: &Path, name: &str) -> Result<PathBuf, String> {
    let known = LOG_READERS.iter().find(|(known, _)| *known == name);
    let (_, package) = known.ok_or_else(|| format!("no package is known for {name}"))?;
    let folder = target.join("peers").join(name);
    once(&folder, &[package], || {
        run(Command::new("cargo").args(["install", "--quiet", "--locked", "--root"]).arg(&folder).arg(package))
    })?;
    Ok(folder.join("bin").join(name))
}

fn python(folder: &Path, packages: &[&str]) -> Result<PathBuf, String> {
    let python = folder.join("bin/python");
    once(folder, packages, || {
        tools::ensure(&PYTHON).map_err(|missing| missing.to_string())?;
        run(Command::new(PYTHON.program).args(["-m", "venv"]).arg(folder))?;
        run(Command::new(&python).args(["-m", "pip", "install", "--quiet"]).args(packages))
    })?;
    Ok(python)
}

/// Returns the folder into which npm has put the task runners.
fn runners(target: &Path) -> Result<PathBuf, String> {
    let folder = target.join("peers/node");
    once(&folder, RUNNERS, || {
        tools::ensure(&NPM).map_err(|missing| missing.to_string())?;
        write(&folder.join("package.json"), "{ \"private\": true }\n")?;
        // Without scripts: both packages hold their programs as they are.
        let options = ["install", "--no-audit", "--no-fund", "--ignore-scripts"];
        run(Command::new(NPM.program).args(options).args(RUNNERS).current_dir(&folder))
    })?;
    Ok(folder)
}

/// Finds n2 if the program of that name is the build tool. It is in no registry: crates.io has another `n2`.
fn n2() -> Result<PathBuf, String> {
    let help = Command::new("n2").arg("--help").stdin(Stdio::null()).output();
    let is_builder = |output: std::process::Output| String::from_utf8_lossy(&output.stdout).contains("build system");
    match help.is_ok_and(is_builder) {
        true => Ok(PathBuf::from("n2")),
        false => Err("it is in no package registry; build github.com/evmar/n2 and put it on the path".to_owned()),
    }
}

/// Does the work unless it was done before for the same packages.
fn once(folder: &Path, packages: &[&str], work: impl FnOnce() -> Result<(), String>) -> Result<(), String> {
    let note = folder.join("installed");
    let wanted = packages.join("\n");
    if fs::read_to_string(&note).is_ok_and(|done| done == wanted) {
        return Ok(());
    }
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(|error| format!("cannot remove {}: {error}", folder.display()))?;
    }
    work()?;
    write(&note, &wanted)
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command.stdin(Stdio::null()).output();
    let output = output.map_err(|error| format!("cannot run {}: {error}", command.get_program().display()))?;
    match output.status.success() {
        true => Ok(()),
        false => {
            let said = String::from_utf8_lossy(&output.stderr);
            let last = said.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default();
            Err(format!("{} failed: {last}", command.get_program().display()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_installed_is_not_installed_again() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("peers");
        let mut works = 0;
        for packages in [&["a==1"], &["a==1"], &["a==2"]] {
            once(&place, packages, || {
                works += 1;
                fs::create_dir_all(&place).map_err(|error| error.to_string())
            })
            .unwrap();
        }
        assert_eq!(works, 2);
    }
}
