//! A plan that a person can follow by hand: what is called in which order, with what, and what is expected of it.

use std::fmt::Write as _;
use std::time::Duration;

use super::estimate::{Estimate, Estimates, Span};
use super::foresee::{Forecast, Foreseen};
use super::rank::{self, Ranking};
use crate::agents::{ProgramRequest, Request};
use crate::definition::Definition;
use crate::model::{AtLeast, GitFact, OutputFormat, StepId};
use crate::plan::{
    Alternative, Cache, Call, Fan, Items, Kind, Loop, Node, NodeId, Plan, Program, RunForm, Task, Template,
};
use crate::report::{joined_reasons, short_duration};

/// The most tasks of one step that are written out; the rest is counted.
const MAX_TASKS: usize = 10;

/// Writes the plan of a workflow for a person; fallbacks stand in the order in which they would be tried now.
pub fn by_hand(definition: &Definition, rows: &[Foreseen], estimates: &Estimates, ranking: Option<&Ranking>) -> String {
    let plan = &definition.plan;
    let mut writer = Writer { plan, rows, estimates, ranking, text: String::new(), number: 0 };
    writer.line(0, &format!("How to do '{}' by hand ({})", plan.name, definition.path));
    writer.line(0, "");
    writer.node(plan.root(), 0);
    writer.text
}

struct Writer<'p> {
    plan: &'p Plan,
    rows: &'p [Foreseen],
    estimates: &'p Estimates,
    ranking: Option<&'p Ranking>,
    text: String,
    /// The number of the last task.
    number: usize,
}

impl Writer<'_> {
    fn line(&mut self, depth: usize, text: &str) {
        let indent = "  ".repeat(depth);
        for line in text.split('\n') {
            let line = format!("{indent}{line}");
            writeln!(self.text, "{}", line.trim_end()).expect("a string takes any text");
        }
    }

    fn node(&mut self, id: NodeId, depth: usize) {
        let node = self.plan.node(id);
        if let Kind::Task(task) = &node.kind {
            return self.tasks(node, task, depth);
        }
        let header = header(self.plan, node);
        let inner = match &header {
            Some(header) => {
                let named = if node.is_hidden() { String::new() } else { format!("{}: ", node.step) };
                self.line(depth, &format!("{named}{header}"));
                depth + 1
            }
            None => depth,
        };
        for (slot, child) in node.children.iter().enumerate() {
            if let Some(part) = part(&node.kind, slot) {
                self.line(inner, &part);
                self.node(*child, inner + 1);
            } else {
                self.node(*child, inner);
            }
        }
    }

    fn tasks(&mut self, node: &Node, task: &Task, depth: usize) {
        let rows: Vec<&Foreseen> = self.rows.iter().filter(|row| row.address.step == node.step).collect();
        if rows.is_empty() {
            self.task(node, task, None, depth);
        }
        for row in rows.iter().take(MAX_TASKS) {
            self.task(node, task, Some(row), depth);
        }
        if let Some(more) = rows.len().checked_sub(MAX_TASKS).filter(|more| *more > 0) {
            self.line(depth, &format!("   .. and {more} more of '{}' like these", node.step));
        }
    }

    fn task(&mut self, node: &Node, task: &Task, row: Option<&Foreseen>, depth: usize) {
        self.number += 1;
        let way = task.alternative(0);
        let name = row.map_or(node.step.to_string(), |row| match &row.label {
            Some(label) => format!("{} ({label})", row.address),
            None => row.address.to_string(),
        });
        let forecast = row.map_or_else(|| "when it is come to".to_owned(), |row| foretold(&row.forecast));
        self.line(depth, &format!("{}. {name}: {forecast}", self.number));
        let request = row.and_then(|row| row.request.as_ref());
        let mut facts = facts(way, request);
        let waits: Vec<String> = node.needs.iter().map(|need| self.plan.node(need.target).step.to_string()).collect();
        if !waits.is_empty() {
            facts.push(("after", waits.join(", ")));
        }
        if let Some(cache) = &way.cache {
            facts.extend(depends_on(cache));
        }
        facts.push(("expected", expected(way)));
        for verifier in &task.verifiers {
            let word = if verifier.judges.is_some() { "judged by" } else { "then check" };
            facts.push((word, verifier.name.clone()));
        }
        for fallback in rank::order(task, self.ranking).into_iter().map(|number| task.alternative(number)) {
            let part = if fallback.is_partial { " (worth a part)" } else { "" };
            facts.push(("if it fails", format!("{}{part}", written(&fallback.call))));
        }
        facts.push(("takes", self.takes(&node.step, row)));
        for (name, value) in facts {
            let mut lines = value.split('\n');
            let first = lines.next().unwrap_or_default();
            self.line(depth + 1, &format!(" {name:<13} {first}"));
            lines.for_each(|line| self.line(depth + 1, &format!(" {:<13} {line}", "")));
        }
        self.line(0, "");
    }

    fn takes(&self, step: &StepId, row: Option<&Foreseen>) -> String {
        if row.is_some_and(|row| row.forecast == Forecast::Hit) {
            return "nothing: it is remembered".into();
        }
        estimate_text(&self.estimates.step(step))
    }
}

