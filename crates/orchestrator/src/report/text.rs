//! The report as text that fits one screen: how it ended, the steps, each failure with what to do.

use std::fmt::Write as _;

use segno_errors::Fault;

use super::fold::Report;
use super::left_out::LeftOut;
use super::steps::StepReport;
use super::task::TaskReport;
use super::words::{counted, short_duration, without_escapes};
use crate::engine::RETRY_BUDGET;
use crate::model::{RunStatus, Status};

/// The most failures that are told in full.
const MAX_FAILURES: usize = 5;
/// How many groups deep steps are still moved to the right.
pub(super) const MAX_INDENT: usize = 16;
/// The most things that a run was done without which are told one by one.
const MAX_LEFT_OUT: usize = 10;

/// How text may look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// Signs beyond ASCII may be used.
    pub unicode: bool,
    /// How many lines the table of steps may have; with 0 there is none.
    pub rows: usize,
}

impl Default for Look {
    fn default() -> Look {
        Look { unicode: true, rows: 24 }
    }
}

impl Report {
    /// Writes the summary: the end, the table of steps, the failures, what to do next.
    pub fn summary(&self, look: Look) -> String {
        let mut text = String::new();
        self.headline(&mut text, look);
        if look.rows > 0 {
            self.table(&mut text, look);
        }
        self.failures(&mut text);
        self.without(&mut text);
        self.next(&mut text);
        text
    }

    fn headline(&self, text: &mut String, look: Look) {
        let mark = mark_of_run(self.status, look);
        let reason = self.reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
        let (flow, status, took) = (&self.flow, self.status.name(), short_duration(self.took()));
        let between = if look.unicode { " · " } else { ", " };
        writeln!(text, "{mark} {flow} {status}{reason} in {took}: {}", self.counts().join(between))
            .expect("a string takes any text");
    }

    fn table(&self, text: &mut String, look: Look) {
        let indent = |step: &StepReport| step.depth.min(MAX_INDENT) * 2;
        let width = self.steps.iter().map(|step| indent(step) + step.step.as_str().len()).max().unwrap_or(0);
        for (step, status, words) in self.rows(look.rows) {
            let indent = indent(step);
            let mark = mark(status, look);
            let name = step.step.as_str();
            let line = format!("  {:indent$}{mark} {name:<pad$}  {words}", "", pad = width - indent);
            writeln!(text, "{}", line.trim_end()).expect("a string takes any text");
        }
        if let Some(more) = self.steps.len().checked_sub(look.rows).filter(|more| *more > 0) {
            writeln!(text, "  .. and {}", counted(more, "more step")).expect("a string takes any text");
        }
    }

    fn failures(&self, text: &mut String) {
        let failed = self.failed();
        for (step, task) in failed.iter().take(MAX_FAILURES) {
            text.push('\n');
            text.push_str(&self.failure(step, task));
        }
        if let Some(more) = failed.len().checked_sub(MAX_FAILURES).filter(|more| *more > 0) {
            let run = &self.run;
            writeln!(text, "\n.. and {}: segno show {run} --json", counted(more, "more failure"))
                .expect("a string takes any text");
        }
    }

    /// Tells one failure: what it was, its last words, its category, what segno did, what one can do.
    fn failure(&self, step: &StepReport, task: &TaskReport) -> String {
        let Some(fault) = task.fault() else {
            return String::new();
        };
        let label = task.label.as_ref().map(|label| format!(" ({label})")).unwrap_or_default();
        let whole = format!("segno show {} {}", self.run, task.address);
        fault_text(&format!("{}{label}", task.address), fault, &self.did(step, task), Some(&whole))
    }

