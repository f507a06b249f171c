//! Checks one line by JSON's whole grammar and notes where the members of its object stand.
//! No recursion: nesting is a stack of bits. Leaves what has no inside to `token`.

use super::Skip;
use super::index::{Index, Pair, tag};
use super::stops::{Ahead, Stops};
use super::token::{Checked, Damage, byte, colon, damage, escape, number, scalar, space};

/// Nesting that is read at most, the outermost object included; what `serde_json` reads.
pub(super) const MAX_DEPTH: u32 = 127;

/// Checks the line that begins at `start`, and returns where its newline stands.
///
/// `stops` are those of bytes from `start` or before to a newline or the end, which counts as one.
pub(super) fn line(bytes: &[u8], start: usize, stops: &Stops, index: &mut Index) -> Checked<usize> {
    index.clear();
    let mut walk = Walk { bytes, stops: stops.ahead(start), escaped: false };
    let mut at = space(bytes, start);
    if byte(bytes, at) != b'{' {
        return Err(damage(bytes, at, Skip::NoObject));
    }
    at = space(bytes, at + 1);
    at = match byte(bytes, at) {
        b'}' => at + 1,
        _ => walk.members(at, start, index)?,
    };
    at = space(bytes, at);
    if byte(bytes, at) != b'\n' {
        return Err(damage(bytes, at, Skip::Trailing));
    }
    if !stops.ascii && std::str::from_utf8(&bytes[start..at]).is_err() {
        return Err(Damage { skip: Skip::Encoding, at });
    }
    Ok(at)
}

/// Checks one line that stands alone.
pub(super) fn alone(line: &[u8], index: &mut Index) -> Checked<()> {
    let mut stops = Stops::default();
    stops.find(line, 0, line.len());
    self::line(line, 0, &stops, index).map(|_| ())
}

/// Checks the values of a list, one after the other, and returns where each begins and ends.
pub(super) fn elements(list: &[u8]) -> impl Iterator<Item = (usize, usize)> {
    let mut stops = Stops::default();
    stops.find(list, 0, list.len());
    let mut at = 1;
    std::iter::from_fn(move || {
        let mut walk = Walk { bytes: list, stops: stops.ahead(at), escaped: false };
        let begin = space(list, at);
        let end = walk.value(begin, 0).ok()?;
        // Over the comma; behind the bracket nothing is left.
        at = space(list, end) + 1;
        Some((begin, end))
    })
}

/// The way through one line. It is never lent to a function that is not inlined: so the processor keeps it
/// in registers, and no step waits for the memory of the one before.
struct Walk<'a> {
    bytes: &'a [u8],
    stops: Ahead<'a>,
    /// The last string had a backslash.
    escaped: bool,
}

