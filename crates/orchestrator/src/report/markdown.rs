//! The report as Markdown that fits a comment on a pull request: the table of steps, each failure folded away.
//!
//! Whatever steps said is shown as code: it cannot become markup, a link or a mention of somebody.

use std::fmt::Write as _;

use segno_errors::Fault;

use super::fold::Report;
use super::left_out::LeftOut;
use super::quality::Quality;
use super::steps::{Shape, StepReport};
use super::task::TaskReport;
use super::text::MAX_INDENT;
use super::words::{counted, cut, moment, money, short_duration, without_escapes};
use crate::model::{Metrics, RunStatus, Status};

/// GitHub refuses a comment of more than 65,536 characters.
const MAX_LENGTH: usize = 60_000;

/// The most steps that the table shows.
const MAX_ROWS: usize = 100;

/// The most characters of what is said in a row or a line.
const MAX_LINE: usize = 200;

/// The most characters of a failure's last words.
const MAX_WORDS: usize = 4_000;

impl Report {
    /// Writes the report as GitHub-flavoured Markdown.
    pub fn markdown(&self) -> String {
        let mut text = String::new();
        self.heading(&mut text);
        self.table_of_steps(&mut text);
        self.sections(&mut text);
        self.footer(&mut text);
        text
    }

    fn heading(&self, text: &mut String) {
        let reason = self.reason.as_ref().map(|reason| format!(" ({})", plain(reason))).unwrap_or_default();
        let mut facts = self.counts();
        facts.extend(self.quality().map(|quality| format!("quality {:.2}", quality.value)));
        let (sign, flow) = (sign_of_run(self.status), plain(&self.flow));
        let (status, took) = (self.status.name(), short_duration(self.took()));
        line(text, &format!("### {sign} {flow} {status}{reason} in {took}\n\n{}\n", facts.join(" · ")));
    }

    fn table_of_steps(&self, text: &mut String) {
        if self.steps.is_empty() {
            return;
        }
        line(text, "|   | Step | What became of it |\n|:-:|:-----|:------------------|");
        for (step, status, words) in self.rows(MAX_ROWS) {
            let name = format!("{}{}", "&emsp;".repeat(step.depth.min(MAX_INDENT)), code(step.step.as_str(), true));
            let name = if step.shape == Shape::Group { format!("**{name}**") } else { name };
            line(
                text,
                &format!("| {} | {name} | {} |", sign(status), plain(&cut(&words.replace("  ", ", "), MAX_LINE))),
            );
        }
        if let Some(more) = self.steps.len().checked_sub(MAX_ROWS).filter(|more| *more > 0) {
            line(text, &format!("|   | .. and {} | |", counted(more, "more step")));
        }
    }

    /// Adds what is folded away, as far as there is room.
    fn sections(&self, text: &mut String) {
        let failed = self.failed();
        let told = failed.iter().take_while(|(step, task)| add(text, &self.section(step, task))).count();
        if let Some(more) = failed.len().checked_sub(told).filter(|more| *more > 0) {
            line(text, &format!("\n.. and {}: `segno show {} --json`", counted(more, "more failure"), self.run));
        }
        let quality = self.quality().filter(|quality| quality.value < 1.0).map(|quality| quality.section());
        for section in [self.section_of_left_out(), self.section_of_words(), quality].into_iter().flatten() {
            add(text, &section);
        }
    }

    /// Says what the run was done without. Failures are told in full above.
    fn section_of_left_out(&self) -> Option<String> {
        let left_out: Vec<&LeftOut> = self.left_out.iter().filter(|left| !left.failed).collect();
        let mut text = String::from("\n<details>\n<summary>Not as it was wanted</summary>\n\n");
        for LeftOut { step, what, .. } in left_out.iter().take(MAX_ROWS) {
            line(&mut text, &format!("- {}: {}", code(step, false), plain(&cut(what, MAX_LINE))));
        }
        if let Some(more) = left_out.len().checked_sub(MAX_ROWS).filter(|more| *more > 0) {
            line(&mut text, &format!("- .. and {more} more"));
        }
        (!left_out.is_empty()).then(|| text + "\n</details>\n")
    }

