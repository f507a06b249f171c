//! Finds secrets by what they look like: keys of providers, JSON Web Tokens, private keys, credentials behind their
//! scheme, and the user with his password in a URL.

use memchr::memmem;

use super::quoted::quoted;
use super::redactor::HIDDEN;
use super::rules::Beginning;
use super::scan::Secret;
use super::shapes::Alphabet;
use super::swallow::{Until, is_credential};
use super::view::{Seen, View, is_blank, is_name};

/// So much of a key is looked at.
const MAX_LOOK: usize = 256;
/// The longest first part of a JSON Web Token.
const MAX_PART: usize = 4 << 10;
/// The longest title of a private key.
const MAX_TITLE: usize = 64;
/// The longest private key.
const MAX_PEM: usize = 16 << 10;
/// The longest user with his password in a URL.
const MAX_USER: usize = 1 << 10;
/// A user without a password that is so long is a token.
const LONG_USER: usize = 16;
/// So much of what follows `Basic` is looked at.
const MAX_BASIC: usize = 128;
/// A token has so many letters at least, and of so many it is one whatever they are.
const SHORT_TOKEN: usize = 6;
const LONG_TOKEN: usize = 24;
/// The most blanks behind a scheme.
const MAX_BLANKS: usize = 8;

/// Returns the key of a provider that begins here.
pub(super) fn key(view: &View<'_>, start: usize, beginning: &Beginning) -> Seen<Option<Secret>> {
    let behind = start + beginning.text.len();
    if !view.starts_with(start, &beginning.text)? || !view.is_start(start) {
        return Ok(None);
    }
    let alphabet = beginning.alphabet;
    let end = view.while_within(behind, MAX_LOOK.max(beginning.at_least), |byte| alphabet.has(byte))?;
    let run = &view.bytes[behind..end];
    let is_key = run.len() >= beginning.at_least && looks_random(run, alphabet);
    Ok(is_key.then(|| Secret::behind(start, behind, Until::Key(alphabet))))
}

/// Says whether this is no name made of words, as `sk-learn-contrib-something-2` is.
fn looks_random(run: &[u8], alphabet: Alphabet) -> bool {
    let is_mixed = |pair: &[u8]| pair.iter().all(u8::is_ascii_alphanumeric) && pair.iter().any(u8::is_ascii_digit);
    run.windows(2).any(is_mixed) || alphabet == Alphabet::Plain && run.iter().any(u8::is_ascii_uppercase)
}

/// Returns the JSON Web Token that begins here: two parts at least, as long as real ones are.
pub(super) fn jwt(view: &View<'_>, start: usize) -> Seen<Option<Secret>> {
    if !view.starts_with(start, b"eyJ")? || !view.is_start(start) {
        return Ok(None);
    }
    let first = view.while_within(start, MAX_PART, is_name)?;
    if first - start < 10 || view.at(first)? != Some(b'.') {
        return Ok(None);
    }
    let second = view.while_within(first + 1, 10, is_name)?;
    Ok((second - first > 10).then(|| Secret::new(start, Until::Key(Alphabet::Wide))))
}

/// Returns the body of the private key that begins here; other blocks in PEM are public, and code that only names the
/// beginning has no body.
pub(super) fn private_key(view: &View<'_>, start: usize) -> Seen<Option<Secret>> {
    if !view.starts_with(start, b"-----BEGIN ")? {
        return Ok(None);
    }
    let title = view.while_within(start + 11, MAX_TITLE, |byte| byte.is_ascii_alphanumeric() || byte == b' ')?;
    let is_private = view.bytes[start + 11..title].windows(11).any(|words| words == b"PRIVATE KEY");
    if !is_private || !view.starts_with(title, b"-----")? {
        return Ok(None);
    }
    let body = title + 5;
    let mut at = body;
    for _ in 0..MAX_BLANKS {
        match (view.at(at)?, view.starts_with(at, b"\\")?) {
            (_, true) => {
                let sign = view.while_within(at, MAX_BLANKS, |byte| byte == b'\\')?;
                match view.at(sign)? {
                    Some(b'n' | b'r') => at = sign + 1,
                    _ => return Ok(None),
                }
            }
            (Some(byte), _) if byte.is_ascii_whitespace() => at += 1,
            (Some(byte), _) if byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/') => {
                return Ok(Some(Secret::new(body, Until::Pem { left: MAX_PEM })));
            }
            _ => return Ok(None),
        }
    }
    Ok(None)
}

