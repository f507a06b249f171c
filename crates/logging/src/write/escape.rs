//! Writes text as a JSON string: escapes by runs, cuts what is too long.
//! Leaves to `record` which values are text at all.

use std::io::Write;

/// The most bytes of one string value that are written; the rest is counted in the marker.
pub const VALUE_LIMIT: usize = 16 * 1024;

/// A JSON string being written, piece by piece.
pub(crate) struct Text<'a> {
    out: &'a mut Vec<u8>,
    room: usize,
    cut: usize,
}

impl<'a> Text<'a> {
    /// Opens the string with its quote.
    pub(crate) fn open(out: &'a mut Vec<u8>) -> Self {
        out.push(b'"');
        Text { out, room: VALUE_LIMIT, cut: 0 }
    }

    /// Counts bytes that were left out before they came here.
    pub(crate) fn skip(&mut self, bytes: usize) {
        self.cut += bytes;
    }

    /// Adds a piece, or counts it once the limit is reached.
    pub(crate) fn push(&mut self, piece: &str) {
        let kept = match self.cut {
            0 => piece.floor_char_boundary(self.room),
            _ => 0,
        };
        escape(&piece[..kept], self.out);
        self.room -= kept;
        self.cut += piece.len() - kept;
    }

    /// Closes the string, with the marker when something was cut.
    pub(crate) fn close(self) {
        if self.cut > 0 {
            write!(self.out, "…[cut, {} bytes]", self.cut).expect("a Vec takes every byte");
        }
        self.out.push(b'"');
    }
}

/// Writes `text` as a whole JSON string.
#[inline]
pub(crate) fn string(text: &str, out: &mut Vec<u8>) {
    if text.len() <= VALUE_LIMIT && is_clean(text.as_bytes()) {
        out.reserve(text.len() + 2);
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
        return;
    }
    let mut string = Text::open(out);
    string.push(text);
    string.close();
}

/// Whether a text is plain ASCII with nothing to escape, as nearly all are.
#[inline]
fn is_clean(bytes: &[u8]) -> bool {
    if let (blocks @ [_, ..], _) = bytes.as_chunks::<BLOCK>() {
        // The last block is looked at together with what it leaves, so that there is no rest.
        let last = bytes.last_chunk::<BLOCK>().expect("there is a whole block");
        return !blocks.iter().any(has_suspect) && !has_suspect(last);
    }
    match (bytes.first_chunk(), bytes.last_chunk()) {
        (Some(first), Some(last)) => !has_suspect_of_eight(first) && !has_suspect_of_eight(last),
        _ => !bytes.iter().any(|byte| SUSPECT[usize::from(*byte)]),
    }
}

/// As `has_suspect`, for eight bytes in one ordinary register; what is not ASCII counts, too.
#[inline]
fn has_suspect_of_eight(bytes: &[u8; 8]) -> bool {
    const ONES: u64 = u64::from_ne_bytes([0x01; 8]);
    const HIGH: u64 = u64::from_ne_bytes([0x80; 8]);
    let word = u64::from_ne_bytes(*bytes);
    let below = |limit: u64, word: u64| word.wrapping_sub(ONES * limit) & !word & HIGH;
    let equal = |byte: u8| below(1, word ^ (ONES * u64::from(byte)));
    (word & HIGH) | below(0x20, word) | equal(b'"') | equal(b'\\') | equal(0x7f) != 0
}

/// Bytes at which a run ends. `C2` and `E2` only begin characters among which some are escaped.
const SUSPECT: [bool; 256] = {
    let mut table = [false; 256];
    let mut control = 0;
    while control < 0x20 {
        table[control] = true;
        control += 1;
    }
    table[b'"' as usize] = true;
    table[b'\\' as usize] = true;
    table[0x7f] = true;
    table[0xc2] = true;
    table[0xe2] = true;
    table
};

fn escape(text: &str, out: &mut Vec<u8>) {
    let mut rest = text;
    while let Some(at) = first_suspect(rest.as_bytes()) {
        // Every suspect byte begins a character, so the text can be split there.
        let (run, tail) = rest.split_at(at);
        out.extend_from_slice(run.as_bytes());
        let character = tail.chars().next().expect("the suspect byte begins a character");
        escape_character(character, out);
        rest = &tail[character.len_utf8()..];
    }
    out.extend_from_slice(rest.as_bytes());
}

