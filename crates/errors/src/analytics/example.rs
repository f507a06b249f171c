//! Samples of what was counted as one: the first, the last, and three of those between, each as likely as the other. Leaves
//! which failures are the same to `fingerprint`.

use serde::{Deserialize, Serialize};

use super::occurrence::{Occurrence, millis};
use super::stable::mixed;

/// How long the texts of an example are at most, in bytes.
const MAX_MESSAGE: usize = 100;
const MAX_DETAIL: usize = 120;
pub(super) const MAX_NAME: usize = 32;
/// How many of those between are kept.
const SAMPLES: usize = 3;
/// In how much of a technical text the telling line is looked for.
const MAX_SEARCHED: usize = 4 * 1024;

/// One failure of many.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Example {
    /// When it happened, in milliseconds since 1970.
    pub at_ms: u64,
    /// What happened, shortened.
    pub message: String,
    /// The line of the technical text that tells most, shortened.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
    /// Who met it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub agent: String,
    /// In which workflow.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub workflow: String,
    /// In which run.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub run: String,
    /// At which step.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub step: String,
}

impl Example {
    /// Takes an occurrence in place of what was here, in the memory that is there.
    pub(super) fn set(&mut self, occurrence: &Occurrence<'_>) {
        let fault = occurrence.fault;
        self.at_ms = millis(occurrence.at);
        put(&mut self.message, fault.message(), MAX_MESSAGE);
        let inner = fault.causes().last().map(String::as_str).or_else(|| fault.detail_text().map(telling_line));
        put(&mut self.detail, inner.unwrap_or_default(), MAX_DETAIL);
        put(&mut self.agent, occurrence.agent.unwrap_or_default(), MAX_NAME);
        put(&mut self.workflow, occurrence.workflow.unwrap_or_default(), MAX_NAME);
        put(&mut self.run, occurrence.run.unwrap_or_default(), MAX_NAME);
        put(&mut self.step, occurrence.step.unwrap_or_default(), MAX_NAME);
    }

    fn clear(&mut self) {
        self.at_ms = 0;
        let texts =
            [&mut self.message, &mut self.detail, &mut self.agent, &mut self.workflow, &mut self.run, &mut self.step];
        texts.into_iter().for_each(String::clear);
    }

    fn bytes(&self) -> usize {
        let texts = [&self.message, &self.detail, &self.agent, &self.workflow, &self.run, &self.step];
        texts.map(String::capacity).iter().sum()
    }
}

/// Writes a text, cut to `most` bytes and on one line, into the memory that is there.
pub(super) fn put(text: &mut String, new: &str, most: usize) {
    text.clear();
    let new = shortened(new, most);
    text.reserve_exact(new.len());
    // Control signs beyond ASCII begin with 0xc2, signs that turn the writing direction or have no width with 0xe2.
    match new.bytes().any(|byte| byte < b' ' || matches!(byte, 0x7f | 0xc2 | 0xe2)) {
        // Each sign takes no more bytes than before.
        true => push_plain(text, new),
        false => text.push_str(new),
    }
}

/// Writes a text without what tells a terminal colours, places and titles (ECMA-48), and other control signs as spaces.
fn push_plain(text: &mut String, new: &str) {
    let mut letters = new.chars();
    while let Some(letter) = letters.next() {
        let begin = if letter == '\u{1b}' { letters.next() } else { None };
        match (letter, begin) {
            // A control sequence ends with a letter or a sign from @ to ~.
            ('\u{9b}', _) | (_, Some('[')) => _ = letters.find(|letter| matches!(letter, '@'..='~')),
            // A command to the system ends with a bell or the end of a string, ESC \.
            ('\u{9d}', _) | (_, Some(']')) => {
                let is_end = |letter: &char| matches!(letter, '\u{7}' | '\u{9c}' | '\u{1b}');
                if letters.find(is_end) == Some('\u{1b}') {
                    letters.next();
                }
            }
            // Such as a choice of letters, ESC ( B.
            (_, Some(' '..='/')) => _ = letters.next(),
            ('\u{1b}', _) => {}
            ('\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}', _) => {}
            ('\u{2028}' | '\u{2029}', _) => text.push(' '),
            (letter, _) => text.push(if letter.is_control() { ' ' } else { letter }),
        }
    }
}

