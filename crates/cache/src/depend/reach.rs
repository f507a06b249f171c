//! Which dependencies a path of the project reaches. Rather one too many than one too few: a change that is missed is a
//! wrong hit.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::dependency::{Dependency, Git};
use crate::files::{Pattern, project_path};

/// A matcher takes some kilobytes. With more globs than this, one counts as everything in its folder.
const MAX_MATCHERS: usize = 10_000;

/// The number of a dependency.
pub(super) type Number = u64;

/// Globs by their dependency and their place in it.
type Globs = HashMap<(Number, usize), Arc<Pattern>>;

/// Dependencies by the places that they look at.
#[derive(Debug, Default)]
pub(super) struct Reach {
    /// Files, and folders with all in them.
    whole: BTreeMap<Box<str>, HashSet<Number>>,
    /// Globs by the folder that their wildcards begin in.
    wild: BTreeMap<Box<str>, Globs>,
    matchers: usize,
    /// What git lists, which files that say what is ignored change too.
    trees: HashSet<Number>,
}

/// A place that a dependency looks at.
#[derive(Debug)]
pub(crate) enum Place {
    /// A file, or a folder with all in it.
    Whole(String),
    /// What matches below a folder.
    Wild(String, Arc<Pattern>),
}

impl Place {
    /// Returns the file or folder below which everything lies that it looks at.
    #[cfg(feature = "watch")]
    pub(crate) fn path(&self) -> &str {
        match self {
            Place::Whole(path) | Place::Wild(path, _) => path,
        }
    }
}

/// Returns the places that a dependency looks at. What cannot be read as a place is the whole project.
pub(crate) fn places(dependency: &Dependency) -> Vec<Place> {
    match dependency {
        Dependency::Files { globs } | Dependency::Git(Git::Tree { paths: globs }) if !globs.is_empty() => {
            globs.iter().map(|glob| place(glob)).collect()
        }
        Dependency::Git(Git::Tree { .. }) => vec![Place::Whole(String::new())],
        Dependency::Folder { path, .. } | Dependency::Config { file: path, .. } => vec![whole(path)],
        // One that is called by its name lies where no project is.
        Dependency::Tool { argv } if argv.first().is_some_and(|program| program.contains('/')) => {
            argv.first().map(|program| whole(program)).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

fn whole(path: &str) -> Place {
    Place::Whole(project_path(path).unwrap_or_default())
}

fn place(glob: &str) -> Place {
    match Pattern::parse(glob) {
        Ok(Pattern::Literal(path)) => Place::Whole(path),
        Ok(pattern @ Pattern::Wild { .. }) => Place::Wild(pattern.folder().to_owned(), Arc::new(pattern)),
        Err(_) => Place::Whole(String::new()),
    }
}

impl Reach {
    pub(super) fn add(&mut self, number: Number, dependency: &Dependency) {
        for (index, place) in places(dependency).into_iter().enumerate() {
            match place {
                Place::Wild(folder, pattern) if self.matchers < MAX_MATCHERS => {
                    self.matchers += 1;
                    self.wild.entry(folder.into()).or_default().insert((number, index), pattern);
                }
                Place::Whole(path) | Place::Wild(path, _) => {
                    self.whole.entry(path.into()).or_default().insert(number);
                }
            }
        }
        if matches!(dependency, Dependency::Git(Git::Tree { .. })) {
            self.trees.insert(number);
        }
    }

    pub(super) fn remove(&mut self, number: Number, dependency: &Dependency) {
        for (index, place) in places(dependency).into_iter().enumerate() {
            let (Place::Whole(path) | Place::Wild(path, _)) = place;
            if let Some(patterns) = self.wild.get_mut(&*path) {
                self.matchers -= usize::from(patterns.remove(&(number, index)).is_some());
                if patterns.is_empty() {
                    self.wild.remove(&*path);
                }
            }
            if let Some(numbers) = self.whole.get_mut(&*path) {
                numbers.remove(&number);
                if numbers.is_empty() {
                    self.whole.remove(&*path);
                }
            }
        }
        self.trees.remove(&number);
    }

    /// Returns what looks at a file.
    pub(super) fn file(&self, path: &str) -> Vec<Number> {
        self.above(path, &|pattern| pattern.means(path))
    }

    /// Returns what may look at anything in a folder.
    pub(super) fn folder(&self, path: &str) -> Vec<Number> {
        if path.is_empty() {
            return self.all();
        }
        let mut found = self.above(path, &|_| true);
        // `0` comes right after `/`.
        let (first, last) = (format!("{path}/"), format!("{path}0"));
        let below = (std::ops::Bound::Included(first.as_str()), std::ops::Bound::Excluded(last.as_str()));
        found.extend(self.whole.range::<str, _>(below).flat_map(|(_, numbers)| numbers));
        found.extend(
            self.wild.range::<str, _>(below).flat_map(|(_, patterns)| patterns.keys().map(|(number, _)| number)),
        );
        found.extend(&self.trees);
        found
    }

    /// Returns everything that looks at files.
    pub(super) fn all(&self) -> Vec<Number> {
        let patterns = self.wild.values().flat_map(|patterns| patterns.keys().map(|(number, _)| *number));
        self.whole.values().flatten().copied().chain(patterns).collect()
    }

    fn above(&self, path: &str, matches: &dyn Fn(&Pattern) -> bool) -> Vec<Number> {
        let mut found = Vec::new();
        let mut place = Some(path);
        while let Some(here) = place {
            found.extend(self.whole.get(here).into_iter().flatten());
            let patterns = self.wild.get(here).into_iter().flatten();
            found.extend(patterns.filter(|(_, pattern)| matches(pattern)).map(|((number, _), _)| *number));
            place = match here.rsplit_once('/') {
                Some((folder, _)) => Some(folder),
                None => (!here.is_empty()).then_some(""),
            };
        }
        if path.rsplit('/').next() == Some(".gitignore") {
            found.extend(&self.trees);
        }
        found
    }
}
