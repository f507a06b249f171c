//! `segno cache ls`: what is remembered, result by result.

use std::time::SystemTime;

use segno_cache::Listed;
use segno_orchestrator::report::counted;
use serde_json::{Value, json};

use super::cache::{Opened, in_line, is_expired, json_text, seconds, until};
use super::columns::{columns, cut, padded, width};
use crate::args::CacheLsArguments;
use crate::exit::{End, Failure};
use crate::terminal::print;
use crate::values::{age, size_in_words};

/// How many results are listed unless told.
const MAX_LISTED: usize = 50;
const HEADS: [&str; 6] = ["KEY", "STORED", "EXPIRES", "SIZE", "USES", "SUBJECT"];

pub(super) fn ls(arguments: &CacheLsArguments) -> Result<End, Failure> {
    let Some(opened) = Opened::existing()? else {
        print(&if arguments.json { json_text(&to_json(&[])) } else { "nothing is remembered yet\n".to_owned() });
        return Ok(End::Done);
    };
    let listed = opened.listed(&arguments.chosen)?;
    let shown = &listed[..listed.len().min(arguments.limit.unwrap_or(MAX_LISTED))];
    match arguments.json {
        true => print(&json_text(&to_json(shown))),
        false if listed.is_empty() && arguments.chosen.is_all() => print("nothing is remembered yet\n"),
        false if listed.is_empty() => print("no such results\n"),
        false => print(&table(shown, &listed, opened.now, columns())),
    }
    Ok(End::Done)
}

fn to_json(listed: &[Listed]) -> Value {
    let results: Vec<Value> = listed.iter().map(of_listed).collect();
    json!({ "format": 1, "results": results })
}

/// What is known of a result, for programs.
pub(super) fn of_listed(listed: &Listed) -> Value {
    json!({
        "key": listed.digest,
        "subject": listed.subject,
        "of_layer": listed.of_layer,
        "stored_at": seconds(listed.stored_at),
        "expires_at": listed.expires_at.map(seconds),
        "used_at": seconds(listed.used_at),
        "uses": listed.uses,
        "bytes": listed.bytes,
    })
}

fn table(shown: &[Listed], all: &[Listed], now: SystemTime, columns: Option<usize>) -> String {
    let mut rows = vec![HEADS.map(String::from)];
    rows.extend(shown.iter().map(|listed| row(listed, now)));
    let widths: [usize; 6] = std::array::from_fn(|cell| rows.iter().map(|row| width(&row[cell])).max().unwrap_or(0));
    let mut text = String::new();
    for row in &rows {
        let cell = |(place, cell): (usize, &String)| match HEADS[place] {
            "SIZE" | "USES" => format!("{:>1$}", cell, widths[place]),
            "SUBJECT" => cell.clone(),
            _ => padded(cell, widths[place]),
        };
        let line = row.iter().enumerate().map(cell).collect::<Vec<_>>().join("  ");
        let line = columns.map_or_else(|| line.clone(), |columns| cut(&line, columns));
        text.push_str(line.trim_end());
        text.push('\n');
    }
    let bytes: u64 = all.iter().map(|listed| listed.bytes).sum();
    text.push_str(&format!("{}, {}", counted(all.len(), "result"), size_in_words(bytes)));
    if all.len() > shown.len() {
        text.push_str(&format!("; -n {} lists all", all.len()));
    }
    text + "\n"
}

fn row(listed: &Listed, now: SystemTime) -> [String; 6] {
    let expires = match listed.expires_at {
        None => "never".to_owned(),
        Some(_) if is_expired(listed, now) => "is over".to_owned(),
        Some(expires_at) => until(expires_at.duration_since(now).unwrap_or_default()),
    };
    [
        listed.digest.short().to_string(),
        age(now.duration_since(listed.stored_at).unwrap_or_default()),
        expires,
        size_in_words(listed.bytes),
        listed.uses.to_string(),
        match listed.subject.as_deref() {
            Some(subject) => in_line(subject),
            None if listed.of_layer => "(bytes of a layer)".to_owned(),
            None => "(an older one)".to_owned(),
        },
    ]
}
