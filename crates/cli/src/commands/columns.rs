//! Text within the columns of a terminal: its width, cutting a line, breaking words into lines. Leaves what is said to others.

use std::io::IsTerminal as _;

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// The fewest columns into which a text is broken.
const MIN_COLUMNS: usize = 20;

/// Returns the columns of the terminal on stdout; `None` where a program reads it or a file keeps it.
pub(super) fn columns() -> Option<usize> {
    let size = terminal_size::terminal_size().filter(|_| std::io::stdout().is_terminal());
    size.map(|(columns, _)| usize::from(columns.0))
}

/// Returns the columns that a text takes.
pub(super) fn width(text: &str) -> usize {
    text.width()
}

/// Returns a text with spaces behind, so that it takes at least so many columns.
pub(super) fn padded(text: &str, columns: usize) -> String {
    format!("{text}{:1$}", "", columns.saturating_sub(width(text)))
}

/// Returns the beginning of a text that fits, with a sign that there is more.
pub(super) fn cut(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let (begin, _) = split(text, columns.saturating_sub(1));
    format!("{begin}{}", if columns > 0 { "…" } else { "" })
}

/// Breaks a text into lines of so many columns, the later ones moved to the right. A word that is longer than a line is broken.
pub(super) fn wrapped(begin: &str, text: &str, indent: usize, columns: usize) -> String {
    let columns = columns.max(MIN_COLUMNS);
    // So far to the right that nothing fits is not moved at all.
    let indent = if indent + MIN_COLUMNS / 2 > columns { 2 } else { indent };
    let mut lines = begin.to_owned();
    let mut used = width(begin);
    let mut is_first = true;
    for word in text.split_whitespace() {
        let mut word = word;
        let gap = usize::from(!is_first);
        if used + gap + width(word) > columns && (!is_first || used > indent) {
            lines.truncate(lines.trim_end().len());
            lines += &format!("\n{:indent$}", "");
            used = indent;
        } else if !is_first {
            lines.push(' ');
            used += 1;
        }
        while used + width(word) > columns {
            let (fits, rest) = split(word, columns - used);
            lines += &format!("{fits}\n{:indent$}", "");
            (word, used) = (rest, indent);
        }
        lines += word;
        used += width(word);
        is_first = false;
    }
    format!("{}\n", lines.trim_end())
}

/// Splits a text where its columns are used up.
fn split(text: &str, columns: usize) -> (&str, &str) {
    let mut used = 0;
    let wide = text.char_indices().find(|(_, letter)| {
        used += letter.width().unwrap_or(0);
        used > columns
    });
    text.split_at(wide.map_or(text.len(), |(at, _)| at))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, columns: usize, expected: &str) {
        assert_eq!(cut(text, columns), expected);
        assert!(width(expected) <= columns);
    }

    #[test]
    fn a_line_is_cut_by_columns_not_by_letters() {
        check("abc", 3, "abc");
        check("abcd", 3, "ab…");
        check("文文文", 5, "文文…");
        check("文文文", 4, "文…");
        check("abc", 1, "…");
        check("abc", 0, "");
        assert_eq!(padded("文", 4), "文  ");
    }

    #[test]
    fn words_are_broken_into_lines_that_fit() {
        let text = "one two three four five six seven";
        assert_eq!(
            wrapped("what      ", text, 10, 24),
            "what      one two three\n          four five six\n          seven\n"
        );
        for columns in [0, 1, 20, 24, 40] {
            for words in [text, "文文文文文文文文文文文文文文文文文文文文文文", &"x".repeat(300), ""]
            {
                for begin in ["", "what      ", "a beginning that is longer"] {
                    let lines = wrapped(begin, words, 10, columns);
                    let limit = columns.max(MIN_COLUMNS).max(width(begin));
                    assert!(lines.lines().all(|line| width(line) <= limit), "{columns}: {lines}");
                    let letters =
                        |text: &str| text.chars().filter(|letter| !letter.is_whitespace()).collect::<String>();
                    assert_eq!(letters(&lines), letters(&format!("{begin}{words}")));
                }
            }
        }
    }
}
