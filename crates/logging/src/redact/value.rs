//! Finds the value that stands behind a telling name: assigned, quoted, in a header, in a tag, behind an option. Leaves
//! finding the names to `names` and where the value ends to `swallow`.

use memchr::memmem;

use super::below;
use super::code::{Manner, is_code, is_stand_in};
use super::command;
use super::group::{Group, Shape, is_list};
use super::names::{Key, Telling, is_of_folder};
use super::quoted::{Quoted, quoted};
use super::redactor::HIDDEN;
use super::scan::{Found, Secret};
use super::swallow::{Header, Until, is_value};
use super::view::{Seen, View, is_blank};

/// The most blanks between a name, its sign and its value.
const MAX_BLANKS: usize = 32;
/// The most backslashes before a quote.
const MAX_SLASHES: usize = 16;
/// The longest text in a tag.
const MAX_TAG: usize = 1 << 10;
/// A word of so many letters is none of a language.
const LONG_WORD: usize = 12;
/// The longest name of a space of names before that of a tag.
const MAX_SPACE: usize = 64;

/// Returns the value behind a name, if one follows.
pub(super) fn behind(view: &View<'_>, key: Key) -> Seen<Option<Found>> {
    if view.at(key.end)? == Some(b'>') {
        return if key.telling >= Telling::Assigned { one(tag(view, key)) } else { Ok(None) };
    }
    let slashes = view.while_within(key.end, MAX_SLASHES, |byte| byte == b'\\')?;
    let is_quoted = matches!(view.at(slashes)?, Some(b'"' | b'\''));
    let after = if is_quoted { slashes + 1 } else { key.end };
    let sign = view.while_within(after, MAX_BLANKS, is_blank)?;
    let is_query = matches!(view.before(key.start), b'?' | b'&');
    match view.at(sign)? {
        Some(b'=') if key.telling == Telling::Query && !is_query => Ok(None),
        Some(b'=') => assigned(view, key, sign, is_quoted, sign > after),
        Some(b':') if key.telling == Telling::Always || key.telling == Telling::Assigned && is_quoted => {
            colon(view, key, sign, is_quoted)
        }
        Some(_) if sign > after && !is_quoted && is_option(view, key) => one(option(view, sign)),
        Some(_) if sign > after && !is_quoted && is_variable(view, key) => one(command::variable(view, sign)),
        _ => Ok(None),
    }
}

fn one(secret: Seen<Option<Secret>>) -> Seen<Option<Found>> {
    Ok(secret?.map(Found::Secret))
}

/// Says whether a key is a variable that a command sets without `=`.
fn is_variable(view: &View<'_>, key: Key) -> bool {
    key.telling >= Telling::Assigned && command::is_set(view, key)
}

/// Says whether a key is an option of a command: `--password`.
fn is_option(view: &View<'_>, key: Key) -> bool {
    key.telling >= Telling::Assigned && view.bytes[key.start..key.end].starts_with(b"--")
}

fn option(view: &View<'_>, start: usize) -> Seen<Option<Secret>> {
    match view.at(start)? {
        // Another option, or a sign that ends the command.
        Some(b'-' | b'|' | b'[' | b'=') => Ok(None),
        _ => plain(view, b"--", start, Manner::Tight),
    }
}

fn assigned(view: &View<'_>, key: Key, sign: usize, is_quoted: bool, is_spaced: bool) -> Seen<Option<Found>> {
    let from = match view.at(sign + 1)? {
        // `=>` is Ruby's and PHP's sign of a value, and in other languages the arm of a match.
        Some(b'>') if key.telling == Telling::Always || is_quoted => sign + 2,
        Some(b'=' | b'>' | b'~') => return Ok(None),
        _ => sign + 1,
    };
    let name = &view.bytes[key.start..key.end];
    let start = view.while_within(from, MAX_BLANKS, is_blank)?;
    if is_line_header(name) && !is_quoted && !is_spaced && !matches!(view.before(key.start), b'?' | b'&') {
        return one(header(view, start));
    }
    let manner = if is_spaced || start > from { Manner::Spaced } else { Manner::Tight };
    match key.telling >= Telling::Assigned && is_list(view, start)? {
        true => Ok(Some(list(key, start, manner, false))),
        false => one(plain(view, name, start, manner)),
    }
}

fn colon(view: &View<'_>, key: Key, sign: usize, is_quoted: bool) -> Seen<Option<Found>> {
    let from = match view.at(sign + 1)? {
        Some(b'=') => sign + 2,
        // `secret::Key`
        Some(b':') => return Ok(None),
        _ => sign + 1,
    };
    let name = &view.bytes[key.start..key.end];
    let start = view.while_within(from, MAX_BLANKS, is_blank)?;
    if is_line_header(name) && !is_quoted {
        return one(header(view, start));
    }
    if below::ends_line(view, start)?
        && let Some(column) = below::column(view, key, is_quoted)
    {
        return below::value(view, key, column, start, is_quoted);
    }
    if is_quoted {
        return json(view, key, start);
    }
    match is_list(view, start)? {
        true => Ok(Some(list(key, start, Manner::Colon, false))),
        false => one(plain(view, name, start, Manner::Colon)),
    }
}

/// Returns the list that opens here.
fn list(key: Key, start: usize, manner: Manner, is_json: bool) -> Found {
    let is_certain = key.telling == Telling::Always;
    Found::Group(start + 1, Group::new(Shape::Brackets(1), manner, is_certain, is_json))
}

