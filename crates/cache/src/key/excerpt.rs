//! The beginning of a value as a text for people: long enough to recognise it, bounded whatever the value is.

/// How much of a value is kept readable; its digest covers all of it.
const SHOWN_CHARS: usize = 200;

/// Returns the text, or its beginning followed by `…`.
pub(super) fn excerpt(value: &str) -> String {
    if value.len() <= SHOWN_CHARS {
        return value.to_owned();
    }
    match value.char_indices().nth(SHOWN_CHARS) {
        None => value.to_owned(),
        Some((end, _)) => format!("{}…", &value[..end]),
    }
}

/// Returns whether a text ends where it was cut.
pub(super) fn is_cut(shown: &str) -> bool {
    shown.ends_with('…') && shown.chars().count() > SHOWN_CHARS
}

/// An excerpt that is put together piece by piece.
#[derive(Debug, Default)]
pub(super) struct Excerpt {
    text: String,
    chars: usize,
    /// Something stands at this place already, so that a comma is due.
    is_followed: bool,
}

impl Excerpt {
    /// Adds an item to those before it.
    pub(super) fn item(&mut self, text: &str) {
        if self.is_followed {
            self.push(", ");
        }
        self.push(text);
        self.is_followed = true;
    }

    /// Adds a bracket, or another beginning of something that has items of its own.
    pub(super) fn open(&mut self, text: &str) {
        self.item(text);
        self.is_followed = false;
    }

    /// Adds what ends it.
    pub(super) fn close(&mut self, text: &str) {
        self.push(text);
        self.is_followed = true;
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }

    fn push(&mut self, text: &str) {
        let left = (SHOWN_CHARS + 1).saturating_sub(self.chars);
        if left == 0 {
            return;
        }
        match text.char_indices().nth(left.saturating_sub(1)) {
            // The last place is kept for the sign that there is more.
            Some((end, _)) => {
                self.text.push_str(&text[..end]);
                self.text.push('…');
                self.chars = SHOWN_CHARS + 1;
            }
            None => {
                self.text.push_str(text);
                self.chars += text.chars().count();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_cut_where_a_whole_text_is() {
        for length in [0, 1, 199, 200, 201, 500] {
            let whole = "ä".repeat(length);
            let mut pieces = Excerpt::default();
            whole.chars().for_each(|letter| pieces.push(&letter.to_string()));
            let mut once = Excerpt::default();
            once.push(&whole);
            let text = pieces.into_text();
            assert_eq!((&text, &once.into_text()), (&excerpt(&whole), &excerpt(&whole)), "{length}");
            assert_eq!(is_cut(&text), length > 200, "{length}");
        }
    }
}
