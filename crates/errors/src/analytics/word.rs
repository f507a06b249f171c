//! Cuts a line into words and values. A value is what differs each time: a number, a path, an address, an id, what stands in
//! quotes. Leaves what a word's place in the line says to `template`.

use super::stable::Stable;

/// The most pieces of a line that count.
const MAX_PIECES: usize = 48;
/// What is longer is no word.
const MAX_WORD: usize = 40;
/// How far the end of a quotation is looked for.
const MAX_QUOTED: usize = 512;

/// A word or a value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece {
    /// The word's hash; `None` for a value.
    pub(super) word: Option<u64>,
    /// A colon follows.
    pub(super) colon: bool,
    /// An opening bracket or an equals sign follows.
    pub(super) bracket: bool,
    /// What the word does for those around it.
    pub(super) role: Role,
}

/// What a word does for those around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Nothing.
    Plain,
    /// It is a class, a code or a severity, and never the name of a thing.
    Telling,
    /// The name of a thing is wont to follow: `file`, `host`.
    Cue,
    /// It is `of`, which is a cue unless `out` stands before it.
    Of,
    /// It is `is`, which says something of what stands before.
    Is,
    /// It is `the`.
    The,
    /// It belongs to the number before it: `ms`, `MB`.
    Unit,
    /// It is a month or a day.
    Calendar,
    /// It ends what the tool guesses was meant: `did you mean`.
    Guess,
    /// It begins a list of what the tool guesses was meant: `similar`.
    Guesses,
}

/// Returns what a word does. A match on bytes is a tree of a few comparisons, whereas a list of words is gone through.
fn role(word: &[u8]) -> Role {
    match word {
        b"error" | b"Error" | b"ERROR" | b"fatal" | b"FATAL" | b"warning" | b"Warning" | b"hint" | b"Hint"
        | b"HINT" | b"note" | b"help" | b"ERR" | b"DETAIL" | b"usage" | b"panic" | b"undefined" | b"null" | b"None"
        | b"nil" => Role::Telling,
        b"file" | b"jarfile" | b"folder" | b"directory" | b"host" | b"command" | b"module" | b"package" | b"user"
        | b"role" | b"requirement" | b"database" | b"table" | b"column" | b"key" | b"variable" | b"function"
        | b"class" | b"script" | b"option" | b"target" | b"for" | b"named" | b"called" | b"open" | b"distribution"
        | b"read" | b"load" | b"from" => Role::Cue,
        b"s" | b"ms" | b"us" | b"ns" | b"sec" | b"secs" | b"second" | b"seconds" | b"min" | b"minutes" | b"h"
        | b"hours" | b"B" | b"kB" | b"KB" | b"MB" | b"GB" | b"KiB" | b"MiB" | b"GiB" => Role::Unit,
        b"Jan" | b"Feb" | b"Mar" | b"Apr" | b"May" | b"Jun" | b"Jul" | b"Aug" | b"Sep" | b"Oct" | b"Nov" | b"Dec"
        | b"Mon" | b"Tue" | b"Wed" | b"Thu" | b"Fri" | b"Sat" | b"Sun" => Role::Calendar,
        b"is" => Role::Is,
        b"the" => Role::The,
        b"of" => Role::Of,
        b"mean" | b"meant" => Role::Guess,
        b"similar" => Role::Guesses,
        _ if is_constant(word) || is_class(word) => Role::Telling,
        _ => Role::Plain,
    }
}

const NOTHING: Piece = Piece { word: None, colon: false, bracket: false, role: Role::Plain };

/// The pieces of a line, without an allocation.
pub(super) struct Pieces {
    pieces: [Piece; MAX_PIECES],
    count: usize,
    guesses: bool,
}

impl Pieces {
    pub(super) fn new() -> Pieces {
        Pieces { pieces: [NOTHING; MAX_PIECES], count: 0, guesses: false }
    }

    /// Cuts a line, and forgets the one before.
    pub(super) fn cut(&mut self, line: &str) -> &mut Pieces {
        (self.count, self.guesses) = (0, false);
        let bytes = line.as_bytes();
        // In JSON everything is quoted, so there quotes say nothing.
        let is_json = line.trim_start().starts_with(['{', '[']) && line.contains("\":");
        let mut at = 0;
        while at < bytes.len() && self.count < MAX_PIECES {
            at = match bytes[at] {
                0x1b => after_escape(bytes, at),
                b'\'' | b'"' | b'`' if !is_json => match quoted_until(bytes, at) {
                    Some(end) => self.quoted(line, at, end),
                    None => at + 1,
                },
                b':' => {
                    self.colon();
                    at + 1
                }
                byte if is_gap(byte) => at + 1,
                _ => match curly_until(line, at) {
                    Some(end) => self.value(end),
                    None => self.token(line, at),
                },
            };
        }
        self
    }

