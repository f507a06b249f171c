//! What stands in what: the blocks of a file as parts of a picture. Which arrows they get is `edges`' work.

use super::words;
use crate::Definition;
use crate::model::{Block, Body, StepId};
use crate::plan::Plan;

/// A workflow as a picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Graph {
    /// The workflow's name.
    pub name: String,
    /// The part that holds all others.
    pub root: Part,
}

/// A step or a group of steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its name in the picture's source: unique, of letters, digits and `_`, and no word of any format.
    pub key: String,
    /// What people call it; a group that was made has no name.
    pub name: Option<String>,
    /// What is round its body, outermost first.
    pub marks: Vec<Mark>,
    /// What it is.
    pub form: Form,
    /// The keys of the parts that must have ended before.
    pub needs: Vec<String>,
}

/// Something round a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mark {
    /// It runs only when this holds.
    If(String),
    /// It runs once for each of these.
    Each(String),
    /// Its failure is no failure of what it is part of.
    Optional,
}

/// What a part is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    /// One call, in a few words.
    Task(String),
    /// Parts one after the other.
    Sequence(Vec<Part>),
    /// Parts that run together.
    Parallel(Vec<Part>),
    /// One of several parts, chosen by the answer to a question.
    Choice {
        /// What is asked.
        question: String,
        /// The answers and what then runs.
        answers: Vec<(String, Part)>,
    },
    /// A part, then another one however the first ended.
    Always(Box<Part>, Box<Part>),
}

impl Graph {
    /// Lays out a workflow.
    pub fn of(definition: &Definition) -> Graph {
        let root = Layout { plan: &definition.plan }.part(&definition.workflow.body);
        Graph { name: definition.plan.name.clone(), root }
    }
}

impl Part {
    /// Returns the parts inside this one, in the file's order.
    pub fn parts(&self) -> Vec<&Part> {
        match &self.form {
            Form::Task(_) => Vec::new(),
            Form::Sequence(parts) | Form::Parallel(parts) => parts.iter().collect(),
            Form::Choice { answers, .. } => answers.iter().map(|(_, part)| part).collect(),
            Form::Always(body, cleanup) => vec![body, cleanup],
        }
    }

    /// Says whether it is drawn as a frame round other parts.
    pub fn is_group(&self) -> bool {
        !matches!(self.form, Form::Task(_))
    }
}

impl Part {
    /// Returns what is written on the part, a line each: its name, what is round its body, what it does.
    pub(super) fn label(&self) -> Vec<String> {
        let mut lines: Vec<String> = self.name.iter().cloned().collect();
        lines.extend(self.marks.iter().map(Mark::words));
        let form = match &self.form {
            Form::Task(words) => Some(words.as_str()),
            Form::Sequence(_) => Some("in order"),
            Form::Parallel(_) => Some("together"),
            Form::Choice { .. } => Some("one of"),
            Form::Always(..) => None,
        };
        lines.extend(form.map(str::to_owned));
        lines
    }

    /// Returns what is written on the frame of a group.
    pub(super) fn title(&self) -> String {
        let named = usize::from(self.name.is_some());
        let label = self.label();
        let (name, rest) = label.split_at(named);
        let parts = [name.concat(), rest.join(", ")];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(": ")
    }

    /// Returns the key of the question of a choice.
    pub(super) fn question(&self) -> String {
        format!("q_{}", self.key)
    }

    /// Returns the key of the first node in the part.
    pub(super) fn first(&self) -> String {
        match (&self.form, self.parts().first()) {
            (Form::Choice { .. }, _) => self.question(),
            (_, Some(part)) => part.first(),
            (_, None) => self.key.clone(),
        }
    }

    /// Returns the key of the last node in the part.
    pub(super) fn last(&self) -> String {
        self.parts().last().map_or(self.key.clone(), |part| part.last())
    }
}

impl Mark {
    fn words(&self) -> String {
        match self {
            Mark::If(guard) => format!("if {guard}"),
            Mark::Each(items) => format!("for each of {items}"),
            Mark::Optional => "optional".into(),
        }
    }
}

struct Layout<'p> {
    plan: &'p Plan,
}

