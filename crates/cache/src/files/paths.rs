//! Project-relative paths as text: what is accepted, and what is refused with a reason.

/// Folders that are never part of a key or an output, wherever they lie.
const NEVER: [&str; 2] = [".git", ".segno"];

/// How the name of a file begins that is about to be renamed to an output.
pub(crate) const TEMPORARY: &str = ".segno-tmp-";

/// Returns the path with `./` and a last `/` taken off, or why it is refused. The project itself is "".
pub(crate) fn project_path(path: &str) -> Result<String, &'static str> {
    if path.is_empty() {
        return Err("is empty");
    }
    if path.starts_with('/') || std::path::Path::new(path).is_absolute() {
        return Err("is absolute; it must be relative to the project");
    }
    let mut clean = String::with_capacity(path.len());
    for component in path.split('/').filter(|component| !matches!(*component, "" | ".")) {
        if component == ".." {
            return Err("leaves the project with `..`");
        }
        if is_never(component) {
            return Err("lies in a folder that is never looked at (.git, .segno)");
        }
        if !clean.is_empty() {
            clean.push('/');
        }
        clean.push_str(component);
    }
    Ok(clean)
}

/// Returns whether a folder or file of this name is left out.
pub(crate) fn is_never(name: &str) -> bool {
    // On a disk that does not tell letters apart, `.GIT` is `.git`.
    NEVER.iter().any(|never| never.eq_ignore_ascii_case(name)) || name.starts_with(TEMPORARY)
}

/// Splits a path into its folder ("" for the project) and its name.
pub(crate) fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

/// Joins a folder ("" for the project) and a name.
pub(crate) fn join(folder: &str, name: &str) -> String {
    // Once for each file of a walk: `format!` takes three times as long.
    if folder.is_empty() { name.to_owned() } else { [folder, "/", name].concat() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, expected: &str) {
        let actual = project_path(path).unwrap_or_else(|reason| format!("refused: {reason}"));
        assert!(actual.starts_with(expected), "{path}: {actual}");
    }

    #[test]
    fn a_path_stays_in_the_project() {
        check("src/a.rs", "src/a.rs");
        check("./src//lib/", "src/lib");
        check(".", "");
        check("a/..b/c", "a/..b/c");
        check("", "refused: is empty");
        check("/etc/passwd", "refused: is absolute");
        check("../x", "refused: leaves");
        check("a/../../x", "refused: leaves");
        check("a/..", "refused: leaves");
        check(".git/hooks/post-checkout", "refused: lies in");
        check("sub/.segno/x", "refused: lies in");
    }
}
