//! The pairs of a line as the writer makes it: one flat object of JSON. Leaves their meaning to `line`.

/// A value as it stands in the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Value<'a> {
    /// What stands between the quotes, escapes included.
    String(&'a str),
    /// A number, `true`, `false`, `null`, or an object or a list of another writer.
    Bare(&'a str),
}

/// Walks over a line's pairs and ends where the line is not what it should be.
#[derive(Debug, Clone)]
pub(super) struct Pairs<'a> {
    /// What is not read yet: `"key":value,…}`.
    rest: &'a str,
}

impl<'a> Pairs<'a> {
    /// Begins with the first pair, if the line is an object at all.
    pub(super) fn of(line: &'a str) -> Option<Pairs<'a>> {
        let inside = line.trim().strip_prefix('{')?.strip_suffix('}')?;
        Some(Pairs { rest: inside })
    }
}

impl<'a> Iterator for Pairs<'a> {
    type Item = (&'a str, Value<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let (key, rest) = string(self.rest.trim_start().strip_prefix('"')?)?;
        let rest = rest.trim_start().strip_prefix(':')?.trim_start();
        let (value, rest) = match rest.strip_prefix('"') {
            Some(inside) => string(inside).map(|(text, rest)| (Value::String(text), rest))?,
            None => bare(rest),
        };
        self.rest = rest.trim_start().strip_prefix(',').unwrap_or_default();
        Some((key, value))
    }
}

/// Splits behind the closing quote.
fn string(inside: &str) -> Option<(&str, &str)> {
    let mut is_escaped = false;
    let end = inside.bytes().position(|byte| {
        let ends = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        ends
    })?;
    Some((&inside[..end], &inside[end + 1..]))
}

/// Splits before the comma that ends the value.
fn bare(rest: &str) -> (Value<'_>, &str) {
    let (mut depth, mut is_string, mut is_escaped) = (0_usize, false, false);
    let end = rest.bytes().position(|byte| {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = is_string,
            b'"' => is_string = !is_string,
            _ if is_string => {}
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            b',' => return depth == 0,
            _ => {}
        }
        false
    });
    let (value, rest) = rest.split_at(end.unwrap_or(rest.len()));
    (Value::Bare(value.trim_end()), rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(line: &str, expected: &[(&str, Value<'_>)]) {
        let pairs: Vec<_> = Pairs::of(line).into_iter().flatten().collect();
        assert_eq!(pairs, expected);
    }

    #[test]
    fn pairs_stand_in_the_order_of_the_line() {
        use Value::{Bare, String};
        check(r#"{"a":"b","c":1.5,"d":true}"#, &[("a", String("b")), ("c", Bare("1.5")), ("d", Bare("true"))]);
        check(r#"{"a\"":"b\\","c":"\"}"}"#, &[(r#"a\""#, String(r"b\\")), ("c", String(r#"\"}"#))]);
        check(
            "{ \"a\" : [1, {\"b,\": 2}] , \"c\" : null }\n",
            &[("a", Bare(r#"[1, {"b,": 2}]"#)), ("c", Bare("null"))],
        );
        check("{}", &[]);
    }

    #[test]
    fn what_is_no_object_has_no_pairs() {
        for line in ["", "text", "[1]", "{", "}", r#"{"a"#, r#"{"a}"#, "{a:1}", r#"{"a" 1}"#] {
            check(line, &[]);
        }
    }

    proptest! {
        #[test]
        fn any_text_is_walked_to_an_end(text in any::<String>()) {
            let object = format!("{{\"{text}\":\"{text}\",{text}}}");
            prop_assert!(Pairs::of(&object).into_iter().flatten().count() <= object.len());
            prop_assert!(Pairs::of(&text).into_iter().flatten().count() <= text.len());
        }
    }
}
