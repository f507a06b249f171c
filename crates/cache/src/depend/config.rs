//! One value in a settings file: where the path leads, which reader the file's name asks for, and what was read before.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::sync::{Arc, Mutex, PoisonError};

use super::lines;
use crate::files::project_path;
use crate::{Digest, Error, Files, KeyPart, PartWriter, Value};

/// Reads the text of a settings file, or says what is wrong with it.
pub(super) type Reader = dyn Fn(&str) -> Result<Value, String> + Send + Sync;

/// So many files are kept as they were read; with one more, all are read again when they are asked for.
const MAX_KEPT: usize = 64;

/// Words in a name by which a value is kept out of sight.
const SECRETS: [&str; 8] = ["password", "passwd", "secret", "token", "credential", "private", "apikey", "accesskey"];

/// The settings files of a project as they were read, by their contents.
#[derive(Default)]
pub(super) struct Settings {
    readers: BTreeMap<String, Arc<Reader>>,
    kept: Mutex<HashMap<String, (Digest, Arc<Value>)>>,
}

/// What stands at a path of a settings file.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Setting {
    NoFile,
    Unset,
    Value(Value),
}

impl KeyPart for Setting {
    fn write(&self, writer: &mut PartWriter) {
        match self {
            Setting::NoFile => writer.state("no file"),
            Setting::Unset => writer.state("unset"),
            Setting::Value(value) => writer.some(value),
        };
    }
}

impl Settings {
    /// Returns the same with one more reader, and nothing read yet: it may have been read otherwise.
    pub(super) fn with(&self, extension: &str, reader: Arc<Reader>) -> Settings {
        let mut readers = self.readers.clone();
        readers.insert(extension.to_lowercase(), reader);
        Settings { readers, kept: Mutex::default() }
    }

    /// Looks a value up. A file that is not there, and a path that leads nowhere, are answers too.
    pub(super) fn setting(&self, files: &Files, file: &str, path: &str) -> Result<Setting, Error> {
        let steps = check(file, path)?;
        let clean = project_path(file).map_err(|reason| Error::path(file, reason))?;
        if !files.root().join(&clean).exists() {
            return Ok(Setting::NoFile);
        }
        let read = self.read(files, &clean)?;
        let found = steps.iter().try_fold(&*read, |value, step| value.at(step));
        Ok(found.cloned().map_or(Setting::Unset, Setting::Value))
    }

    /// Reads a file, unless its content is one that was read before.
    fn read(&self, files: &Files, file: &str) -> Result<Arc<Value>, Error> {
        let digest = files.digest(file)?;
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, value)) = kept.get(file)
            && *known == digest
        {
            return Ok(value.clone());
        }
        let full = files.root().join(file);
        let bytes = fs::read(&full).map_err(Error::io("read", &full))?;
        let unread = |reason: String| Error::Config { file: file.to_owned(), reason };
        let text = std::str::from_utf8(&bytes).map_err(|_| unread("it is not UTF-8".into()))?;
        let value = Arc::new(self.parse(file, text.trim_start_matches('\u{feff}')).map_err(unread)?);
        if kept.len() >= MAX_KEPT {
            kept.clear();
        }
        // What was read may be newer than what was digested.
        kept.insert(file.to_owned(), (Digest::of(&bytes), value.clone()));
        Ok(value)
    }

    fn parse(&self, file: &str, text: &str) -> Result<Value, String> {
        let extension = extension(file);
        if let Some(reader) = self.readers.get(&extension) {
            return reader(text);
        }
        match extension.as_str() {
            "json" => serde_json::from_str(text).map_err(|error| error.to_string()),
            #[cfg(feature = "config-toml")]
            "toml" => toml::from_str(text).map_err(|error| error.message().to_owned()),
            "env" => lines::env(text),
            "ini" | "cfg" => lines::ini(text),
            _ => {
                let name = file.rsplit('/').next().unwrap_or(file).to_lowercase();
                Err(format!("there is no reader for files named `{name}`"))
            }
        }
    }
}

/// Returns the extension by which a file is read.
fn extension(file: &str) -> String {
    let name = file.rsplit('/').next().unwrap_or(file).to_lowercase();
    match name.rsplit_once('.') {
        // `.env` and `.env.local`, `production.env`.
        _ if name == ".env" || name.starts_with(".env.") => "env".to_owned(),
        Some((_, extension)) => extension.to_owned(),
        None => String::new(),
    }
}

/// Returns whether what was found is something that should not be readable in a key: all that stands in a file of
/// variables, a whole file, and what sounds secret or has something in it that does.
pub(super) fn is_secret(file: &str, path: &str, found: &Setting) -> bool {
    let is_secret_within = || match found {
        Setting::Value(value) => has_secret(value),
        Setting::NoFile | Setting::Unset => false,
    };
    path.is_empty() || extension(file) == "env" || sounds_secret(path) || is_secret_within()
}