    /// Says what segno did about a task that failed.
    pub(super) fn did(&self, step: &StepReport, task: &TaskReport) -> String {
        let did = match task.attempts {
            0 | 1 => "ran it once".to_owned(),
            attempts => format!("tried it {attempts} times"),
        };
        let then = match (step.optional, self.status) {
            (true, _) => "and went on, since it is optional",
            (false, RunStatus::Failed) => "and did not start what comes after it",
            _ => "and goes on as far as it can",
        };
        // Without this word it would look as if its `retry` had not been read.
        let unpaid = match task.fault().is_some_and(|fault| fault.context().iter().any(|(key, _)| key == RETRY_BUDGET))
        {
            true => ", as no retry was left in its agent's budget,",
            false => "",
        };
        format!("{did}{unpaid} {then}")
    }

    /// Tells what the run was done without, and what stopped at a limit.
    fn without(&self, text: &mut String) {
        // Failures are told in full above.
        let told: Vec<&LeftOut> = self.left_out.iter().filter(|left_out| !left_out.failed).collect();
        if told.is_empty() {
            return;
        }
        text.push_str("\nnot as it was wanted:\n");
        for LeftOut { step, what, .. } in told.iter().take(MAX_LEFT_OUT) {
            let what = without_escapes(what).replace('\n', " ");
            writeln!(text, "  {step}: {what}").expect("a string takes any text");
        }
        if let Some(more) = told.len().checked_sub(MAX_LEFT_OUT).filter(|more| *more > 0) {
            writeln!(text, "  .. and {more} more: segno show {} --json", self.run).expect("a string takes any text");
        }
    }

    fn next(&self, text: &mut String) {
        let run = &self.run;
        let line = match self.status {
            RunStatus::Paused => format!("\ngo on with: segno resume {run}"),
            RunStatus::Running => format!("\nit is being worked on; run {run}"),
            _ => format!("\nmore: segno show {run}"),
        };
        text.push_str(&line);
        text.push('\n');
    }
}

/// Tells a fault in plain words.
pub fn fault_text(what: &str, fault: &Fault, did: &str, whole: Option<&str>) -> String {
    let mut text = format!("{what} failed: {}\n", fault.message());
    for (key, value) in fault.context().iter().filter(|(key, _)| key == "command" || key == "store") {
        row(&mut text, key, value);
    }
    for (index, line) in without_escapes(fault.detail_text().unwrap_or_default()).lines().enumerate() {
        row(&mut text, if index == 0 { "last words" } else { "" }, &format!("| {line}"));
    }
    let reason = fault.why().map(|reason| format!(", {reason}")).unwrap_or_default();
    row(&mut text, "category", &format!("{} ({}{reason})", fault.category().name(), fault.kind().code()));
    if !did.is_empty() {
        row(&mut text, "segno", did);
    }
    row(&mut text, "you can", fault.hint_text().unwrap_or("read its last words above"));
    if let Some(whole) = whole {
        row(&mut text, "all of it", whole);
    }
    text
}

fn row(text: &mut String, name: &str, value: &str) {
    let plain = |letter: char| {
        if letter.is_control() && letter != '\t' { ' ' } else { letter }
    };
    let value: String = value.chars().map(plain).collect();
    writeln!(text, "  {name:<10}  {value}").expect("a string takes any text");
}

fn mark(status: Option<Status>, look: Look) -> &'static str {
    match (status, look.unicode) {
        (Some(Status::Succeeded), true) => "✓",
        (Some(Status::Succeeded), false) => "+",
        (Some(Status::Partial), true) => "◐",
        (Some(Status::Partial), false) => "~",
        (Some(Status::Failed), true) => "✗",
        (Some(Status::Failed), false) => "x",
        (Some(Status::Skipped), true) => "–",
        (Some(Status::Skipped), false) => "-",
        (None, true) => "·",
        (None, false) => ".",
    }
}

fn mark_of_run(status: RunStatus, look: Look) -> &'static str {
    match (status, look.unicode) {
        (RunStatus::Succeeded, _) => mark(Some(Status::Succeeded), look),
        (RunStatus::Degraded, _) => mark(Some(Status::Partial), look),
        (RunStatus::Failed, _) => mark(Some(Status::Failed), look),
        (RunStatus::Running | RunStatus::Paused, true) => "‖",
        (RunStatus::Running | RunStatus::Paused, false) => "=",
    }
}

