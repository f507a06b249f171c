//! What the terminal can show, and writing to it. The only place that reads the environment for that.

use std::io::{IsTerminal as _, Write as _};

/// Where talk goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Terminal {
    /// Stderr is a terminal that can be drawn on.
    pub(crate) live: bool,
    /// Colours are wanted.
    pub(crate) colour: bool,
    /// Signs beyond ASCII can be shown.
    pub(crate) unicode: bool,
    /// Lines of the terminal on stdout, or what a screen usually has.
    pub(crate) rows: usize,
}

impl Terminal {
    /// Looks at the standard streams and at NO_COLOR, CLICOLOR_FORCE, TERM, LC_ALL, LC_CTYPE, LANG.
    pub(crate) fn look() -> Terminal {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let dumb = variable("TERM").is_none_or(|term| term == "dumb");
        let live = std::io::stderr().is_terminal() && !dumb;
        let forced = variable("CLICOLOR_FORCE").is_some_and(|value| value != "0");
        let colour = (live || forced) && variable("NO_COLOR").is_none();
        let locale = variable("LC_ALL").or_else(|| variable("LC_CTYPE")).or_else(|| variable("LANG"));
        let unicode = locale.is_none_or(|locale| {
            let locale = locale.to_lowercase();
            locale.contains("utf-8") || locale.contains("utf8")
        });
        let rows = terminal_size::terminal_size().map_or(40, |(_, height)| usize::from(height.0));
        Terminal { live, colour, unicode, rows }
    }
}

/// Writes data to stdout. A reader that went away (`| head`) is no failure.
pub(crate) fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    // Whoever closed the pipe has seen enough.
    _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Writes talk to stderr.
pub(crate) fn say(text: &str) {
    // When stderr is closed there is nobody to tell.
    _ = std::io::stderr().lock().write_all(format!("{text}\n").as_bytes());
}
