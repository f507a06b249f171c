//! Passes over lines in which a wanted text cannot stand. What it finds is only a guess: strings of
//! nested objects and of other keys hit as well, so every hit is parsed and judged like any line.

use memchr::memmem::Finder;

use super::filter::{Component, Filter};
use super::test::Test;

/// A text that stands in every line which the filter wants, unless an escape hides it.
pub(super) struct Needle {
    finder: Finder<'static>,
    /// Finds the only escape that can hide it; `None` when the text is wanted as it is written.
    escape: Option<Finder<'static>>,
}

impl Needle {
    /// Returns the texts that a filter's lines must hold.
    pub(super) fn candidates(filter: &Filter) -> Vec<Needle> {
        let component = match filter.components.as_slice() {
            [Component::Exact(text) | Component::Below(text)] => Some(text.as_str()),
            _ => None,
        };
        let equal = filter.conditions.iter().filter_map(|condition| match &condition.test {
            Test::Equal(literal) => literal.needle(),
            _ => None,
        });
        let decoded = component.into_iter().chain(filter.correlation_id.as_deref()).chain(equal);
        let decoded = decoded.filter_map(|text| Needle::new(plain_piece(text), true));
        decoded.chain(filter.texts.iter().filter_map(|text| Needle::new(text, false))).collect()
    }

    fn new(text: &str, decoded: bool) -> Option<Needle> {
        // One byte hits nearly everywhere.
        (text.len() > 1).then(|| Needle {
            finder: Finder::new(text.as_bytes()).into_owned(),
            escape: decoded.then(|| Finder::new(b"\\u").into_owned()),
        })
    }

    /// Chooses the one that hits least in a sample; none when each hits in every other line.
    pub(super) fn rarest(candidates: Vec<Needle>, sample: &[u8]) -> Option<Needle> {
        let most = memchr::memchr_iter(b'\n', sample).count() / 2;
        let counted = candidates.into_iter().map(|needle| (needle.hits(sample), needle));
        counted.filter(|(hits, _)| *hits <= most).min_by_key(|(hits, _)| *hits).map(|(_, needle)| needle)
    }

    fn hits(&self, sample: &[u8]) -> usize {
        let escapes = self.escape.as_ref().map_or(0, |escape| escape.find_iter(sample).count());
        self.finder.find_iter(sample).count() + escapes
    }

    /// Calls `line` with where each line begins that may be wanted; it returns where the next begins.
    pub(super) fn lines(&self, block: &[u8], mut line: impl FnMut(usize) -> Option<usize>) {
        let after = |finder: &Finder<'_>, at: usize| finder.find(&block[at..]).map_or(usize::MAX, |hit| at + hit);
        let mut at = 0;
        let (mut hit, mut escape) = (0, 0);
        let mut fresh = true;
        while at < block.len() {
            if fresh || hit < at {
                hit = after(&self.finder, at);
            }
            if fresh || escape < at {
                escape = self.escape.as_ref().map_or(usize::MAX, |finder| after(finder, at));
            }
            fresh = false;
            let next = hit.min(escape);
            if next == usize::MAX {
                return;
            }
            let begin = memchr::memrchr(b'\n', &block[at..next]).map_or(at, |newline| at + newline + 1);
            match line(begin) {
                Some(behind) => at = behind,
                None => return,
            }
        }
    }
}

/// The longest piece of a text that JSON writes in one way only, but for `\u` escapes.
fn plain_piece(text: &str) -> &str {
    let special = |c: char| matches!(c, '"' | '\\' | '/' | '\u{7f}') || c < ' ';
    text.split(special).max_by_key(|piece| piece.len()).unwrap_or_default()
}

/// How a block of lines looks from afar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Census {
    pub(super) newlines: u64,
    /// Every line ends like a whole object: none is blank or cut.
    pub(super) whole: bool,
}

/// Counts the newlines, and those of them that no brace stands before.
pub(super) fn census(block: &[u8]) -> Census {
    const LANES: usize = 32;
    let blank_first = block.first() == Some(&b'\n');
    let mut census = Census { newlines: u64::from(blank_first), whole: !blank_first };
    let (now, before) = (block.get(1..).unwrap_or_default(), block);
    let mut torn = 0;
    // Counters of a byte, added up before they overflow: this is what compilers turn into wide steps.
    for (now, before) in now.chunks(LANES * 255).zip(before.chunks(LANES * 255)) {
        let mut lines = [0_u8; LANES];
        let mut wrong = [0_u8; LANES];
        let mut pairs = now.chunks_exact(LANES).zip(before.chunks_exact(LANES));
        for (now, before) in &mut pairs {
            for lane in 0..LANES {
                let newline = now[lane] == b'\n';
                lines[lane] += u8::from(newline);
                wrong[lane] += u8::from(newline & (before[lane] != b'}'));
            }
        }
        census.newlines += lines.iter().map(|count| u64::from(*count)).sum::<u64>();
        torn += wrong.iter().map(|count| u64::from(*count)).sum::<u64>();
        let done = now.len() / LANES * LANES;
        for (now, before) in now[done..].iter().zip(&before[done..]) {
            census.newlines += u64::from(*now == b'\n');
            torn += u64::from(*now == b'\n' && *before != b'}');
        }
    }
    census.whole &= torn == 0;
    census
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(filter: &str, expected: &[&str]) {
        let found = Needle::candidates(&Filter::parse(filter).unwrap());
        let found: Vec<_> = found.iter().map(|needle| String::from_utf8_lossy(needle.finder.needle())).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn texts_that_must_stand_in_a_line_are_known() {
        check("component=cache.redis level=error", &["cache.redis"]);
        check("component=cache.* n=7 ok=true", &["cache", "true"]);
        check("component=a.b,c.d took>3 x~y", &[]);
        check(r#"path="/var/log/app" quote="a \" bc""#, &["app", " bc"]);
        check("out", &["out"]);
        check("a=x", &[]);
    }

    #[test]
    fn the_rarest_text_is_looked_for() {
        let candidates = || Needle::candidates(&Filter::parse("a=often b=seldom").unwrap());
        let sample = b"often often\nseldom\n\n\n\n";
        let rarest = |sample: &[u8]| Needle::rarest(candidates(), sample).map(|needle| needle.finder.needle().to_vec());
        assert_eq!(rarest(sample), Some(b"seldom".to_vec()));
        assert_eq!(rarest(b"often seldom\n"), None);
    }

    proptest! {
        #[test]
        fn a_block_is_counted_as_line_by_line(lines in prop::collection::vec("[a}]{0,40}", 0..600)) {
            let block = lines.iter().flat_map(|line| [line.as_bytes(), b"\n"].concat()).collect::<Vec<_>>();
            let whole = lines.iter().all(|line| line.ends_with('}'));
            prop_assert_eq!(census(&block), Census { newlines: lines.len() as u64, whole });
        }

        #[test]
        fn every_line_with_a_hit_is_found(lines in prop::collection::vec("[ab\\\\u]{0,6}", 0..30)) {
            let block = lines.join("\n") + "\n";
            let needle = Needle::new("ab", true).unwrap();
            let mut found = Vec::new();
            needle.lines(block.as_bytes(), |begin| {
                let end = block[begin..].find('\n').unwrap() + begin;
                found.push(&block[begin..end]);
                Some(end + 1)
            });
            let expected: Vec<_> = lines.iter().filter(|line| line.contains("ab") || line.contains("\\u")).collect();
            prop_assert_eq!(found, expected);
        }
    }
}
