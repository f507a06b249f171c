//! Where the values of a line stand that was checked, and what each is.

use super::super::token::{byte, space};

/// What follows a piece of glue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    /// The inside of a string.
    Text,
    /// A number or a word.
    Scalar,
    /// More glue: an empty list or object ends here.
    Glue,
    /// The next line.
    End,
}

/// Says whether a number or a word begins with the byte.
#[inline(always)]
pub(super) fn is_scalar(byte: u8) -> bool {
    byte.is_ascii_digit() || matches!(byte, b'-' | b't' | b'f' | b'n')
}

/// Finds where the values of a line that was checked begin and end, and what each is; the last one is the line's end. `None`
/// when there are more than `most`.
pub(super) fn values(line: &[u8], most: usize) -> Option<Vec<(usize, usize, Then)>> {
    let mut values = Vec::new();
    let mut at = 0;
    while at < line.len() {
        if values.len() == most {
            return None;
        }
        match line[at] {
            b'"' => {
                let quote = quote(line, at + 1);
                // Only a key has a colon behind it.
                if byte(line, space(line, quote + 1)) != b':' {
                    values.push((at + 1, quote, Then::Text));
                }
                at = quote + 1;
            }
            open @ (b'{' | b'[') => {
                at = space(line, at + 1);
                if byte(line, at) == open + 2 {
                    at += 1;
                    values.push((at, at, Then::Glue));
                }
            }
            first if is_scalar(first) => {
                let is_over = |byte: &u8| matches!(byte, b',' | b'}' | b']' | 0..=b' ');
                let end = at + line[at..].iter().take_while(|byte| !is_over(byte)).count();
                values.push((at, end, Then::Scalar));
                at = end;
            }
            _ => at += 1,
        }
    }
    values.push((line.len(), line.len(), Then::End));
    (values.len() <= most).then_some(values)
}

/// Finds the last quote of a string that is whole.
fn quote(line: &[u8], mut at: usize) -> usize {
    loop {
        match line[at] {
            b'"' => return at,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::MOST_PIECES;
    use super::*;

    fn check(line: &str, expected: &[(&str, Then)]) {
        let found: Vec<(&str, Then)> = values(line.as_bytes(), MOST_PIECES)
            .unwrap()
            .into_iter()
            .map(|(begin, end, then)| (&line[begin..end], then))
            .collect();
        assert_eq!(found, [expected, &[("", Then::End)]].concat());
    }

    #[test]
    fn values_are_told_from_keys() {
        let scalar = |text| (text, Then::Scalar);
        check(
            r#"{"a":"x","b" : -1.5e3 ,"c":[true,null ]}"#,
            &[("x", Then::Text), scalar("-1.5e3"), scalar("true"), scalar("null")],
        );
        check(r#"{"a\\":"\\","b\"":"\":"}"#, &[(r"\\", Then::Text), (r#"\":"#, Then::Text)]);
    }

    #[test]
    fn what_is_empty_ends_where_it_closes() {
        check("{}", &[("", Then::Glue)]);
        check(r#"{"a":{ },"b":[[],""]}"#, &[("", Then::Glue), ("", Then::Glue), ("", Then::Text)]);
    }

    #[test]
    fn too_many_are_none() {
        let line = |count: usize| format!("{{\"a\":[{}0]}}", "0,".repeat(count - 1));
        assert!(values(line(MOST_PIECES - 1).as_bytes(), MOST_PIECES).is_some());
        assert_eq!(values(line(MOST_PIECES).as_bytes(), MOST_PIECES), None);
    }
}
