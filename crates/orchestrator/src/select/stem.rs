//! Takes the endings off English words, so that `repeats`, `repeated` and `repeating` are one word. Not a linguist's
//! stemmer: what counts is that a cue and a text go through the same few rules.

/// Returns a lower-case word without its ending.
pub(super) fn stem(word: &str) -> String {
    let mut word = word.strip_suffix("'s").unwrap_or(word).to_owned();
    if !word.is_ascii() || word.contains('\'') {
        return word;
    }
    strip_plural(&mut word);
    strip_participle(&mut word);
    if word.len() >= 7 && word.ends_with("ly") {
        word.truncate(word.len() - 2);
    }
    if word.len() >= 4 && word.ends_with('e') && !word.ends_with("ee") {
        word.pop();
    }
    if word.len() >= 4 && word.ends_with('i') {
        word.pop();
        word.push('y');
    }
    if word.contains("is") {
        // British and American spelling: "optimise", "organize".
        for (british, american) in [("tionalis", "tionaliz"), ("alis", "aliz"), ("imis", "imiz"), ("aris", "ariz")] {
            if word.ends_with(british) {
                word.truncate(word.len() - british.len());
                word.push_str(american);
            }
        }
    }
    word
}

fn strip_plural(word: &mut String) {
    let length = word.len();
    if length < 4 || ["ss", "us", "is"].iter().any(|ending| word.ends_with(ending)) {
        return;
    }
    if word.ends_with("ies") && length > 4 {
        word.truncate(length - 3);
        word.push('y');
    } else if ["sses", "shes", "ches", "xes", "zes"].iter().any(|ending| word.ends_with(ending)) {
        word.truncate(length - 2);
    } else if word.ends_with('s') {
        word.pop();
    }
}

fn strip_participle(word: &mut String) {
    let length = word.len();
    let kept = match () {
        () if word.ends_with("ied") && length > 4 => {
            word.truncate(length - 3);
            word.push('y');
            return;
        }
        () if word.ends_with("eed") || word.ends_with("thing") => return,
        () if word.ends_with("ing") && length >= 6 => length - 3,
        () if word.ends_with("ed") && length >= 5 => length - 2,
        () => return,
    };
    let rest = &word[..kept];
    if kept < 3 || !rest.contains(['a', 'e', 'i', 'o', 'u', 'y']) {
        return;
    }
    let doubled = rest.as_bytes()[kept - 1] == rest.as_bytes()[kept - 2];
    let undouble = doubled && !rest.ends_with(['l', 's', 'z', 'e', 'o']);
    word.truncate(if undouble { kept - 1 } else { kept });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(words: &str) {
        let stems: Vec<String> = words.split(' ').map(stem).collect();
        assert!(stems.iter().all(|one| *one == stems[0]), "{stems:?}");
    }

    #[test]
    fn forms_of_a_word_are_one() {
        for words in [
            "repeat repeats repeated repeating",
            "merge merges merged merging",
            "retry retries retried retrying",
            "pass passes passed passing",
            "stop stops stopped stopping",
            "independent independently",
            "optimise optimize optimised optimizing",
            "use uses",
        ] {
            check(words);
        }
    }
}
