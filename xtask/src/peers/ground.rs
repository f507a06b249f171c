//! Where it is measured: the programs of this project, a folder on a real disk, the peers that can be had.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::install::{self, Peers};
use crate::binaries::{self, DURABLE_STEPS, Profile, SEGNO};
use crate::gate::Red;

/// Where it is measured, and what.
#[derive(Debug)]
pub struct Ground {
    /// The program that users get.
    pub segno: PathBuf,
    /// The program of steps that do nothing.
    pub durable_steps: PathBuf,
    /// The folder in which cargo builds; peers are installed there.
    pub target: PathBuf,
    /// A folder on the same disk: one in memory would make syncs cost nothing.
    pub folder: PathBuf,
    /// The rounds in which programs take turns.
    pub rounds: usize,
    _temporary: TempDir,
}

impl Ground {
    /// Builds what is measured and makes the folder.
    pub fn prepare(rounds: usize) -> Result<Ground, String> {
        let built = |red: Red| format!("{}\nrepeat with: {}", red.output, red.repeat);
        let segno = SEGNO.build(Profile::Release).map_err(built)?;
        let durable_steps = DURABLE_STEPS.build(Profile::Release).map_err(built)?;
        let target = binaries::target_folder()?;
        let temporary = TempDir::with_prefix_in("peers-", &target);
        let temporary = temporary.map_err(|error| format!("no temporary folder: {error}"))?;
        let folder = temporary.path().to_owned();
        Ok(Ground { segno, durable_steps, target, folder, rounds, _temporary: temporary })
    }

    /// Makes a project with a flow, and returns its folder.
    pub fn project(&self, name: &str, flow: &str) -> Result<PathBuf, String> {
        let folder = self.folder.join(name);
        write(&folder.join("segno.toml"), "")?;
        write(&folder.join("flow.yaml"), flow)?;
        Ok(folder)
    }

    /// Takes a project back to where nothing was run.
    pub fn forget(&self, name: &str) -> Result<(), String> {
        remove(&self.folder.join(name).join(".segno"))
    }

    /// Makes a folder in which there is nothing, in place of an older one.
    pub fn empty(&self, name: &str) -> Result<PathBuf, String> {
        let folder = self.folder.join(name);
        remove(&folder)?;
        fs::create_dir_all(&folder).map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
        Ok(folder)
    }

    /// Installs the programs that bring files up to date, as far as they can be had here.
    pub fn peers(&self) -> Peers {
        install::peers(&self.target)
    }
}

/// Writes a file and makes the folders round it.
pub fn write(path: &Path, text: &str) -> Result<(), String> {
    let made = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(path, text));
    made.map_err(|error| format!("cannot write {}: {error}", path.display()))
}

fn remove(folder: &Path) -> Result<(), String> {
    if !folder.exists() {
        return Ok(());
    }
    fs::remove_dir_all(folder).map_err(|error| format!("cannot remove {}: {error}", folder.display()))
}
