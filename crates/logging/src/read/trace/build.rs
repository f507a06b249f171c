//! From lines to the tree. What the tree looks like is told elsewhere.

use std::collections::HashMap;
use std::time::Duration;

use super::super::analyze::short;
use super::super::{Level, Line, Path, Timestamp, Value};
use super::{Item, Kind, Node, Seen};
use crate::correlation::{self, Id};

/// So many lines are kept; of a longer trace the rest is counted.
const MAX_LINES: usize = 50_000;
/// So many bytes of lines are kept, whichever is reached first.
const MAX_BYTES: usize = 64 << 20;
/// What a text needs beside its letters: its place in the line and in memory.
const TEXT: usize = 40;
/// So many fields of a line are kept.
const MAX_FIELDS: usize = 32;
/// So many indices of a step are branches of their own.
const MAX_INDICES: usize = 8;
/// Fields that say where a line belongs, and need not be told again below it.
const PLACES: [&str; 3] = ["step", "attempt", "trace_id"];

/// Gathers the lines of one piece of work.
#[derive(Clone, Debug)]
pub struct Trace {
    id: String,
    trace: String,
    lines: Vec<Placed>,
    /// What the lines take in memory, nearly.
    bytes: usize,
    left_out: u64,
}

/// A line with its place.
#[derive(Clone, Debug, Default)]
struct Placed {
    seen: Seen,
    work: Option<String>,
    step: Option<String>,
    attempt: Option<String>,
    operation: Option<String>,
    took: Option<Duration>,
    failed: bool,
}

/// The tree in the making: nodes by number, so that a branch is found by its name in no time.
struct Tree {
    nodes: Vec<(Node, Vec<Part>)>,
    places: HashMap<(usize, Kind, String), usize>,
    /// The attempt that is at work on a step: lines of the step that name none are its.
    attempts: HashMap<usize, usize>,
}

enum Part {
    Line(Seen),
    Node(usize),
}

impl Trace {
    /// Begins for the work with this correlation id.
    pub fn new(id: impl Into<String>) -> Trace {
        let id = id.into();
        let parent = correlation::traceparent(&Id::new(id.as_str()), 0);
        let trace = parent.split('-').nth(1).unwrap_or_default().to_owned();
        Trace { id, trace, lines: Vec::new(), bytes: 0, left_out: 0 }
    }

    /// Takes a line into account, if it belongs to the work.
    pub fn see(&mut self, line: &Line<'_>) {
        let work = line.correlation_id();
        let is_own = work.as_deref() == Some(&*self.id);
        if !is_own && line.field(&Path::new("trace_id")).is_none_or(|trace| trace.text() != self.trace) {
            return;
        }
        if self.lines.len() >= MAX_LINES || self.bytes >= MAX_BYTES {
            self.left_out += 1;
            return;
        }
        let work = work.filter(|_| !is_own).map(|work| short(&work).into_owned());
        let line = Placed { work, ..placed(line) };
        self.bytes += line.bytes();
        self.lines.push(line);
    }

    /// Returns how many bytes of memory the lines take, nearly.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Returns how many lines there are.
    pub fn lines(&self) -> usize {
        self.lines.len()
    }

    /// Returns how many more there are than are kept.
    pub fn left_out(&self) -> u64 {
        self.left_out
    }

    /// Returns the trace's id: 32 digits of hexadecimal.
    pub fn trace_id(&self) -> &str {
        &self.trace
    }

    /// Returns the tree; the lines go into it, and are not there twice.
    pub fn into_tree(self) -> Node {
        // Stable: lines of one moment, and those without one, stay in their order as far as can be.
        let mut before = None;
        let moment = |line: &'_ Placed| {
            before = line.seen.at.or(before);
            before
        };
        let moments: Vec<Option<Timestamp>> = self.lines.iter().map(moment).collect();
        let mut moments: Vec<(Option<Timestamp>, Placed)> = moments.into_iter().zip(self.lines).collect();
        moments.sort_by_key(|(moment, _)| *moment);
        let mut tree = Tree::new(&self.id);
        moments.into_iter().for_each(|(_, line)| tree.add(line));
        tree.finish()
    }
}

/// Reads what a line says of its place.
fn placed(line: &Line<'_>) -> Placed {
    let mut placed = Placed::default();
    let mut took = None;
    for (key, value) in line.fields() {
        let text = || short(value.text()).into_owned();
        match &*key {
            "step" => placed.step = Some(text()).filter(|step| !step.is_empty()),
            "attempt" => placed.attempt = Some(text()),
            "operation" => placed.operation = Some(text()),
            "took_ms" | "duration_ms" | "elapsed_ms" => took = value.as_f64(),
            "status" | "outcome" => placed.failed = matches!(value.text(), "failed" | "panicked"),
            _ => {}
        }
        let is_told = matches!(&*key, "timestamp" | "level" | "component" | "message" | "correlation_id");
        if !is_told && !PLACES.contains(&&*key) && value != Value::Null && placed.seen.fields.len() < MAX_FIELDS {
            placed.seen.fields.push((short(&key).into_owned(), text()));
        }
    }
    placed.seen.fields.shrink_to_fit();
    placed.took = took.and_then(|millis| Duration::try_from_secs_f64(millis / 1e3).ok());
    placed.failed |= line.level().is_some_and(|level| level >= Level::Error);
    let owned = |text: Option<std::borrow::Cow<'_, str>>| short(&text.unwrap_or_default()).into_owned();
    placed.seen.at = line.timestamp();
    placed.seen.level = line.level();
    placed.seen.component = owned(line.component());
    placed.seen.message = owned(line.message());
    placed
}

