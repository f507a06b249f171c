//! How a change is said: a fragment of a sentence, as a person would put it.

use std::fmt;

use super::excerpt::is_cut;
use crate::{Change, FileChange};

/// From this many files on, a sentence names the first one and counts the others.
const COUNTED_FILES: usize = 4;

impl FileChange {
    fn path(&self) -> &str {
        match self {
            FileChange::Added(path) | FileChange::Removed(path) | FileChange::Changed(path) => path,
        }
    }

    fn verb(&self, plural: bool) -> &'static str {
        match (self, plural) {
            (FileChange::Added(_), false) => "is new",
            (FileChange::Added(_), true) => "are new",
            (FileChange::Removed(_), false) => "is gone",
            (FileChange::Removed(_), true) => "are gone",
            (FileChange::Changed(_), _) => "changed",
        }
    }
}

impl fmt::Display for FileChange {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", one_line(self.path()), self.verb(false))
    }
}

impl fmt::Display for Change {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Change::Added { name } | Change::Removed { name } | Change::Hidden { name } => one_line(name),
            Change::Text { name, .. } | Change::Files { name, .. } => one_line(name),
            Change::Order => String::new(),
        };
        match self {
            Change::Added { .. } => write!(formatter, "the {name} {} new", is_or_are(&name)),
            Change::Removed { .. } => write!(formatter, "the {name} {} gone", is_or_are(&name)),
            Change::Text { from, to, .. } if from == to && is_cut(to) => {
                write!(formatter, "the {name} changed after its first 200 characters")
            }
            Change::Text { from, to, .. } if from == to => {
                write!(formatter, "the {name} changed its type (`{}`)", one_line(to))
            }
            Change::Text { from, to, .. } => {
                write!(formatter, "the {name} changed from `{}` to `{}`", one_line(from), one_line(to))
            }
            Change::Hidden { .. } => write!(formatter, "the {name} changed"),
            Change::Files { changes, .. } if changes.is_empty() => {
                write!(formatter, "the {name} changed")
            }
            Change::Files { changes, .. } => formatter.write_str(&files_sentence(changes)),
            Change::Order => formatter.write_str("the parts of the key stand in another order"),
        }
    }
}

/// A part that is a set of files is named "files …" and takes the plural.
fn is_or_are(name: &str) -> &'static str {
    if name.starts_with("files") { "are" } else { "is" }
}

/// Returns the text without control characters, the second range of them included: a terminal obeys both.
fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for character in text.chars() {
        match character.is_control() {
            true => line.extend(character.escape_default()),
            false => line.push(character),
        }
    }
    line
}

fn files_sentence(changes: &[FileChange]) -> String {
    let first = &changes[0];
    let alike = changes.iter().all(|change| change.verb(false) == first.verb(false));
    if changes.len() >= COUNTED_FILES {
        let verb = if alike { first.verb(true) } else { "changed" };
        return format!("{} and {} more files {verb}", one_line(first.path()), changes.len() - 1);
    }
    if !alike {
        return enumerate(changes.iter().map(FileChange::to_string).collect());
    }
    let paths = enumerate(changes.iter().map(|change| one_line(change.path())).collect());
    format!("{paths} {}", first.verb(changes.len() > 1))
}

