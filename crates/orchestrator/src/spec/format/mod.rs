//! Writes a YAML workflow file in the one order and with the one indentation, and changes nothing that it says.
//!
//! Whole lines are moved: scalars, block texts and what stands in braces stay as written, comments go with what they
//! stand above. A file that would mean something else afterwards is left alone.

mod layout;
mod pieces;
mod write;

use super::read::{Format, tree};
use super::{Mistake, Mistakes};

/// Formats the text of a YAML workflow file; `name` is how messages call it.
///
/// # Errors
/// When the text is no YAML, or uses something that cannot be moved without risk; with its place.
pub fn format(source: &str, name: &str) -> Result<String, Mistakes> {
    let refused = |mistake: Mistake| Mistakes::new(name, source, vec![mistake]);
    let (mark, text) = match source.strip_prefix('\u{feff}') {
        Some(text) => ("\u{feff}", text),
        None => ("", source),
    };
    let is_windows = text.contains("\r\n");
    let plain = if is_windows { text.replace("\r\n", "\n") } else { text.to_owned() };
    let document = layout::read(&plain).and_then(|root| pieces::read(&plain, &root)).map_err(refused)?;
    // What nests deeper than any thread bears is not moved.
    tree(&plain, Format::Yaml).map_err(refused)?;
    let written = write::write(&document);
    if !is_same(&plain, &written) {
        return Err(refused(Mistake::whole("formatting would change what the file says, so it is left alone")));
    }
    let written = if is_windows { written.replace('\n', "\r\n") } else { written };
    Ok(format!("{mark}{written}"))
}

/// Says whether two texts have the same value and the same lines in some order.
fn is_same(before: &str, after: &str) -> bool {
    let value = |text: &str| tree(text, Format::Yaml).map(|(tree, mistakes)| (tree.value(), mistakes.len())).ok();
    // What only moved is the same line; a step's dash goes to whatever stands first.
    let lines = |text: &str| {
        let stripped =
            text.lines().map(|line| line.trim_matches(|letter: char| letter.is_whitespace() || letter == '-'));
        let mut lines: Vec<String> = stripped.filter(|line| !line.is_empty()).map(str::to_owned).collect();
        lines.sort_unstable();
        lines
    };
    value(before) == value(after) && lines(before) == lines(after)
}

#[cfg(test)]
mod tests;