fn has_secret(value: &Value) -> bool {
    match value {
        Value::Map(values) => values.iter().any(|(name, value)| sounds_secret(name) || has_secret(value)),
        Value::List(values) => values.iter().any(has_secret),
        _ => false,
    }
}

fn sounds_secret(name: &str) -> bool {
    let plain: String = name.chars().filter(|letter| letter.is_alphanumeric()).collect::<String>().to_lowercase();
    SECRETS.iter().any(|word| plain.contains(word))
}

/// Returns the steps of a path, if the file and the path can be some.
pub(super) fn check(file: &str, path: &str) -> Result<Vec<String>, Error> {
    project_path(file).map_err(|reason| Error::path(file, reason))?;
    steps(path).map_err(|reason| Error::Config { file: file.to_owned(), reason: format!("the path `{path}` {reason}") })
}

/// Splits `a."b.c"[0]` or, as JSON pointers are written, `/a/b.c/0`.
fn steps(path: &str) -> Result<Vec<String>, &'static str> {
    if path.is_empty() {
        return Ok(Vec::new());
    }
    if let Some(pointer) = path.strip_prefix('/') {
        return Ok(pointer.split('/').map(|step| step.replace("~1", "/").replace("~0", "~")).collect());
    }
    let (mut steps, mut rest) = (Vec::new(), path);
    loop {
        let (step, after) = step(rest)?;
        steps.push(step);
        rest = match after.strip_prefix('.') {
            _ if after.is_empty() => return Ok(steps),
            Some(next) => next,
            None if after.starts_with('[') => after,
            None => return Err("has a sign where a `.` is due"),
        };
    }
}

fn step(rest: &str) -> Result<(String, &str), &'static str> {
    if let Some(quoted) = rest.strip_prefix('"') {
        let (name, after) = quoted.split_once('"').ok_or("has a quote that is not closed")?;
        return Ok((name.to_owned(), after));
    }
    if let Some(place) = rest.strip_prefix('[') {
        let (place, after) = place.split_once(']').ok_or("has a bracket that is not closed")?;
        return match place.parse::<usize>() {
            Ok(place) => Ok((place.to_string(), after)),
            Err(_) => Err("has something else than a number in brackets"),
        };
    }
    let end = rest.find(['.', '[']).unwrap_or(rest.len());
    match end {
        0 => Err("has an empty step"),
        _ => Ok((rest[..end].to_owned(), &rest[end..])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, expected: &str) {
        let shown = steps(path).map_or_else(str::to_owned, |steps| steps.join("|"));
        assert_eq!(shown, expected, "{path}");
    }

    #[test]
    fn a_path_is_dotted_or_a_pointer() {
        check("", "");
        check("package.version", "package|version");
        check("a.\"b.c\".d", "a|b.c|d");
        check("a[0].b[12][3]", "a|0|b|12|3");
        check("[1]", "1");
        check("/a/b.c/0", "a|b.c|0");
        check("/a~1b/~0", "a/b|~");
        check("/", "");
        check("a..b", "has an empty step");
        check("a.", "has an empty step");
        check("a[x]", "has something else than a number in brackets");
        check("a[0", "has a bracket that is not closed");
        check("\"a", "has a quote that is not closed");
        check("\"a\"b", "has a sign where a `.` is due");
    }

    #[test]
    fn a_name_that_sounds_secret_is_one() {
        for (path, expected) in
            [("db.password", true), ("API_KEY", true), ("aws.access-key", true), ("version", false), ("keys", false)]
        {
            assert_eq!(sounds_secret(path), expected, "{path}");
        }
    }

    fn check_secret(file: &str, path: &str, found: &str, expected: bool) {
        let found = Setting::Value(serde_json::from_str(found).unwrap());
        assert_eq!(is_secret(file, path, &found), expected, "{file} {path}");
    }

    #[test]
    fn what_may_hold_a_secret_is_not_readable() {
        check_secret("a.json", "db.host", "\"local\"", false);
        check_secret("a.json", "db.password", "\"x\"", true);
        check_secret("a.json", "db", r#"{"host": "local", "port": 1}"#, false);
        check_secret("a.json", "db", r#"{"host": "local", "pass-word": "x"}"#, true);
        check_secret("a.json", "db", r#"{"users": [{"name": "a"}, {"api_key": "x"}]}"#, true);
        check_secret("a.json", "", "1", true);
        for file in [".env", "x/.env.local", "production.env"] {
            check_secret(file, "DATABASE_URL", "\"x\"", true);
        }
        assert!(is_secret(".env", "PORT", &Setting::Unset) && !is_secret("a.json", "port", &Setting::NoFile));
    }
}
