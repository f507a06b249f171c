//! Keeps what a child writes, up to a limit: the beginning and the end, with a marker where it was cut.

use std::collections::VecDeque;

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
}

impl Capture {
    pub(super) fn new(limit: usize) -> Capture {
        Capture { head: Vec::new(), tail: VecDeque::new(), half: limit / 2, total: 0 }
    }

    pub(super) fn push(&mut self, mut bytes: &[u8]) {
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
        let mut capture = Capture::new(limit);
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
    fn bytes_that_are_no_text_are_replaced_and_nul_is_kept() {
        check(64, &[b"a\xffb\0c\r\n"], "a\u{fffd}b\0c", 0);
    }
}