impl Walk<'_> {
    /// Reads the outermost object's members from its first key on; returns what is behind the brace.
    #[inline(always)]
    fn members(&mut self, mut at: usize, start: usize, index: &mut Index) -> Checked<usize> {
        let bytes = self.bytes;
        loop {
            if byte(bytes, at) != b'"' {
                return Err(damage(bytes, at, Skip::Syntax));
            }
            let key = at + 1;
            let quote = self.string(key)?;
            index.escaped |= self.escaped;
            let value = colon(bytes, quote + 1)?;
            let end = self.value(value, 1)?;
            index.pairs.push(Pair {
                tag: tag(&bytes[key..quote]),
                key: (key - start) as u32,
                value: (value - start) as u32,
                end: (end - start) as u32,
            });
            at = space(bytes, end);
            match byte(bytes, at) {
                b',' => at = space(bytes, at + 1),
                b'}' => return Ok(at + 1),
                _ => return Err(damage(bytes, at, Skip::Syntax)),
            }
        }
    }

    /// Reads any value and returns what is behind it; `depth` values are open around it.
    #[inline(always)]
    fn value(&mut self, at: usize, depth: u32) -> Checked<usize> {
        // Asked one after the other: processors foresee that better than a table of jumps.
        let first = byte(self.bytes, at);
        if first == b'"' {
            return Ok(self.string(at + 1)? + 1);
        }
        if first.is_ascii_digit() {
            return number(self.bytes, at);
        }
        match first {
            b'{' | b'[' => self.nested(at, depth),
            _ => scalar(self.bytes, at),
        }
    }

    /// Reads a list or an object that is inside a line.
    #[inline(always)]
    fn nested(&mut self, mut at: usize, outer: u32) -> Checked<usize> {
        let bytes = self.bytes;
        // A bit for each open one, the innermost lowest: is it an object?
        let mut kinds: u128 = 0;
        let mut depth = 0;
        loop {
            // A value begins here, or an empty one ends.
            let open = byte(bytes, at);
            if open == b'{' || open == b'[' {
                depth += 1;
                if outer + depth > MAX_DEPTH {
                    return Err(Damage { skip: Skip::Depth, at });
                }
                kinds = kinds << 1 | u128::from(open == b'{');
                at = space(bytes, at + 1);
                let is_empty = byte(bytes, at) == open + 2;
                if !is_empty {
                    if open == b'{' {
                        at = self.key(at)?;
                    }
                    continue;
                }
            } else if open == b'"' {
                at = self.string(at + 1)? + 1;
            } else if open.is_ascii_digit() {
                at = number(bytes, at)?;
            } else {
                at = scalar(bytes, at)?;
            }
            loop {
                at = space(bytes, at);
                let in_object = kinds & 1 == 1;
                let next = byte(bytes, at);
                if next == b',' {
                    at = space(bytes, at + 1);
                    if in_object {
                        at = self.key(at)?;
                    }
                    break;
                }
                if next != if in_object { b'}' } else { b']' } {
                    return Err(damage(bytes, at, Skip::Syntax));
                }
                at += 1;
                kinds >>= 1;
                depth -= 1;
                if depth == 0 {
                    return Ok(at);
                }
            }
        }
    }

    /// Reads a key with its colon, and returns where the value begins.
    #[inline(always)]
    fn key(&mut self, at: usize) -> Checked<usize> {
        match byte(self.bytes, at) {
            b'"' => {
                let quote = self.string(at + 1)?;
                colon(self.bytes, quote + 1)
            }
            _ => Err(damage(self.bytes, at, Skip::Syntax)),
        }
    }

    /// Reads a string from behind its first quote; returns where its last one stands.
    #[inline(always)]
    fn string(&mut self, mut at: usize) -> Checked<usize> {
        self.escaped = false;
        loop {
            let stop = self.stops.next(at);
            match byte(self.bytes, stop) {
                b'"' => return Ok(stop),
                b'\\' => {
                    self.escaped = true;
                    at = escape(self.bytes, stop + 1)?;
                }
                _ => return Err(damage(self.bytes, stop, Skip::Control)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;

    /// What a plain full parse says of the line.
    fn holds(line: &[u8]) -> bool {
        serde_json::from_slice::<Value>(line).is_ok_and(|value| value.is_object())
    }

    fn check(text: impl AsRef<[u8]>, expected: Result<(), Skip>) {
        let text = text.as_ref();
        let mut index = Index::default();
        let found = alone(text, &mut index).map_err(|damage| damage.skip);
        assert_eq!(found, expected, "{}", String::from_utf8_lossy(text));
        assert_eq!(holds(text), expected.is_ok(), "{}", String::from_utf8_lossy(text));
    }

    #[test]
    fn whole_lines_hold() {
        check("{}", Ok(()));
        check(" { } ", Ok(()));
        check(r#"{"a":1,"b":-0.5e+3,"c":"x","d":true,"e":false,"f":null}"#, Ok(()));
        check("{ \"a\" : [ 1 , { \"b\" : [ ] , \"c\" : { } } ] , \"d\" : 0 }\t\r", Ok(()));
        check(r#"{"a":"\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00","naïve":"日本 😀 and more than sixteen"}"#, Ok(()));
        check(r#"{"a":1,"a":2}"#, Ok(()));
    }

    #[test]
    fn a_line_that_ends_too_early_is_cut() {
        let whole = r#"{"a":[1,{"b":"x\u00e9"}],"c":true,"d":-1.5e3}"#;
        for end in 1..whole.len() {
            check(&whole[..end], Err(Skip::Cut));
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        check("[1]", Err(Skip::NoObject));
        check("text", Err(Skip::NoObject));
        check("\0\0", Err(Skip::Control));
        check("{\"a\":\"\0\"}", Err(Skip::Control));
        check("{\"a\":\"\t\"}", Err(Skip::Control));
        check(r#"{"a":1}{"a":2}"#, Err(Skip::Trailing));
        check(r#"{"a":1} x"#, Err(Skip::Trailing));
        check(b"{\"a\":\"\xff\"}", Err(Skip::Encoding));
        check(b"{\"\xc3\":\"a\"}", Err(Skip::Encoding));
        check(r#"{"a":1e999}"#, Err(Skip::Number));
        check(format!("{{\"a\":-1{}}}", "0".repeat(400)), Err(Skip::Number));
        for wrong in [
            "{,}",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{\"a\":01}",
            "{\"a\":1.}",
            "{\"a\":.5}",
            "{\"a\":+1}",
            "{\"a\":1e}",
            "{\"a\":nul1}",
            "{\"a\":[1,]}",
            "{\"a\":[1}",
            "{\"a\":{]}",
            "{\"a\":\"\\x\"}",
            "{a:1}",
            "{\"a\":\"\\u12g4\"}",
            "{\"a\":\"\\ud800\"}",
            "{\"a\":\"\\udc00\"}",
            "{\"a\":\"\\ud800\\u0041\"}",
            "{\"a\":{\"b\":1,}}",
            "{\"a\":{1:1}}",
            "{\"a\":NaN}",
            "{\"a\" 1}",
            "{\"a\":1;\"b\":2}",
        ] {
            check(wrong, Err(Skip::Syntax));
        }
    }

    #[test]
    fn nesting_has_a_limit_and_needs_no_stack() {
        let deep = |depth: usize| format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth));
        check(deep(MAX_DEPTH as usize), Ok(()));
        check(deep(MAX_DEPTH as usize + 1), Err(Skip::Depth));
        let lists = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
        check(lists(MAX_DEPTH as usize - 1), Ok(()));
        check(lists(10_000), Err(Skip::Depth));
    }

    #[test]
    fn a_line_ends_at_its_newline() {
        let mut index = Index::default();
        let lines = b"{\"a\":1}\r\n{\"b\":[]}\n";
        let mut stops = Stops::default();
        stops.find(lines, 0, lines.len());
        assert_eq!(line(lines, 0, &stops, &mut index), Ok(8));
        assert_eq!(line(lines, 9, &stops, &mut index), Ok(17));
        assert_eq!(alone(b"{\"a\":\n1}", &mut index), Err(Damage { skip: Skip::Cut, at: 5 }));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]
        #[test]
        fn any_mutilated_line_holds_if_serde_json_says_so(
            cuts in prop::collection::vec((0_usize..120, 0_usize..4, prop::sample::select(PIECES)), 0..4),
        ) {
            let mut text = LINE.to_vec();
            for (at, removed, piece) in cuts {
                let at = at.min(text.len());
                let end = (at + removed).min(text.len());
                text.splice(at..end, piece.bytes());
            }
            let found = alone(&text, &mut Index::default());
            prop_assert_eq!(found.is_ok(), holds(&text), "{:?} {}", found, String::from_utf8_lossy(&text));
        }
    }

    const LINE: &[u8] =
        r#"{"a":[1,{"b":"x\u00e9y"}],"cé":true,"d":-1.5e3,"long string with spaces":"日本語 text \"x\"","e":{"f":{}}}"#
            .as_bytes();
    const PIECES: &[&str] = &[
        "", "\"", "\\", "{", "}", "[", "]", ",", ":", "0", "-", "1e9", "e999", "é", "\\u", "\\ud83d", "\0", " ", "null",
    ];
}