/// Joins "a", "a and b", "a, b and c".
fn enumerate(mut items: Vec<String>) -> String {
    let last = items.pop().unwrap_or_default();
    if items.is_empty() { last } else { format!("{} and {last}", items.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Digest, Key, Manifest};

    /// Reads `name=value` as a text, `!name=value` as a secret and `@name=path:content,..` as files.
    fn key(text: &str) -> (Key, Vec<Manifest>) {
        let (mut builder, mut manifests) = (Key::builder("test"), Vec::new());
        for part in text.split(';').filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').unwrap();
            if let Some(name) = name.strip_prefix('!') {
                builder.secret(name.to_owned(), value);
            } else if let Some(name) = name.strip_prefix('@') {
                let file = |pair: &str| {
                    let (path, content) = pair.split_once(':').unwrap();
                    (path.to_owned(), Digest::of(content.as_bytes()))
                };
                let manifest = Manifest::new(value.split(',').filter(|pair| !pair.is_empty()).map(file).collect());
                builder.files(name.to_owned(), &manifest);
                manifests.push(manifest);
            } else {
                builder.text(name.to_owned(), value);
            }
        }
        (builder.finish(), manifests)
    }

    fn check(old: &str, new: &str, expected: &str) {
        let ((old, mut manifests), (new, newer)) = (key(old), key(new));
        manifests.extend(newer);
        let find = |digest: &Digest| manifests.iter().find(|manifest| manifest.digest() == *digest).cloned();
        let sentences: Vec<String> = Change::between(&old, &new, find).iter().map(Change::to_string).collect();
        assert_eq!(sentences.join("; "), expected);
    }

    #[test]
    fn a_change_is_said_as_a_person_would() {
        check("command=x", "command=y", "the command changed from `x` to `y`");
        check("prompt=a\nb", "prompt=c", "the prompt changed from `a\\nb` to `c`");
        check("!variable HOME=x", "!variable HOME=y", "the variable HOME changed");
        check("", "!variable CI=1", "the variable CI is new");
        check("!variable CI=1", "", "the variable CI is gone");
        check("", "@files src/**=", "the files src/** are new");
        check("a=1;b=2", "b=2;a=1", "the parts of the key stand in another order");
        check("a=1;a=2", "a=1;a=3", "the a changed from `2` to `3`");
        check("a=1;b=1", "b=2;c=1", "the b changed from `1` to `2`; the c is new; the a is gone");
        check("a=1", "!a=1", "the a changed");
        check("a=1", "a=1", "");
    }

    #[test]
    fn files_are_named_up_to_three_and_counted_beyond() {
        check("@f=a:1", "@f=a:2", "a changed");
        check("@f=", "@f=src/b.rs:1", "src/b.rs is new");
        check("@f=src/c.rs:1", "@f=", "src/c.rs is gone");
        check("@f=a:1,b:1", "@f=a:2,b:2", "a and b changed");
        check("@f=", "@f=a:1,b:1,c:1", "a, b and c are new");
        check("@f=a:1,c:1", "@f=a:2,b:1", "a changed, b is new and c is gone");
        check("@f=a:1,b:1,c:1,d:1", "@f=a:2,b:2,c:2,d:2", "a and 3 more files changed");
        check("@f=a:1,b:1,c:1,d:1,e:1", "@f=e:1", "a and 3 more files are gone");
        check("@f=a:1", "@f=b:1,c:1,d:1", "a and 3 more files changed");
    }

    #[test]
    fn names_and_paths_steer_no_terminal() {
        check("@f=a\u{1b}[2J:1", "@f=a\u{1b}[2J:2", "a\\u{1b}[2J changed");
        check("@f=", "@f=a\nb:1,c:1", "a\\nb and c are new");
        check("@f=a:1", "@f=b\u{9b}2J:1", "a is gone and b\\u{9b}2J is new");
        check("@f=a\r:1,b:1,c:1,d:1", "@f=", "a\\r and 3 more files are gone");
        check("a\u{9b}b=1", "a\u{9b}b=2", "the a\\u{9b}b changed from `1` to `2`");
        check("", "a\nb=1", "the a\\nb is new");
    }

    #[test]
    fn a_long_text_that_changed_out_of_sight_says_so() {
        let long = "x".repeat(250);
        check(&format!("p={long}"), &format!("p={long}y"), "the p changed after its first 200 characters");
    }

    #[test]
    fn files_without_a_manifest_are_named_by_their_part() {
        let ((old, _), (new, _)) = (key("@files src/**=a:1"), key("@files src/**=a:2"));
        assert_eq!(Change::between(&old, &new, |_| None)[0].to_string(), "the files src/** changed");
    }
}
