//! Learns the shapes of lines, and checks lines of a known shape by comparing. The grammar stays in `check`.
//!
//! A program writes few kinds of lines: what stands between their values, the glue, is the same in each. A line was
//! checked by the whole grammar once; another one with the same glue, whose values hold, is then right as well, and its
//! members stand in the same glue. Glue is kept as a tree, because lines of one program begin alike. A line that leaves
//! the tree is checked by the whole grammar, and says for itself what is wrong with it.

mod tree;
mod values;

use super::check;
use super::index::{Index, MOST_PIECES, Shape};
use super::stops::Stops;
use super::token::{Checked, byte, escape, number, scalar};
use tree::Tree;
use values::{Then, values};

/// After so many lines it is asked whether shapes are worth their while.
const WINDOW: u32 = 256;
/// So many lines are checked without looking at shapes, when most of a window had none that was known.
const REST: u32 = 15 * WINDOW;
/// So many lines of a window are learnt at most.
const MOST_LESSONS: u32 = 32;

/// The shapes that one thread has met.
#[derive(Debug, Clone, Default)]
pub(super) struct Shapes {
    tree: Tree,
    /// One for each end of the tree.
    shapes: Vec<Shape>,
    /// Lines of this window, and how many of them had a known shape.
    lines: u32,
    known: u32,
    /// So many lines are left to be checked without shapes.
    rest: u32,
}

impl Shapes {
    /// Checks the line that begins at `start`, as [`check::line`] does.
    #[inline]
    pub(super) fn line(&mut self, bytes: &[u8], start: usize, stops: &Stops, index: &mut Index) -> Checked<usize> {
        if self.lines == WINDOW {
            self.look_back();
        }
        if self.rest > 0 {
            self.rest -= 1;
            return check::line(bytes, start, stops, index);
        }
        self.lines += 1;
        if let Some(end) = self.follow(bytes, start, stops, index) {
            self.known += 1;
            return Ok(end);
        }
        let end = check::line(bytes, start, stops, index)?;
        // Lines of many shapes are not to cost more than they bring.
        if self.lines - self.known <= MOST_LESSONS {
            self.learn(bytes, start, end, index);
        }
        Ok(end)
    }

    /// Follows the tree along a line. Returns where its newline stands, if the line has a known shape and holds.
    #[inline(always)]
    fn follow(&self, bytes: &[u8], start: usize, stops: &Stops, index: &mut Index) -> Option<usize> {
        let places = index.places();
        let mut at = start;
        let mut glue = self.tree.root();
        let mut piece = 0;
        loop {
            glue = self.tree.next(glue, bytes, at)?;
            *places.get_mut(piece)? = (at - start) as u32;
            piece += 1;
            at += glue.length as usize;
            at = match glue.then {
                Then::Text => text(bytes, at, stops)?,
                Then::Scalar if byte(bytes, at).is_ascii_digit() => number(bytes, at).ok()?,
                Then::Scalar => scalar(bytes, at).ok()?,
                Then::Glue => at,
                Then::End => break,
            };
        }
        index.take_shape(&self.shapes[glue.shape as usize]);
        (stops.ascii || std::str::from_utf8(&bytes[start..at]).is_ok()).then_some(at - 1)
    }

    /// Keeps the shape of a line that was checked, whose newline stands at `end`.
    #[cold]
    fn learn(&mut self, bytes: &[u8], start: usize, end: usize, index: &Index) {
        // Keys with escapes are found in another way, and a line without a newline has no whole glue at its end.
        if index.escaped || end >= bytes.len() {
            return;
        }
        let line = &bytes[start..=end];
        let Some(values) = values(line, MOST_PIECES) else { return };
        let pieces = self.tree.len();
        let mut glue = 0;
        let mut from = 0;
        let mut places = Vec::with_capacity(values.len());
        for (begin, behind, then) in values {
            let Some(next) = self.tree.follower(glue, &line[from..begin], then) else { return };
            places.push(from as u32);
            (glue, from) = (next, behind);
        }
        // An end that was there has a shape.
        if self.tree.len() > pieces {
            self.tree.set_shape(glue, self.shapes.len());
            self.shapes.push(Shape::new(index, &places));
        }
    }