    /// Shows what agents said and counted.
    fn section_of_words(&self) -> Option<String> {
        let said = |task: &&TaskReport| {
            task.kept && (task.summary().is_some() || !task.metrics().is_empty() || !task.usage().is_empty())
        };
        let tasks: Vec<&TaskReport> = self.tasks().filter(said).collect();
        let mut text = String::from("\n<details>\n<summary>What was said and counted</summary>\n\n");
        line(&mut text, "| Task | Summary | Counted | Cost |\n|:-----|:--------|:--------|-----:|");
        for task in tasks.iter().take(MAX_ROWS) {
            let (name, summary) =
                (code(&task.address.to_string(), true), plain(&cut(task.summary().unwrap_or_default(), MAX_LINE)));
            let counted = plain(&cut(&metrics(&task.metrics()), MAX_LINE));
            let cost = task.usage().cost_usd.map(money).unwrap_or_default();
            line(&mut text, &format!("| {name} | {summary} | {counted} | {} |", plain(&cost)));
        }
        if let Some(more) = tasks.len().checked_sub(MAX_ROWS).filter(|more| *more > 0) {
            line(&mut text, &format!("| .. and {} | | | |", counted(more, "more task")));
        }
        (!tasks.is_empty()).then(|| text + "\n</details>\n")
    }

    /// Tells one failure: what it was, what can be done, its last words.
    fn section(&self, step: &StepReport, task: &TaskReport) -> String {
        let Some(fault) = task.fault() else {
            return String::new();
        };
        let label = task.label.as_ref().map(|label| format!(" ({})", tagged(label))).unwrap_or_default();
        let title = format!(
            "{} {}{label} failed: {}",
            sign(task.status()),
            tagged(&task.address.to_string()),
            html(&cut(fault.message(), MAX_LINE))
        );
        let mut text = format!("\n<details>\n<summary>{title}</summary>\n\n");
        for (key, value) in fault.context().iter().filter(|(key, _)| key == "command" || key == "store") {
            line(&mut text, &format!("- {key}: {}", code(&cut(value, MAX_LINE), false)));
        }
        line(&mut text, &format!("- category: {}", category(fault)));
        line(&mut text, &format!("- segno: {}", self.did(step, task)));
        line(&mut text, &format!("- you can: {}", plain(fault.hint_text().unwrap_or("read its last words below"))));
        line(&mut text, &format!("- all of it: {}", code(&format!("segno show {} {}", self.run, task.address), false)));
        if let Some(words) = fault.detail_text().filter(|words| !words.trim().is_empty()) {
            line(&mut text, &format!("\n{}", fenced(words)));
        }
        text + "\n</details>\n"
    }

    fn footer(&self, text: &mut String) {
        let run = &self.run;
        let more = match self.status {
            RunStatus::Paused => format!("go on with `segno resume {run}`"),
            RunStatus::Running => "it is being worked on".to_owned(),
            _ => format!("more: `segno show {run}`"),
        };
        let (file, began) = (code(&self.path, false), moment(self.started));
        line(text, &format!("\nRun `{run}` of {file}, {began} · {more}"));
    }
}

impl Quality {
    /// Says what the quality was made from.
    fn section(&self) -> String {
        let mut text = format!("\n<details>\n<summary>Quality {:.2}, made from</summary>\n\n", self.value);
        line(&mut text, "| Step | Weight | Quality | Because |\n|:-----|-------:|--------:|:--------|");
        for step in self.evidence.iter().take(MAX_ROWS) {
            let (name, because) = (code(step.step.as_str(), true), plain(&cut(&step.because, MAX_LINE)));
            line(&mut text, &format!("| {name} | {} | {:.2} | {because} |", step.weight, step.value));
        }
        if let Some(more) = self.evidence.len().checked_sub(MAX_ROWS).filter(|more| *more > 0) {
            line(&mut text, &format!("| .. and {} | | | |", counted(more, "more step")));
        }
        text + "\n</details>\n"
    }
}

