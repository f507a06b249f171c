//! `segno cache du`: what takes how much, the largest first.

use std::collections::BTreeMap;

use segno_cache::Listed;
use segno_orchestrator::report::counted;
use serde_json::{Value, json};

use super::cache::{Opened, fault, in_line, json_text};
use super::columns::{columns, cut, padded, width};
use crate::args::{CacheBy, CacheDuArguments, Chosen};
use crate::exit::{End, Failure};
use crate::terminal::print;
use crate::values::size_in_words;

/// How many lines are printed unless told.
const MAX_LISTED: usize = 20;
/// What results are called of which a later one is stored.
const OLDER: &str = "(older results)";
/// What is no result at all.
const LAYER: &str = "(bytes of a layer)";

/// What belongs together, and what it takes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Share {
    name: String,
    results: usize,
    bytes: u64,
}

pub(super) fn du(arguments: &CacheDuArguments) -> Result<End, Failure> {
    let Some(opened) = Opened::existing()? else {
        print(&if arguments.json { json_text(&to_json(&[], 0)) } else { "nothing is remembered yet\n".to_owned() });
        return Ok(End::Done);
    };
    let mut shares = shares(&opened.listed(&Chosen::default())?, arguments.by);
    let all = opened.store().bytes().map_err(fault)?;
    let results: u64 = shares.iter().map(|share| share.bytes).sum();
    // Keys, lists of files and contents that nothing refers to yet belong to nobody.
    let rest = Share { name: "(keys and lists of files)".to_owned(), results: 0, bytes: all.saturating_sub(results) };
    shares.push(rest);
    shares.retain(|share| share.bytes > 0);
    shares.sort_by(|left, right| right.bytes.cmp(&left.bytes).then_with(|| left.name.cmp(&right.name)));
    let shown = &shares[..shares.len().min(arguments.limit.unwrap_or(MAX_LISTED))];
    match arguments.json {
        true => print(&json_text(&to_json(shown, all))),
        false => print(&table(shown, &shares, all, columns())),
    }
    Ok(End::Done)
}

fn shares(listed: &[Listed], by: CacheBy) -> Vec<Share> {
    let mut shares: BTreeMap<String, Share> = BTreeMap::new();
    for listed in listed {
        let name = match listed.subject.as_deref() {
            Some(subject) => named(subject, by),
            None if listed.of_layer => LAYER,
            None => OLDER,
        };
        let share = shares.entry(name.to_owned()).or_default();
        share.results += 1;
        share.bytes = share.bytes.saturating_add(listed.bytes);
    }
    shares.into_iter().map(|(name, share)| Share { name, ..share }).collect()
}

/// Returns what a subject is added up under: FLOW, FLOW/STEP, or itself.
fn named(subject: &str, by: CacheBy) -> &str {
    match by {
        CacheBy::Flow => subject.split_once('/').map_or(subject, |(flow, _)| flow),
        CacheBy::Step => subject.split_once('[').map_or(subject, |(step, _)| step),
        CacheBy::Subject => subject,
    }
}

fn to_json(shares: &[Share], all: u64) -> Value {
    let told = |share: &Share| json!({ "name": share.name, "results": share.results, "bytes": share.bytes });
    json!({ "format": 1, "bytes": all, "shares": shares.iter().map(told).collect::<Vec<_>>() })
}

fn table(shown: &[Share], shares: &[Share], all: u64, columns: Option<usize>) -> String {
    let sizes: Vec<String> = shown.iter().map(|share| size_in_words(share.bytes)).collect();
    let wide = sizes.iter().map(|size| width(size)).max().unwrap_or(0);
    let mut text = String::new();
    for (share, size) in shown.iter().zip(&sizes) {
        let percent = share.bytes as f64 * 100.0 / all.max(1) as f64;
        let of = if share.results > 0 { format!(", {}", counted(share.results, "result")) } else { String::new() };
        let line = format!("{}  {percent:>3.0}%  {}{of}", padded(size, wide), in_line(&share.name));
        text.push_str(&columns.map_or_else(|| line.clone(), |columns| cut(&line, columns)));
        text.push('\n');
    }
    if shares.len() > shown.len() {
        text.push_str(&format!("and {} more; -n {} lists all\n", shares.len() - shown.len(), shares.len()));
    }
    text + &format!("{} in all\n", size_in_words(all))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(by: CacheBy, expected: [&str; 3]) {
        let subjects = ["review/lint[a/b.rs][c]", "review/lint", "plain"];
        assert_eq!(subjects.map(|subject| named(subject, by)), expected);
    }

    #[test]
    fn subjects_are_added_up_by_their_beginnings() {
        check(CacheBy::Flow, ["review", "review", "plain"]);
        check(CacheBy::Step, ["review/lint", "review/lint", "plain"]);
        check(CacheBy::Subject, ["review/lint[a/b.rs][c]", "review/lint", "plain"]);
    }
}
