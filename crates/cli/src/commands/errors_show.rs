//! One failure in full, as `segno errors show` tells it.

use std::time::Duration;

use segno_errors::Advice;
use segno_errors::analytics::{Account, Direction, Example, Flag};
use segno_orchestrator::model::Timestamp;
use segno_orchestrator::report::{counted, short_duration};

use super::columns::{cut, wrapped};
use crate::values::age;

/// Where what is said of a failure begins.
const INDENT: usize = 10;
/// Where what is said of an example begins.
const EXAMPLE: usize = 14;

/// From low to high, for the hours.
const BARS: [char; 9] = ['.', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Tells all that is known of a failure, in lines that fit. Without columns no line is broken.
pub(super) fn in_full(account: &Account, now: Timestamp, columns: Option<usize>) -> String {
    let columns = columns.unwrap_or(usize::MAX);
    let mut text = String::new();
    let mut line = |name: &str, words: String| {
        if !words.is_empty() {
            text += &wrapped(&format!("{name:<INDENT$}"), &words, INDENT, columns);
        }
    };
    let reason = if account.reason.is_empty() { String::new() } else { format!(" ({})", account.reason) };
    line("failure", account.fingerprint.to_string());
    line(
        "type",
        format!(
            "{}{reason}, {}, severity {}",
            account.kind.code(),
            account.kind.category().name(),
            account.severity.name()
        ),
    );
    line("what", account.message.clone());
    line("at", account.operation.clone());
    line("agents", agents(account));
    line("count", count(account));
    line("seen", format!("first {}, last {}", ago(account.first_ms, now), ago(account.last_ms, now)));
    line("hours", hours(account));
    line("trend", trend(account));
    line("flags", flags(account));
    line("under", account.root.map(|root| format!("{root}, from which most of it follows")).unwrap_or_default());
    line("retries", retries(account));
    line("mended", account.resolved_ms.map(|at| format!("marked {}", ago(at, now))).unwrap_or_default());
    text.push_str("\nexamples\n");
    account.examples.iter().for_each(|example| text.push_str(&told(example, now, columns)));
    text += "\n";
    text += &wrapped("advice    ", &advice(account), INDENT, columns);
    text += &wrapped("          ", &format!("segno explain {} says more", account.kind.code()), INDENT, columns);
    text
}

fn agents(account: &Account) -> String {
    let places = if account.places > 1 { format!(", in about {} places", account.places) } else { String::new() };
    match account.agents.is_empty() {
        true => String::new(),
        false => format!("{}{places}", account.agents.join(", ")),
    }
}

fn count(account: &Account) -> String {
    let Account { count, overcount, last_hour, last_day, last_week, .. } = account;
    let over = if *overcount > 0 { format!(" (at most; at least {})", count - overcount) } else { String::new() };
    format!("{count} in all{over}: {last_week} in 7 days, {last_day} in 24 hours, {last_hour} in the last hour")
}

/// Draws the last 48 hours, the highest as the highest.
fn hours(account: &Account) -> String {
    let most = account.hours.iter().copied().max().unwrap_or(0).max(1);
    let bar = |count: &u32| match count {
        0 => BARS[0],
        count => BARS[(u64::from(*count) * 8).div_ceil(u64::from(most)) as usize],
    };
    format!("{}  most: {most}", account.hours.iter().map(bar).collect::<String>())
}

fn trend(account: &Account) -> String {
    let trend = &account.trend;
    let (low, high) = trend.interval;
    match trend.direction {
        Direction::Unknown => format!("not known yet: {} of 8 whole hours", trend.hours),
        Direction::NoTrend => "no trend".to_owned(),
        Direction::Rising | Direction::Falling => {
            let name = trend.direction.name();
            format!(
                "{name}: {:+.2} an hour each hour ({low:+.2} to {high:+.2}), over {} hours",
                trend.slope, trend.hours
            )
        }
    }
}

fn flags(account: &Account) -> String {
    let unknown = account.flags.names(Flag::Unknown);
    let mut names: Vec<String> = account.flags.names(Flag::Yes).into_iter().map(str::to_owned).collect();
    if account.rejection {
        names.insert(0, "refused (nothing was tried)".to_owned());
    }
    if !unknown.is_empty() {
        names.push(format!("not known: {}", unknown.join(", ")));
    }
    names.join(", ")
}

fn retries(account: &Account) -> String {
    let retries = &account.retries;
    let Some(rate) = account.cure_rate else {
        return "none".to_owned();
    };
    let cost = if retries.cost_usd > 0.0 { format!(" and ${:.4}", retries.cost_usd) } else { String::new() };
    let lies = if rate == 0.0 && retries.retried >= 5 { "; trying again never helped" } else { "" };
    format!(
        "{} of {} cured ({:.0}%), for {}{cost}{lies}",
        retries.cured,
        counted(usize::try_from(retries.retried).unwrap_or(usize::MAX), "retry"),
        rate * 100.0,
        short_duration(Duration::from_millis(retries.spent_ms)),
    )
    .replace("retrys", "retries")
}

fn told(example: &Example, now: Timestamp, columns: usize) -> String {
    let of = [&example.run, &example.step, &example.agent].map(String::as_str);
    let of: Vec<&str> = of.into_iter().filter(|name| !name.is_empty()).collect();
    let first = format!("  {:<12}{}", ago(example.at_ms, now), of.join("  "));
    let mut text = format!("{}\n", cut(first.trim_end(), columns));
    for words in [&example.message, &example.detail] {
        if !words.is_empty() {
            text += &wrapped(&format!("{:EXAMPLE$}", ""), words, EXAMPLE, columns);
        }
    }
    text
}

fn advice(account: &Account) -> String {
    let names: Vec<&str> = account.kind.advice().iter().map(|advice| words(*advice)).collect();
    names.join("; ")
}

fn words(advice: Advice) -> &'static str {
    match advice {
        Advice::Retry => "try again",
        Advice::RetryAfter => "try again after the pause that was asked for",
        Advice::ReAsk => "ask again, with the mistake shown",
        Advice::Fallback => "use another agent or provider",
        Advice::Skip => "go on without it",
        Advice::Degrade => "go on with less",
        Advice::Reauthenticate => "sign in again",
        Advice::FixInput => "correct what was handed in",
        Advice::FixConfig => "correct the setting",
        Advice::FreeResources => "make room",
        Advice::Escalate => "tell a person",
        Advice::Abort => "stop",
    }
}

fn ago(millis: u64, now: Timestamp) -> String {
    age(now.since(Timestamp(millis)))
}
