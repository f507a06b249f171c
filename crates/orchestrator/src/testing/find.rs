//! Finds test files and lists a project's files: the only part of testing that reads the disk.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use crate::engine::Memory;
use crate::plan::ListFiles;

/// How the names of test files end.
pub const TEST_ENDINGS: [&str; 4] = [".test.yaml", ".test.yml", ".test.json", ".test.toml"];

/// Folders in which nobody keeps tests: what tools made, and what is hidden.
const PASSED_OVER: [&str; 3] = ["target", "node_modules", "vendor"];
/// How deep folders are looked through.
const MAX_DEPTH: usize = 16;

/// Returns the test files below a folder, in the order of their names. Hidden folders and those that tools make are
/// passed over, and so are links, which may lead round in circles.
pub fn find(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![(folder.to_owned(), 0)];
    while let Some((folder, depth)) = folders.pop() {
        // A folder that cannot be read has no tests for us.
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            if is_folder && depth < MAX_DEPTH && !name.starts_with('.') && !PASSED_OVER.contains(&name.as_str()) {
                folders.push((entry.path(), depth + 1));
            } else if !is_folder && TEST_ENDINGS.iter().any(|ending| name.ends_with(ending)) {
                found.push(entry.path());
            }
        }
    }
    found.sort();
    found
}

/// Returns what lists the files of the project at `root`. Nothing is read before it is asked.
pub fn project_files(root: &Path) -> Arc<ListFiles> {
    let root = root.to_owned();
    let opened: OnceLock<Result<(tempfile::TempDir, Memory), String>> = OnceLock::new();
    Arc::new(move |glob: &str| {
        let memory = opened.get_or_init(|| {
            // What is learnt of the files is kept aside: a test leaves nothing in the project.
            let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
            let memory = Memory::open(&root, folder.path(), Arc::new(|_: &str| None));
            memory.map(|memory| (folder, memory)).map_err(|fault| fault.message().to_owned())
        });
        memory.as_ref().map_err(String::clone).and_then(|(_, memory)| memory.list(glob))
    })
}
