//! Words and widths: waits for people, text that cannot disturb a terminal, lines that are cut to a width.

use std::time::Duration;

use segno_orchestrator::report::short_duration;
use unicode_width::UnicodeWidthChar as _;

use super::look::{Look, Tone};

/// Says when something that waits goes on: `again in 3 s`, rounded up; `again at once` when it is less than one.
pub(super) fn again_in(wait: Duration) -> String {
    let seconds = wait.as_millis().div_ceil(1000);
    match seconds {
        _ if wait < Duration::from_secs(1) => "again at once".into(),
        1..60 => format!("again in {seconds} s"),
        _ => format!("again in {}", short_duration(wait)),
    }
}

/// Returns `text` as one line that cannot move a cursor, turn the writing direction or hide its width.
///
/// Joiners and variation selectors go too: with them the width of a sign depends on the terminal, without them the
/// widths of characters add up.
pub(super) fn clean(text: &str, look: Look) -> String {
    let keep = |letter: char| match letter {
        _ if letter.is_control() || letter == '\u{2028}' || letter == '\u{2029}' => Some(' '),
        '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' => None,
        '\u{fe00}'..='\u{fe0f}' => None,
        _ if !look.unicode && !letter.is_ascii() => Some('?'),
        _ => Some(letter),
    };
    text.chars().filter_map(keep).collect()
}

/// Returns the columns that a character takes.
pub(super) fn width_of(letter: char) -> usize {
    letter.width().unwrap_or(0)
}

/// Returns the characters of a line that are seen: without its colours.
pub(super) fn visible(line: &str) -> impl Iterator<Item = char> {
    let mut escaped = false;
    line.chars().filter(move |letter| {
        let was_escaped = escaped;
        escaped = *letter == '\u{1b}' || (escaped && *letter != 'm');
        !escaped && !was_escaped
    })
}

/// A line in pieces, each with its tone.
#[derive(Clone, Debug, Default)]
pub(super) struct Line {
    pieces: Vec<(Tone, String)>,
}

impl Line {
    pub(super) fn push(&mut self, tone: Tone, text: impl Into<String>) {
        self.pieces.push((tone, text.into()));
    }

    /// Returns the columns that it takes.
    pub(super) fn columns(&self) -> usize {
        self.pieces.iter().flat_map(|(_, text)| text.chars()).map(width_of).sum()
    }

    /// Makes it at most `columns` wide; what was cut away shows.
    pub(super) fn cut(&mut self, columns: usize, look: Look) {
        if self.columns() <= columns {
            return;
        }
        let ellipsis = look.ellipsis();
        let mut room = columns.saturating_sub(ellipsis.chars().count());
        for index in 0..self.pieces.len() {
            let (_, text) = &mut self.pieces[index];
            match fitting(text, room) {
                (end, _) if end < text.len() => {
                    text.truncate(end);
                    text.extend(ellipsis.chars().take(columns));
                    self.pieces.truncate(index + 1);
                    return;
                }
                (_, used) => room -= used,
            }
        }
    }

    /// Returns it as text, with escapes where colours are wanted.
    pub(super) fn render(&self, look: Look) -> String {
        let mut rendered = String::new();
        for (tone, text) in &self.pieces {
            match tone {
                Tone::Plain => rendered.push_str(text),
                _ if !look.colour => rendered.push_str(text),
                tone => rendered.push_str(&format!("{0}{text}{0:#}", tone.style())),
            }
        }
        rendered
    }
}

/// Returns how many bytes of `text` fit into `room` columns, and how many columns they take.
fn fitting(text: &str, room: usize) -> (usize, usize) {
    let mut used = 0;
    for (index, letter) in text.char_indices() {
        if used + width_of(letter) > room {
            return (index, used);
        }
        used += width_of(letter);
    }
    (text.len(), used)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOOK: Look = Look { colour: false, unicode: true, jobs: 1 };

    #[test]
    fn a_wait_is_rounded_up() {
        let cases = [
            (0, "again at once"),
            (999, "again at once"),
            (1_000, "again in 1 s"),
            (2_001, "again in 3 s"),
            (61_000, "again in 1m01s"),
        ];
        for (millis, expected) in cases {
            assert_eq!(again_in(Duration::from_millis(millis)), expected);
        }
    }

    #[test]
    fn text_cannot_disturb_the_terminal() {
        let ascii = Look { unicode: false, ..LOOK };
        assert_eq!(clean("a\x1b[31mb\nc\td", LOOK), "a [31mb c d");
        assert_eq!(clean("abc\u{202e}def\u{200d}\u{fe0f}", LOOK), "abcdef");
        assert_eq!(clean("größe 文", LOOK), "größe 文");
        assert_eq!(clean("größe 文", ascii), "gr??e ?");
    }

    #[test]
    fn a_line_is_cut_by_columns_not_by_characters() {
        let cases = [
            ("abc", 3, "abc"),
            ("abcd", 3, "ab…"),
            ("文文文", 6, "文文文"),
            ("文文文", 5, "文文…"),
            ("文文文", 4, "文…"),
            ("文文文", 1, "…"),
            ("abc", 0, ""),
            ("e\u{301}e\u{301}", 2, "e\u{301}e\u{301}"),
        ];
        for (text, columns, expected) in cases {
            let mut line = Line::default();
            line.push(Tone::Bad, &text[..text.chars().next().map_or(0, char::len_utf8)]);
            line.push(Tone::Plain, &text[text.chars().next().map_or(0, char::len_utf8)..]);
            line.cut(columns, LOOK);
            assert_eq!(line.render(LOOK), expected, "{text} at {columns}");
        }
    }

    #[test]
    fn colours_take_no_columns() {
        let mut line = Line::default();
        line.push(Tone::Bad, "no");
        line.push(Tone::Plain, " more");
        let rendered = line.render(Look { colour: true, ..LOOK });
        assert_eq!(rendered, "\x1b[31mno\x1b[0m more");
        assert_eq!(visible(&rendered).collect::<String>(), "no more");
    }
}
