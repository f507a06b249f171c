//! Texts that are remembered by what they were made from: forecasts, judgements, answers that are no steps.

use std::time::SystemTime;

use segno_cache::{Key, Lookup, NewEntry};

use super::Memory;

/// Texts that were made in another way are not taken for today's.
const TEXT_FORMAT: &str = "2";

impl Memory {
    /// Returns a text that is remembered by what it was made from, or makes it and remembers it.
    ///
    /// # Errors
    /// When it cannot be made. That it cannot be remembered is no error.
    pub fn text<E>(
        &self,
        subject: &str,
        made_from: &[(&str, String)],
        make: impl FnOnce() -> Result<String, E>,
    ) -> Result<String, E> {
        if let Some(text) = self.recall(made_from) {
            return Ok(text);
        }
        let text = make()?;
        self.keep(subject, made_from, &text);
        Ok(text)
    }

    /// Returns a text that is remembered by what it was made from.
    pub fn recall(&self, made_from: &[(&str, String)]) -> Option<String> {
        let found = self.store.fetch(&[text_key(made_from).digest()], SystemTime::now()).ok()?.pop();
        match found {
            Some(Lookup::Hit(hit)) => String::from_utf8(hit.value.to_vec()).ok(),
            _ => None,
        }
    }

    /// Remembers a text by what it was made from. That it cannot be is no error.
    pub fn keep(&self, subject: &str, made_from: &[(&str, String)], text: &str) {
        if self.is_read_only {
            return;
        }
        let key = text_key(made_from);
        let entry = NewEntry { value: text.as_bytes(), ..NewEntry::of(&key, subject, SystemTime::now()) };
        if let Err(error) = self.store.store(entry) {
            tracing::warn!(subject, %error, "a text is not remembered");
        }
    }
}

fn text_key(made_from: &[(&str, String)]) -> Key {
    let mut key = Key::builder("text");
    key.text("version", env!("CARGO_PKG_VERSION")).text("format", TEXT_FORMAT);
    for (name, part) in made_from {
        key.text((*name).to_owned(), part);
    }
    key.finish()
}
