//! A glob as it is used: a literal path, or a folder to walk and a test for what is found there.

use globset::{GlobBuilder, GlobMatcher};

use super::paths::project_path;
use crate::Error;

const WILD: [char; 4] = ['*', '?', '[', '{'];

/// What a glob means.
#[derive(Debug)]
pub(crate) enum Pattern {
    /// One file, or a folder with everything in it; nothing is walked to find it.
    Literal(String),
    /// What matches below the folder that the wildcards begin in.
    Wild { folder: String, matcher: GlobMatcher, depth: Option<usize> },
}

impl Pattern {
    /// Reads a glob: relative to the project, parts separated by `/`, `*` within a part, `**` across.
    pub(crate) fn parse(glob: &str) -> Result<Pattern, Error> {
        if glob.starts_with('!') {
            return Err(Error::glob(glob, "begins with `!`, and exclusion is not known here"));
        }
        let clean = project_path(glob).map_err(|reason| Error::glob(glob, reason))?;
        if is_literal(glob) {
            return Ok(Pattern::Literal(clean));
        }
        let matcher = GlobBuilder::new(&clean)
            .literal_separator(true)
            .backslash_escape(true)
            .build()
            .map_err(|error| Error::glob(glob, format!("cannot be read: {}", error.kind())))?
            .compile_matcher();
        Ok(Pattern::Wild { folder: literal_folder(&clean), depth: depth(&clean), matcher })
    }
}

impl Pattern {
    /// Returns the folder below which everything lies that it means.
    pub(crate) fn folder(&self) -> &str {
        match self {
            Pattern::Literal(path) | Pattern::Wild { folder: path, .. } => path,
        }
    }

    /// Returns whether it means this project-relative path.
    pub(crate) fn means(&self, path: &str) -> bool {
        match self {
            Pattern::Literal(literal) => match path.strip_prefix(literal.as_str()) {
                Some(rest) => literal.is_empty() || rest.is_empty() || rest.starts_with('/'),
                None => false,
            },
            Pattern::Wild { matcher, .. } => matcher.is_match(path),
        }
    }
}

/// Globs as a test for paths: what a walk would find by them, and nothing else.
pub(crate) struct Globs(Vec<Pattern>);

impl Globs {
    pub(crate) fn parse(globs: &[String]) -> Result<Globs, Error> {
        globs.iter().map(|glob| Pattern::parse(glob)).collect::<Result<_, _>>().map(Globs)
    }

    /// Returns whether one of the globs means this project-relative path.
    pub(crate) fn mean(&self, path: &str) -> bool {
        self.0.iter().any(|pattern| pattern.means(path))
    }
}

/// Returns whether the glob has no wildcard and no escape.
pub(super) fn is_literal(glob: &str) -> bool {
    !glob.contains(WILD) && !glob.contains('\\')
}

/// The leading parts without wildcards.
fn literal_folder(glob: &str) -> String {
    let literal = glob.split('/').take_while(|part| is_literal(part));
    literal.collect::<Vec<&str>>().join("/")
}

/// How many parts a match has at most, if that can be told.
fn depth(glob: &str) -> Option<usize> {
    // Alternatives may hold a `/` of their own.
    let bounded = !glob.contains("**") && !glob.contains('{');
    bounded.then(|| glob.split('/').count())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(glob: &str, expected: &str) {
        let shown = match Pattern::parse(glob) {
            Ok(Pattern::Literal(path)) => format!("literal {path}"),
            Ok(Pattern::Wild { folder, depth: None, .. }) => format!("walk {folder}"),
            Ok(Pattern::Wild { folder, depth: Some(depth), .. }) => format!("walk {folder} to {depth}"),
            Err(error) => error.to_string(),
        };
        assert!(shown.starts_with(expected), "{glob}: {shown}");
    }

    #[test]
    fn only_the_literal_beginning_is_walked() {
        check("src/a.rs", "literal src/a.rs");
        check("./src/", "literal src");
        check("src/**/*.rs", "walk src");
        check("src/lib/*.rs", "walk src/lib to 3");
        check("*.toml", "walk  to 1");
        check("{a,b/c}/x", "walk ");
        check("a/[bc]/d/x", "walk a to 4");
    }

    #[test]
    fn a_path_is_matched_as_the_walk_would_find_it() {
        let globs = Globs::parse(&["out/**".to_owned(), "dist".to_owned(), "*.o".to_owned()]).unwrap();
        for (path, expected) in
            [("out/a/b", true), ("dist", true), ("dist/x", true), ("distant", false), ("a.o", true), ("a/b.o", false)]
        {
            assert_eq!(globs.mean(path), expected, "{path}");
        }
    }

    #[test]
    fn a_glob_that_cannot_work_is_an_error_that_says_why() {
        check("../x/*.rs", "the glob `../x/*.rs` leaves the project");
        check("/etc/*", "the glob `/etc/*` is absolute");
        check("a[", "the glob `a[` cannot be read");
        check("!src/**", "the glob `!src/**` begins with `!`");
        check(".git/**", "the glob `.git/**` lies in a folder");
        check("", "the glob `` is empty");
    }
}
