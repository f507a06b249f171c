//! Logging for a program that chooses nothing. The only place, with `Console::from_env`, that looks at the environment.

use std::env;
use std::path::{Path, PathBuf};

use tracing::Level;

use super::Logging;
use crate::{Console, Error, Guard};

/// Where logs go unless somebody says otherwise.
const FOLDER: &str = "logs";

/// Levels as other programs in Rust take them.
const LEVELS: &str = "RUST_LOG";

/// Begins to log, as most programs want it: for people on the standard error stream, and as JSON Lines in
/// `logs/<program>.jsonl` below the current folder, level INFO and above, without secrets.
///
/// It is [`Logging::from_env`] and [`Logging::install`]; `RUST_LOG` may say `info,database=debug`. If the file cannot be
/// opened, lines go to the terminal alone and a warning says so. Keep the guard until the program ends.
///
/// ```no_run
/// # fn main() -> Result<(), segno_logging::Error> {
/// let _guard = segno_logging::init()?;
/// tracing::info!(port = 8080, "listening");
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`Error::Levels`] when `RUST_LOG` cannot be read, [`Error::Installed`] when the program has a global subscriber already.
pub fn init() -> Result<Guard, Error> {
    Logging::from_env()?.install()
}

impl Logging {
    /// Sets up what [`init`] installs. Reads `RUST_LOG`, the program's name, and for the terminal what
    /// [`Look::from_env`](crate::Look::from_env) names.
    ///
    /// # Errors
    /// [`Error::Levels`] when `RUST_LOG` cannot be read, with every mistake and its place.
    pub fn from_env() -> Result<Logging, Error> {
        let logging = Logging::to_file(path_of(env::args_os().next().map(PathBuf::from)))
            .level(Level::INFO)
            .console(Console::from_env())
            .or_console();
        if let Some(levels) = env::var(LEVELS).ok().filter(|levels| !levels.trim().is_empty()) {
            logging.levels().apply_text(&levels)?;
        }
        Ok(logging)
    }
}

/// The log of the program that was called so.
fn path_of(program: Option<PathBuf>) -> PathBuf {
    let name = program.as_deref().and_then(Path::file_stem).unwrap_or("program".as_ref());
    let mut file = name.to_owned();
    file.push(".jsonl");
    Path::new(FOLDER).join(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(program: Option<&str>, expected: &str) {
        assert_eq!(path_of(program.map(PathBuf::from)), Path::new(expected));
    }

    #[test]
    fn a_log_is_named_after_its_program() {
        check(Some("/usr/bin/shop"), "logs/shop.jsonl");
        check(Some("shop.exe"), "logs/shop.jsonl");
        check(Some(""), "logs/program.jsonl");
        check(None, "logs/program.jsonl");
    }
}