/// Returns the value behind a quoted name and a colon. A number gets quotes, so that JSON stays JSON.
fn json(view: &View<'_>, key: Key, start: usize) -> Seen<Option<Found>> {
    match view.at(start)? {
        Some(b'0'..=b'9' | b'-') => {
            if key.telling < Telling::Always {
                return Ok(None);
            }
            Ok(Some(Found::Secret(Secret { is_bare: true, ..Secret::new(start, Until::Word) })))
        }
        Some(b'[') if !view.starts_with(start, HIDDEN.as_bytes())? => Ok(Some(list(key, start, Manner::Colon, true))),
        _ if key.telling < Telling::Always && is_ordinary(view, start)? => Ok(None),
        _ => one(plain(view, &view.bytes[key.start..key.end], start, Manner::Colon)),
    }
}

/// Says whether a text under a name that is an ordinary word too is no secret: `"token": "identifier"`.
pub(super) fn is_ordinary(view: &View<'_>, start: usize) -> Seen<bool> {
    let Some(Quoted { open, close: Some(close), .. }) = quoted(view, start)? else { return Ok(false) };
    let value = &view.bytes[open..close];
    // A value in which something is hidden already stays as it is, so that hiding twice changes nothing.
    Ok(is_short_word(value) || value.contains(&b' ') || memmem::find(value, HIDDEN.as_bytes()).is_some())
}

/// Says whether this may be a word of a language.
pub(super) fn is_short_word(value: &[u8]) -> bool {
    value.len() < LONG_WORD && value.iter().all(|byte| byte.is_ascii_alphabetic() || *byte == b'_')
}

/// Returns a value with or without quotes.
pub(super) fn plain(view: &View<'_>, key: &[u8], start: usize, manner: Manner) -> Seen<Option<Secret>> {
    // What a shell says of its folder: `PWD=/srv/project`.
    if is_of_folder(key) && is_path(view, start)? {
        return Ok(None);
    }
    if let Some(quoted) = quoted(view, start)? {
        return between(view, quoted);
    }
    if view.starts_with(start, b"-----BEGIN ")? {
        return Ok(None);
    }
    if view.starts_with(start, HIDDEN.as_bytes())? {
        let rest = start + HIDDEN.len();
        let has_more = view.at(rest)?.is_some_and(is_value);
        return Ok(has_more.then(|| Secret::behind(start, rest, Until::Word)));
    }
    // What Rust prints of an option.
    if view.starts_with(start, b"Some(")? {
        return quoted(view, start + 5)?.map_or(Ok(None), |quoted| between(view, quoted));
    }
    if !view.at(start)?.is_some_and(is_value) || is_code(view, key, start, manner)? {
        return Ok(None);
    }
    Ok(Some(Secret::new(start, Until::Word)))
}

/// Says whether a value is the path of a folder: `/srv`, `"/srv"`, `C:\srv`.
fn is_path(view: &View<'_>, start: usize) -> Seen<bool> {
    let from = match view.at(start)? {
        Some(b'"' | b'\'') => start + 1,
        _ => start,
    };
    Ok(match view.at(from)? {
        Some(b'/') => true,
        Some(letter) if letter.is_ascii_alphabetic() => view.starts_with(from + 1, b":\\")?,
        _ => false,
    })
}

/// Returns what stands between quotes, unless it is nothing, hidden already or no secret. A private key is left to its
/// own rule, which knows where it ends.
pub(super) fn between(view: &View<'_>, quoted: Quoted) -> Seen<Option<Secret>> {
    let Quoted { open, until, close } = quoted;
    let is_none = match close {
        Some(close) => {
            let value = &view.bytes[open..close];
            value == HIDDEN.as_bytes() || is_stand_in(value)
        }
        None => false,
    };
    Ok(match is_none || view.starts_with(open, b"-----BEGIN ")? {
        true => None,
        false => Some(Secret::new(open, until)),
    })
}

/// Says whether the rest of the line is the value: `Authorization: Digest a="b"`, `Cookie: a=b; c=d`.
fn is_line_header(name: &[u8]) -> bool {
    [&b"authorization"[..], b"cookie"].iter().any(|header| {
        let start = name.len().checked_sub(header.len());
        start.is_some_and(|start| name[start..].eq_ignore_ascii_case(header))
    })
}

fn header(view: &View<'_>, start: usize) -> Seen<Option<Secret>> {
    if let Some(quoted) = quoted(view, start)? {
        return between(view, quoted);
    }
    let from = match view.starts_with(start, HIDDEN.as_bytes())? {
        true => start + HIDDEN.len(),
        false => start,
    };
    // The value is empty, or is hidden to its end.
    let is_over = match view.at(from)? {
        None | Some(b'\r' | b'\n' | b'"' | b'\'' | b'`') => true,
        Some(b'\\') => true,
        Some(_) => false,
    };
    Ok((!is_over).then(|| Secret::behind(start, from, Until::Header(Header::default()))))
}

/// Returns what a tag holds: `<password>x</password>`.
fn tag(view: &View<'_>, key: Key) -> Seen<Option<Secret>> {
    if !matches!(view.before(key.start), b'<' | b':') {
        return Ok(None);
    }
    let (start, name) = (key.end + 1, &view.bytes[key.start..key.end]);
    let stop = view.while_within(start, MAX_TAG, |byte| byte != b'<')?;
    if !view.starts_with(stop, b"</")? {
        return Ok(None);
    }
    let end = view.while_within(stop + 2, name.len() + MAX_SPACE, |byte| byte != b'>')?;
    let is_same = view.at(end)? == Some(b'>') && view.bytes[stop + 2..end].ends_with(name);
    let value = &view.bytes[start..stop];
    let is_secret = is_same && !value.is_empty() && value != HIDDEN.as_bytes();
    Ok(is_secret.then(|| Secret::new(start, Until::Length(stop - start))))
}