/// Returns the beginning of a text, `most` bytes at most.
pub(super) fn shortened(text: &str, most: usize) -> &str {
    &text[..text.floor_char_boundary(most)]
}

/// Returns the line that tells most: the first that names an error, else the last.
fn telling_line(detail: &str) -> &str {
    let tail = &detail[detail.ceil_char_boundary(detail.len().saturating_sub(MAX_SEARCHED))..];
    // What error, Error, fatal, FATAL and panicked have in them: one look at each place finds all.
    let is_word = |four: &[u8]| matches!(four, b"rror" | b"RROR" | b"atal" | b"ATAL" | b"anic");
    let names_error = |line: &&str| line.as_bytes().windows(4).any(is_word);
    let mut lines = tail.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.clone().find(names_error).or_else(|| lines.next_back()).unwrap_or_default()
}

/// The examples of one fingerprint.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Examples {
    first: Example,
    last: Example,
    /// How many were seen after the first.
    seen: u64,
    /// A reservoir of those after the first (Vitter 1985, algorithm R).
    sampled: [Example; SAMPLES],
}

impl Examples {
    /// Begins anew with a first one, in the memory that is there.
    pub(super) fn begin(&mut self, first: &Occurrence<'_>) {
        self.first.set(first);
        self.seen = 0;
        self.last.clear();
        self.sampled.iter_mut().for_each(Example::clear);
    }

    /// Sees one more. The same `seed` always keeps the same ones.
    pub(super) fn see(&mut self, occurrence: &Occurrence<'_>, seed: u64) {
        self.seen += 1;
        let drawn = mixed(seed ^ self.seen) % self.seen;
        let place = if self.seen <= SAMPLES as u64 { self.seen - 1 } else { drawn };
        if let Some(sample) = usize::try_from(place).ok().and_then(|place| self.sampled.get_mut(place)) {
            sample.set(occurrence);
        }
        // What comes late is not the last that happened.
        if millis(occurrence.at) >= self.last.at_ms {
            self.last.set(occurrence);
        }
    }

    /// Returns them in the order in which they happened, each once.
    pub(super) fn list(&self) -> Vec<&Example> {
        let count = usize::try_from(self.seen).unwrap_or(SAMPLES).min(SAMPLES);
        let last = (self.seen > 0).then_some(&self.last);
        let mut examples: Vec<&Example> =
            std::iter::once(&self.first).chain(&self.sampled[..count]).chain(last).collect();
        examples.sort_by_key(|example| example.at_ms);
        examples.dedup();
        examples
    }

    /// Moves what lies after `now` back to it.
    pub(super) fn clip(&mut self, now: u64) {
        let all = [&mut self.first, &mut self.last].into_iter().chain(&mut self.sampled);
        all.for_each(|example| example.at_ms = example.at_ms.min(now));
    }

    pub(super) fn first(&self) -> &Example {
        &self.first
    }

    pub(super) fn bytes(&self) -> usize {
        self.first.bytes() + self.last.bytes() + self.sampled.iter().map(Example::bytes).sum::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let mut put_in = String::from("before");
        put(&mut put_in, text, 40);
        assert_eq!(put_in, expected, "{text:?}");
    }

    #[test]
    fn what_a_terminal_would_obey_is_taken_out() {
        check("plain größe 文", "plain größe 文");
        check("\u{1b}[31;1merror\u{1b}[0m: no", "error: no");
        check("a\nb\tc\u{7f}d\u{85}e", "a b c d e");
        check("\u{1b}]0;title\u{7}a\u{1b}]8;;http://x\u{1b}\\b", "ab");
        check("\u{9b}2Ja\u{1b}(Bb", "ab");
        check("abc\u{202e}def\u{200d}\u{2028}’…", "abcdef ’…");
        // What is cut off in the middle is taken out, too.
        check("a\u{1b}[31", "a");
        check("a\u{1b}", "a");
        check("a\u{1b}]0;no end", "a");
    }
}
