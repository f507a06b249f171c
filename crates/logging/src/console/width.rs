//! Fits what was written into a terminal's columns. Escape sequences of colours take none, and wide characters two.

use unicode_width::UnicodeWidthChar;

use super::look::Fit;

/// What a wrapped line goes on with.
const FURTHER: &str = "      ";

/// A terminal that is narrower is taken to be this wide, so that each line gets on.
const NARROWEST: usize = 20;

/// Fits what stands in `out` from `begun` on, and ends it with a newline.
pub(super) fn fit(out: &mut String, begun: usize, fit: Fit) {
    let columns = match fit {
        Fit::Whole => return out.push('\n'),
        Fit::Cut(columns) | Fit::Wrap(columns) => columns.max(NARROWEST),
    };
    let entry = out.split_off(begun);
    for line in entry.split('\n') {
        match fit {
            Fit::Wrap(_) => wrap(line, columns, out),
            _ => cut(line, columns, out),
        }
        out.push('\n');
    }
}

/// Writes a line up to the last column, which is the sign that something is missing.
fn cut(line: &str, columns: usize, out: &mut String) {
    if width_of(line) <= columns {
        return out.push_str(line);
    }
    let (mut used, mut is_full) = (0, false);
    for piece in Pieces(line) {
        match piece {
            // Colours are ended even behind the cut.
            Piece::Escape(escape) => out.push_str(escape),
            Piece::Character(character) if !is_full => {
                used += width(character);
                is_full = used >= columns;
                out.push(if is_full { '…' } else { character });
            }
            Piece::Character(_) => {}
        }
    }
}

/// Writes a line in as many as it needs, between words where there are some.
fn wrap(line: &str, columns: usize, out: &mut String) {
    let mut used = 0;
    for word in line.split_inclusive(' ') {
        let needed = width_of(word.trim_end_matches(' '));
        if used + needed > columns && used > FURTHER.len() {
            used = next_line(out);
        }
        for piece in Pieces(word) {
            match piece {
                Piece::Escape(escape) => out.push_str(escape),
                Piece::Character(character) => {
                    if used + width(character) > columns && character != ' ' {
                        used = next_line(out);
                    }
                    out.push(character);
                    used += width(character);
                }
            }
        }
    }
}

fn next_line(out: &mut String) -> usize {
    // What would stand before the break is blank.
    out.truncate(out.trim_end_matches(' ').len());
    // A line that is nothing but blanks is none.
    if !out.is_empty() && !out.ends_with('\n') {
        out.push('\n');
    }
    out.push_str(FURTHER);
    FURTHER.len()
}

fn width_of(text: &str) -> usize {
    Pieces(text)
        .map(|piece| match piece {
            Piece::Escape(_) => 0,
            Piece::Character(character) => width(character),
        })
        .sum()
}

fn width(character: char) -> usize {
    character.width().unwrap_or(0)
}

/// A text as a terminal takes it.
struct Pieces<'a>(&'a str);

enum Piece<'a> {
    /// A colour of ours: values have none.
    Escape(&'a str),
    Character(char),
}

impl<'a> Iterator for Pieces<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        let first = self.0.chars().next()?;
        let end = match first {
            '\u{1b}' => self.0.find('m').map_or(self.0.len(), |end| end + 1),
            _ => first.len_utf8(),
        };
        let (piece, rest) = self.0.split_at(end);
        self.0 = rest;
        Some(if first == '\u{1b}' { Piece::Escape(piece) } else { Piece::Character(first) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(how: Fit, text: &str, expected: &str) {
        let mut out = "before ".to_owned();
        fit(&mut out, 7, how);
        assert_eq!(out, "before \n");
        let mut out = text.to_owned();
        fit(&mut out, 0, how);
        assert_eq!(out, format!("{expected}\n"));
    }

    #[test]
    fn a_line_that_fits_stays_as_it_is() {
        check(Fit::Whole, "as long as it likes", "as long as it likes");
        check(Fit::Cut(20), "12345678901234567890", "12345678901234567890");
        check(Fit::Wrap(20), "1234567890 123456789", "1234567890 123456789");
    }

    #[test]
    fn a_line_that_is_cut_says_so_and_ends_its_colours() {
        check(Fit::Cut(20), "123456789012345678901", "1234567890123456789…");
        check(Fit::Cut(20), "1234567890123456789\u{1b}[2mab\u{1b}[0m", "1234567890123456789\u{1b}[2m…\u{1b}[0m");
        check(Fit::Cut(20), "日本語日本語日本語日本語", "日本語日本語日本語…");
    }

    #[test]
    fn a_line_is_wrapped_between_words_or_within_a_long_one() {
        check(Fit::Wrap(20), "one two three four five six", "one two three four\n      five six");
        check(
            Fit::Wrap(20),
            &"x".repeat(40),
            &format!("{}\n      {}\n      {}", "x".repeat(20), "x".repeat(14), "x".repeat(6)),
        );
        check(Fit::Wrap(1), "one two three four five six", "one two three four\n      five six");
        check(Fit::Wrap(20), "日本語 日本語 日本語日", "日本語 日本語\n      日本語日");
    }

    #[test]
    fn blanks_make_no_line_of_their_own() {
        let blanks = " ".repeat(30);
        check(Fit::Wrap(20), &format!("one{blanks}two"), "one\n      two");
        check(Fit::Wrap(20), &format!("{}{blanks}two", "x".repeat(20)), &format!("{}\n      two", "x".repeat(20)));
    }

    proptest! {
        #[test]
        fn no_line_is_wider_than_the_terminal(text in "[a-z日 ]{0,200}", columns in 20_usize..60) {
            for how in [Fit::Cut(columns), Fit::Wrap(columns)] {
                let mut out = text.clone();
                fit(&mut out, 0, how);
                for line in out.lines() {
                    prop_assert!(width_of(line.trim_end()) <= columns, "{:?}", line);
                    prop_assert!(!line.is_empty() || text.is_empty(), "{:?}", out);
                }
                if matches!(how, Fit::Wrap(_)) {
                    let words = |text: &str| text.replace(['\n', ' '], "");
                    prop_assert_eq!(words(&out), words(&text));
                }
            }
        }
    }
}