#[cfg(test)]
mod tests {
    use segno_errors::Kind;

    use super::*;
    use crate::model::{CacheNote, Event, Fact, Outcome, Owner, Pinned, Reply, RunId, Source, Timestamp};
    use crate::plan::{Catalog, compile};
    use crate::spec::parse;

    const ASCII: Look = Look { unicode: false, rows: 24 };

    fn started() -> Fact {
        let pinned = Pinned { path: "a.yaml".into(), hash: String::new(), parts: Vec::new() };
        Fact::RunStarted {
            flow: "demo".into(),
            pinned,
            inputs: Default::default(),
            owner: Owner::default(),
            parent: None,
            only: Vec::new(),
        }
    }

    fn tried(step: &str, attempt: u32, because: &[&str]) -> Fact {
        let because = because.iter().map(|because| (*because).to_owned()).collect();
        let cache = CacheNote::Miss { key: String::new(), because };
        Fact::StepStarted { step: step.parse().unwrap(), attempt, label: None, cache }
    }

    fn ended(step: &str, outcome: Outcome, source: Source) -> Fact {
        Fact::StepEnded { step: step.parse().unwrap(), outcome, source, took_ms: 1_200, decision: None, label: None }
    }

    fn done(step: &str) -> Fact {
        ended(step, Outcome::of_reply(Reply::default()), Source::Ran)
    }

    fn broken(step: &str, fault: Fault) -> Fact {
        ended(step, Outcome::of_fault(fault), Source::Ran)
    }

    fn kept(step: &str, restored: &[&str]) -> Fact {
        let restored = restored.iter().map(|file| (*file).to_owned()).collect();
        ended(step, Outcome::of_reply(Reply::default()), Source::Cache { key: String::new(), restored })
    }

    /// Reports a run of these facts, a second apart, and compares the whole text.
    fn check(steps: &str, facts: Vec<Fact>, look: Look, expected: &str) {
        let workflow = parse(&format!("{{ flow: demo, steps: [{steps}] }}"), "a.yaml").unwrap();
        let plan = compile(&workflow, "a.yaml", &Catalog::default()).unwrap();
        let facts = std::iter::once(started()).chain(facts).enumerate();
        let event = |(index, fact)| Event { seq: index as u64 + 1, at: Timestamp(index as u64 * 1_000), fact };
        let events: Vec<Event> = facts.map(event).collect();
        let report = Report::of(&RunId::new("r-1").unwrap(), &plan, &events, false);
        assert_eq!(report.summary(look), expected);
    }

    #[test]
    fn a_step_says_in_how_many_places_of_its_output_secrets_are_hidden() {
        let hiding = |step, hidden| ended(step, Outcome::of_reply(Reply { hidden, ..Reply::default() }), Source::Ran);
        check(
            "{ id: a, run: [x] }, { id: b, run: [x] }, { id: c, run: [x] }",
            vec![
                hiding("a", 1),
                hiding("b", 0),
                hiding("c", 12),
                Fact::RunEnded { status: RunStatus::Succeeded, reason: None },
            ],
            Look::default(),
            "✓ demo succeeded in 4.0s: 3 of 3 tasks done
  ✓ a  1.2s  secrets hidden in 1 place
  ✓ b  1.2s
  ✓ c  1.2s  secrets hidden in 12 places

more: segno show r-1
",
        );
    }

