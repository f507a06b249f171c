//! The limit: the same line put together by hand, without spans, levels or redaction, into writes of 64 KB.

use std::fs::File;
use std::io::Write;
use std::time::{SystemTime, UNIX_EPOCH};

/// So many bytes are written at once.
pub(crate) const WRITE: usize = 64 * 1024;

/// A log that knows nothing.
pub(crate) struct Hand {
    file: File,
    lines: Vec<u8>,
    second: u64,
    date: String,
}

impl Hand {
    pub(crate) fn new(file: File) -> Hand {
        Hand { file, lines: Vec::with_capacity(WRITE + 1024), second: 0, date: String::new() }
    }

    pub(crate) fn emit(&mut self, events: u64) {
        (0..events).for_each(|number| self.one(number));
        self.flush();
    }

    fn one(&mut self, number: u64) {
        self.stamp();
        self.lines.extend_from_slice(br#""level":"INFO","component":"logging.event","message":"#);
        self.text("request answered");
        self.lines.extend_from_slice(br#","correlation_id":"#);
        self.text("20260101-120000-abcd");
        self.lines.extend_from_slice(br#","user":"#);
        self.text("ada");
        self.lines.extend_from_slice(br#","step":"#);
        self.text("review[3]");
        self.lines.extend_from_slice(br#","attempt":2,"method":"#);
        self.text("GET");
        self.lines.extend_from_slice(br#","path":"#);
        self.text("/api/v1/orders/4711");
        self.lines.extend_from_slice(br#","agent":"#);
        self.text("curl/8.5.0 (x86_64-pc-linux-gnu)");
        self.lines.extend_from_slice(br#","took_ms":"#);
        self.lines.extend_from_slice(zmij::Buffer::new().format(number as f64 * 0.25).as_bytes());
        self.lines.extend_from_slice(br#","bytes":"#);
        self.lines.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
        self.lines.extend_from_slice(br#","cached":"#);
        self.lines.extend_from_slice(if number.is_multiple_of(2) { b"true" } else { b"false" });
        self.lines.extend_from_slice(b"}\n");
        if self.lines.len() >= WRITE {
            self.flush();
        }
    }

    fn stamp(&mut self) {
        let at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        if at.as_secs() != self.second {
            self.second = at.as_secs();
            let seconds = UNIX_EPOCH + std::time::Duration::from_secs(self.second);
            self.date = humantime::format_rfc3339_seconds(seconds).to_string();
            self.date.pop();
        }
        self.lines.extend_from_slice(br#"{"timestamp":""#);
        self.lines.extend_from_slice(self.date.as_bytes());
        let micros = at.subsec_micros();
        let digits = [100_000, 10_000, 1_000, 100, 10, 1].map(|unit| b'0' + (micros / unit % 10) as u8);
        self.lines.push(b'.');
        self.lines.extend_from_slice(&digits);
        self.lines.extend_from_slice(br#"Z","#);
    }

    fn text(&mut self, text: &str) {
        self.lines.push(b'"');
        let mut rest = text;
        while let Some(at) = rest.bytes().position(|byte| byte < 0x20 || byte == b'"' || byte == b'\\') {
            self.lines.extend_from_slice(&rest.as_bytes()[..at]);
            _ = write!(self.lines, "\\u{:04x}", rest.as_bytes()[at]);
            rest = &rest[at + 1..];
        }
        self.lines.extend_from_slice(rest.as_bytes());
        self.lines.push(b'"');
    }

    fn flush(&mut self) {
        self.file.write_all(&self.lines).expect("the bench's folder takes files");
        self.lines.clear();
    }
}
