//! Finds the end of a secret of which the beginning is known, however long it is and however it is cut into pieces.

use memchr::{memchr2, memmem};

use super::below::below;
use super::shapes::Alphabet;
use super::view::{More, View};

/// Where a secret ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Until {
    /// Behind so many bytes.
    Length(usize),
    /// Before the first byte that no value without quotes has.
    Word,
    /// Before the first byte that is not of a key.
    Key(Alphabet),
    /// Before the first byte that is not of credentials.
    Credentials,
    /// Before the quote that closes, or the end of the line.
    Quote { quote: u8, depth: usize },
    /// Before the end of the line, or a quote that belongs to what is round the header.
    Header(Header),
    /// Before the first line that begins with fewer blanks; so many bytes may still come.
    Block { indent: usize, left: usize },
    /// Before the end of a private key, of which so many bytes may still come.
    Pem { left: usize },
}

/// How far the value of a header was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Header {
    /// The quote within the value that is open, and the backslashes before it.
    inner: Option<(u8, usize)>,
    /// The last byte that is no backslash.
    last: u8,
}

/// Where the reader is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reached {
    /// The secret ends here.
    End(usize),
    /// All before here belongs to it, and it goes on.
    Within(usize),
}

/// The end of a private key.
const PEM_END: &[u8] = b"-----END";
/// So many backslashes before a quote are counted; a longer row of them is text.
const MAX_SLASHES: usize = 64;

impl Until {
    /// Reads on from a place.
    pub(super) fn read(&mut self, view: &View<'_>, from: usize) -> Reached {
        match self {
            Until::Length(left) => {
                let here = view.bytes.len().saturating_sub(from).min(*left);
                *left -= here;
                if *left == 0 { Reached::End(from + here) } else { within(view, from + here) }
            }
            Until::Word => run(view, from, is_value),
            Until::Key(alphabet) => run(view, from, |byte| alphabet.has(byte)),
            Until::Credentials => run(view, from, is_credential),
            Until::Quote { quote, depth } => read_quoted(view, from, *quote, *depth),
            Until::Header(header) => header.read(view, from),
            Until::Block { indent, left } => read_block(view, from, *indent, left),
            Until::Pem { left } => read_pem(view, from, left),
        }
    }
}

fn run(view: &View<'_>, from: usize, holds: impl Fn(u8) -> bool) -> Reached {
    match view.bytes[from..].iter().position(|byte| !holds(*byte)) {
        Some(length) => Reached::End(from + length),
        None => within(view, view.bytes.len()),
    }
}

/// Says that all before a place belongs to the secret; if nothing comes behind it, that is its end.
fn within(view: &View<'_>, place: usize) -> Reached {
    if view.is_last { Reached::End(view.bytes.len()) } else { Reached::Within(place) }
}

/// Ends with the quote, or with the line when none comes.
fn read_quoted(view: &View<'_>, from: usize, quote: u8, depth: usize) -> Reached {
    let mut at = from;
    loop {
        let Ok(sign) = view.while_within(at, MAX_SLASHES, |byte| byte == b'\\') else {
            return Reached::Within(at);
        };
        match view.bytes.get(sign).copied() {
            None => return within(view, at),
            Some(b'\r' | b'\n') => return Reached::End(at),
            Some(byte) if byte == quote && closes(depth, sign - at) => {
                // The backslashes before a quote that is escaped belong to it.
                return Reached::End(if depth == 0 { sign } else { at });
            }
            Some(_) => at = sign + 1,
        }
    }
}

/// Says whether a quote behind so many backslashes closes one that was opened behind `depth` of them.
pub(super) fn closes(depth: usize, slashes: usize) -> bool {
    match depth {
        0 => slashes.is_multiple_of(2),
        _ => slashes <= depth,
    }
}

impl Header {
    /// Ends with the line, also one that is written with `\n`, or with a quote: `Digest` has quotes in its value, but
    /// those stand behind `=`.
    fn read(&mut self, view: &View<'_>, from: usize) -> Reached {
        let mut at = from;
        loop {
            let sign = match view.while_within(at, MAX_SLASHES, |byte| byte == b'\\') {
                Ok(sign) => sign,
                Err(_) => return Reached::Within(at),
            };
            let slashes = sign - at;
            match view.bytes.get(sign).copied() {
                None => return within(view, at),
                Some(b'\r' | b'\n') => return Reached::End(at),
                Some(b'r' | b'n') if slashes % 2 == 1 => return Reached::End(at),
                Some(quote @ (b'"' | b'\'' | b'`')) => match self.inner {
                    Some(inner) if inner == (quote, slashes) => self.inner = None,
                    Some(_) => {}
                    None if self.last == b'=' => self.inner = Some((quote, slashes)),
                    None => return Reached::End(at),
                },
                Some(_) => {}
            }
            self.last = view.bytes[sign];
            at = sign + 1;
        }
    }
}

/// Ends with the last line that belongs to the block.
fn read_block(view: &View<'_>, from: usize, indent: usize, left: &mut usize) -> Reached {
    let (limit, here) = (from.saturating_add(*left), view.bytes.len());
    let mut at = from;
    while at < limit {
        let Some(length) = memchr2(b'\r', b'\n', &view.bytes[at..here.min(limit)]) else {
            if here >= limit {
                break;
            }
            *left -= here - from;
            return within(view, here);
        };
        let line = at + length;
        match below(view, line) {
            Ok(Some((first, own))) if own >= indent => at = first,
            Ok(_) => return Reached::End(line),
            Err(More) => {
                *left -= line - from;
                return Reached::Within(line);
            }
        }
    }
    Reached::End(limit)
}

fn read_pem(view: &View<'_>, from: usize, left: &mut usize) -> Reached {
    let window = &view.bytes[from..view.bytes.len().min(from.saturating_add(*left))];
    match memmem::find(window, PEM_END) {
        Some(length) => Reached::End(from + length),
        None if window.len() == *left => Reached::End(from + window.len()),
        None if view.is_last => Reached::End(view.bytes.len()),
        None => {
            // The beginning of the end may be there already.
            let sure = window.len().saturating_sub(PEM_END.len() - 1);
            *left -= sure;
            Reached::Within(from + sure)
        }
    }
}

/// Says whether a byte may stand in a value without quotes.
pub(super) fn is_value(byte: u8) -> bool {
    !byte.is_ascii_whitespace() && !b"\"'`\\,;&<>(){}#]".contains(&byte)
}

/// Says whether a byte may stand in a token or in Base64.
pub(super) fn is_credential(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_-.+/=~".contains(&byte)
}