    /// Gives shapes up for a while when most lines had none that was known.
    #[cold]
    fn look_back(&mut self) {
        if self.known < WINDOW / 2 {
            self.tree = Tree::default();
            self.shapes.clear();
            self.rest = REST;
        }
        (self.lines, self.known) = (0, 0);
    }
}

/// Reads a string from behind its first quote; returns where its last one stands.
#[inline(always)]
fn text(bytes: &[u8], mut at: usize, stops: &Stops) -> Option<usize> {
    loop {
        let stop = stops.first(at);
        match byte(bytes, stop) {
            b'"' => return Some(stop),
            b'\\' => at = escape(bytes, stop + 1).ok()?,
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::tree::WIDE;
    use super::*;
    use crate::read::Skip;

    /// What was found in a line: its members, or what is wrong with it.
    type Found = Result<Vec<(String, String)>, Skip>;

    fn members(line: &[u8], index: &Index) -> Vec<(String, String)> {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        index.members(line).map(|(key, value)| (text(key), text(value))).collect()
    }

    /// Reads lines one after the other as the scanner does, and each alone by the grammar; both must find the same.
    /// Returns how many had a known shape.
    fn check(lines: &[impl AsRef<[u8]>]) -> u32 {
        let mut shapes = Shapes::default();
        let (mut index, mut plain) = (Index::default(), Index::default());
        let mut stops = Stops::default();
        for line in lines.iter().map(AsRef::as_ref) {
            let bytes = [line, b"\n", &[b' '; WIDE]].concat();
            stops.find(&bytes, 0, line.len() + 1);
            let found = shapes.line(&bytes, 0, &stops, &mut index);
            let found: Found = found.map(|end| members(&bytes[..end], &index)).map_err(|damage| damage.skip);
            let expected: Found =
                check::alone(line, &mut plain).map(|()| members(line, &plain)).map_err(|damage| damage.skip);
            assert_eq!(found, expected, "{}", String::from_utf8_lossy(line));
            for key in ["a", "b", "", "missing"] {
                let key = key.as_bytes();
                assert!(found.is_err() || index.find(&bytes, key) == plain.find(line, key));
            }
        }
        shapes.known
    }

    #[test]
    fn a_line_like_one_before_is_known() {
        assert_eq!(check(&[r#"{"a":"x","b":1}"#, r#"{"a":"longer \" text","b":-2.5e1}"#]), 1);
        assert_eq!(check(&[r#"{"a":{"b":[1,"x"],"c":{}},"d":[]}"#, r#"{"a":{"b":[2,"é"],"c":{}},"d":[]}"#]), 1);
        assert_eq!(check(&["{}", "{}", "{ }", "{ }"]), 2);
        assert_eq!(check(&["{\"a\" : 1 }\r", "{\"a\" : 2 }\r", "{\"a\" : 2 }"]), 1);
        let long = "key of more than thirty-two bytes, which are two wide steps";
        assert_eq!(check(&[format!("{{\"{long}\":1}}"), format!("{{\"{long}\":2}}"), format!("{{\"{long}.\":2}}")]), 1);
    }

    #[test]
    fn another_kind_of_value_is_another_shape() {
        let kinds = [r#"{"a":1}"#, r#"{"a":"1"}"#, r#"{"a":[1]}"#, r#"{"a":[]}"#, r#"{"a":{"b":1}}"#, r#"{"a":null}"#];
        assert_eq!(check(&kinds), 1, "null stands where a number does");
        assert_eq!(check(&[kinds, kinds].concat()), 7);
        assert_eq!(check(&[r#"{"a":["x"]}"#, r#"{"a":["x","y"]}"#, r#"{"a":["x",1]}"#, r#"{"a":["y",2]}"#]), 1);
    }

    #[test]
    fn of_two_equal_keys_the_last_counts() {
        assert_eq!(check(&[r#"{"a":1,"b":2,"a":3}"#, r#"{"a":4,"b":5,"a":6}"#]), 1);
        assert_eq!(check(&[r#"{"a":1,"\u0061":2}"#, r#"{"a":3,"\u0061":4}"#]), 0, "keys with escapes are not learnt");
    }

    #[test]
    fn what_is_wrong_with_a_line_of_a_known_shape_is_named() {
        let good = r#"{"a":"x","b":1,"c":true}"#;
        let wrong: [&[u8]; 8] = [
            b"{\"a\":\"\t\",\"b\":1,\"c\":true}",
            b"{\"a\":\"\xff\",\"b\":1,\"c\":true}",
            b"{\"a\":\"\\x\",\"b\":1,\"c\":true}",
            b"{\"a\":\"x\",\"b\":01,\"c\":true}",
            b"{\"a\":\"x\",\"b\":1e999,\"c\":true}",
            b"{\"a\":\"x\",\"b\":1,\"c\":tru}",
            b"{\"a\":\"x\",\"b\":1,\"c\":true",
            b"{\"a\":\"x",
        ];
        for wrong in wrong {
            assert_eq!(check(&[good.as_bytes(), wrong, good.as_bytes()]), 1);
        }
    }

    #[test]
    fn lines_that_all_differ_are_given_up_and_taken_up_again() {
        let mut shapes = Shapes::default();
        let mut index = Index::default();
        let mut stops = Stops::default();
        let mut read = |line: String| {
            let bytes = [line.as_bytes(), b"\n", &[b' '; WIDE]].concat();
            stops.find(&bytes, 0, line.len() + 1);
            assert_eq!(shapes.line(&bytes, 0, &stops, &mut index).is_ok(), line.ends_with('}'));
            assert!(shapes.tree.is_bounded());
            (shapes.rest, shapes.known)
        };
        for number in 1..WINDOW {
            read(format!("{{\"key {number}\":{number},\"{}\":0}}", "x".repeat(300)));
        }
        // A window ends with a line that is wrong as with any other.
        assert_eq!(read("{\"a\":".to_owned()), (0, 0));
        for left in (0..REST).rev() {
            assert_eq!(read("{\"a\":1}".to_owned()), (left, 0));
        }
        read("{\"a\":1}".to_owned());
        assert_eq!(read("{\"a\":2}".to_owned()), (0, 1));
    }

    fn value() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            "\"[a-c\\\\\"é ]{0,4}\"",
            "\"(\\\\n|\\\\u00e9|x){0,3}\"",
            "-?[0-9]{1,3}(\\.[0-9])?",
            Just("true".to_owned()),
            Just("null".to_owned()),
        ];
        leaf.prop_recursive(3, 8, 3, |inner| {
            let list = prop::collection::vec(inner.clone(), 0..3).prop_map(|values| format!("[{}]", values.join(",")));
            let object = prop::collection::vec(inner, 0..3).prop_map(|values| {
                format!("{{{}}}", values.iter().map(|value| format!("\"b\":{value}")).collect::<Vec<_>>().join(", "))
            });
            prop_oneof![list, object]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_000))]
        #[test]
        fn any_lines_are_read_as_each_is_alone(
            lines in prop::collection::vec((prop::sample::subsequence(vec!["a", "b", "", "c d", "a"], 0..5), prop::collection::vec(value(), 5)), 1..30),
            cuts in prop::collection::vec((0_usize..30, 0_usize..40, prop::sample::select(vec!["", "\"", "\\", "{", "]", ",", ":", "0", "\0", " "])), 0..6),
        ) {
            let mut lines: Vec<Vec<u8>> = lines.iter().map(|(keys, values)| {
                let members: Vec<String> = keys.iter().zip(values).map(|(key, value)| format!("\"{key}\":{value}")).collect();
                format!("{{{}}}", members.join(",")).into_bytes()
            }).collect();
            // Some lines come again, a little wrong.
            for (line, at, piece) in cuts {
                let mut line = lines[line % lines.len()].clone();
                let at = at.min(line.len());
                let end = (at + 1).min(line.len());
                line.splice(at..end, piece.bytes());
                lines.push(line);
            }
            check(&lines);
        }
    }
}
