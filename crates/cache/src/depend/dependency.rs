//! What a value depends on, as a value itself: named in a settings file, compared, stored. What it is at a moment is
//! found out by others.

use std::borrow::Cow;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::Digest;
#[cfg(feature = "files")]
use crate::Error;

/// Something outside that a value depends on: when it changes, the value is another one.
///
/// ```
/// use segno_cache::Dependency;
///
/// let depends: Vec<Dependency> = serde_json::from_str(
///     r#"[{ "env": { "name": "LANG" } }, { "tag": { "name": "users" } }]"#,
/// ).unwrap();
/// assert_eq!(depends[0], Dependency::env("LANG"));
/// assert_eq!(depends[0].to_string(), "variable LANG");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Dependency {
    /// The contents of the files that globs mean, relative to the project.
    #[cfg(feature = "files")]
    Files {
        /// Globs as [`Files::manifest`](crate::Files::manifest) reads them.
        globs: Vec<String>,
    },
    /// A folder of the project: what lies in it, empty folders too.
    #[cfg(feature = "files")]
    Folder {
        /// The folder, relative to the project.
        path: String,
        /// How much of it counts.
        #[serde(default)]
        depth: Depth,
    },
    /// A variable of the environment.
    Env {
        /// Its name.
        name: String,
    },
    /// One value in a settings file.
    #[cfg(feature = "files")]
    Config {
        /// The file, relative to the project; the name says what format it has.
        file: String,
        /// Where in it: `package.version`, `a."b.c"[0]` or `/package/version`; empty for all of it.
        path: String,
    },
    /// What git says of the project.
    #[cfg(feature = "files")]
    Git(Git),
    /// What a program says of its version.
    #[cfg(feature = "files")]
    Tool {
        /// The program and its arguments; a program alone is asked for its `--version`.
        argv: Vec<String>,
    },
    /// A stretch of time: another one begins after each `length`.
    Window {
        /// How long it is.
        length: Duration,
        /// When the first one began, after 1970 began in UTC.
        #[serde(default)]
        offset: Duration,
    },
    /// Another key: what that depends on.
    Key(Digest),
    /// A name that somebody declares changed.
    Tag {
        /// The name.
        name: String,
    },
}

/// How much of a folder counts.
#[cfg(feature = "files")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Depth {
    /// Every file below it with its content.
    #[default]
    Contents,
    /// The names in it and what stands under each (a file, a folder, a link), not what is in them.
    Names,
}

/// What git says of the project.
#[cfg(feature = "files")]
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Git {
    /// The commit that is checked out; what is edited and not committed makes no difference.
    Commit,
    /// The name of the branch that is checked out.
    Branch,
    /// The files that git tracks or would track, with their contents on disk.
    Tree {
        /// Globs or folders; none for the whole work tree.
        #[serde(default)]
        paths: Vec<String>,
    },
}

impl Dependency {
    /// Returns the dependency on a variable.
    pub fn env(name: impl Into<String>) -> Dependency {
        Dependency::Env { name: name.into() }
    }

    /// Returns the dependency on a tag.
    pub fn tag(name: impl Into<String>) -> Dependency {
        Dependency::Tag { name: name.into() }
    }

    /// Returns the dependency on the files that globs mean.
    #[cfg(feature = "files")]
    pub fn files<G: Into<String>>(globs: impl IntoIterator<Item = G>) -> Dependency {
        Dependency::Files { globs: globs.into_iter().map(Into::into).collect() }
    }

    /// Reads `file#path` as a value in a settings file, and `file` alone as all its values.
    ///
    /// Of what may hold a secret a key has the digest alone, so that nobody reads it there: all values of a file, those of a
    /// file of variables (`.env`), and what sounds like a password or a token or has something in it that does.
    ///
    /// Fails if the file or the path cannot be one.
    #[cfg(feature = "files")]
    pub fn config(text: &str) -> Result<Dependency, Error> {
        let (file, path) = text.split_once('#').unwrap_or((text, ""));
        super::config::check(file, path)?;
        Ok(Dependency::Config { file: file.to_owned(), path: path.to_owned() })
    }

    /// Reads a command as a person writes it, `rustc --version`: words are separated by blanks.
    ///
    /// Fails if there is none.
    #[cfg(feature = "files")]
    pub fn tool(command: &str) -> Result<Dependency, Error> {
        let argv: Vec<String> = command.split_whitespace().map(str::to_owned).collect();
        match argv.is_empty() {
            true => Err(Error::Dependency { name: "a tool".into(), reason: "it has no command".into() }),
            false => Ok(Dependency::Tool { argv }),
        }
    }

    /// Returns the name of its part of a key, as it stands in a sentence: "the variable LANG changed".
    pub fn name(&self) -> Cow<'static, str> {
        match self {
            #[cfg(feature = "files")]
            Dependency::Files { globs } => format!("files {}", globs.join(" ")).into(),
            #[cfg(feature = "files")]
            Dependency::Folder { path, depth: Depth::Contents } => format!("files in {path}").into(),
            #[cfg(feature = "files")]
            Dependency::Folder { path, depth: Depth::Names } => format!("names in {path}").into(),
            Dependency::Env { name } => format!("variable {name}").into(),
            #[cfg(feature = "files")]
            Dependency::Config { file, path } if path.is_empty() => format!("settings in {file}").into(),
            #[cfg(feature = "files")]
            Dependency::Config { file, path } => format!("value {path} in {file}").into(),
            #[cfg(feature = "files")]
            Dependency::Git(Git::Commit) => "commit".into(),
            #[cfg(feature = "files")]
            Dependency::Git(Git::Branch) => "branch".into(),
            #[cfg(feature = "files")]
            Dependency::Git(Git::Tree { paths }) if paths.is_empty() => "work tree".into(),
            #[cfg(feature = "files")]
            Dependency::Git(Git::Tree { paths }) => format!("files of git {}", paths.join(" ")).into(),
            #[cfg(feature = "files")]
            Dependency::Tool { argv } => format!("output of `{}`", super::tool::asked(argv).join(" ")).into(),
            Dependency::Window { length, .. } => format!("window of {length:?}").into(),
            Dependency::Key(_) => "result it builds on".into(),
            Dependency::Tag { name } => format!("tag {name}").into(),
        }
    }
}

impl std::fmt::Display for Dependency {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.name())
    }
}
