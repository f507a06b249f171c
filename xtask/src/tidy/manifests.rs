//! Rule: versions, lints and profiles stand only in the root manifest, and every crate that is
//! published says what it is.

use super::report::Finding;
use super::workspace::{Package, Workspace};

/// Prints, and is never published: it has lints of its own.
const OWN_LINTS: &str = "xtask";

/// Checks the manifest of every member.
pub fn check(workspace: &Workspace) -> Vec<Finding> {
    workspace.packages.iter().flat_map(manifest).collect()
}

fn manifest(package: &Package) -> Vec<Finding> {
    let mut found = literals(&package.text);
    if package.name != OWN_LINTS && !has_entry(&package.text, "lints", "workspace", "true") {
        found.push((1, "`[lints] workspace = true` is missing".to_owned(), "lints stand in the root"));
    }
    if package.manifest.starts_with("crates/") {
        found.extend(presentation(package));
    }
    found
        .into_iter()
        .map(|(line, text, hint)| Finding { file: package.manifest.clone(), line, rule: "manifests", text, hint })
        .collect()
}

type Found = (usize, String, &'static str);

/// Finds what belongs into the root manifest.
fn literals(text: &str) -> Vec<Found> {
    let mut found = Vec::new();
    let mut section = "";
    for (index, line) in text.lines().enumerate() {
        if let Some(header) = section_of(line) {
            section = header;
            if section == "profile" || section.starts_with("profile.") {
                found.push((
                    index + 1,
                    format!("`[{section}]` is no business of a member"),
                    "profiles stand in the root",
                ));
            }
            continue;
        }
        let Some((key, value)) = entry(line) else {
            continue;
        };
        if has_version(section, key, value) {
            found.push((
                index + 1,
                format!("`{key}` has a version of its own"),
                "write `workspace = true`; versions stand in the root",
            ));
        }
    }
    found
}

fn has_version(section: &str, key: &str, value: &str) -> bool {
    let in_list = section.ends_with("dependencies");
    let in_table = in_list || section.contains("dependencies.");
    let inline = in_list && (value.starts_with('"') || value.starts_with('{') && value.contains("version ="));
    // `version = ".."` of a package or in a dependency's table, and `serde.version = ".."`.
    let own = (section == "package" || in_table) && key == "version" || key.ends_with(".version");
    inline || own && value.starts_with('"')
}

/// Finds what crates.io would not show.
fn presentation(package: &Package) -> Vec<Found> {
    let text = &package.text;
    let demands = [
        (package.has_readme, "README.md is missing", "say what the crate is, with an example"),
        (has_key(text, "description", "\""), "a description is missing", "one line for crates.io"),
        (has_key(text, "keywords", "[\""), "keywords are missing", "up to five words for crates.io"),
        (
            has_entry(text, "package", "license.workspace", "true"),
            "`license.workspace = true` is missing",
            "the licence stands in the root",
        ),
    ];
    demands.into_iter().filter(|(is_met, ..)| !is_met).map(|(_, text, hint)| (1, text.to_owned(), hint)).collect()
}

/// Whether the package has `key`, and a value behind `opening`.
fn has_key(text: &str, key: &str, opening: &str) -> bool {
    entries(text).any(|(section, name, value)| {
        section == "package" && name == key && value.strip_prefix(opening).is_some_and(|rest| !rest.starts_with('"'))
    })
}

fn has_entry(text: &str, section: &str, key: &str, value: &str) -> bool {
    entries(text).any(|entry| entry == (section, key, value))
}

fn entries(text: &str) -> impl Iterator<Item = (&str, &str, &str)> {
    let mut section = "";
    text.lines().filter_map(move |line| {
        if let Some(header) = section_of(line) {
            section = header;
        }
        entry(line).map(|(key, value)| (section, key, value))
    })
}

fn section_of(line: &str) -> Option<&str> {
    let header = line.strip_prefix('[')?.split(']').next()?;
    Some(header.trim_matches(['[', ' ']))
}

fn entry(line: &str) -> Option<(&str, &str)> {
    if line.starts_with(['[', '#']) {
        return None;
    }
    let (key, value) = line.split_once('=')?;
    Some((key.trim(), value.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::report::assert_findings;

    const GOOD: &str = "[package]\nname = \"segno-cache\"\ndescription = \"Remembers\"\n\
        keywords = [\"cache\"]\nversion.workspace = true\nlicense.workspace = true\n\n\
        [lints]\nworkspace = true\n\n\
        [dependencies]\nserde = { workspace = true, features = [\"rc\"] }\n";

    fn check(name: &str, text: &str, expected: &[&str]) {
        let package = Package {
            name: name.to_owned(),
            manifest: format!("crates/{name}"),
            text: text.to_owned(),
            has_readme: true,
            ..Package::default()
        };
        let workspace = Workspace { packages: vec![package], sources: Vec::new() };
        assert_findings(super::check, &workspace, expected);
    }

    #[test]
    fn a_manifest_that_leaves_versions_to_the_root_is_fine() {
        check("a", GOOD, &[]);
    }

    #[test]
    fn versions_belong_to_the_root() {
        let text = format!(
            "{GOOD}lru = \"0.19\"\nrand = {{ version = \"0.10\" }}\nlog.version = \"1\"\n\
             [dev-dependencies.tokio]\nversion = \"1\"\n[target.'cfg(unix)'.dependencies]\nlibc = \"0.2\"\n"
        );
        check(
            "a",
            &text,
            &[
                "crates/a:13: `lru` has a version of its own",
                "crates/a:14: `rand` has a version of its own",
                "crates/a:15: `log.version` has a version of its own",
                "crates/a:17: `version` has a version of its own",
                "crates/a:19: `libc` has a version of its own",
            ],
        );
        check(
            "a",
            &GOOD.replace("version.workspace = true", "version = \"1.0.0\""),
            &["crates/a:5: `version` has a version of its own"],
        );
    }

    #[test]
    fn lints_and_profiles_belong_to_the_root() {
        let without = GOOD.replace("[lints]\nworkspace = true\n", "[lints.rust]\nunsafe_code = \"allow\"\n");
        check("a", &without, &["crates/a:1: `[lints] workspace = true` is missing"]);
        check("xtask", &without, &[]);
        let profile = format!("{GOOD}[profile.release]\nlto = true\n");
        check("a", &profile, &["crates/a:13: `[profile.release]` is no business of a member"]);
    }

    #[test]
    fn a_published_crate_says_what_it_is() {
        check(
            "a",
            "[package]\ndescription = \"\"\nlicense = \"MIT\"\n[lints]\nworkspace = true\n",
            &[
                "crates/a:1: a description is missing",
                "crates/a:1: keywords are missing",
                "crates/a:1: `license.workspace = true` is missing",
            ],
        );
    }
}
