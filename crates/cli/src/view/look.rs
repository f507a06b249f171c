//! How things look: marks, separators, tones; in colour or not, beyond ASCII or not. What is said is others' business.

use anstyle::{AnsiColor, Style};
use segno_orchestrator::model::Status;

/// What the reader's terminal can show, and how many jobs there are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    /// Colours are wanted.
    pub(crate) colour: bool,
    /// Signs beyond ASCII can be shown.
    pub(crate) unicode: bool,
    /// How many attempts run at once.
    pub(crate) jobs: usize,
}

/// The sign at the beginning of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// It has not begun, or nobody goes on with it.
    Waiting,
    /// It runs; the number turns the spinner.
    Running(u64),
    /// It waits before another attempt.
    Resting,
    /// It is over.
    Ended(Status),
}

/// What a piece of text is, as far as colour goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    Plain,
    Faint,
    Good,
    Doubtful,
    Bad,
    Busy,
}

impl Look {
    pub(super) fn mark(self, mark: Mark) -> &'static str {
        const SPINNER: [&str; 10] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
        // Without `-`, which is the mark of what was skipped.
        const TURNING: [&str; 4] = ["|", "/", "|", "\\"];
        let (sign, ascii) = match mark {
            Mark::Waiting => ("·", "."),
            Mark::Running(turn) => (SPINNER[(turn % 10) as usize], TURNING[(turn % 4) as usize]),
            Mark::Resting => ("↻", "r"),
            Mark::Ended(Status::Succeeded) => ("✓", "+"),
            Mark::Ended(Status::Partial) => ("◐", "~"),
            Mark::Ended(Status::Failed) => ("✗", "x"),
            Mark::Ended(Status::Skipped) => ("–", "-"),
        };
        if self.unicode { sign } else { ascii }
    }

    /// Returns what stands between two facts.
    pub(super) fn dot(self) -> &'static str {
        if self.unicode { " · " } else { ", " }
    }

    /// Returns what stands where something was cut away.
    pub(super) fn ellipsis(self) -> &'static str {
        if self.unicode { "…" } else { ".." }
    }
}

impl Mark {
    pub(super) fn tone(self) -> Tone {
        match self {
            Mark::Waiting | Mark::Ended(Status::Skipped) => Tone::Faint,
            Mark::Running(_) => Tone::Busy,
            Mark::Resting | Mark::Ended(Status::Partial) => Tone::Doubtful,
            Mark::Ended(Status::Succeeded) => Tone::Good,
            Mark::Ended(Status::Failed) => Tone::Bad,
        }
    }
}

impl Tone {
    pub(super) fn style(self) -> Style {
        match self {
            Tone::Plain => Style::new(),
            Tone::Faint => Style::new().dimmed(),
            Tone::Good => AnsiColor::Green.on_default(),
            Tone::Doubtful => AnsiColor::Yellow.on_default(),
            Tone::Bad => AnsiColor::Red.on_default(),
            Tone::Busy => AnsiColor::Cyan.on_default(),
        }
    }
}