/// Says what a result is remembered by besides its call.
fn depends_on(cache: &Cache) -> Vec<(&'static str, String)> {
    let sources = |templates: &[Template]| templates.iter().map(|text| text.source().to_owned()).collect::<Vec<_>>();
    let mut files = sources(&cache.files);
    files.extend(cache.work_tree.then(|| "the whole work tree".to_owned()));
    files.extend(cache.tree.iter().map(|path| format!("what git sees in {}", path.source())));
    files.extend(cache.env.iter().map(|name| format!("${name}")));
    let git = cache.git.iter().map(|fact| match fact {
        GitFact::Commit => "the commit".to_owned(),
        GitFact::Branch => "the branch".to_owned(),
    });
    let more = [("settings", sources(&cache.config)), ("git", git.collect()), ("tools", sources(&cache.tools))];
    let files = if files.is_empty() { vec!["none".to_owned()] } else { files };
    let rows = [("input files", files)].into_iter().chain(more.into_iter().filter(|(_, parts)| !parts.is_empty()));
    rows.map(|(name, parts)| (name, parts.join(", "))).collect()
}

/// Writes an estimate: `about 1.2s (0.8s to 2.0s), $0.02 ($0.01 to $0.05)`; what is unknown is said to be.
pub fn estimate_text(estimate: &Estimate) -> String {
    let time = match estimate.time {
        Some(Span { low, expected, high }) => spread("about ", low, expected, high, short_duration),
        None => "time unknown".into(),
    };
    let cost = match estimate.cost {
        Some(Span { low, expected, high }) => spread("", low, expected, high, |usd| format!("${usd:.4}")),
        None => "cost unknown".into(),
    };
    format!("{time}, {cost}")
}

fn spread<T: PartialEq + Copy>(before: &str, low: T, expected: T, high: T, shown: impl Fn(T) -> String) -> String {
    match low == high {
        true => format!("{before}{}", shown(expected)),
        false => format!("{before}{} ({} to {})", shown(expected), shown(low), shown(high)),
    }
}

