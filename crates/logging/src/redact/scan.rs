//! The one pass over a text: asks the filter for the next place, and the rules whether a secret stands there. It holds no
//! text, so that a whole text and a stream are read by the same code.

use super::cards;
use super::command;
use super::filter::WIDTH;
use super::group::Group;
use super::rules::{Needle, Rules};
use super::swallow::Until;
use super::token;
use super::value;
use super::view::{More, Seen, View, is_name};

/// A secret that begins.
#[derive(Clone, Copy, Debug)]
pub(super) struct Secret {
    pub(super) start: usize,
    /// From here on it is read to its end.
    pub(super) from: usize,
    pub(super) until: Until,
    /// It stands where only a text in quotes may take its place.
    pub(super) is_bare: bool,
}

impl Secret {
    pub(super) fn new(start: usize, until: Until) -> Secret {
        Secret { start, from: start, until, is_bare: false }
    }

    /// Makes a secret whose end is looked for from `from` on only.
    pub(super) fn behind(start: usize, from: usize, until: Until) -> Secret {
        Secret { from, ..Secret::new(start, until) }
    }
}

/// What begins at a place.
#[derive(Clone, Copy, Debug)]
pub(super) enum Found {
    Secret(Secret),
    /// Several values, the first of them from this place on.
    Group(usize, Group),
}

/// What a look at a text gave.
#[derive(Clone, Copy, Debug)]
pub(super) enum Scan {
    /// A secret begins, or several.
    Found(Found),
    /// Before this place there is none; if it was not as far as asked, behind it nothing can be said until more has come. In a text that is whole it is
    /// the end.
    Clean(usize),
}

/// Returns what begins next from `from` on and before `to`.
pub(super) fn next(rules: &Rules, view: &View<'_>, from: usize, to: usize) -> Scan {
    let here = view.bytes.len();
    let looked = &view.bytes[..here.min(to.saturating_add(WIDTH - 1))];
    let mut at = from;
    while let Some((place, groups)) = rules.filter().next(looked, at) {
        match at_place(rules, view, place, groups) {
            Ok(Some(found)) => return Scan::Found(found),
            Ok(None) => at = place + 1,
            Err(More) => return Scan::Clean(place),
        }
    }
    Scan::Clean(to.min(if view.is_last { here } else { rules.filter().open_end(looked, at) }))
}

fn at_place(rules: &Rules, view: &View<'_>, place: usize, groups: u16) -> Seen<Option<Found>> {
    for needle in rules.needles(groups) {
        let secret = match needle {
            Needle::Beginning(beginning) => token::key(view, place, beginning)?,
            Needle::Word(word) => {
                let end = place + word.text.len();
                // The name must end here: `password_hash` names no secret.
                let is_name = view.starts_with_any_case(place, &word.text)? && !view.at(end)?.is_none_or(is_name);
                let found = match is_name.then(|| word.key(view, end, &rules.allowed)).flatten() {
                    Some(key) => value::behind(view, key)?,
                    None => None,
                };
                if found.is_some() {
                    return Ok(found);
                }
                None
            }
            Needle::Jwt => token::jwt(view, place)?,
            Needle::Pem => token::private_key(view, place)?,
            Needle::Url => token::user(view, place)?,
            Needle::Scheme(scheme) => token::credentials(view, place, scheme)?,
            Needle::UserFlag(flag) => token::user_of_flag(view, place, flag)?,
            Needle::Password => command::password(view, place)?,
            Needle::Card => cards::card(view, place)?,
        };
        if let Some(secret) = secret {
            return Ok(Some(Found::Secret(secret)));
        }
    }
    Ok(None)
}
