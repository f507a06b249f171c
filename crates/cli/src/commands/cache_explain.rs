//! `segno cache explain`: what a result was made of, part by part, and which of its files are others now.

use std::fmt::Write as _;

use segno_cache::{Change, Key, Part, Shown};
use serde_json::json;

use super::cache::{Opened, fault, in_line, json_text, nothing};
use super::columns::{columns, cut};
use crate::args::Chosen;
use crate::exit::{End, Failure};
use crate::terminal::print;

/// The most files of one part that are named.
const MAX_FILES: usize = 20;

pub(super) fn explain(subject: &str, json: bool) -> Result<End, Failure> {
    let Some(opened) = Opened::existing()? else { return Err(nothing(subject).into()) };
    let Some(key) = opened.store().latest(subject).map_err(fault)? else { return Err(nothing(subject).into()) };
    let changes = opened.memory.changed_since(&key)?;
    let is_there = opened.listed(&Chosen::default())?.iter().any(|listed| listed.digest == key.digest());
    let explained = Explained { opened: &opened, subject, key: &key, changes: &changes, is_there };
    match json {
        true => print(&json_text(&explained.to_json())),
        false => print(&explained.told()?),
    }
    Ok(End::Done)
}

/// A key with what became of it.
struct Explained<'e> {
    opened: &'e Opened,
    subject: &'e str,
    key: &'e Key,
    changes: &'e [Change],
    is_there: bool,
}

impl Explained<'_> {
    fn to_json(&self) -> serde_json::Value {
        let said: Vec<String> = self.changes.iter().map(ToString::to_string).collect();
        json!({
            "format": 1,
            "subject": self.subject,
            "key": self.key.digest(),
            "is_stored": self.is_there,
            "parts": self.key.parts(),
            "changes": self.changes,
            "changed": said,
        })
    }

    fn told(&self) -> Result<String, Failure> {
        let mut text = format!("{}\n", in_line(self.subject));
        let mut line = |said: String| writeln!(text, "  {said}").expect("a string takes any text");
        let wide = self.key.parts().iter().map(|part| part.name.chars().count()).max().unwrap_or(0).min(40);
        for part in self.key.parts() {
            let said = format!("{:<wide$}  {}", in_line(&part.name), self.value(part)?);
            let said = said.trim_end().to_owned();
            line(columns().map_or_else(|| said.clone(), |columns| cut(&said, columns.saturating_sub(2))));
        }
        match (self.is_there, self.changes) {
            (false, _) => {
                text.push_str("its result is gone: it was cleared, evicted or damaged, so the step would run\n")
            }
            (true, []) => text.push_str("none of the files that it was made of has changed\n"),
            (true, changes) => {
                text.push_str("since then:\n");
                for change in changes {
                    writeln!(text, "  {}", in_line(&change.to_string())).expect("a string takes any text");
                }
            }
        }
        text.push_str("segno plan FLOW says what a run would do, with new files and other values too\n");
        Ok(text)
    }

    /// Says what is known of a part's value.
    fn value(&self, part: &Part) -> Result<String, Failure> {
        Ok(match &part.shown {
            Shown::Text(text) | Shown::Value(text) => in_line(text),
            Shown::Hidden => "(not shown)".to_owned(),
            Shown::Files => match self.opened.store().manifest(&part.digest).map_err(fault)? {
                None => "(which files is not known any more)".to_owned(),
                Some(manifest) => {
                    let files = manifest.entries();
                    let names: Vec<String> = files.iter().take(MAX_FILES).map(|(path, _)| in_line(path)).collect();
                    let more = match files.len().saturating_sub(MAX_FILES) {
                        0 => String::new(),
                        more => format!(" and {more} more"),
                    };
                    format!("{}: {}{more}", files.len(), names.join(", "))
                }
            },
        })
    }
}
