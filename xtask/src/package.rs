//! The gate of packages: each crate builds from what would be published, and from nothing else.

use std::path::{Path, PathBuf};
use std::{env, fs};

use cargo_metadata::MetadataCommand;

use crate::gate::{Outcome, Red, cargo};

/// Packages the crates and builds each from its package.
///
/// Cargo does so by a registry in the target directory, and of a registry it trusts that a version never changes. What
/// an earlier run unpacked and built of the same version would be taken for today's, so it goes first.
pub fn gate() -> Outcome {
    let crates = published()?;
    forget_unpacked(&crates).map_err(|error| red(&error))?;
    let names: Vec<String> = crates.iter().map(|(name, _)| format!(" --package {name}")).collect();
    cargo(&format!("clean{}", names.concat())).run()?;
    // What is not committed yet is checked too: the gate stands before the commit.
    cargo("package --workspace --exclude xtask --exclude segno-bench --allow-dirty").run()
}

/// Returns names and versions of the crates that can be published.
fn published() -> Result<Vec<(String, String)>, Red> {
    let metadata = MetadataCommand::new().no_deps().exec().map_err(|error| red(&error))?;
    let packages =
        metadata.packages.into_iter().filter(|package| package.publish.as_ref().is_none_or(|to| !to.is_empty()));
    Ok(packages.map(|package| (package.name.to_string(), package.version.to_string())).collect())
}

/// Removes what cargo unpacked of these crates, from whichever registry.
fn forget_unpacked(crates: &[(String, String)]) -> std::io::Result<()> {
    let sources = cargo_home().join("registry/src");
    let Ok(registries) = fs::read_dir(&sources) else { return Ok(()) };
    for registry in registries {
        let registry = registry?.path();
        for (name, version) in crates {
            remove(&registry.join(format!("{name}-{version}")))?;
        }
    }
    Ok(())
}

fn remove(folder: &Path) -> std::io::Result<()> {
    if folder.is_dir() { fs::remove_dir_all(folder) } else { Ok(()) }
}

fn cargo_home() -> PathBuf {
    let home = || env::home_dir().unwrap_or_default().join(".cargo");
    env::var_os("CARGO_HOME").map_or_else(home, PathBuf::from)
}

fn red(error: &dyn std::fmt::Display) -> Red {
    Red { output: error.to_string(), repeat: "cargo xtask ci package".to_owned() }
}