/// Says what a group does with what is in it.
fn header(plan: &Plan, node: &Node) -> Option<String> {
    match &node.kind {
        Kind::Task(_) | Kind::Always | Kind::Undo | Kind::OnFailure => None,
        Kind::Sequential if node.is_hidden() => None,
        Kind::Sequential => Some("one after the other".into()),
        Kind::Parallel(limit) => Some(format!("together{}", at_most(*limit))),
        Kind::Conditional(guard) => {
            let holds = guard.holds.as_ref().map(|holds| format!("only if {}", holds.source()));
            let skip = guard.skip_when.as_ref().map(|skip| format!("left out when {}", skip.source()));
            Some(holds.into_iter().chain(skip).collect::<Vec<_>>().join(", "))
        }
        Kind::Switch(switch) => Some(format!("by the value of {}", switch.on.source())),
        Kind::Each(fan) => Some(format!("for each of {}{}{}", items(&fan.items), at_most(fan.limit), enough(fan))),
        Kind::Pipe(fan) => Some(format!("each of {} goes through these stages, in order", items(&fan.items))),
        Kind::Loop(rounds) => Some(again(rounds)),
        Kind::Flow(flow) if flow.path.is_empty() => None,
        Kind::Flow(flow) => {
            let with: Vec<String> =
                flow.with.iter().map(|(name, value)| format!("{name} = {}", value.source())).collect();
            let with = if with.is_empty() { String::new() } else { format!(" with {}", with.join(", ")) };
            Some(format!("the workflow {}{with}", flow.path))
        }
    }
    .filter(|_| plan.nodes().len() > 1)
}

/// Says what a child of a group is for, where that is not plain.
fn part(kind: &Kind, slot: usize) -> Option<String> {
    match (kind, slot) {
        (Kind::Conditional(_), 1) => Some("otherwise".into()),
        (Kind::Switch(switch), slot) => Some(match switch.cases.get(slot) {
            Some(case) => format!("case '{case}'"),
            None => "in any other case".into(),
        }),
        (Kind::Always, 1) => Some("whatever came of it, at the end".into()),
        (Kind::OnFailure, 1) => Some("if that failed".into()),
        _ => None,
    }
}

fn at_most(limit: Option<u32>) -> String {
    limit.map(|limit| format!(", at most {limit} at once")).unwrap_or_default()
}

fn enough(fan: &Fan) -> String {
    match fan.at_least {
        Some(AtLeast::Percent(percent)) => format!(", {percent} % of them must be done"),
        Some(AtLeast::Count(count)) => format!(", {count} of them must be done"),
        None => String::new(),
    }
}

fn items(items: &Items) -> String {
    match items {
        Items::Template(template) => template.source().trim().to_owned(),
        Items::List(list) => format!("{} written items", list.len()),
        Items::Matrix(axes) => {
            let names: Vec<&str> = axes.iter().map(|(name, _)| name.as_str()).collect();
            format!("the combinations of {}", names.join(" and "))
        }
    }
}

fn again(rounds: &Loop) -> String {
    let until = rounds.until.as_ref().map(|until| format!(" until {}", until.source()));
    let going = rounds.going_while.as_ref().map(|going| format!(" while {}", going.source()));
    let score = rounds.score.as_ref().map(|score| format!("; keep the round with the highest {}", score.source()));
    let conditions: String = [until, going].into_iter().flatten().collect();
    format!("again and again{conditions}, at most {} rounds{}", rounds.max, score.unwrap_or_default())
}

fn foretold(forecast: &Forecast) -> String {
    match forecast {
        Forecast::Hit => "remembered, nothing to do".into(),
        Forecast::Miss(because) if because.is_empty() => "to be done for the first time".into(),
        Forecast::Miss(because) => format!("to be done again because {}", joined_reasons(because)),
        Forecast::Runs => "to be done".into(),
        Forecast::Skipped => "not to be done".into(),
        Forecast::Unknown(because) => format!("not known yet: {because}"),
        Forecast::Fails(because) => format!("would fail: {because}"),
    }
}