/// Finds the first byte that may have to be escaped.
fn first_suspect(bytes: &[u8]) -> Option<usize> {
    let (blocks, rest) = bytes.as_chunks::<BLOCK>();
    let clean = blocks.iter().take_while(|block| !has_suspect(block)).count() * BLOCK;
    // The block that stopped the walk, or what is left behind the last one.
    let tail = if clean < blocks.len() * BLOCK { &bytes[clean..] } else { rest };
    tail.iter().position(|byte| SUSPECT[usize::from(*byte)]).map(|at| clean + at)
}

/// So many bytes are looked at together, in one of the processor's wide registers.
const BLOCK: usize = 16;

/// Without a branch for each byte, so that the compiler makes vector instructions of it.
#[inline]
fn has_suspect(block: &[u8; BLOCK]) -> bool {
    block.iter().fold(false, |found, byte| {
        found
            | (*byte < 0x20)
            | (*byte == b'"')
            | (*byte == b'\\')
            | (*byte == 0x7f)
            | (*byte == 0xc2)
            | (*byte == 0xe2)
    })
}

fn escape_character(character: char, out: &mut Vec<u8>) {
    match character {
        '"' => out.extend_from_slice(br#"\""#),
        '\\' => out.extend_from_slice(br"\\"),
        '\n' => out.extend_from_slice(br"\n"),
        '\r' => out.extend_from_slice(br"\r"),
        '\t' => out.extend_from_slice(br"\t"),
        // Some readers split lines at these two, though JSON allows them.
        '\u{2028}' => out.extend_from_slice(br"\u2028"),
        '\u{2029}' => out.extend_from_slice(br"\u2029"),
        _ if character.is_control() => {
            write!(out, "\\u{:04x}", u32::from(character)).expect("a Vec takes every byte");
        }
        _ => out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(text: &str, expected: &str) {
        let mut out = Vec::new();
        string(text, &mut out);
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn plain_text_stays_as_it_is() {
        check("", r#""""#);
        check("naïve — 日本 😀 £", r#""naïve — 日本 😀 £""#);
    }

    #[test]
    fn quotes_backslashes_and_controls_are_escaped() {
        check("a\"b\\c\n\r\t", r#""a\"b\\c\n\r\t""#);
        check("\0\u{1b}[31m\u{7f}\u{85}\u{9b}", r#""\u0000\u001b[31m\u007f\u0085\u009b""#);
        check("\u{2028}\u{2029}", r#""\u2028\u2029""#);
    }

    #[test]
    fn a_long_string_is_cut_between_characters_and_says_how_much() {
        let limit = "x".repeat(VALUE_LIMIT);
        check(&limit, &format!("\"{limit}\""));
        let across = format!("{}é!", "x".repeat(VALUE_LIMIT - 1));
        check(&across, &format!("\"{}…[cut, 3 bytes]\"", "x".repeat(VALUE_LIMIT - 1)));
    }

    #[test]
    fn a_suspect_byte_is_found_wherever_it_stands() {
        for at in 0..80 {
            for character in ['"', '\\', '\n', '\u{7f}', '\u{85}', '\u{2028}'] {
                let text = format!("{}{character}{}", "x".repeat(at), "y".repeat(80 - at));
                assert_eq!(first_suspect(text.as_bytes()), Some(at), "{text}");
            }
        }
        assert_eq!(first_suspect("x".repeat(100).as_bytes()), None);
    }

    #[test]
    fn a_text_is_clean_only_without_any_suspect_byte() {
        for length in 0..50 {
            assert!(is_clean(&"x~ !#[]0".repeat(10).as_bytes()[..length]));
            for at in 0..length {
                for byte in (0..=u8::MAX).filter(|byte| SUSPECT[usize::from(*byte)]) {
                    let mut bytes = vec![b'x'; length];
                    bytes[at] = byte;
                    assert!(!is_clean(&bytes), "{byte:x} at {at} of {length}");
                }
            }
        }
    }

    #[test]
    fn nothing_is_written_behind_a_cut() {
        let mut out = Vec::new();
        let mut text = Text::open(&mut out);
        text.push(&"x".repeat(VALUE_LIMIT - 1));
        text.push("é");
        text.push("a");
        text.close();
        assert!(out.ends_with("x…[cut, 3 bytes]\"".as_bytes()));
    }

    proptest! {
        #[test]
        fn any_text_reads_back_from_a_single_line(text in any::<String>()) {
            let mut out = Vec::new();
            string(&text, &mut out);
            let json = String::from_utf8(out).unwrap();
            let ends_line = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
            prop_assert!(!json.contains(ends_line));
            prop_assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
        }
    }
}
