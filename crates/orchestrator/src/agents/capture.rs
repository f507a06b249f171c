//! Keeps what a child writes, up to a limit: the beginning and the end, with a marker where it was cut.

use std::collections::VecDeque;

use segno_logging::redact::Stream;
use tokio::io::{AsyncRead, AsyncReadExt};

/// How much of one stream is kept, in bytes: half from its beginning, half from its end.
pub const OUTPUT_LIMIT: usize = 4 << 20;

/// How much is read at once.
const CHUNK: usize = 64 << 10;

/// What was kept of a stream.
#[derive(Debug)]
pub(super) struct Capture {
    head: Vec<u8>,
    tail: VecDeque<u8>,
    half: usize,
    total: u64,
    /// What hides secrets before anything is cut, and what it gave.
    stream: Option<Stream>,
    clean: Vec<u8>,
    /// All of it as it came, while that is within the limit.
    raw: Option<Vec<u8>>,
}

impl Capture {
    pub(super) fn new(limit: usize, stream: Option<Stream>) -> Capture {
        let (head, tail, clean) = (Vec::new(), VecDeque::new(), Vec::new());
        Capture { head, tail, half: limit / 2, total: 0, stream, clean, raw: None }
    }

    /// Keeps a whole output also as it came.
    pub(super) fn with_raw(self) -> Capture {
        Capture { raw: Some(Vec::new()), ..self }
    }

    /// Returns the whole output as it came, if that was asked for and nothing of it would have been cut.
    pub(super) fn take_raw(&mut self) -> Option<String> {
        self.raw.take().map(|raw| String::from_utf8_lossy(&raw).into_owned())
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        if let Some(raw) = self.raw.take_if(|raw| raw.len() + bytes.len() > 2 * self.half) {
            drop(raw);
        }
        if let Some(raw) = &mut self.raw {
            raw.extend_from_slice(bytes);
        }
        let Some(stream) = &mut self.stream else { return self.keep(bytes) };
        let mut clean = std::mem::take(&mut self.clean);
        stream.push(bytes, &mut clean);
        self.keep(&clean);
        clean.clear();
        self.clean = clean;
    }

    fn keep(&mut self, mut bytes: &[u8]) {
        self.total += bytes.len() as u64;
        let room = self.half - self.head.len();
        let (first, rest) = bytes.split_at(room.min(bytes.len()));
        self.head.extend_from_slice(first);
        bytes = rest;
        if bytes.len() >= self.half {
            self.tail.clear();
            bytes = &bytes[bytes.len() - self.half..];
        }
        let over = (self.tail.len() + bytes.len()).saturating_sub(self.half);
        self.tail.drain(..over);
        self.tail.extend(bytes);
    }

    /// Returns the text without its last line end, and how many bytes were cut. What is not UTF-8 is replaced.
    pub(super) fn into_text(mut self) -> (String, u64) {
        if let Some(mut stream) = self.stream.take() {
            let mut rest = Vec::new();
            stream.finish(&mut rest);
            self.keep(&rest);
        }
        let cut = self.total - (self.head.len() + self.tail.len()) as u64;
        let mut bytes = std::mem::take(&mut self.head);
        if cut > 0 {
            let written = self.total;
            bytes.extend_from_slice(format!("\n[segno: {cut} of {written} bytes were cut here]\n").as_bytes());
        }
        let (first, second) = self.tail.as_slices();
        bytes.extend_from_slice(first);
        bytes.extend_from_slice(second);
        drop(self.tail);
        for end in [b'\n', b'\r'] {
            if bytes.last() == Some(&end) {
                bytes.pop();
            }
        }
        let text =
            String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
        (text, cut)
    }
}

/// Reads a stream to its end into `capture`. A read error ends it like an end: the exit code tells the rest.
pub(super) async fn read(stream: Option<impl AsyncRead + Unpin>, capture: &mut Capture) {
    let Some(mut stream) = stream else { return };
    let mut chunk = Vec::with_capacity(4 << 10);
    while let Ok(count) = stream.read_buf(&mut chunk).await {
        if count == 0 {
            break;
        }
        capture.push(&chunk);
        chunk.clear();
        if count >= 4 << 10 && chunk.capacity() < CHUNK {
            chunk.reserve(CHUNK);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(limit: usize, chunks: &[&[u8]], expected: &str, cut: u64) {
        let mut capture = Capture::new(limit, None);
        chunks.iter().for_each(|chunk| capture.push(chunk));
        assert_eq!(capture.into_text(), (expected.to_owned(), cut));
    }

    #[test]
    fn what_fits_is_kept_and_what_does_not_leaves_a_marker() {
        check(8, &[], "", 0);
        check(8, &[b"abcd\n"], "abcd", 0);
        check(8, &[b"abcd", b"efgh"], "abcdefgh", 0);
        check(8, &[b"abcdefghi"], "abcd\n[segno: 1 of 9 bytes were cut here]\nfghi", 1);
        check(8, &[b"ab", b"cdefghijklmnop", b"qr"], "abcd\n[segno: 10 of 18 bytes were cut here]\nopqr", 10);
    }

    #[test]
    fn a_secret_that_would_be_cut_is_hidden_before() {
        let redactor = segno_logging::Redactor::new();
        redactor.add_secret("hunter22").unwrap();
        let mut capture = Capture::new(24, Some(redactor.stream()));
        for chunk in ["12345678 hun", "ter2", "2 and much more"] {
            capture.push(chunk.as_bytes());
        }
        let (text, _) = capture.into_text();
        assert!(text.starts_with("12345678 [re\n") && !text.contains("hun"), "{text}");
    }

    #[test]
    fn a_whole_output_is_kept_as_it_came_and_a_cut_one_is_not() {
        let redactor = segno_logging::Redactor::new();
        redactor.add_secret("hunter22").unwrap();
        let mut capture = Capture::new(24, Some(redactor.stream())).with_raw();
        capture.push(b"is hunter22");
        assert_eq!(capture.take_raw().as_deref(), Some("is hunter22"));
        let mut capture = Capture::new(24, Some(redactor.stream())).with_raw();
        ["12345678 ", "hunter22 ", "and more"].iter().for_each(|chunk| capture.push(chunk.as_bytes()));
        assert_eq!(capture.take_raw(), None);
        assert!(!capture.into_text().0.contains("hunter"));
    }

    #[test]
    fn bytes_that_are_no_text_are_replaced_and_nul_is_kept() {
        check(64, &[b"a\xffb\0c\r\n"], "a\u{fffd}b\0c", 0);
    }
}
