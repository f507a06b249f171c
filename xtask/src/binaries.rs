//! Builds the programs that gates and measurements run, and says where they lie.
//! Leaves to them what is done with the programs.

use std::path::{Path, PathBuf};

use cargo_metadata::MetadataCommand;

use crate::gate::{Red, cargo};

/// How a program is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// Quickly, as the gates build everything.
    Dev,
    /// As users get it.
    Release,
}

/// A program of the workspace.
#[derive(Clone, Copy, Debug)]
pub struct Program {
    /// The package that holds it.
    pub package: &'static str,
    /// Its name.
    pub name: &'static str,
}

/// The program that this project is about.
pub const SEGNO: Program = Program { package: "segno", name: "segno" };

/// Prints a store's events.
pub const JOURNAL_EVENTS: Program = Program { package: "segno-bench", name: "journal-events" };

/// Runs durable no-op steps.
pub const DURABLE_STEPS: Program = Program { package: "segno-bench", name: "durable-steps" };

/// Writes lines to a log.
pub const LOG_LINES: Program = Program { package: "segno-bench", name: "log-lines" };

/// Makes a log to read.
pub const LOG_FILE: Program = Program { package: "segno-bench", name: "log-file" };

/// Asks a log what is measured.
pub const LOG_QUERIES: Program = Program { package: "segno-bench", name: "log-queries" };

impl Program {
    /// Builds the program and returns its path.
    pub fn build(self, profile: Profile) -> Result<PathBuf, Red> {
        let Program { package, name } = self;
        let (flag, folder) = match profile {
            Profile::Dev => ("", "debug"),
            Profile::Release => (" --release", "release"),
        };
        let step = cargo(&format!("build --package {package} --bin {name}{flag}"));
        step.run()?;
        let target = target_folder().map_err(|output| Red { output, repeat: "cargo metadata".to_owned() })?;
        Ok(target.join(folder).join(name))
    }
}

/// Returns the folder into which cargo builds, wherever it has been told to.
pub fn target_folder() -> Result<PathBuf, String> {
    let manifest = crate::root().join("Cargo.toml");
    let metadata = MetadataCommand::new().manifest_path(manifest).no_deps().exec();
    let metadata = metadata.map_err(|error| format!("cannot read the workspace: {error}"))?;
    Ok(Path::new(metadata.target_directory.as_str()).to_owned())
}
