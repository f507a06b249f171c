//! Bytes in, `Workflow` out: picks the format and refuses what is no text before a parser sees it.

use std::collections::BTreeSet;
use std::path::Path;

#[cfg(feature = "toml")]
use super::toml;
use super::tree::{MAX_DEPTH, Node};
use super::{Mistake, Mistakes, workflow, yaml};
use crate::model::Workflow;
use crate::room::{SHALLOW, with_room};

/// The largest workflow file that is read, in bytes.
pub const MAX_FILE_BYTES: usize = 4 << 20;

/// What a person who has nothing yet can begin with.
pub(super) const SMALLEST: &str = "a smallest workflow is: {flow: hello, steps: [{run: [echo, hello]}]}";

/// A format of workflow files. JSON is read by the YAML parser, whose subset it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// YAML 1.2 and JSON.
    Yaml,
    /// TOML 1.1.
    Toml,
}

impl Format {
    /// Returns the format that a path's ending names; anything but `.toml` is YAML.
    pub fn of_path(path: &str) -> Format {
        if path.ends_with(".toml") { Format::Toml } else { Format::Yaml }
    }
}

/// Reads the text of the file at `path`; `name` is how messages call the file.
///
/// # Errors
/// When it is missing, a folder, too large, or not UTF-8.
pub fn load(path: &Path, name: &str) -> Result<String, Mistakes> {
    let alone = |mistake: Mistake| Mistakes::new(name, "", vec![mistake]);
    let unreadable = |error: std::io::Error| alone(unreadable(path, &error));
    let facts = std::fs::metadata(path).map_err(unreadable)?;
    if !facts.is_file() {
        let hint = "give the path of a workflow file (YAML, JSON or TOML)";
        return Err(alone(Mistake::whole("this is not a file").hint(hint)));
    }
    if facts.len() > MAX_FILE_BYTES as u64 {
        return Err(alone(Mistake::whole(format!("the file is larger than {} MiB", MAX_FILE_BYTES >> 20))));
    }
    let bytes = std::fs::read(path).map_err(unreadable)?;
    String::from_utf8(bytes).map_err(|error| {
        let line = error.as_bytes()[..error.utf8_error().valid_up_to()].iter().filter(|byte| **byte == b'\n').count();
        let message = format!("the file is not UTF-8 text (line {})", line + 1);
        alone(Mistake::whole(message).hint("save it as UTF-8"))
    })
}

/// Parses the text of a workflow file; the ending of `name` tells the format.
///
/// # Errors
/// All mistakes of the file.
pub fn parse(source: &str, name: &str) -> Result<Workflow, Mistakes> {
    match read(source, name) {
        (Some(workflow), mistakes) if mistakes.is_empty() => Ok(workflow),
        (_, mistakes) => Err(Mistakes::new(name, source, mistakes)),
    }
}

/// Parses as far as possible: what could be read, and the mistakes.
pub(crate) fn read(source: &str, name: &str) -> (Option<Workflow>, Vec<Mistake>) {
    let text = source.strip_prefix('\u{feff}').unwrap_or(source);
    match tree_within(text, Format::of_path(name), MAX_DEPTH) {
        Ok((tree, mut mistakes)) => {
            let (workflow, more) = with_room(tree.depth(), move || workflow::check(&tree, name));
            // What was said of a value that could not be read is not said again of the text in its stead.
            let known: BTreeSet<_> = mistakes.iter().map(|mistake| mistake.place).collect();
            mistakes.extend(more.into_iter().filter(|mistake| !known.contains(&mistake.place)));
            (workflow, mistakes)
        }
        Err(mistake) => (None, vec![mistake]),
    }
}

/// Reads a file as a tree, with the mistakes that leave the tree whole.
pub(crate) fn tree(source: &str, format: Format) -> Result<(Node, Vec<Mistake>), Mistake> {
    tree_within(source, format, SHALLOW)
}