    pub(super) fn list(&self) -> &[Piece] {
        &self.pieces[..self.count]
    }

    pub(super) fn list_mut(&mut self) -> &mut [Piece] {
        &mut self.pieces[..self.count]
    }

    /// Says whether the line begins a list of what the tool guesses was meant.
    pub(super) fn guesses(&self) -> bool {
        self.guesses
    }

    fn push(&mut self, piece: Piece) {
        self.pieces[self.count] = piece;
        self.count += 1;
    }

    fn colon(&mut self) {
        if let Some(last) = self.count.checked_sub(1) {
            self.pieces[last].colon = true;
        }
    }

    fn value(&mut self, end: usize) -> usize {
        self.push(NOTHING);
        end
    }

    /// Takes what stands in quotes for a value, unless it is the name of an error.
    fn quoted(&mut self, line: &str, start: usize, end: usize) -> usize {
        let inside = &line[start + 1..end];
        match is_class(inside.as_bytes()) {
            true => self.push(Piece { word: Some(Stable::of(inside)), role: Role::Telling, ..NOTHING }),
            false => self.push(NOTHING),
        }
        end + 1
    }

    /// Takes one token and returns where it ends.
    fn token(&mut self, line: &str, start: usize) -> usize {
        let bytes = line.as_bytes();
        let mut end = start;
        while end < bytes.len() && !is_gap(bytes[end]) && !matches!(bytes[end], b'"' | b'`' | 0x1b) {
            end += 1;
        }
        if end == start {
            // A quote of JSON, or one that nothing closes.
            return start + 1;
        }
        let whole = &bytes[start..end];
        let text = trimmed(whole);
        if text.is_empty() || text.iter().all(|byte| *byte == b'-') {
            // A dash between words parts them as a colon does.
            if text == b"-" {
                self.colon();
            }
            return end;
        }
        let mut piece = self.piece(bytes, start, end, text);
        piece.colon = whole.ends_with(b":");
        piece.bracket = matches!(bytes[end..].iter().find(|byte| **byte != b' '), Some(b'(' | b'='));
        if piece.role == Role::Guess && self.count >= 2 {
            // `Did you` goes too, and what follows.
            self.count -= 2;
            return bytes.len();
        }
        self.guesses |= piece.role == Role::Guesses;
        self.push(piece);
        end
    }

    fn piece(&self, bytes: &[u8], start: usize, end: usize, text: &[u8]) -> Piece {
        let last = self.list().last();
        let after_value = last.is_some_and(|last| last.word.is_none());
        let after_number = bytes[..start].iter().rev().find(|byte| **byte != b' ').is_some_and(u8::is_ascii_digit);
        let is_code = start > 0 && bytes[start - 1] == b'[' && is_error_code(text);
        let role = match role(text) {
            _ if is_code => Role::Telling,
            Role::Of if last.is_some_and(|last| last.word == Some(Stable::of("out"))) => Role::Plain,
            Role::Of => Role::Cue,
            role => role,
        };
        // What is assigned, `.name` and what stands alone in brackets is a name.
        let is_placed =
            start > 0 && bytes[start - 1] == b'=' || bytes[start] == b'.' || is_alone_in_brackets(bytes, start, end);
        let is_value = match role {
            Role::Telling => !is_code && is_value(text),
            Role::Unit => after_number || is_placed,
            Role::Calendar => after_value || follows_digit(bytes, end) || is_placed,
            _ => is_placed || is_value(text),
        };
        // After a number the plural says nothing: 1 error, 2 errors.
        let word = if after_number { text.strip_suffix(b"s").unwrap_or(text) } else { text };
        match is_value {
            true => NOTHING,
            false => Piece { word: Some(Stable::of_bytes(word)), role, ..NOTHING },
        }
    }
}

/// Takes the signs of the end and the beginning off a token.
fn trimmed(mut token: &[u8]) -> &[u8] {
    let is_sign = |byte: &u8| matches!(byte, b'.' | b':' | b'!' | b'?' | b'\'' | b'*' | b'#' | b'~' | b'^' | b'+');
    while let [first, rest @ ..] = token
        && is_sign(first)
    {
        token = rest;
    }
    while let [rest @ .., last] = token
        && is_sign(last)
    {
        token = rest;
    }
    token
}

