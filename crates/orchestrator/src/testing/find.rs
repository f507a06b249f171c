//! Finds test files and lists a project's files: the only part of testing that reads the disk.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use crate::engine::Memory;
use crate::plan::ListFiles;

/// How the names of test files end.
pub const TEST_ENDINGS: [&str; 4] = [".test.yaml", ".test.yml", ".test.json", ".test.toml"];

/// Returns the test files below a folder that git does not ignore, in the order of their names.
pub fn find(folder: &Path) -> Vec<PathBuf> {
    let walk = ignore::WalkBuilder::new(folder).require_git(false).build();
    let is_test = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        TEST_ENDINGS.iter().any(|ending| name.ends_with(ending))
    };
    // A folder that cannot be read has no tests for us.
    let mut found: Vec<PathBuf> = walk.flatten().map(ignore::DirEntry::into_path).filter(is_test).collect();
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
