//! How lines for people look, and what the environment says about it. Only what is called `from_env` asks.

use std::env;
use std::io::IsTerminal;
use std::os::fd::AsFd;

use tracing::Level;

use super::line;

/// Whether lines have colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Colour {
    /// Plain text.
    #[default]
    Never,
    /// The escape sequences that every terminal knows.
    Always,
}

impl Colour {
    /// Reads the environment: colours if the stream is a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`.
    pub fn from_env(stream: &impl IsTerminal) -> Colour {
        let is_set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
        let is_dumb = env::var_os("TERM").is_some_and(|terminal| terminal == "dumb");
        match stream.is_terminal() && !is_set("NO_COLOR") && !is_dumb {
            true => Colour::Always,
            false => Colour::Never,
        }
    }
}

/// What becomes of a line that is wider than the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fit {
    /// It is written as it is.
    #[default]
    Whole,
    /// It ends in `…` at this column.
    Cut(usize),
    /// It goes on in the next line, further in, at this column.
    Wrap(usize),
}

/// How lines for people look. The default is plain and whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// Whether there are colours.
    pub colour: Colour,
    /// What becomes of long lines.
    pub fit: Fit,
    /// Lines below this level are left out.
    pub level: Level,
}

impl Default for Look {
    fn default() -> Self {
        Look { colour: Colour::Never, fit: Fit::Whole, level: Level::TRACE }
    }
}

impl Look {
    /// Shows a line of JSON in this form, with its newline; what reads logs back shows them as the console did.
    ///
    /// ```
    /// use segno_logging::Look;
    ///
    /// let line = r#"{"timestamp":"2026-11-27T10:55:56.123456Z","level":"INFO","component":"shop","message":"paid","items":3}"#;
    /// let mut shown = String::new();
    /// Look::default().show(line, &mut shown);
    /// assert_eq!(shown, "10:55:56.123 INFO  shop: paid items=3\n");
    /// ```
    pub fn show(&self, json: &str, out: &mut String) {
        line::write(json, self, out);
    }

    /// Reads the environment for a stream: colours as [`Colour::from_env`] says, and if it is a terminal whose width is in
    /// `COLUMNS` or can be asked for, long lines are wrapped there.
    pub fn from_env(stream: &(impl IsTerminal + AsFd)) -> Look {
        let fit = match stream.is_terminal() {
            true => columns(stream).map_or(Fit::Whole, Fit::Wrap),
            false => Fit::Whole,
        };
        Look { colour: Colour::from_env(stream), fit, ..Look::default() }
    }
}

/// The width that the user set, else the terminal's.
fn columns(stream: &impl AsFd) -> Option<usize> {
    let set = env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let asked = || rustix::termios::tcgetwinsize(stream).ok().map(|size| usize::from(size.ws_col));
    set.or_else(asked).filter(|columns| *columns > 0)
}