/// Says what is called and with what: as it would be called now, else as the file writes it.
fn facts(way: &Alternative, request: Option<&Request>) -> Vec<(&'static str, String)> {
    let mut facts = vec![("agent", agent(way))];
    match (request, &way.call) {
        (Some(Request::Program(program)), call) => {
            facts.push(("call", shown(program)));
            facts.extend(program.cwd.as_ref().map(|folder| ("folder", folder.clone())));
            let env: Vec<String> = program.env.iter().map(|(name, value)| format!("{name}={value}")).collect();
            facts.extend((!env.is_empty()).then(|| ("environment", env.join(" "))));
            facts.extend(program.stdin.as_ref().map(|text| ("reads", text.clone())));
            facts.extend(parameters(call));
        }
        (Some(Request::Agent { name, arguments }), _) => {
            for (argument, value) in arguments {
                let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                facts
                    .push((if argument == "prompt" { "prompt" } else { "parameter" }, format!("{argument} = {value}")));
            }
            let words: Vec<String> = arguments.iter().map(|(name, value)| format!("{name}={value}")).collect();
            facts.push(("slash command", format!("/{name} {}", words.join(" ")).trim_end().to_owned()));
        }
        (None, call) => {
            facts.push(("call", written(call)));
            facts.extend(parameters(call));
        }
    }
    let tries = way.retry.attempts;
    let timeout = way.timeout.map(|timeout| format!(", each at most {}", humantime::format_duration(timeout)));
    facts.push(("tries", format!("{tries}{}", timeout.unwrap_or_default())));
    facts
}

fn agent(way: &Alternative) -> String {
    match &way.call {
        Call::Program(_) => "a program of this machine".into(),
        Call::Agent { name, .. } => format!("{name}, a function of the application"),
        Call::Declared { name, program, .. } => format!("{name}, which is: {}", program_written(program)),
    }
}

/// The arguments of a declared agent, and how it is called as a slash command.
fn parameters(call: &Call) -> Vec<(&'static str, String)> {
    let (Call::Declared { name, with, .. } | Call::Agent { name, with }) = call else {
        return Vec::new();
    };
    let mut facts: Vec<(&'static str, String)> = Vec::new();
    for (argument, value) in with {
        let word = if argument == "prompt" { "prompt" } else { "parameter" };
        facts.push((word, format!("{argument} = {}", value.source().trim_end())));
    }
    let words: Vec<String> = with.iter().map(|(name, value)| format!("{name}={}", value.source().trim())).collect();
    facts.push(("slash command", format!("/{name} {}", words.join(" ")).trim_end().to_owned()));
    facts
}

/// The command as one would type it, with the values of a script put before it as variables.
fn shown(program: &ProgramRequest) -> String {
    let mut lines: Vec<String> = Vec::new();
    for carried in &program.values {
        let value = shlex::try_quote(&carried.value).unwrap_or_else(|_| carried.value.clone().into());
        lines.push(format!("{}={value}", carried.variable));
    }
    lines.push(program.shown());
    lines.join("\n")
}

fn written(call: &Call) -> String {
    match call {
        Call::Program(program) => program_written(program),
        Call::Declared { name, .. } | Call::Agent { name, .. } => name.clone(),
    }
}

fn program_written(program: &Program) -> String {
    match &program.run {
        RunForm::Shell(script) => script.source().trim_end().to_owned(),
        RunForm::Argv(argv) => argv.iter().map(|word| word.source().to_owned()).collect::<Vec<_>>().join(" "),
    }
}

fn expected(way: &Alternative) -> String {
    let (Call::Program(program) | Call::Declared { program, .. }) = &way.call else {
        return "a reply".into();
    };
    let codes: Vec<String> = program.ok_codes.iter().map(ToString::to_string).collect();
    let mut parts = vec![format!("exit code {}", codes.join(" or "))];
    if program.format == OutputFormat::Json {
        parts.push("JSON on stdout".into());
    }
    let files: Vec<&str> = program.outputs.iter().map(|glob| glob.source()).collect();
    if !files.is_empty() {
        parts.push(format!("files {}", files.join(", ")));
    }
    parts.join(", ")
}

/// Returns a span of durations as text, for totals.
pub fn time_text(span: &Span<Duration>) -> String {
    spread("", span.low, span.expected, span.high, short_duration)
}
