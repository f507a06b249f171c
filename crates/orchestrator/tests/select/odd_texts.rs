//! Texts that nobody means: empty, huge, in other languages, without a letter. The answer is stated and soon there.

use std::time::{Duration, Instant};

use segno_orchestrator::select::{Pattern, select};

/// How long a text may take in an unoptimised build on a busy machine.
const DEADLINE: Duration = Duration::from_secs(20);

#[track_caller]
fn check(text: &str, pattern: Option<Pattern>, reason: &str) {
    let selection = select(text);
    assert_eq!((selection.pattern, selection.reason.as_str()), (pattern, reason));
}

#[test]
fn a_text_without_words_says_so() {
    for text in ["", " \n\t", "\0\u{1b}\u{7}", "...!?", "🙂🙂", "\u{202e}\u{feff}"] {
        check(text, None, "the description holds no words");
    }
}

#[test]
fn other_languages_are_told_as_such() {
    for text in [
        "Prüfe zuerst die Datei und lade sie dann hoch, wenn sie nicht leer ist",
        "D'abord extraire le texte, puis le traduire et l'envoyer dans une lettre",
        "Para cada archivo, extraer el texto y traducirlo con el modelo",
        "Сначала извлеките текст, затем переведите его",
        "まずテキストを抽出し、次に翻訳する",
        "先提取文本，然后翻译",
    ] {
        check(text, None, "the description does not look like English");
    }
}

#[test]
fn control_characters_do_not_disturb() {
    let clean = select("Fetch the prices from three shops at the same time and merge them");
    let dirty = select("Fetch\0 the\u{7} prices from\u{200b} three shops\u{1b} at the same time and merge them");
    assert_eq!((dirty.pattern, clean.pattern), (Some(Pattern::Parallel), Some(Pattern::Parallel)));
    assert!(!dirty.reason.contains(char::is_control), "{:?}", dirty.reason);
}

#[test]
fn only_the_beginning_of_a_huge_text_is_read() {
    let head = "Keep improving the draft until the critic is satisfied. ";
    let filler = "lorem ipsum dolor sit amet ".repeat(40_000);
    let selection = select(&format!("{head}{filler}"));
    assert_eq!(selection.pattern, select(&format!("{head}{}", &filler[..8192])).pattern);
    assert!(selection.evidence.iter().all(|one| one.place.end <= 8192));
}

#[test]
fn no_text_takes_long() {
    let begun = Instant::now();
    for piece in
        ["if ", "until, ", "a → b; ", "each of the ", "? ", "not .. wait: ", "1) do it\n", "test the test, ", "ä"]
    {
        let selection = select(&piece.repeat((1 << 20) / piece.len()));
        assert!((0.0..=1.0).contains(&selection.confidence));
    }
    assert!(begun.elapsed() < DEADLINE, "it took {:?}", begun.elapsed());
}
