//! Mocks: what stands in for commands and agents, as a test file says it. Who answers when is `actors`' business.

use std::time::Duration;

use segno_errors::{Fault, Kind, Later};
use serde_json::Value;

use super::bounds::duration;
use crate::model::{Metrics, Output, Place, Reply};
use crate::spec::Mistake;
use crate::spec::fields::{Fields, Findings, nearest};
use crate::spec::tree::{Key, Node, Tree};

/// The keys of an answer.
const KEYS: [&str; 18] = [
    "output",
    "errors",
    "code",
    "summary",
    "score",
    "partial",
    "metrics",
    "put",
    "cost",
    "tokens",
    "took",
    "fail",
    "kind",
    "reason",
    "retry_after",
    "permanent",
    "fail_times",
    "then",
];
/// The keys that say something of a failure.
const FAILURE: [&str; 4] = ["kind", "reason", "retry_after", "permanent"];
/// How often at most a mock fails before it works.
const MAX_FAILS: i64 = 10_000;

/// What answers in somebody's place.
#[derive(Clone, Debug, PartialEq)]
pub struct Mock {
    /// For whom: a step or task (`check`, `review[1]`, `deploy.fallback`, `edit.judge`), `agent:NAME`, or `*`.
    pub name: String,
    /// Where that stands.
    pub place: Place,
    /// What it answers, one after the other; the last one stays. Never empty.
    pub answers: Vec<MockAnswer>,
}

/// One answer.
#[derive(Clone, Debug, PartialEq)]
pub struct MockAnswer {
    /// What happens.
    pub does: Does,
    /// How long that takes; `None`: a second, or less where less is allowed.
    pub took: Option<Duration>,
    /// How often each task fails before that, and how.
    pub fails_before: Option<(u32, Box<MockAnswer>)>,
}

/// What happens when somebody is called.
#[derive(Clone, Debug, PartialEq)]
pub enum Does {
    /// It ends on its own; a command's exit code decides then whether that is good.
    Reply(Box<Reply>),
    /// It fails.
    Fail(Fault, Option<Box<Reply>>),
    /// It never ends.
    Hang,
    /// It dies: an agent panics, a command is killed.
    Crash,
}

impl Mock {
    /// Makes a mock of answers; without any it answers with nothing.
    pub fn new(name: impl Into<String>, answers: impl IntoIterator<Item = MockAnswer>) -> Mock {
        let mut answers: Vec<MockAnswer> = answers.into_iter().collect();
        if answers.is_empty() {
            answers.push(MockAnswer::output(Value::Null));
        }
        Mock { name: name.into(), place: Place::default(), answers }
    }

    /// Returns the answer for a turn, from 0; the last one stays.
    pub fn answer(&self, turn: usize) -> &MockAnswer {
        &self.answers[turn.min(self.answers.len() - 1)]
    }
}

impl MockAnswer {
    /// Makes an answer that ends well with this output.
    pub fn output(value: impl Into<Value>) -> MockAnswer {
        MockAnswer::of(Does::Reply(Box::new(Reply::value(value))))
    }

    /// Makes an answer that fails.
    pub fn fault(fault: Fault) -> MockAnswer {
        MockAnswer::of(Does::Fail(fault, None))
    }

    /// Makes an answer of what happens.
    pub fn of(does: Does) -> MockAnswer {
        MockAnswer { does, took: None, fails_before: None }
    }

    /// Says how long it takes.
    #[must_use]
    pub fn took(self, took: Duration) -> MockAnswer {
        MockAnswer { took: Some(took), ..self }
    }
}

/// Reads `mocks: { NAME: ANSWER | [ANSWER, ..], .. }`.
pub(super) fn mocks(node: &Node, findings: &mut Findings) -> Vec<Mock> {
    let Some(fields) = Fields::open(node, "mocks", findings) else {
        return Vec::new();
    };
    fields.rows().iter().map(|(key, node)| mock(key, node, findings)).collect()
}

