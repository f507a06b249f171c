//! `segno cache stats`: how much is remembered, how often it was of use, and what that has saved.

use std::fmt::Write as _;
use std::time::Duration;

use segno_cache::{Amount, Census};
use segno_orchestrator::report::short_duration;
use serde_json::json;

use super::cache::{Opened, fault, json_text, seconds};
use crate::args::Chosen;
use crate::exit::{End, Failure};
use crate::terminal::print;
use crate::values::{age, size_in_words};

/// What uses of results have saved, as far as they know what they took to make.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Saved {
    uses: u64,
    time: Duration,
    usd: f64,
}

pub(super) fn stats(json: bool) -> Result<End, Failure> {
    let (census, saved, since) = match Opened::existing()? {
        None => (Census::default(), Saved::default(), None),
        Some(opened) => {
            let census = opened.store().census(opened.now).map_err(fault)?;
            let since = census.tally.since.map(|since| opened.now.duration_since(since).unwrap_or_default());
            (census, saved(&opened)?, since)
        }
    };
    match json {
        true => print(&json_text(&to_json(&census, &saved))),
        false => print(&told(&census, &saved, since)),
    }
    Ok(End::Done)
}

/// Adds up what each result that was used has saved. Results that are gone are not in it.
fn saved(opened: &Opened) -> Result<Saved, Failure> {
    let mut saved = Saved::default();
    for listed in opened.listed(&Chosen::default())?.iter().filter(|listed| listed.uses > 0) {
        saved.uses = saved.uses.saturating_add(listed.uses);
        let Some(kept) = opened.memory.kept(&listed.digest, opened.now)? else { continue };
        let times = u32::try_from(listed.uses).unwrap_or(u32::MAX);
        saved.time = saved.time.saturating_add(kept.took().unwrap_or_default().saturating_mul(times));
        saved.usd += kept.cost_usd().unwrap_or(0.0) * listed.uses as f64;
    }
    Ok(saved)
}

fn to_json(census: &Census, saved: &Saved) -> serde_json::Value {
    let Census { entries, expired, objects, pending, subjects, manifests, hashes, .. } = census;
    let tally = &census.tally;
    json!({
        "format": 1,
        "bytes": census.bytes,
        "max_bytes": census.max_bytes,
        "index_bytes": census.index_bytes,
        "results": { "count": entries.count, "bytes": entries.bytes, "expired": expired },
        "contents": { "count": objects.count, "bytes": objects.bytes, "unused": pending },
        "keys": subjects,
        "file_lists": manifests,
        "file_hashes": hashes,
        "asked": {
            "since": tally.since.map(seconds),
            "hits": tally.hits,
            "misses": { "absent": tally.misses_absent, "expired": tally.misses_expired, "damaged": tally.misses_damaged },
        },
        "saved": { "uses": saved.uses, "time_ms": u64::try_from(saved.time.as_millis()).unwrap_or(u64::MAX), "usd": saved.usd },
    })
}

fn told(census: &Census, saved: &Saved, since: Option<Duration>) -> String {
    let mut text = String::new();
    let mut line = |name: &str, said: String| {
        writeln!(text, "{name:<12}{said}").expect("a string takes any text");
    };
    let sized = |amount: Amount| format!("{} ({})", amount.count, size_in_words(amount.bytes));
    let over = if census.expired > 0 { format!(", {} past their time", census.expired) } else { String::new() };
    let unused = if census.pending > 0 { format!(", {} unused", census.pending) } else { String::new() };
    line("size", format!("{} of {}", size_in_words(census.bytes), size_in_words(census.max_bytes)));
    line("results", sized(census.entries) + &over);
    line("contents", sized(census.objects) + &unused);
    line("keys", sized(census.subjects));
    line("file lists", sized(census.manifests));
    line("file hashes", census.hashes.to_string());
    line("asked", asked(census, since));
    line("saved", said_of(saved));
    text
}

fn asked(census: &Census, since: Option<Duration>) -> String {
    let tally = &census.tally;
    let misses = tally.misses_absent + tally.misses_expired + tally.misses_damaged;
    let all = tally.hits + misses;
    let Some(since) = since.filter(|_| all > 0) else { return "nothing yet".to_owned() };
    let causes = [(tally.misses_expired, "expired"), (tally.misses_damaged, "damaged")];
    let causes: String = causes
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, cause)| format!(", {count} of them {cause}"))
        .collect();
    let share = tally.hits as f64 * 100.0 / all as f64;
    format!("{all} times since {}: {} hits ({share:.0}%), {misses} misses{causes}", age(since), tally.hits)
}

fn said_of(saved: &Saved) -> String {
    let usd = if saved.usd > 0.0 { format!(" and ${:.4}", saved.usd) } else { String::new() };
    match saved.uses {
        0 => "nothing yet".to_owned(),
        uses => format!("{}{usd}, by {uses} uses of results that are still there", short_duration(saved.time)),
    }
}
