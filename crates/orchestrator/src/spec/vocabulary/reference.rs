//! The tables as a page for people.

use std::fmt::Write as _;

use super::Document;
use super::table::{Key, Table};

impl Document {
    /// Returns the reference of such a file, in Markdown.
    pub fn reference(self) -> String {
        let title = match self {
            Document::Workflow => "The workflow file",
            Document::Settings => "The settings file, segno.toml",
        };
        let mut text = format!("# {title}\n\n");
        text.push_str("<!-- Made from the tables in crates/orchestrator/src/spec/vocabulary: ");
        text.push_str("SEGNO_MAKE_DOCS=1 cargo test -p segno-orchestrator --test vocabulary -->\n\n");
        let name = self.name();
        let line = format!("Editors check such a file with [{name}.schema.json](../schema/{name}.schema.json)");
        writeln!(text, "{line} (`segno schema {name}`).").expect("a string takes any text");
        if self == Document::Workflow {
            text.push_str("For most of them it is enough that the file begins with a line that names it:\n\n");
            text.push_str("```yaml\n# yaml-language-server: $schema=docs/schema/workflow.schema.json\n```\n");
        }
        self.tables().iter().for_each(|table| section(table, &mut text));
        text
    }
}

fn section(table: &Table, text: &mut String) {
    let Table { name, title, about, keys, bodies, some } = table;
    let mut line = |words: &str| writeln!(text, "{words}").expect("a string takes any text");
    line(&format!("\n<a id=\"{name}\"></a>\n\n## {title}\n\n{about}\n"));
    match bodies {
        [] => {}
        [body] => line(&format!("{} must stand there.\n", coded(&[body]))),
        bodies => line(&format!("Exactly one of {} must stand there.\n", coded(bodies))),
    }
    if !some.is_empty() {
        line(&format!("At least one of {} must stand there.\n", coded(some)));
    }
    line("| key | takes | means | example |\n|---|---|---|---|");
    keys.iter().for_each(|key| line(&row(key)));
}

fn row(key: &Key) -> String {
    let mut about = key.about.to_owned();
    if !key.beside.is_empty() {
        about.push_str(&format!(" Only beside {}.", coded(key.beside)));
    }
    match key.requires {
        [] => {}
        [other] => about.push_str(&format!(" Only with `{other}`.")),
        others => about.push_str(&format!(" Only with one of {}.", coded(others))),
    }
    if !key.excludes.is_empty() {
        about.push_str(&format!(" Not with {}.", coded(key.excludes)));
    }
    let example = key.example.replace('|', "\\|");
    format!("| `{}` | {} | {about} | `{}: {example}` |", key.name, key.shape.words(), key.name)
}

fn coded(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
