//! What a redactor looks for, put together once: the needles of all rules and the filter over them.

use super::filter::{Filter, Place, WIDTH};
use super::names::{self, Word};
use super::options::Options;
use super::shapes::{Alphabet, SHAPES};

/// A beginning that betrays a key.
#[derive(Clone, Debug)]
pub(super) struct Beginning {
    pub(super) text: Box<[u8]>,
    pub(super) alphabet: Alphabet,
    /// How long it is at least behind its beginning.
    pub(super) at_least: usize,
}

/// What stands where the filter found something.
#[derive(Clone, Debug)]
pub(super) enum Needle {
    /// The last word of names.
    Word(Word),
    Beginning(Beginning),
    /// `eyJ`, which is `{"` in Base64.
    Jwt,
    /// `-----BEGIN`.
    Pem,
    /// `://`, behind which a user may stand with his password.
    Url,
    /// `Bearer` or `Basic`.
    Scheme(&'static str),
    /// The option of curl that takes a user with his password.
    UserFlag(&'static str),
    /// ` -p`, behind which some programs take a password.
    Password,
    /// A digit, with which the number of a card may begin.
    Card,
}

/// All rules of one redactor.
#[derive(Debug)]
pub(super) struct Rules {
    needles: Vec<Needle>,
    words: Vec<Word>,
    filter: Filter,
    /// Keys that announce nothing, whatever the rules say.
    pub(super) allowed: Vec<String>,
}

impl Rules {
    pub(super) fn new(options: &Options) -> Rules {
        let own = options.shapes.iter().map(|shape| Beginning {
            text: shape.beginning.as_bytes().into(),
            alphabet: Alphabet::Wide,
            at_least: shape.at_least,
        });
        let usual = SHAPES.iter().map(|(text, alphabet, at_least)| Beginning {
            text: text.as_bytes().into(),
            alphabet: *alphabet,
            at_least: *at_least,
        });
        let beginnings = own.filter(|own| !own.text.is_empty()).chain(usual).map(Needle::Beginning);
        let mut needles: Vec<Needle> = beginnings.collect();
        let words = names::words(&options.names);
        needles.extend(words.iter().cloned().map(Needle::Word));
        needles.extend([Needle::Jwt, Needle::Pem, Needle::Url]);
        needles.extend(["bearer", "basic"].map(Needle::Scheme));
        needles.extend(["-u", "-U", "--user", "--proxy-user"].map(Needle::UserFlag));
        needles.push(Needle::Password);
        if options.cards {
            needles.push(Needle::Card);
        }
        let places: Vec<_> = needles.iter().map(Needle::places).collect();
        Rules { filter: Filter::new(&places), needles, words, allowed: options.allowed.clone() }
    }

    /// Says whether what they hide may be a number alone.
    pub(super) fn hide_numbers(&self) -> bool {
        self.needles.iter().any(|needle| match needle {
            Needle::Card => true,
            Needle::Beginning(beginning) => beginning.text.iter().all(u8::is_ascii_digit),
            _ => false,
        })
    }

    pub(super) fn filter(&self) -> &Filter {
        &self.filter
    }

    /// Returns the words in which a key ends.
    pub(super) fn words_at_end(&self, key: &[u8]) -> impl Iterator<Item = &Word> {
        let ends_with = |word: &Word| {
            let start = key.len().checked_sub(word.text.len());
            start.is_some_and(|start| key[start..].eq_ignore_ascii_case(&word.text))
        };
        self.words.iter().filter(move |word| ends_with(word))
    }

    pub(super) fn needles(&self, groups: u16) -> impl Iterator<Item = &Needle> {
        self.filter.needles(groups).map(|needle| &self.needles[needle])
    }
}

impl Needle {
    /// Returns what may stand at the first places of the needle.
    fn places(&self) -> [Place; WIDTH] {
        match self {
            Needle::Word(word) => any_case(&word.text, b"=:\"'\\ \t>"),
            Needle::Beginning(beginning) => exact(&beginning.text),
            Needle::Jwt => exact(b"eyJ"),
            Needle::Pem => exact(b"-----BEGIN"),
            Needle::Url => exact(b"://"),
            Needle::Scheme(scheme) => any_case(scheme.as_bytes(), b""),
            Needle::UserFlag(flag) => {
                let mut places = exact(flag.as_bytes());
                places[2] = if flag.len() == 2 { b" =".to_vec() } else { std::mem::take(&mut places[2]) };
                places
            }
            Needle::Password => [b" \t".to_vec(), b"-".to_vec(), b"p".to_vec(), (b' '..=b'~').chain(*b"\t").collect()],
            Needle::Card => std::array::from_fn(|place| match place {
                0 | 1 => (b'0'..=b'9').collect(),
                _ => (b'0'..=b'9').chain(*b" -").collect(),
            }),
        }
    }
}

fn exact(text: &[u8]) -> [Place; WIDTH] {
    std::array::from_fn(|place| text.get(place).map(|byte| vec![*byte]).unwrap_or_default())
}

/// Returns the places of a word in any case; `behind` is what may follow it.
fn any_case(word: &[u8], behind: &[u8]) -> [Place; WIDTH] {
    std::array::from_fn(|place| match word.get(place) {
        Some(byte) => vec![byte.to_ascii_lowercase(), byte.to_ascii_uppercase()],
        None if place == word.len() => behind.to_vec(),
        None => Vec::new(),
    })
}
