//! Finds what a stored text may refer to by hash, without decoding it.
//!
//! Looking at the letters and not at the fields errs on the safe side only: what a newer or an older version wrote, or what
//! was set aside as damaged, still keeps what it names.

/// How many letters a hash has in hexadecimal digits.
const LENGTH: usize = 64;

/// Returns what looks like a hash in a text: 64 hexadecimal digits in a row, not more and not less.
pub(crate) fn named(text: &str) -> impl Iterator<Item = &str> {
    let digits = |letter: char| !(letter.is_ascii_digit() || ('a'..='f').contains(&letter));
    text.split(digits).filter(|word| word.len() == LENGTH)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        assert_eq!(named(text).collect::<Vec<_>>(), expected, "{text}");
    }

    #[test]
    fn a_hash_is_found_wherever_it_stands() {
        let (one, other) = (&*"0a".repeat(32), &*"f9".repeat(32));
        check(&format!(r#"{{"output":{{"blob":"{one}","bytes":3}},"x":"{other}"}}"#), &[one, other]);
        check(&format!("ä{one}\u{0}{other}"), &[one, other]);
        check(&format!("{one}0 {}", &one[1..]), &[]);
        check("", &[]);
    }
}
