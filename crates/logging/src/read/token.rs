//! JSON's smallest pieces: white space, numbers, words and escapes. Each function takes the place where a piece
//! begins and returns the place behind it, or says what is wrong.

use super::Skip;

/// A number that is so short and has no exponent is no larger than a float can be.
const SAFE_DIGITS: usize = 300;

/// The line does not hold: why, and at which byte that is certain. No newline stands before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Damage {
    pub(super) skip: Skip,
    pub(super) at: usize,
}

pub(super) type Checked<T> = Result<T, Damage>;

#[inline(always)]
pub(super) fn byte(bytes: &[u8], at: usize) -> u8 {
    bytes.get(at).copied().unwrap_or(b'\n')
}

/// Steps over white space, but for the newline, which ends the line.
#[inline(always)]
pub(super) fn space(bytes: &[u8], mut at: usize) -> usize {
    loop {
        let byte = byte(bytes, at);
        if byte > b' ' || !matches!(byte, b' ' | b'\t' | b'\r') {
            return at;
        }
        at += 1;
    }
}

/// Steps over the colon behind a key.
#[inline(always)]
pub(super) fn colon(bytes: &[u8], at: usize) -> Checked<usize> {
    let at = space(bytes, at);
    match byte(bytes, at) {
        b':' => Ok(space(bytes, at + 1)),
        _ => Err(damage(bytes, at, Skip::Syntax)),
    }
}

/// Names what stands at a place where it may not.
#[cold]
#[inline(never)]
pub(super) fn damage(bytes: &[u8], at: usize, otherwise: Skip) -> Damage {
    let skip = match byte(bytes, at) {
        b'\n' => Skip::Cut,
        0..0x20 => Skip::Control,
        _ => otherwise,
    };
    Damage { skip, at }
}

/// Reads an escape from behind its backslash, and returns what is behind it.
#[inline(never)]
pub(super) fn escape(bytes: &[u8], at: usize) -> Checked<usize> {
    match byte(bytes, at) {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Ok(at + 1),
        b'u' => {
            let behind = at + 5;
            match unit(bytes, at + 1)? {
                0xd800..0xdc00 => second_half(bytes, behind),
                0xdc00..0xe000 => Err(Damage { skip: Skip::Syntax, at }),
                _ => Ok(behind),
            }
        }
        _ => Err(damage(bytes, at, Skip::Syntax)),
    }
}

/// Reads the escape that must follow the first half of a surrogate pair.
fn second_half(bytes: &[u8], at: usize) -> Checked<usize> {
    for (place, expected) in [(at, b'\\'), (at + 1, b'u')] {
        if byte(bytes, place) != expected {
            return Err(damage(bytes, place, Skip::Syntax));
        }
    }
    match unit(bytes, at + 2)? {
        0xdc00..0xe000 => Ok(at + 6),
        _ => Err(Damage { skip: Skip::Syntax, at }),
    }
}

fn unit(bytes: &[u8], at: usize) -> Checked<u32> {
    let mut unit = 0;
    for at in at..at + 4 {
        let digit = char::from(byte(bytes, at)).to_digit(16);
        unit = unit << 4 | digit.ok_or_else(|| damage(bytes, at, Skip::Syntax))?;
    }
    Ok(unit)
}

/// Reads a number or a word.
#[inline(never)]
pub(super) fn scalar(bytes: &[u8], at: usize) -> Checked<usize> {
    match byte(bytes, at) {
        b'-' | b'0'..=b'9' => number(bytes, at),
        b't' => word(bytes, at, b"true"),
        b'f' => word(bytes, at, b"false"),
        b'n' => word(bytes, at, b"null"),
        _ => Err(damage(bytes, at, Skip::Syntax)),
    }
}

#[inline(always)]
fn word(bytes: &[u8], at: usize, word: &[u8]) -> Checked<usize> {
    let rest = &bytes[at..];
    if rest.starts_with(word) {
        return Ok(at + word.len());
    }
    let same = rest.iter().zip(word).take_while(|(is, should)| is == should).count();
    Err(damage(bytes, at + same, Skip::Syntax))
}

#[inline(always)]
pub(super) fn number(bytes: &[u8], start: usize) -> Checked<usize> {
    let mut at = start + usize::from(byte(bytes, start) == b'-');
    at = match byte(bytes, at) {
        b'0' => at + 1,
        _ => digits(bytes, at)?,
    };
    if byte(bytes, at) == b'.' {
        at = digits(bytes, at + 1)?;
    }
    if matches!(byte(bytes, at), b'e' | b'E') {
        at += 1;
        at = digits(bytes, at + usize::from(matches!(byte(bytes, at), b'+' | b'-')))?;
        return large(bytes, start, at);
    }
    match at - start {
        ..SAFE_DIGITS => Ok(at),
        _ => large(bytes, start, at),
    }
}

/// Checks that a number which may be too large is not.
#[cold]
fn large(bytes: &[u8], start: usize, end: usize) -> Checked<usize> {
    let text = std::str::from_utf8(&bytes[start..end]).expect("digits are ASCII");
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(end),
        _ => Err(Damage { skip: Skip::Number, at: end }),
    }
}

/// Reads one digit or more.
#[inline(always)]
fn digits(bytes: &[u8], start: usize) -> Checked<usize> {
    let mut at = start;
    loop {
        match bytes.get(at..).and_then(|rest| rest.first_chunk()) {
            Some(eight) => {
                let count = leading_digits(*eight);
                at += count;
                if count < 8 {
                    break;
                }
            }
            // At the end of the bytes there are no eight.
            None if byte(bytes, at).is_ascii_digit() => at += 1,
            None => break,
        }
    }
    match at == start {
        true => Err(damage(bytes, at, Skip::Syntax)),
        false => Ok(at),
    }
}

/// Returns how many digits the eight bytes begin with.
#[inline(always)]
fn leading_digits(eight: [u8; 8]) -> usize {
    const HIGH: u64 = 0x8080_8080_8080_8080;
    // A digit becomes 0 to 9, to which 0x76 can be added without reaching the highest bit.
    let digits = u64::from_le_bytes(eight) ^ 0x3030_3030_3030_3030;
    let wrong = (((digits & !HIGH) + 0x7676_7676_7676_7676) | digits) & HIGH;
    wrong.trailing_zeros() as usize / 8
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn digits_are_counted(text in "[0-9]{0,8}[ -~]{8}") {
            let eight = *text.as_bytes().first_chunk().unwrap();
            let plainly = eight.iter().take_while(|byte| byte.is_ascii_digit()).count();
            prop_assert_eq!(leading_digits(eight), plainly);
        }
    }
}