fn is_gap(byte: u8) -> bool {
    byte <= b' '
        || matches!(byte, b'(' | b')' | b'[' | b']' | b'{' | b'}' | b'<' | b'>' | b',' | b';' | b'=' | b'|' | 0x7f)
}

/// Says whether a token is all that stands between round brackets or commas in them: `Key (id)=(alpha)`, `(null, alpha)`.
fn is_alone_in_brackets(bytes: &[u8], start: usize, end: usize) -> bool {
    let before = bytes[..start].iter().rev().find(|byte| **byte != b' ');
    matches!((before, bytes.get(end)), (Some(b'('), Some(b')' | b',')) | (Some(b','), Some(b')')))
}

fn follows_digit(bytes: &[u8], end: usize) -> bool {
    bytes[end..].iter().take(3).any(u8::is_ascii_digit)
}

/// Returns where an escape sequence of a terminal ends (ECMA-48: CSI and OSC).
fn after_escape(bytes: &[u8], start: usize) -> usize {
    let rest = &bytes[start + 1..];
    let length = match rest.first() {
        Some(b'[') => rest.iter().skip(1).position(|byte| (0x40..=0x7e).contains(byte)).map(|at| at + 2),
        Some(b']') => rest.iter().position(|byte| matches!(byte, 0x07 | 0x1b)).map(|at| at + 1),
        Some(_) => Some(1),
        None => Some(0),
    };
    length.map_or(bytes.len(), |length| start + 1 + length)
}

/// Returns where a quotation ends that begins at `start`. An apostrophe inside a word begins none.
fn quoted_until(bytes: &[u8], start: usize) -> Option<usize> {
    let quote = bytes[start];
    if start > 0 && bytes[start - 1].is_ascii_alphanumeric() && quote == b'\'' {
        return None;
    }
    let window = &bytes[..bytes.len().min(start + MAX_QUOTED)];
    let closes = |at: usize| {
        // GNU's tools of old quote `so'.
        let is_quote = window[at] == quote || quote == b'`' && window[at] == b'\'';
        is_quote && window[at - 1] != b'\\' && !window.get(at + 1).is_some_and(u8::is_ascii_alphanumeric)
    };
    (start + 1..window.len()).find(|at| closes(*at))
}

/// Returns where a quotation in typographic quotes ends.
fn curly_until(line: &str, start: usize) -> Option<usize> {
    // Each of these signs begins with the same byte, which is rare in words.
    if line.as_bytes()[start] != 0xe2 {
        return None;
    }
    let close = match line[start..].chars().next()? {
        '‘' => '’',
        '“' => '”',
        _ => return None,
    };
    line[start..].find(close).filter(|length| *length < MAX_QUOTED).map(|length| start + length + close.len_utf8())
}

/// Says whether a token is something that differs each time.
fn is_value(bytes: &[u8]) -> bool {
    if bytes.len() > MAX_WORD || matches!(bytes[0], b'-' | b'$' | b'@') {
        return true;
    }
    let (mut parted, mut hex) = (false, true);
    for byte in bytes {
        match byte {
            b'0'..=b'9' | b'/' | b'\\' | b'@' => return true,
            b'.' | b':' | b'_' => parted = true,
            _ => {}
        }
        hex &= byte.is_ascii_hexdigit();
    }
    (hex && bytes.len() >= 8) || (parted && !is_class(bytes) && !is_constant(bytes))
}

/// Says whether a token is the name of a class of errors: `json.JSONDecodeError`, `overloaded_error`.
fn is_class(text: &[u8]) -> bool {
    // Most words end otherwise.
    let ends: &[&str] = match text.last() {
        Some(b'r') => &["Error", "_error"],
        Some(b'n') => &["Exception"],
        Some(b'g') => &["Warning"],
        Some(b't') => &["Fault", "Interrupt"],
        Some(b'd') => &["_exceeded", "Expired"],
        _ => return false,
    };
    let is_name = || text.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b':'));
    ends.iter().any(|end| text.ends_with(end.as_bytes())) && is_name()
}

/// Says whether a token is a code in capital letters: ECONNREFUSED, MODULE_NOT_FOUND.
fn is_constant(bytes: &[u8]) -> bool {
    bytes.len() >= 3 && bytes.iter().all(|byte| byte.is_ascii_uppercase() || *byte == b'_')
}

/// Says whether a token in brackets is the code of an error: `E0308`, `TS2304`.
fn is_error_code(text: &[u8]) -> bool {
    let letters = text.iter().take_while(|byte| byte.is_ascii_uppercase()).count();
    let digits = &text[letters..];
    (1..=4).contains(&letters) && (2..=5).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit)
}
