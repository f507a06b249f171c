//! Files that are named more than once, by one name or several, are read once.

use std::collections::HashSet;
use std::fs;

use super::Sources;
use super::sources::Source;

impl Sources {
    /// Leaves out files that are there already, also under another name: a file and its folder, a file and a link to it.
    /// Streams all stay.
    #[must_use]
    pub fn once(mut self) -> Sources {
        let mut known = HashSet::new();
        self.list.retain(|source| match source {
            // What cannot be found is left to the reader, which says so.
            Source::File(path) => known.insert(fs::canonicalize(path).unwrap_or_else(|_| path.clone())),
            Source::Stream(..) => true,
        });
        self
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    /// Compares what is left of these names; `folder` holds `a.jsonl` and, where there are links, `b.jsonl` that leads to it.
    fn check(names: &[&str], expected: &[&str]) {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("in")).unwrap();
        fs::write(folder.path().join("a.jsonl"), "").unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink("a.jsonl", folder.path().join("b.jsonl")).unwrap();
        let paths: Vec<PathBuf> = names.iter().map(|name| folder.path().join(name)).collect();
        let sources = Sources::open(&paths).unwrap().once();
        let left: Vec<PathBuf> = expected.iter().map(|name| folder.path().join(name)).collect();
        assert_eq!(sources.files().collect::<Vec<_>>(), left);
    }

    #[test]
    fn a_file_is_read_where_it_is_named_first() {
        check(&["a.jsonl", "a.jsonl"], &["a.jsonl"]);
        check(&["in/../a.jsonl", "a.jsonl"], &["in/../a.jsonl"]);
        check(&["a.jsonl", ""], &["a.jsonl"]);
        #[cfg(unix)]
        check(&["b.jsonl", "a.jsonl"], &["b.jsonl"]);
    }

    #[test]
    fn streams_all_stay() {
        let reader = || Sources::reader("memory", std::io::empty());
        assert_eq!(reader().and(reader()).once().files().count(), 2);
    }
}
