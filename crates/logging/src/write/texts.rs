//! Texts on their way into a line: whole first, then without secrets, then escaped and cut.
//! Leaves to `redact` what a secret looks like, and to `escape` how a string is written.

use std::borrow::Cow;
use std::fmt::{self, Write as _};

use super::escape::{self, Text, VALUE_LIMIT};
use crate::Redactor;

/// How much of a text is looked at behind what can be written, so that a secret across the cut is seen whole.
const LOOKAHEAD: usize = 16 * 1024;

/// The most bytes of a text that are looked at. A value may be of any length; the work for it is not.
const LOOK: usize = VALUE_LIMIT + LOOKAHEAD;

/// A value being rendered, as much of it as is looked at.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    text: String,
    /// The bytes that had no room.
    beyond: usize,
}

/// Writes texts as JSON strings, without their secrets.
pub(crate) struct Texts<'a> {
    pub(crate) redactor: Option<&'a Redactor>,
    pub(crate) draft: &'a mut Draft,
}

impl Texts<'_> {
    /// Writes a text.
    #[inline]
    pub(crate) fn string(&self, text: &str, out: &mut Vec<u8>) {
        if text.len() <= LOOK {
            return self.finish(text, 0, out);
        }
        let looked_at = &text[..text.floor_char_boundary(LOOK)];
        self.finish(looked_at, text.len() - looked_at.len(), out);
    }

    /// Says whether a number may hold a secret.
    #[inline]
    pub(crate) fn hides_numbers(&self) -> bool {
        self.redactor.is_some_and(Redactor::hides_numbers)
    }

    /// Writes a number as it is; one that holds a secret becomes a text without it.
    #[cold]
    pub(crate) fn number(&self, text: &str, out: &mut Vec<u8>) {
        match self.redactor.map(|redactor| redactor.text(text)) {
            Some(Cow::Owned(clean)) => escape::string(&clean, out),
            _ => out.extend_from_slice(text.as_bytes()),
        }
    }

    /// Writes what several pieces say together.
    pub(crate) fn format(&mut self, pieces: impl FnOnce(&mut Draft), out: &mut Vec<u8>) {
        self.draft.clear();
        pieces(self.draft);
        self.finish(&self.draft.text, self.draft.beyond, out);
    }

    #[inline]
    fn finish(&self, text: &str, beyond: usize, out: &mut Vec<u8>) {
        let clean = match self.redactor {
            Some(redactor) => redactor.text(text),
            None => Cow::Borrowed(text),
        };
        match beyond {
            0 => escape::string(&clean, out),
            _ => cut(&clean, beyond, out),
        }
    }
}

/// Writes the first part of a text of which more was left out than was looked at.
#[cold]
fn cut(clean: &str, beyond: usize, out: &mut Vec<u8>) {
    // The end of what was looked at may be the beginning of a secret, and what was hidden before it may have brought it
    // forward.
    let shown = clean.floor_char_boundary(clean.len().saturating_sub(LOOKAHEAD));
    let mut string = Text::open(out);
    string.push(&clean[..shown]);
    string.skip(clean.len() - shown + beyond);
    string.close();
}

impl Draft {
    /// Adds a piece. What the value's own `fmt` wrote before it failed is the best there is.
    pub(crate) fn add(&mut self, piece: fmt::Arguments<'_>) {
        _ = self.write_fmt(piece);
    }

    fn clear(&mut self) {
        self.text.clear();
        self.text.shrink_to(LOOK);
        self.beyond = 0;
    }
}

impl fmt::Write for Draft {
    fn write_str(&mut self, piece: &str) -> fmt::Result {
        let kept = match self.beyond {
            0 => piece.floor_char_boundary(LOOK - self.text.len()),
            _ => 0,
        };
        self.text.push_str(&piece[..kept]);
        self.beyond += piece.len() - kept;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "hunter22-hunter22-hunter22";

    /// Writes the text at once and in pieces, which is the same.
    fn written(text: &str) -> String {
        let redactor = Redactor::new();
        redactor.add_secret(SECRET).unwrap();
        let mut texts = Texts { redactor: Some(&redactor), draft: &mut Draft::default() };
        let (mut whole, mut pieces) = (Vec::new(), Vec::new());
        texts.string(text, &mut whole);
        texts.format(|draft| text.chars().for_each(|character| draft.add(format_args!("{character}"))), &mut pieces);
        assert!(whole == pieces);
        String::from_utf8(whole).unwrap()
    }

    /// Whether the secret, or a part that says much of it, can be read.
    fn check(text: &str, expected_end: &str) {
        let line = written(text);
        assert!(!line.contains(&SECRET[..8]), "{}", &line[line.len() - 100..]);
        assert!(line.ends_with(expected_end), "{}", &line[line.len() - 100..]);
    }

    #[test]
    fn a_secret_is_hidden() {
        assert_eq!(written(&format!("a {SECRET} b")), r#""a [redacted] b""#);
    }

    #[test]
    fn a_secret_across_the_cut_is_hidden() {
        let text = format!("{}{SECRET}", "x".repeat(VALUE_LIMIT - 10));
        check(&text, "x[redacted]\"");
        check(&format!("x{text}"), "x[redacted…[cut, 1 bytes]\"");
    }

    #[test]
    fn a_secret_across_the_end_of_what_is_looked_at_is_hidden() {
        check(
            &format!("{}{SECRET}", "x".repeat(LOOK - 10)),
            &format!("x…[cut, {} bytes]\"", LOOKAHEAD - 10 + SECRET.len()),
        );
    }

    #[test]
    fn secrets_that_were_hidden_bring_no_half_secret_forward() {
        let text = format!("{}{}{SECRET}", "x".repeat(16), SECRET.repeat(LOOK / SECRET.len() + 10));
        check(&text, " bytes]\"");
    }
}
