//! What the rules look at: packages with their manifests, and every source file.
//! Reads it once from the disk; the rules see only this.

use std::fs;
use std::path::Path;

use cargo_metadata::{DependencyKind, MetadataCommand};

use super::source::Source;

/// The repository as the rules see it. Paths are relative to its root.
#[derive(Debug, Default)]
pub struct Workspace {
    pub packages: Vec<Package>,
    pub sources: Vec<Source>,
}

/// A member of the workspace.
#[derive(Debug, Default)]
pub struct Package {
    pub name: String,
    /// The packages that its code uses.
    pub uses: Vec<String>,
    /// The packages that only its tests, benches and build scripts use.
    pub uses_beside: Vec<String>,
    /// The path of its manifest.
    pub manifest: String,
    /// The manifest's text.
    pub text: String,
    pub has_readme: bool,
}

/// Where Rust code lies. What else the repository holds is no code of ours.
const FOLDERS: [&str; 4] = ["benches", "crates", "examples", "xtask"];

impl Workspace {
    /// Reads manifests and sources below `root`.
    pub fn load(root: &Path) -> Result<Self, String> {
        let metadata = MetadataCommand::new()
            .manifest_path(root.join("Cargo.toml"))
            .no_deps()
            .exec()
            .map_err(|error| format!("cannot read the workspace: {error}"))?;
        let mut packages = Vec::new();
        for package in metadata.workspace_packages() {
            packages.push(Package::load(root, package)?);
        }
        packages.sort_by(|a, b| a.name.cmp(&b.name));
        let mut sources = Vec::new();
        for folder in FOLDERS.map(|name| root.join(name)) {
            if folder.is_dir() {
                collect(root, &folder, &mut sources)?;
            }
        }
        sources.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(Workspace { packages, sources })
    }
}

impl Package {
    fn load(root: &Path, package: &cargo_metadata::Package) -> Result<Self, String> {
        let manifest = package.manifest_path.as_std_path();
        let names = |normal: bool| {
            package
                .dependencies
                .iter()
                .filter(|dependency| (dependency.kind == DependencyKind::Normal) == normal)
                .map(|dependency| dependency.name.clone())
                .collect()
        };
        Ok(Package {
            name: package.name.to_string(),
            uses: names(true),
            uses_beside: names(false),
            manifest: relative(root, manifest),
            text: read(manifest)?,
            has_readme: manifest.with_file_name("README.md").is_file(),
        })
    }

    /// Returns the manifest's line that begins with `key`, or the first.
    pub fn line_of(&self, key: &str) -> usize {
        let begins = |line: &str| {
            let rest = line.strip_prefix(key);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '.', '=']))
        };
        self.text.lines().position(begins).map_or(1, |index| index + 1)
    }
}

fn collect(root: &Path, folder: &Path, sources: &mut Vec<Source>) -> Result<(), String> {
    let unreadable = |error| format!("cannot read the folder {}: {error}", folder.display());
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() {
            if name != "target" && !name.starts_with('.') {
                collect(root, &path, sources)?;
            }
        } else if name.ends_with(".rs") {
            sources.push(Source::new(&relative(root, &path), &read(&path)?));
        }
    }
    Ok(())
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("cannot read {}: {error}", path.display()))
}

/// Returns the path below `root`, with `/` on every system.
fn relative(root: &Path, path: &Path) -> String {
    let below = path.strip_prefix(root).unwrap_or(path);
    let parts: Vec<_> = below.iter().map(|part| part.to_string_lossy()).collect();
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_repository_can_be_read() {
        let workspace = Workspace::load(crate::root()).unwrap();
        let own = workspace.packages.iter().find(|package| package.name == "xtask").unwrap();
        assert_eq!(own.manifest, "xtask/Cargo.toml");
        assert!(own.uses.iter().any(|name| *name == "cargo_metadata"));
        assert!(workspace.sources.iter().any(|source| source.path == "xtask/src/main.rs"));
    }

    #[test]
    fn a_key_is_found_by_its_whole_name() {
        let text = "[dependencies]\nserde_json = 1\nserde.workspace = true\n".to_owned();
        let package = Package { text, ..Package::default() };
        assert_eq!(package.line_of("serde"), 3);
        assert_eq!(package.line_of("[dependencies]"), 1);
        assert_eq!(package.line_of("tokio"), 1);
    }
}