/// Adds a section if there is room for it; says whether there was.
fn add(text: &mut String, section: &str) -> bool {
    let fits = text.len() + section.len() <= MAX_LENGTH;
    if fits {
        text.push_str(section);
    }
    fits
}

/// Names what was counted.
fn metrics(metrics: &Metrics) -> String {
    let known = [
        (metrics.tool_calls, "tool calls"),
        (metrics.files_read, "files read"),
        (metrics.lines_generated, "lines written"),
        (metrics.errors, "errors"),
        (metrics.tokens, "tokens"),
    ];
    let known = known.into_iter().filter_map(|(number, name)| Some(format!("{} {name}", number?)));
    known.chain(metrics.own.iter().map(|(name, number)| format!("{number} {name}"))).collect::<Vec<_>>().join(", ")
}

fn line(text: &mut String, line: &str) {
    writeln!(text, "{line}").expect("a string takes any text");
}

fn category(fault: &Fault) -> String {
    let reason = fault.why().map(|reason| format!(", {}", plain(reason))).unwrap_or_default();
    format!("{} (`{}`{reason})", plain(fault.category().name()), fault.kind().code())
}

/// Takes out control characters; line ends become spaces.
fn flat(text: &str) -> String {
    without_escapes(text).replace(['\n', '\t'], " ")
}

/// Writes a text so that it is read as it is: no markup, no HTML, no cell of a table ends in it, nobody is mentioned.
fn plain(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in flat(text).chars() {
        match letter {
            // A backslash before it does not keep GitHub from seeing a name; an empty sign after it does.
            '@' => escaped.push_str("@\u{200b}"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '~' | '#' | '&' | '$' => {
                escaped.extend(['\\', letter])
            }
            _ => escaped.push(letter),
        }
    }
    escaped
}

/// Writes a text as code, between more backticks than it has in a row itself. In a table a bar ends the cell even there.
fn code(text: &str, in_table: bool) -> String {
    let text = if in_table { flat(text).replace('|', "\\|") } else { flat(text) };
    let ticks = "`".repeat(longest_row(&text) + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') || text.trim().is_empty() { " " } else { "" };
    format!("{ticks}{pad}{text}{pad}{ticks}")
}

/// Writes the end of a text as a block of code.
fn fenced(text: &str) -> String {
    let text = without_escapes(text);
    let letters = text.chars().count();
    let tail: String = text.chars().skip(letters.saturating_sub(MAX_WORDS)).collect();
    let ticks = "`".repeat((longest_row(&tail) + 1).max(3));
    format!("{ticks}text\n{}\n{ticks}", tail.trim_end())
}

/// Returns how many backticks stand in a row at most.
fn longest_row(text: &str) -> usize {
    text.split(|letter| letter != '`').map(str::len).max().unwrap_or(0)
}

/// Writes a text for a place where HTML is read and Markdown is not.
fn html(text: &str) -> String {
    let text = flat(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace('@', "@\u{200b}")
}

fn tagged(text: &str) -> String {
    format!("<code>{}</code>", html(text))
}

fn sign(status: Option<Status>) -> &'static str {
    match status {
        Some(Status::Succeeded) => "✅",
        Some(Status::Partial) => "⚠️",
        Some(Status::Failed) => "❌",
        Some(Status::Skipped) => "⏭️",
        None => "⏳",
    }
}

fn sign_of_run(status: RunStatus) -> &'static str {
    match status {
        RunStatus::Succeeded => sign(Some(Status::Succeeded)),
        RunStatus::Degraded => sign(Some(Status::Partial)),
        RunStatus::Failed => sign(Some(Status::Failed)),
        RunStatus::Running => sign(None),
        RunStatus::Paused => "⏸️",
    }
}
