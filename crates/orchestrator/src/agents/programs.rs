//! Where programs are: PATH is searched once for a name, not once for a start, since each failed start costs a fork.

use std::collections::HashMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// The programs found so far.
#[derive(Debug, Default)]
pub(super) struct Programs {
    found: Mutex<HashMap<String, Option<PathBuf>>>,
}

impl Programs {
    /// Returns the file that a bare name means; `None` lets the system search for itself.
    pub(super) fn find(&self, name: &str) -> Option<PathBuf> {
        if name.is_empty() || name.contains('/') {
            return None;
        }
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        found.entry(name.to_owned()).or_insert_with(|| search(name)).clone()
    }

    /// Forgets everything: a start failed, so what was known may no longer hold.
    pub(super) fn forget(&self) {
        self.found.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// Searches the PATH that children inherit. Relative folders in it are left to the system, since they depend on `cwd`.
fn search(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    for folder in std::env::split_paths(&path) {
        if folder.is_relative() {
            return None;
        }
        let file = folder.join(name);
        if is_program(&file) {
            return Some(file);
        }
    }
    None
}

fn is_program(file: &Path) -> bool {
    file.metadata().is_ok_and(|facts| facts.is_file() && facts.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_in_path_and_a_path_is_left_alone() {
        let programs = Programs::default();
        assert!(programs.find("sh").is_some_and(|file| file.ends_with("sh") && file.is_absolute()));
        assert_eq!(programs.find("./sh"), None);
        assert_eq!(programs.find("no such program"), None);
    }
}
