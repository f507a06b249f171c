//! What messages have in common: their numbers, ids and quoted parts are masked. Counting is left to others.

/// Writes the template of a message: a number becomes `#`, its unit stays; a word with a digit in it, such as an id, becomes
/// `*`; a quoted part becomes `*` in its quotes.
///
/// ```
/// use segno_logging::read::analyze::template;
///
/// assert_eq!(template("retry 3 of job-7f3a after 1.5s: cannot open 'a b.txt'"), "retry # of * after #s: cannot open '*'");
/// ```
pub fn template(message: &str) -> String {
    let mut masked = String::with_capacity(message.len());
    let mut rest = message;
    let mut before = None;
    while let Some(letter) = rest.chars().next() {
        let length = match letter {
            '\'' | '"' | '`' if !before.is_some_and(char::is_alphanumeric) => quoted(rest, letter, &mut masked),
            _ if letter.is_alphanumeric() || letter == '_' => word(rest, &mut masked),
            _ => 0,
        };
        let length = if length > 0 {
            length
        } else {
            masked.push(letter);
            letter.len_utf8()
        };
        let (taken, after) = rest.split_at(length);
        before = taken.chars().next_back();
        rest = after;
    }
    masked
}

/// Masks a part in quotes and returns its length; 0 when the quotes are not closed before the line ends.
fn quoted(text: &str, quote: char, masked: &mut String) -> usize {
    let inner = &text[1..];
    let mut ends = inner.match_indices(['\n', quote]);
    let end = ends.find(|(at, found)| *found == "\n" || !inner[at + 1..].starts_with(char::is_alphanumeric));
    match end {
        Some((at, found)) if found != "\n" => {
            masked.extend([quote, '*', quote]);
            at + 2
        }
        _ => 0,
    }
}

/// Writes a word, masked if it has a digit, and returns its length.
fn word(text: &str, masked: &mut String) -> usize {
    let length = number(text);
    if length > 0 {
        masked.push('#');
        return length;
    }
    let length = word_length(text);
    let word = &text[..length];
    match word.bytes().any(|byte| byte.is_ascii_digit()) {
        true => masked.push('*'),
        false => masked.push_str(word),
    }
    length
}

/// Returns the length of a word; a dash within it is part of it, so that a UUID is one word.
fn word_length(text: &str) -> usize {
    let mut letters = text.char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        let next_is_word = letters.peek().is_some_and(|(_, next)| next.is_alphanumeric());
        let is_word = letter.is_alphanumeric() || letter == '_' || (letter == '-' && next_is_word);
        if !is_word {
            return at;
        }
    }
    text.len()
}

/// Returns the length of a number such as `30`, `1.5` or `10.0.0.1`, if nothing but a unit follows it in its word.
fn number(text: &str) -> usize {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let mut length = digits(text);
    while length > 0 && text[length..].starts_with('.') && digits(&text[length + 1..]) > 0 {
        length += 1 + digits(&text[length + 1..]);
    }
    if length == 0 {
        return 0;
    }
    let unit = &text[length..length + word_length(&text[length..])];
    const UNITS: [&str; 20] = [
        "", "ns", "us", "µs", "ms", "s", "sec", "min", "m", "h", "d", "b", "kb", "mb", "gb", "kib", "mib", "gib", "k",
        "x",
    ];
    if UNITS.iter().any(|known| unit.eq_ignore_ascii_case(known)) { length } else { 0 }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(message: &str, expected: &str) {
        assert_eq!(template(message), expected);
    }

    #[test]
    fn numbers_keep_their_units() {
        check("took 30ms, 1.5 GB of 2GB", "took #ms, # GB of #GB");
        check("10.0.0.1:8080 gave 503", "#:# gave #");
        check("step a[0] ended", "step a[#] ended");
        check("1. and -5.", "#. and -#.");
    }

    #[test]
    fn ids_are_masked_whole() {
        check("job 550e8400-e29b-41d4-a716-446655440000 died", "job * died");
        check("run 20261127-012811-6pmb", "run *");
        check("item3 of v2_final", "* of *");
        check("well-known names - stay", "well-known names - stay");
    }

    #[test]
    fn quoted_parts_are_masked_and_apostrophes_are_not_quotes() {
        check("cannot open 'a b.txt': don't", "cannot open '*': don't");
        check("\"it's\" and `x y`", "\"*\" and `*`");
        check("an 'open quote", "an 'open quote");
        check("an 'open\nquote'", "an 'open\nquote'");
        check("''", "'*'");
    }

    #[test]
    fn other_scripts_are_letters() {
        check("größe 5 größe5 文5 '文'", "größe # * * '*'");
        check("", "");
    }

    proptest! {
        #[test]
        fn any_text_has_a_template_and_no_number_is_left(text in "\\PC{0,60}") {
            let masked = template(&text);
            prop_assert!(!masked.bytes().any(|byte| byte.is_ascii_digit()) || text.contains(['\'', '"', '`']));
        }
    }
}