/// Reads a file whose lists and maps nest so deep at most; those of TOML never deeper than `SHALLOW`.
fn tree_within(source: &str, format: Format, depth: usize) -> Result<(Node, Vec<Mistake>), Mistake> {
    if source.trim().is_empty() {
        return Err(Mistake::whole("the file is empty").hint(SMALLEST));
    }
    match format {
        Format::Yaml => yaml::read(source, depth),
        #[cfg(feature = "toml")]
        Format::Toml => toml::read(source).map(|tree| (tree, Vec::new())),
        #[cfg(not(feature = "toml"))]
        Format::Toml => Err(Mistake::whole("this build reads no TOML")
            .hint("write it as YAML or JSON, or build with the feature 'toml'")),
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> Mistake {
    match error.kind() {
        std::io::ErrorKind::NotFound => {
            let mistake = Mistake::whole("there is no such file");
            match similar_file(path) {
                Some(similar) => mistake.hint(format!("did you mean '{similar}'?")),
                None => mistake.hint("give the path of a workflow file (YAML, JSON or TOML)"),
            }
        }
        _ => Mistake::whole(format!("the file cannot be read: {error}")),
    }
}

/// Returns the file beside `path` whose name is nearest, if one is near.
fn similar_file(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_str()?;
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let names = std::fs::read_dir(folder).ok()?.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let names: Vec<String> = names.collect();
    let near = super::fields::nearest(name, names.iter().map(String::as_str))?;
    Some(path.with_file_name(near).display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes the places and forms of texts out: they are all in which the formats may differ.
    #[cfg(feature = "toml")]
    fn without_places(text: &str) -> String {
        let parts: Vec<&str> =
            text.split("Place {").map(|part| part.split_once('}').map_or(part, |(_, rest)| rest)).collect();
        parts.concat().replace("literal: true", "literal: false")
    }

    #[test]
    #[cfg(feature = "toml")]
    fn the_three_formats_say_the_same() {
        let yaml = "
flow: same
inputs:
  goal: { type: string, required: true }
defaults: { retry: 2, timeout: 1m }
steps:
  - id: a
    run: |
      echo {{ inputs.goal }}
      echo done
    env: { A: b }
  - id: b
    each: [1, '{{ inputs.goal }}']
    parallel:
      - { run: [echo, 1.5, true], cache: { files: ['*.rs'], ttl: 1h } }
";
        let json = r#"{"flow": "same",
  "inputs": {"goal": {"type": "string", "required": true}},
  "defaults": {"retry": 2, "timeout": "1m"},
  "steps": [
    {"id": "a", "run": "echo {{ inputs.goal }}\necho done\n", "env": {"A": "b"}},
    {"id": "b", "each": [1, "{{ inputs.goal }}"], "parallel": [
      {"run": ["echo", 1.5, true], "cache": {"files": ["*.rs"], "ttl": "1h"}}]}]}"#;
        let toml = "flow = 'same'
defaults = { retry = 2, timeout = '1m' }
[inputs.goal]
type = 'string'
required = true
[[steps]]
id = 'a'
run = '''
echo {{ inputs.goal }}
echo done
'''
env.A = 'b'
[[steps]]
id = 'b'
each = [1, '{{ inputs.goal }}']
[[steps.parallel]]
run = ['echo', 1.5, true]
cache = { files = ['*.rs'], ttl = '1h' }
";
        let said = |source, name| without_places(&format!("{:?}", parse(source, name).unwrap()));
        let expected = said(yaml, "a.yaml");
        assert_eq!(said(json, "a.json"), expected);
        assert_eq!(said(toml, "a.toml"), expected);
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_the_file() {
        assert_eq!(parse("\u{feff}flow: a\nsteps: [{ run: [x] }]", "b.yaml").unwrap().name, "a");
    }

    #[test]
    fn a_flow_without_a_name_is_called_like_its_file() {
        for (path, name) in [("a/review.flow.yaml", "review"), ("x.json", "x"), (".yaml", "flow")] {
            assert_eq!(parse("{steps: [{run: [x]}]}", path).unwrap().name, name);
        }
    }
}
