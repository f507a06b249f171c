//! Plurals: whether a word names several things, and whether those are items or spans, units, products.

use std::sync::LazyLock;

use super::super::sets::{Set, set};
use super::super::words::Word;

/// Plurals without an `s`, and such as are too short to be told by it.
static IRREGULAR: Set = LazyLock::new(|| set("people children data cvs men women pdfs prs"));

/// Words that end in `s` and are no plurals of items.
static NO_PLURALS: Set = LazyLock::new(|| {
    set(
        "does goes gets always perhaps needs sends asks takes makes thanks pls versus besides towards series news sales docs",
    )
});

/// Plurals that name one thing which a step makes.
static PRODUCTS: Set =
    LazyLock::new(|| set("requirements objectives specs notes tests results docs comments wireframes goals tokens"));

/// Spans of time, rounds and the like: `every` before them counts no items.
static SPANS: Set = LazyLock::new(|| {
    set("time times round iteration cycle attempt pass turn day days night nights week weeks month months hour hours
        minute minutes second seconds sprint sprints year years morning mornings evening trial step quarter couple few
        other half now change run retry try failure fix loop single so")
});

/// What numbers measure when they count no items.
static UNITS: Set = LazyLock::new(|| {
    set("times rounds iterations attempts tries trials epochs days hours minutes mins secs seconds weeks months years
        words cycles degrees steps points euros dollars letters characters percent generations sprints passes versions
        ms bars grams metres meters")
});

/// Says whether a word looks like a plural.
pub(super) fn is_plural(word: &Word) -> bool {
    let text = word.text.as_str();
    let other = ["ss", "us", "is", "'s"].iter().any(|ending| text.ends_with(ending)) || NO_PLURALS.contains(text);
    IRREGULAR.contains(text) || (text.len() > 3 && text.ends_with('s') && !other)
}

/// Says whether a word is a plural of what may be items.
pub(super) fn is_items(word: &Word) -> bool {
    is_plural(word) && !is_product(word) && !is_unit(word)
}

/// Says whether a plural names one thing that a step makes.
pub(super) fn is_product(word: &Word) -> bool {
    PRODUCTS.contains(word.text.as_str())
}

/// Says whether a word names a span of time or a round.
pub(super) fn is_span(word: &Word) -> bool {
    SPANS.contains(word.text.as_str())
}

/// Says whether a word is what a number measures.
pub(super) fn is_unit(word: &Word) -> bool {
    UNITS.contains(word.text.as_str())
}
