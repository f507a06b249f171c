//! Phrases of the cue tables, and finding them in a text.
//!
//! A phrase is a row of words that are compared by their stems. `a|b` is either word, `_` any one word, `..` up to
//! six words, `#` a number, `?x` a word that may be missing, `=x` the word as it is. A phrase never goes over the end of a sentence.

use super::stem::stem;
use super::words::Word;

/// How many words `..` may stand for.
const MAX_SKIPPED: usize = 6;

/// A phrase, ready to be looked for.
#[derive(Debug)]
pub(super) struct Phrase {
    parts: Vec<Part>,
}

#[derive(Debug)]
enum Part {
    /// One of these stems.
    Stems(Vec<String>),
    /// One of these, or nothing.
    Maybe(Vec<String>),
    /// This word, not only its stem.
    Exact(String),
    Number,
    Any,
    Gap,
}

impl Phrase {
    /// Reads a phrase of a table.
    pub(super) fn new(text: &str) -> Phrase {
        let stems = |part: &str| part.split('|').map(stem).collect();
        let part = |part: &str| match part {
            "#" => Part::Number,
            "_" => Part::Any,
            ".." => Part::Gap,
            _ => match (part.strip_prefix('?'), part.strip_prefix('=')) {
                (Some(rest), _) => Part::Maybe(stems(rest)),
                (_, Some(rest)) => Part::Exact(rest.to_owned()),
                (None, None) => Part::Stems(stems(part)),
            },
        };
        Phrase { parts: text.split_whitespace().map(part).collect() }
    }

    /// Returns the stems one of which a match begins with; none when it may begin with anything.
    pub(super) fn first(&self) -> Option<&[String]> {
        match self.parts.first() {
            Some(Part::Stems(stems)) => Some(stems),
            _ => None,
        }
    }

    /// Returns which words a match that begins at `start` is made of.
    pub(super) fn at(&self, words: &[Word], start: usize) -> Option<Vec<usize>> {
        let sentence = words.get(start)?.sentence;
        let mut anchors = Vec::with_capacity(self.parts.len());
        go_on(&self.parts, (words, sentence), start, &mut anchors).then_some(anchors)
    }
}

/// Matches the rest of a phrase at `at` in a sentence; `anchors` holds the words that parts of it stand for.
fn go_on(parts: &[Part], (words, sentence): (&[Word], usize), at: usize, anchors: &mut Vec<usize>) -> bool {
    let Some((part, rest)) = parts.split_first() else {
        return true;
    };
    let fits = |word: &Word| match part {
        Part::Stems(stems) | Part::Maybe(stems) => stems.contains(&word.stem),
        Part::Exact(text) => word.text == *text,
        Part::Number => word.number.is_some(),
        Part::Any => true,
        Part::Gap => false,
    };
    match part {
        Part::Gap => (0..=MAX_SKIPPED).any(|skipped| go_on(rest, (words, sentence), at + skipped, anchors)),
        _ => {
            if words.get(at).is_some_and(|word| word.sentence == sentence && fits(word)) {
                anchors.push(at);
                if go_on(rest, (words, sentence), at + 1, anchors) {
                    return true;
                }
                anchors.pop();
            }
            matches!(part, Part::Maybe(_)) && go_on(rest, (words, sentence), at, anchors)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::words::words;
    use super::*;

    #[track_caller]
    fn check(phrase: &str, text: &str, expected: Option<&str>) {
        let words = words(text);
        let phrase = Phrase::new(phrase);
        let found = (0..words.len()).find_map(|start| phrase.at(&words, start));
        let said = found.map(|anchors| anchors.iter().map(|at| words[*at].text.as_str()).collect::<Vec<_>>().join(" "));
        assert_eq!(said.as_deref(), expected);
    }

    #[test]
    fn a_phrase_is_found_by_its_stems() {
        check("at most # times", "repeat it, at most 3 times.", Some("at most 3 times"));
        check("keep|kept _ till|until", "they keep fixing till noon", Some("keep fixing till"));
        check("in ?one go", "all in one go", Some("in one go"));
        check("not .. but", "not today. but soon", None);
        check("not .. but", "not today but soon", Some("not but"));
    }
}