impl Placed {
    fn bytes(&self) -> usize {
        let Placed { seen, work, step, attempt, operation, .. } = self;
        let places = [work, step, attempt, operation].into_iter().flatten();
        let fields = seen.fields.iter().flat_map(|(key, value)| [key, value]);
        let texts = places.chain([&seen.component, &seen.message]).chain(fields);
        size_of::<Placed>() + texts.map(|text| text.len() + TEXT).sum::<usize>()
    }
}

impl Tree {
    fn new(id: &str) -> Tree {
        let root = (Node::new(Kind::Work, id), Vec::new());
        Tree { nodes: vec![root], places: HashMap::new(), attempts: HashMap::new() }
    }

    fn add(&mut self, line: Placed) {
        let mut path = vec![0];
        if let Some(work) = &line.work {
            self.enter(&mut path, Kind::Work, work);
        }
        if let Some(step) = &line.step {
            for name in branches(step) {
                self.enter(&mut path, Kind::Step, name);
            }
            self.enter_attempt(&mut path, line.attempt.as_deref());
        }
        let begin = line.seen.at.map(|at| earlier(at, line.took.filter(|_| line.operation.is_some())));
        for place in &path {
            let node = &mut self.nodes[*place].0;
            node.begin = [node.begin, begin].into_iter().flatten().min();
            node.end = node.end.max(line.seen.at);
            node.failed |= line.failed;
        }
        if let (Some(operation), Some(took)) = (&line.operation, line.took) {
            let node = operation_of(&line, operation, took);
            let place = self.push(path.last().copied().unwrap_or(0), node);
            self.nodes[place].1.push(Part::Line(line.seen));
        } else {
            let last = path.last().copied().unwrap_or(0);
            if line.took.is_some() && line.step.is_some() {
                self.nodes[last].0.took = line.took;
            }
            self.nodes[last].1.push(Part::Line(line.seen));
        }
    }

    /// Goes into the branch of this name, and makes it if it is new.
    fn enter(&mut self, path: &mut Vec<usize>, kind: Kind, name: &str) {
        let parent = path.last().copied().unwrap_or(0);
        let key = (parent, kind, name.to_owned());
        let place = self.places.get(&key).copied().unwrap_or_else(|| {
            let place = self.push(parent, Node::new(kind, name));
            self.places.insert(key, place);
            place
        });
        path.push(place);
    }

    /// Goes into the attempt that a line names, or the one that is at work.
    fn enter_attempt(&mut self, path: &mut Vec<usize>, attempt: Option<&str>) {
        let step = path.last().copied().unwrap_or(0);
        match attempt {
            Some(attempt) => {
                self.enter(path, Kind::Attempt, &format!("attempt {attempt}"));
                self.attempts.insert(step, path.last().copied().unwrap_or(0));
            }
            None => path.extend(self.attempts.get(&step)),
        }
    }

    fn push(&mut self, parent: usize, node: Node) -> usize {
        let place = self.nodes.len();
        self.nodes.push((node, Vec::new()));
        self.nodes[parent].1.push(Part::Node(place));
        place
    }

    /// Puts the nodes into each other: what is inside has a higher number, so the last is whole first.
    fn finish(mut self) -> Node {
        let mut whole: Vec<Option<Node>> = self.nodes.iter().map(|_| None).collect();
        while let Some((mut node, parts)) = self.nodes.pop() {
            node.items = parts
                .into_iter()
                .filter_map(|part| match part {
                    Part::Line(seen) => Some(Item::Line(seen)),
                    Part::Node(place) => whole[place].take().map(Item::Node),
                })
                .collect();
            let span = node.begin.zip(node.end).map(|(begin, end)| end.micros.saturating_sub(begin.micros));
            let span = span.map(|micros| Duration::from_micros(u64::try_from(micros).unwrap_or(0)));
            node.took = node.took.or(span);
            whole[self.nodes.len()] = Some(node);
        }
        whole.swap_remove(0).unwrap_or_else(|| Node::new(Kind::Work, ""))
    }
}

/// Returns a leaf that ended when its line was written.
fn operation_of(line: &Placed, operation: &str, took: Duration) -> Node {
    let end = line.seen.at;
    Node {
        begin: end.map(|end| earlier(end, Some(took))),
        end,
        took: Some(took),
        failed: line.failed,
        ..Node::new(Kind::Operation, operation)
    }
}

/// Returns the names of the branches to a step: `a`, `a[0]`, `a[0][1]`.
fn branches(step: &str) -> Vec<&str> {
    let opens = step.match_indices('[').map(|(at, _)| &step[..at]).filter(|name| !name.is_empty());
    opens.take(MAX_INDICES).filter(|name| !name.ends_with('[')).chain([step]).collect()
}

fn earlier(moment: Timestamp, took: Option<Duration>) -> Timestamp {
    let took = took.map_or(0, |took| i64::try_from(took.as_micros()).unwrap_or(i64::MAX));
    Timestamp { micros: moment.micros.saturating_sub(took) }
}

impl Seen {
    /// Returns its level as the schema writes it.
    pub fn level_name(&self) -> &'static str {
        self.level.map_or("-", Level::name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_a_branch_of_what_it_repeats() {
        let cases =
            [("a", &["a"][..]), ("a[0]", &["a", "a[0]"]), ("a[0][1]", &["a", "a[0]", "a[0][1]"]), ("[0]", &["[0]"])];
        for (step, expected) in cases {
            assert_eq!(branches(step), expected);
        }
        assert!(branches(&"a[0]".repeat(1_000)).len() <= MAX_INDICES + 1);
    }
}
