//! Limits a text before it is kept: no text of a fault is longer than its limit or holds what looks like a secret.
//! Leaves finding secrets to `search`.

use std::borrow::Cow;
use std::fmt::{self, Display, Write};

use super::search::{scrub, scrub_cut};

/// The longest text that is kept, in bytes. A body of ten megabytes says nothing that its beginning does not.
const MAX_TEXT: usize = 64 << 10;
/// What stands where a text was cut.
const CUT: &str = "... (cut)";

/// Returns the text as it is kept: cut, and without secrets.
pub(crate) fn kept(text: impl Into<String>) -> String {
    let mut text = text.into();
    if text.len() > MAX_TEXT {
        text.truncate(text.floor_char_boundary(MAX_TEXT));
        return cut(text);
    }
    match scrub(&text) {
        Cow::Borrowed(_) => text,
        Cow::Owned(clean) => clean,
    }
}

/// Returns a text that was cut: without secrets, also without the beginning of one at its end.
fn cut(text: String) -> String {
    // A new text: what was cut away must not stay allocated.
    format!("{}{CUT}", scrub_cut(&text))
}

/// Takes what is displayed up to a limit and then stops the one who writes.
pub(crate) struct Bounded {
    text: String,
    limit: usize,
    is_cut: bool,
}

impl Bounded {
    /// Returns what `value` displays, cut at `limit` bytes and without secrets; no more than that is ever in memory.
    pub(crate) fn text_of(value: &(impl Display + ?Sized), limit: usize) -> String {
        let mut bounded = Bounded { text: String::new(), limit, is_cut: false };
        // An error is either ours, told by `is_cut`, or of a value that gave up: then what it wrote is all there is.
        _ = write!(bounded, "{value}");
        if bounded.is_cut { cut(bounded.text) } else { kept(bounded.text) }
    }
}

impl Write for Bounded {
    fn write_str(&mut self, piece: &str) -> fmt::Result {
        let room = self.limit.saturating_sub(self.text.len());
        if piece.len() <= room {
            self.text.push_str(piece);
            return Ok(());
        }
        self.text.push_str(&piece[..piece.floor_char_boundary(room)]);
        self.is_cut = true;
        Err(fmt::Error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks what is kept of a text with a limit of eight bytes.
    fn check(text: &str, expected: &str) {
        assert_eq!(Bounded::text_of(text, 8), expected);
    }

    #[test]
    fn a_text_is_cut_between_two_characters() {
        check("", "");
        check("12345678", "12345678");
        check("123456789", "12345678... (cut)");
        check("1234567ü", "1234567... (cut)");
        check("üüüüü", "üüüü... (cut)");
    }

    #[test]
    fn a_secret_that_is_cut_is_hidden_all_the_same() {
        for (secret, shown) in [
            (concat!("sk-", "ant-abcdefghij0123456789"), 9),
            ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", 30),
            ("https://me:hunter2@host", 15),
            ("password='hunter two'", 16),
        ] {
            let kept = kept(format!("{} {secret}", " ".repeat(MAX_TEXT - shown - 1)));
            assert!(kept.ends_with("[redacted]... (cut)"), "{}", &kept[kept.len() - 60..]);
        }
    }

    #[test]
    fn one_who_gives_up_by_himself_is_not_called_cut() {
        struct Broken;
        impl Display for Broken {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("ab")?;
                Err(fmt::Error)
            }
        }
        assert_eq!(Bounded::text_of(&Broken, 8), "ab");
    }
}
