//! A file of any of the formats as a plain value, whatever it says.

use serde_json::Value;

use super::read::{Format, tree};
use super::scalars::plain;
use super::tree::Tree;
use super::{Mistake, Mistakes};
use crate::model::Place;

/// Reads the text of a file as a plain value; the ending of `name` tells the format.
///
/// # Errors
/// Says where the text is no YAML, JSON or TOML, or means different things to different parsers.
pub fn value(source: &str, name: &str) -> Result<Value, Mistakes> {
    let refused = |list: Vec<Mistake>| Mistakes::new(name, source, list);
    let text = source.strip_prefix('\u{feff}').unwrap_or(source);
    match tree(text, Format::of_path(name)) {
        Ok((tree, mistakes)) if mistakes.is_empty() => Ok(tree.value()),
        Ok((_, mistakes)) => Err(refused(mistakes)),
        Err(mistake) => Err(refused(vec![mistake])),
    }
}

/// Says whether YAML reads a word without quotes as this very text.
pub(crate) fn is_plain_text(text: &str) -> bool {
    matches!(plain(text, Place::default()), Ok(Tree::Text(_)))
}
