//! A workflow file to begin with: the shape of the chosen pattern, with commands that only print and the description as
//! a comment.

use super::{Pattern, Selection};

/// How much of a description is put into the file, in letters.
const MAX_DESCRIPTION: usize = 2000;

/// How long a line of the comment may be, in letters.
const MAX_LINE: usize = 110;

impl Selection {
    /// Returns a commented workflow file for the pattern; when unsure, for a single step.
    pub fn skeleton(&self, description: &str) -> String {
        let body = match self.pattern {
            Some(Pattern::Sequential) => include_str!("skeletons/sequential.yaml"),
            Some(Pattern::Parallel) => include_str!("skeletons/parallel.yaml"),
            Some(Pattern::Conditional) => include_str!("skeletons/conditional.yaml"),
            Some(Pattern::Iterative) => include_str!("skeletons/iterative.yaml"),
            Some(Pattern::Pipeline) => include_str!("skeletons/pipeline.yaml"),
            None => include_str!("skeletons/unsure.yaml"),
        };
        let pattern = match self.pattern {
            Some(pattern) => format!("# Pattern: {pattern}: {}.\n", pattern.meaning()),
            None => "# Pattern: unsure.\n".to_owned(),
        };
        format!("{}{pattern}{body}", comment(description))
    }
}

/// Returns a text as lines of a YAML comment. Whatever YAML or a terminal might take for more than a letter is a blank.
fn comment(text: &str) -> String {
    let is_cut = text.chars().nth(MAX_DESCRIPTION).is_some();
    let mut comment = String::new();
    for line in text.chars().take(MAX_DESCRIPTION).collect::<String>().lines() {
        let mut width = 0;
        comment.push('#');
        for word in
            line.split(|letter: char| letter.is_whitespace() || is_unsafe(letter)).filter(|word| !word.is_empty())
        {
            for (index, part) in cut(word).into_iter().enumerate() {
                if width > 0 && (index > 0 || width + part.chars().count() > MAX_LINE) {
                    comment.push_str("\n#");
                    width = 0;
                }
                comment.push(' ');
                comment.push_str(part);
                width += 1 + part.chars().count();
            }
        }
        comment.push('\n');
    }
    if is_cut {
        comment.push_str("# …\n");
    }
    comment
}

/// Cuts a word that is longer than a line.
fn cut(word: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = word;
    while let Some((at, _)) = rest.char_indices().nth(MAX_LINE) {
        parts.push(&rest[..at]);
        rest = &rest[at..];
    }
    parts.push(rest);
    parts
}

/// Says whether a letter ends lines in YAML, cannot be printed, or turns the direction of writing round.
fn is_unsafe(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
        || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(comment(text), expected);
    }

    #[test]
    fn a_description_never_leaves_its_comment() {
        check("a\nflow: b", "# a\n# flow: b\n");
        check("a\u{2028}steps: [] \u{85}b\rc\td\0", "# a steps: [] b c d\n");
        check("", "");
        check(&"x".repeat(250), &format!("# {}\n# {}\n# {}\n", "x".repeat(110), "x".repeat(110), "x".repeat(30)));
        assert!(comment(&"word ".repeat(1000)).ends_with("\n# …\n"));
    }
}