/// Reads a mock; one whose answers cannot be read is still known by its name.
fn mock(key: &Key, node: &Node, findings: &mut Findings) -> Mock {
    let what = format!("the mock '{}'", key.name);
    let mut answers = Vec::new();
    match &node.tree {
        Tree::List(items) if items.is_empty() => {
            let mistake = Mistake::at(node.place, format!("{what} has no answers"));
            findings.add(mistake.hint("give at least one, such as { output: ok }"));
        }
        Tree::List(items) => {
            for item in items {
                let Some(answer) = answer(item, &what, findings) else { continue };
                // In a list each answer has its turn, and so has each failure.
                if let Some((times, failure)) = &answer.fails_before {
                    answers.extend((0..*times).map(|_| MockAnswer::clone(failure)));
                }
                answers.push(MockAnswer { fails_before: None, ..answer });
            }
        }
        _ => answers.extend(answer(node, &what, findings)),
    }
    Mock { place: key.place, ..Mock::new(&key.name, answers) }
}

fn answer(node: &Node, what: &str, findings: &mut Findings) -> Option<MockAnswer> {
    match &node.tree {
        Tree::Text(word) if word == "hang" => return Some(MockAnswer::of(Does::Hang)),
        Tree::Text(word) if word == "crash" => return Some(MockAnswer::of(Does::Crash)),
        Tree::Map(_) => {}
        _ => {
            let message = format!("{what} must be a map, a list of maps, 'hang' or 'crash', not {}", node.kind());
            findings.add(Mistake::at(node.place, message).hint("an answer is { output: .. } or { fail: .. }"));
            return None;
        }
    }
    let fields = Fields::open(node, what, findings)?;
    fields.known(&KEYS, what, findings);
    let took = fields.find("took").and_then(|node| duration(findings, node, "took"));
    let reply = reply(&fields, findings);
    let failure = |findings: &mut Findings| {
        let left = (reply != Reply::default()).then(|| Box::new(reply.clone()));
        let does = Does::Fail(fault(&fields, findings), left);
        MockAnswer { does, took, fails_before: None }
    };
    if let Some(times) = fields.find("fail_times") {
        let times = findings.count(times, "fail_times", 1..=MAX_FAILS)?;
        let Some(next) = fields.find("then") else {
            findings.add(Mistake::at(node.place, format!("{what} does not say what comes 'then'")));
            return None;
        };
        let then = answer(next, what, findings)?;
        if then.fails_before.is_some() {
            let mistake = Mistake::at(next.place, "'then' cannot have 'fail_times' again");
            findings.add(mistake.hint("give the answers one after the other, as a list"));
            return None;
        }
        let failure = failure(findings);
        return Some(MockAnswer { fails_before: u32::try_from(times).ok().map(|n| (n, Box::new(failure))), ..then });
    }
    if let Some(place) = fields.place_of("then") {
        findings.add(Mistake::at(place, "'then' belongs to 'fail_times'"));
    }
    if fields.find("fail").is_some() {
        return Some(failure(findings));
    }
    for key in FAILURE.iter().filter_map(|key| fields.place_of(key)) {
        findings.add(Mistake::at(key, "this says something of a failure").hint("add fail: \"what went wrong\""));
    }
    Some(MockAnswer { does: Does::Reply(Box::new(reply)), took, fails_before: None })
}