impl Layout<'_> {
    fn part(&self, block: &Block) -> Part {
        let name = Some(block.id.to_string()).filter(|name| !name.starts_with('_'));
        let part =
            Part { key: key(&block.id), name, marks: marks(block), form: self.form(block), needs: self.needs(block) };
        let part = match (&block.guard, &block.otherwise) {
            (Some(guard), Some(otherwise)) => self.choice(part, &guard.source, otherwise),
            _ => part,
        };
        without_frame(part)
    }

    fn form(&self, block: &Block) -> Form {
        let parts = |blocks: &[Block]| blocks.iter().map(|block| self.part(block)).collect();
        match &block.body {
            Body::Command(command) => Form::Task(words::command(&command.run)),
            Body::Agent(call) => Form::Task(words::agent(&call.agent)),
            Body::Sequence(blocks) => Form::Sequence(parts(blocks)),
            Body::Parallel(blocks) => Form::Parallel(parts(blocks)),
            Body::Always(body, cleanup) => Form::Always(Box::new(self.part(body)), Box::new(self.part(cleanup))),
        }
    }

    /// An `if` with an `else` is a choice between two parts; alone it is only a mark.
    fn choice(&self, then: Part, guard: &str, otherwise: &Block) -> Part {
        let Part { key, name, marks, needs, form } = then;
        let marks = marks.into_iter().filter(|mark| !matches!(mark, Mark::If(_)));
        let (round, inside): (Vec<Mark>, Vec<Mark>) = marks.partition(|mark| *mark == Mark::Optional);
        let then_key = format!("t_{}", key.trim_start_matches("s_"));
        let then = Part { key: then_key, name: None, marks: inside, form, needs: Vec::new() };
        let answers = vec![("yes".to_owned(), then), ("no".to_owned(), self.part(otherwise))];
        let question = format!("if {}", words::bare(guard));
        Part { key, name, marks: round, form: Form::Choice { question, answers }, needs }
    }

    /// Returns what the step needs by `needs` and by its templates.
    fn needs(&self, block: &Block) -> Vec<String> {
        let nodes = self.plan.nodes_of(&block.id).iter();
        let mut targets: Vec<_> = nodes.flat_map(|node| &node.needs).map(|need| need.target).collect();
        targets.sort_unstable();
        targets.dedup();
        targets.into_iter().map(|target| key(&self.plan.node(target).step)).collect()
    }
}

/// Names a step and a made group so that no two are alike and none is a word of a format (`end`, `node`, `graph`).
fn key(step: &StepId) -> String {
    match step.as_str().strip_prefix('_') {
        Some(made) => format!("g_{made}"),
        None => format!("s_{step}"),
    }
}

fn marks(block: &Block) -> Vec<Mark> {
    let mut marks = Vec::new();
    marks.extend(block.guard.as_ref().map(|guard| Mark::If(words::bare(&guard.source))));
    marks.extend(block.each.as_ref().map(|each| Mark::Each(words::items(each))));
    marks.extend(block.optional.then_some(Mark::Optional));
    marks
}

/// A group that nobody named and that holds one part is no more than that part.
fn without_frame(part: Part) -> Part {
    match part {
        Part { name: None, marks, form: Form::Sequence(mut parts), .. } if marks.is_empty() && parts.len() == 1 => {
            parts.remove(0)
        }
        part => part,
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::agents::Registry;

    /// A flow with every pattern in it.
    pub(in crate::graph) const PATTERNS: &str = "steps:
- { id: build, run: [make] }
- id: checks
  parallel:
  - { id: lint, run: lint, optional: true }
  - { id: test, each: [1, 2], run: [make, test, '{{ item }}'] }
- { id: end, if: steps.test.ok, run: 'publish {{ steps.build.output }}', else: [{ id: sorry, run: sorry }] }
always:
- { id: clean, run: rm x }
";

    pub(in crate::graph) fn graph(flow: &str) -> Graph {
        Graph::of(&Definition::parse(flow, "a.yaml", &Registry::default()).unwrap())
    }

    #[test]
    fn a_made_group_of_one_part_is_no_group() {
        let root = graph("steps: [{ id: a, if: 'true', run: [x], else: [{ id: b, run: [y] }] }]").root;
        let keys: Vec<&str> = root.parts().iter().map(|part| part.key.as_str()).collect();
        assert_eq!((root.key.as_str(), &keys[..]), ("s_a", &["t_a", "s_b"][..]));
    }
}
