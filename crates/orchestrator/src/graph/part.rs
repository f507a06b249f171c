//! What stands in what: the blocks of a file as parts of a picture. Which arrows they get is `edges`' work.

use crate::room::{depth, with_room};

/// A workflow as a picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Graph {
    /// The workflow's name.
    pub name: String,
    /// The part that holds all others.
    pub root: Part,
}

impl Graph {
    /// Does work that goes down the picture, however deep its parts nest.
    pub(super) fn down<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        with_room(depth(&self.root, |part, show| part.parts().into_iter().for_each(show)), work)
    }
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
    /// The parts that must have ended before: their keys, and what people call them.
    pub needs: Vec<(String, String)>,
}

/// Something round a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mark {
    /// It runs only when this holds.
    If(String),
    /// It is given up when this holds.
    Unless(String),
    /// It runs once for each of these.
    Each(String),
    /// It runs again and again.
    Loop(String),
    /// It is another workflow, of this file.
    Flow(String),
    /// Its failure is no failure of what it is part of.
    Optional,
    /// What must hold before it is done.
    Check(String),
    /// Who says how good it is.
    Judge(String),
    /// Who does it when it has failed for good.
    Fallback(String),
    /// What takes its effect back.
    Undo(String),
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
    /// Stages that items stream through.
    Pipe(Vec<Part>),
    /// One of several parts, chosen by the answer to a question.
    Choice {
        /// What is asked.
        question: String,
        /// The answers and what then runs.
        answers: Vec<(String, Part)>,
    },
    /// A part, then another one.
    Then {
        /// The first.
        body: Box<Part>,
        /// In which case the other runs: `always`, `on failure`.
        when: &'static str,
        /// The other.
        after: Box<Part>,
    },
}

impl Part {
    /// Returns the parts inside this one, in the file's order.
    pub fn parts(&self) -> Vec<&Part> {
        match &self.form {
            Form::Task(_) => Vec::new(),
            Form::Sequence(parts) | Form::Parallel(parts) | Form::Pipe(parts) => parts.iter().collect(),
            Form::Choice { answers, .. } => answers.iter().map(|(_, part)| part).collect(),
            Form::Then { body, after, .. } => vec![body, after],
        }
    }

    /// Says whether it is drawn as a frame round other parts.
    pub fn is_group(&self) -> bool {
        !matches!(self.form, Form::Task(_))
    }

    /// Says whether it is a task that runs many times.
    pub(super) fn is_many(&self) -> bool {
        self.marks.iter().any(|mark| matches!(mark, Mark::Each(_)))
    }

    /// Returns what is written on the part, a line each: its name, what is round its body, what it does.
    pub(super) fn label(&self) -> Vec<String> {
        let mut lines: Vec<String> = self.name.iter().cloned().collect();
        let (after, before): (Vec<&Mark>, Vec<&Mark>) = self.marks.iter().partition(|mark| mark.is_after());
        lines.extend(before.into_iter().map(Mark::words));
        let form = match &self.form {
            Form::Task(words) => words.as_str(),
            Form::Sequence(_) => "in order",
            Form::Parallel(_) => "together",
            Form::Pipe(_) => "as a stream",
            Form::Choice { .. } => "one of",
            Form::Then { when, .. } if *when == super::layout::ALWAYS => "with clean-up",
            Form::Then { .. } => "guarded",
        };
        lines.push(form.to_owned());
        lines.extend(after.into_iter().map(Mark::words));
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
        let last = match &self.form {
            // What runs after a failure is a way out.
            Form::Then { body, when, .. } if *when != super::layout::ALWAYS => Some(&**body),
            _ => self.parts().last().copied(),
        };
        last.map_or(self.key.clone(), Part::last)
    }
}

impl Mark {
    fn words(&self) -> String {
        match self {
            Mark::If(guard) => format!("if {guard}"),
            Mark::Unless(guard) => format!("given up when {guard}"),
            Mark::Each(items) => format!("for each of {items}"),
            Mark::Loop(rounds) => format!("loop {rounds}"),
            Mark::Flow(path) => format!("flow {path}"),
            Mark::Optional => "optional".into(),
            Mark::Check(what) => format!("checked by {what}"),
            Mark::Judge(who) => format!("judged by {who}"),
            Mark::Fallback(who) => format!("else {who}"),
            Mark::Undo(what) => format!("undone by {what}"),
        }
    }

    /// Says whether it tells what follows the call, and not what stands before it.
    fn is_after(&self) -> bool {
        matches!(self, Mark::Check(_) | Mark::Judge(_) | Mark::Fallback(_) | Mark::Undo(_))
    }
}