    #[test]
    fn a_good_run_is_a_table_with_what_was_remembered() {
        check(
            "{ id: a, run: [x] }, { id: b, run: [x] }, { id: c, run: [x] }",
            vec![
                tried("a", 1, &["src/a changed", "src/b is new"]),
                tried("a", 2, &[]),
                done("a"),
                kept("b", &[]),
                kept("c", &["out"]),
                Fact::RunEnded { status: RunStatus::Succeeded, reason: None },
            ],
            Look::default(),
            "✓ demo succeeded in 6.0s: 3 of 3 tasks done · 2 cached · 1 retried
  ✓ a  1.2s  after 2 attempts  re-run because src/a changed and src/b is new
  ✓ b  cached
  ✓ c  cached, 1 file restored

more: segno show r-1
",
        );
        check(
            "{ id: a, run: [x] }",
            vec![kept("a", &[]), Fact::RunEnded { status: RunStatus::Succeeded, reason: None }],
            ASCII,
            "+ demo succeeded in 2.0s: all 1 task cached\n  + a  cached\n\nmore: segno show r-1\n",
        );
    }

    #[test]
    fn a_failure_is_told_with_its_last_words_and_what_to_do() {
        let fault = Fault::new(Kind::ExternalService, "it broke").reason("exit_status").hint("mend it");
        let fault = fault.with("command", "do\tit").with("secret", "no").detail("one\n\u{1b}[31mtwo");
        check(
            "{ id: a, run: [x] }, { id: b, run: [x] }",
            vec![tried("a", 1, &[]), broken("a", fault), Fact::RunEnded { status: RunStatus::Failed, reason: None }],
            ASCII,
            "x demo failed in 3.0s: 0 of 1 task done, 1 failed
  x a  1.2s
  . b  not reached

a failed: it broke
  command     do\tit
  last words  | one
              | two
  category    external_service (EXTERNAL_SERVICE_ERROR, exit_status)
  segno       ran it once and did not start what comes after it
  you can     mend it
  all of it   segno show r-1 a

more: segno show r-1
",
        );
    }

    #[test]
    fn what_does_not_fit_is_counted() {
        let list: Vec<String> = (0..9).map(|index| format!("{{ id: s{index}, optional: true, run: [x] }}")).collect();
        let fault = || Fault::new(Kind::Timeout, "too slow").hint("wait");
        let mut facts: Vec<Fact> = (0..9).map(|index| broken(&format!("s{index}"), fault())).collect();
        facts.push(Fact::RunEnded { status: RunStatus::Degraded, reason: None });
        let failure = |index: usize| {
            format!(
                "
s{index} failed: too slow
  category    timeout (TIMEOUT_ERROR)
  segno       ran it once and went on, since it is optional
  you can     wait
  all of it   segno show r-1 s{index}
"
            )
        };
        let failures: String = (0..5).map(failure).collect();
        let expected = format!(
            "~ demo degraded in 10.0s: 0 of 9 tasks done, 9 failed\n  x s0  1.2s\n  x s1  1.2s\n  .. and 7 more steps
{failures}
.. and 4 more failures: segno show r-1 --json

more: segno show r-1\n"
        );
        check(&list.join(", "), facts, Look { rows: 2, ..ASCII }, &expected);
    }

    #[test]
    fn a_run_without_an_owner_can_be_gone_on_with() {
        check(
            "{ id: a, each: [1, 2], run: [x] }, { id: b, run: [x] }",
            vec![
                Fact::Expanded { step: "a".parse().unwrap(), items: vec![1.into(), 2.into()] },
                tried("a[1]", 1, &[]),
                done("a[0]"),
            ],
            ASCII,
            "= demo paused (interrupted) in 3.0s: 1 of 2 tasks done
  . a  2 items, 1 not finished, 1.2s

go on with: segno resume r-1
",
        );
        let nothing = Fact::Expanded { step: "a".parse().unwrap(), items: Vec::new() };
        check(
            "{ id: a, each: [], run: [x] }, { id: b, each: [1], run: [x] }",
            vec![nothing, Fact::RunEnded { status: RunStatus::Failed, reason: None }],
            ASCII,
            "x demo failed in 2.0s: 0 of 0 tasks done\n  + a  no items\n  . b  not reached\n\nmore: segno show r-1\n",
        );
    }
}