/// Returns what follows `Bearer` or `Basic`, unless it is a word of plain language.
pub(super) fn credentials(view: &View<'_>, start: usize, scheme: &'static str) -> Seen<Option<Secret>> {
    let end = start + scheme.len();
    if !view.starts_with_any_case(start, scheme.as_bytes())? {
        return Ok(None);
    }
    let from = view.while_within(end, MAX_BLANKS, is_blank)?;
    if from == end || !view.is_start(start) {
        return Ok(None);
    }
    let is_secret = match scheme {
        "basic" => is_user_in_base64(&view.bytes[from..view.while_within(from, MAX_BASIC, is_base64)?]),
        _ => is_token(&view.bytes[from..view.while_within(from, LONG_TOKEN, is_credential)?]),
    };
    Ok(is_secret.then(|| Secret::new(from, Until::Credentials)))
}

/// Says whether this is no word: `Bearer tokens` are only spoken of.
fn is_token(run: &[u8]) -> bool {
    let has = |is: fn(&u8) -> bool| run.iter().skip(1).any(is);
    let is_mixed = has(u8::is_ascii_digit) || has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase);
    run.len() >= SHORT_TOKEN && is_mixed || run.len() == LONG_TOKEN
}

/// Says whether this is a user and his password, as `Basic` has them: `Basic JavaScript` is none.
fn is_user_in_base64(text: &[u8]) -> bool {
    let sextet = |byte: u8| match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' | b'-' => 62,
        _ => 63,
    };
    let digits: Vec<u32> = text.iter().take_while(|byte| **byte != b'=').map(|byte| u32::from(sextet(*byte))).collect();
    let mut bytes = digits.chunks(4).flat_map(|chunk| {
        let bits = chunk.iter().fold(0, |bits, digit| bits << 6 | digit) << (6 * (4 - chunk.len()));
        bits.to_be_bytes().into_iter().skip(1).take(chunk.len() * 6 / 8)
    });
    text.len() >= 8 && bytes.any(|byte| byte == b':')
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"+/=-_".contains(&byte)
}

/// Returns the user with his password before the `@` of a URL; `git@` alone is no secret.
pub(super) fn user(view: &View<'_>, sign: usize) -> Seen<Option<Secret>> {
    if !view.starts_with(sign, b"://")? {
        return Ok(None);
    }
    let start = sign + 3;
    let stop =
        view.while_within(start, MAX_USER, |byte| !byte.is_ascii_whitespace() && !b"/?#\"'`<>\\".contains(&byte))?;
    let Some(length) = view.bytes[start..stop].iter().rposition(|byte| *byte == b'@') else { return Ok(None) };
    let user = &view.bytes[start..start + length];
    // What is hidden in it already does not make it longer.
    let hidden = memmem::find_iter(user, HIDDEN).count() * HIDDEN.len();
    let is_secret = (user.contains(&b':') || user.len() - hidden >= LONG_USER) && !user.starts_with(b"${");
    Ok(is_secret.then(|| Secret::new(start, Until::Length(length))))
}

/// Returns the user with his password behind `-u`; `1000:1000` are the numbers of a user and a group.
pub(super) fn user_of_flag(view: &View<'_>, start: usize, flag: &'static str) -> Seen<Option<Secret>> {
    let end = start + flag.len();
    if !view.starts_with(start, flag.as_bytes())? || is_name(view.before(start)) {
        return Ok(None);
    }
    let Some(b' ' | b'=') = view.at(end)? else { return Ok(None) };
    let from = view.while_within(end + 1, MAX_BLANKS, is_blank)?;
    let (from, stop) = match quoted(view, from)? {
        Some(quoted) => (quoted.open, quoted.close.unwrap_or(quoted.open)),
        None => {
            let is_part = |byte: u8| !byte.is_ascii_whitespace() && !b"\"'`\\;&|<>()".contains(&byte);
            (from, view.while_within(from, MAX_USER, is_part)?)
        }
    };
    let user = &view.bytes[from..stop];
    let password = user.iter().position(|byte| *byte == b':').map(|colon| &user[colon + 1..]).unwrap_or_default();
    let is_number = user.iter().all(|byte| byte.is_ascii_digit() || *byte == b':');
    let is_none = password.is_empty() || is_number || password.starts_with(b"$") || password.starts_with(b"//");
    let is_hidden = [user, password].contains(&HIDDEN.as_bytes());
    Ok((!is_none && !is_hidden).then(|| Secret::new(from, Until::Length(stop - from))))
}