fn reply(fields: &Fields<'_>, findings: &mut Findings) -> Reply {
    let mut reply = Reply::default();
    let value = |name: &str| fields.find(name).map(Node::value);
    if let Some(output) = value("output") {
        reply.output = Output::Inline(output.into());
    }
    if let Some(errors) = fields.find("errors").and_then(|node| findings.text(node, "errors")) {
        reply.errors = Output::text(errors.source);
    }
    let code = fields.find("code").and_then(|node| findings.count(node, "code", 0..=255));
    reply.code = code.and_then(|code| i32::try_from(code).ok());
    reply.summary = fields.find("summary").and_then(|node| findings.word(node, "summary"));
    reply.quality = fields.find("score").and_then(|node| findings.number(node, "score", 0.0..=1.0));
    reply.partial = fields.find("partial").and_then(|node| findings.truth(node, "partial")).unwrap_or(false);
    reply.usage.cost_usd = fields.find("cost").and_then(|node| findings.number(node, "cost", 0.0..=1e9));
    if let Some(tokens) = fields.find("tokens") {
        (reply.usage.tokens_in, reply.usage.tokens_out) = token_counts(tokens, findings);
    }
    if let Some(node) = fields.find("metrics") {
        match serde_json::from_value::<Metrics>(node.value()) {
            Ok(metrics) => reply.metrics = metrics,
            Err(_) => findings.wrong(node, "metrics", "a map of numbers"),
        }
    }
    match fields.find("put").map(|node| (node, node.value())) {
        Some((_, Value::Object(puts))) => reply.puts = puts.into_iter().collect(),
        Some((node, _)) => findings.wrong(node, "put", "a map"),
        None => reply.puts.clear(),
    }
    reply
}

/// Reads `1200` (written tokens) or `{ in: 1000, out: 200 }`.
fn token_counts(node: &Node, findings: &mut Findings) -> (Option<u64>, Option<u64>) {
    let count = |node: &Node, findings: &mut Findings| {
        findings.count(node, "tokens", 0..=i64::MAX).and_then(|count| u64::try_from(count).ok())
    };
    if !matches!(node.tree, Tree::Map(_)) {
        return (None, count(node, findings));
    }
    let Some(fields) = Fields::open(node, "tokens", findings) else {
        return (None, None);
    };
    fields.known(&["in", "out"], "tokens", findings);
    let mut side = |name: &str| fields.find(name).and_then(|node| count(node, findings));
    (side("in"), side("out"))
}

fn fault(fields: &Fields<'_>, findings: &mut Findings) -> Fault {
    let message = fields.find("fail").and_then(|node| findings.text(node, "fail"));
    let message = message.map_or_else(|| "it fails, as the test says".to_owned(), |text| text.source);
    let kind = fields.find("kind").and_then(|node| kind(node, findings)).unwrap_or(Kind::ExternalService);
    let mut fault = Fault::new(kind, message);
    if let Some(reason) = fields.find("reason").and_then(|node| findings.word(node, "reason")) {
        fault = fault.reason(reason);
    }
    if let Some(wait) = fields.find("retry_after").and_then(|node| findings.duration(node, "retry_after")) {
        fault = fault.later(Later::Throttled(Some(wait)));
    }
    match fields.find("permanent").and_then(|node| findings.truth(node, "permanent")) {
        Some(true) => fault.later(Later::Never),
        Some(false) if fault.may_work_later() == Later::Never => fault.later(Later::Transient),
        _ => fault,
    }
}

/// Returns the name of a kind as a test file writes it: `network`, `rate_limit`.
pub(super) fn kind_name(kind: Kind) -> String {
    kind.code().trim_end_matches("_ERROR").to_lowercase()
}

fn kind(node: &Node, findings: &mut Findings) -> Option<Kind> {
    let word = findings.word(node, "kind")?;
    if let Some(kind) = Kind::ALL.into_iter().find(|kind| kind_name(*kind) == word) {
        return Some(kind);
    }
    let names = Kind::ALL.map(kind_name);
    let mistake = Mistake::at(node.place, format!("unknown kind of failure '{word}'"));
    findings.add(match nearest(&word, names.iter().map(String::as_str)) {
        Some(near) => mistake.hint(format!("did you mean '{near}'?")),
        None => mistake.hint(format!("known kinds: {}", names.join(", "))),
    });
    None
}
