//! Mistakes in a file: where, what, what to do; and how they are shown with an excerpt and a caret.

use std::fmt::{self, Write as _};
use std::sync::Arc;

use crate::model::Place;

/// The longest excerpt of a line that is shown, in characters.
const MAX_EXCERPT: usize = 100;
/// The longest message or hint that is shown, in characters: a file may hold a name of a million letters.
const MAX_MESSAGE: usize = 400;
/// The most mistakes that are shown at once; the rest is counted.
const MAX_SHOWN: usize = 50;

/// One mistake in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Where; `None` when it is about the file as a whole.
    pub place: Option<Place>,
    /// What is wrong: a lower-case fragment.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Mistake {
    /// Makes a mistake at a place.
    pub fn at(place: Place, message: impl Into<String>) -> Mistake {
        Mistake { place: Some(place), message: message.into(), hint: None }
    }

    /// Makes a mistake about the file as a whole.
    pub fn whole(message: impl Into<String>) -> Mistake {
        Mistake { place: None, message: message.into(), hint: None }
    }

    /// Tells it at the place where its file is called: there is one text to show.
    #[must_use]
    pub(crate) fn moved(self, file: &str, called_at: Place) -> Mistake {
        let message = match self.place {
            Some(place) => format!("in {file}:{}:{}: {}", place.line, place.column, self.message),
            None => format!("in {file}: {}", self.message),
        };
        Mistake { place: Some(called_at), message, hint: self.hint }
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Mistake {
        self.hint = Some(hint.into());
        self
    }
}

/// All mistakes of a file, in the file's order. Its `Display` is what a person sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistakes {
    path: String,
    source: Arc<str>,
    list: Vec<Mistake>,
}

impl Mistakes {
    /// Gathers the mistakes of the file at `path` with the text `source`.
    pub fn new(path: impl Into<String>, source: impl Into<Arc<str>>, mut list: Vec<Mistake>) -> Mistakes {
        list.sort_by_key(|mistake| mistake.place);
        list.dedup();
        Mistakes { path: path.into(), source: source.into(), list }
    }

    /// Returns the mistakes.
    pub fn list(&self) -> &[Mistake] {
        &self.list
    }
}

impl std::error::Error for Mistakes {}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, mistake) in self.list.iter().take(MAX_SHOWN).enumerate() {
            if index > 0 {
                f.write_char('\n')?;
            }
            show(f, &self.path, &self.source, mistake)?;
        }
        match self.list.len().saturating_sub(MAX_SHOWN) {
            0 => Ok(()),
            more => writeln!(f, "\n.. and {more} more mistakes"),
        }
    }
}

/// Writes one mistake: place and message, the line with a caret, the hint.
fn show(f: &mut fmt::Formatter<'_>, path: &str, source: &str, mistake: &Mistake) -> fmt::Result {
    let message = plain(&mistake.message);
    match mistake.place {
        Some(place) => {
            writeln!(f, "{path}:{}:{}: {message}", place.line, place.column)?;
            show_line(f, source, place)?;
        }
        None => writeln!(f, "{path}: {message}")?,
    }
    match &mistake.hint {
        Some(hint) => writeln!(f, "  hint: {}", plain(hint)),
        None => Ok(()),
    }
}

/// Returns a text without what would move the cursor, and cut where it is too long to be read.
fn plain(text: &str) -> String {
    let shown: String = text.chars().take(MAX_MESSAGE).map(visible).collect();
    if shown.len() < text.len() { shown + ".." } else { shown }
}

fn visible(letter: char) -> char {
    if letter.is_control() { ' ' } else { letter }
}

/// Writes the line at a place and a caret below it; a long line is cut round the caret.
fn show_line(f: &mut fmt::Formatter<'_>, source: &str, place: Place) -> fmt::Result {
    let Some(line) = source.lines().nth(place.line.saturating_sub(1) as usize) else {
        return Ok(());
    };
    let column = place.column.saturating_sub(1) as usize;
    let skipped = column.saturating_sub(MAX_EXCERPT / 2);
    let excerpt: String = line.chars().skip(skipped).take(MAX_EXCERPT).map(visible).collect();
    let number = place.line.to_string();
    writeln!(f, "  {number} | {}", excerpt.trim_end())?;
    writeln!(f, "  {:width$} | {:column$}^", "", "", width = number.len(), column = column - skipped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistake_is_shown_with_its_line_a_caret_and_the_hint() {
        let place = Place { line: 2, column: 5 };
        let mistake = Mistake::at(place, "unknown key 'rum'").hint("did you mean 'run'?");
        let shown = Mistakes::new("a.yaml", "steps:\n  - rum: x\n", vec![mistake]).to_string();
        assert_eq!(
            shown,
            "a.yaml:2:5: unknown key 'rum'\n  2 |   - rum: x\n    |     ^\n  hint: did you mean 'run'?\n"
        );
    }

    #[test]
    fn a_long_line_is_cut_round_the_caret() {
        let source = format!("{}!{}", "a".repeat(500), "b".repeat(500));
        let mistake = Mistake::at(Place { line: 1, column: 501 }, "odd");
        let shown = Mistakes::new("a.yaml", source, vec![mistake]).to_string();
        let lines: Vec<&str> = shown.lines().collect();
        assert_eq!(lines[1].find('!'), lines[2].find('^'));
        assert!(lines[1].len() < 120);
    }

    #[test]
    fn a_message_stays_on_its_line_and_has_an_end() {
        let long = format!("unknown name '\u{1b}[31m\n{}'", "x".repeat(1_000));
        let shown = Mistakes::new("a.yaml", "", vec![Mistake::whole(long)]).to_string();
        assert_eq!(shown, format!("a.yaml: unknown name ' [31m {}..\n", "x".repeat(400 - 20)));
    }
}
