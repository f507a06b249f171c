//! Marks: named positions in the list of events, to which a run can go back. They cost nothing, because each event is
//! durable anyway; a mark is only the number of one. Where they are set is the workflow's `checkpoints`.

use std::collections::HashMap;
use std::sync::Arc;

use super::fold::RunState;
use super::frame::FrameId;
use crate::model::{Event, Status, Timestamp};
use crate::plan::{Kind, Plan};

/// A named position in a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Its name: `step-3`, `batch-review`, `round-fix-2`.
    pub name: String,
    /// The number of the event after which it stands.
    pub seq: u64,
    /// When that was.
    pub at: Timestamp,
}

/// Returns a run's marks.
///
/// ```
/// use std::sync::Arc;
/// use segno_orchestrator::{plan, spec, state};
///
/// let workflow = spec::parse("steps: [{ run: [echo, hello] }]", "hello.yaml")?;
/// let plan = Arc::new(plan::compile(&workflow, "hello.yaml", &plan::Catalog::default()).expect("no mistakes in it"));
/// assert!(state::marks(&plan, []).is_empty()); // nothing has happened yet
/// # Ok::<(), spec::Mistakes>(())
/// ```
pub fn marks<'e>(plan: &Arc<Plan>, events: impl IntoIterator<Item = &'e Event>) -> Vec<Mark> {
    let mut fold = MarkFold::new(plan.clone());
    events.into_iter().for_each(|event| fold.see(event));
    fold.finish()
}

/// Marks in the making: shown one event after the other.
#[derive(Debug)]
pub struct MarkFold {
    state: RunState,
    marks: Marks,
}

impl MarkFold {
    /// Begins with a run in which nothing has happened.
    pub fn new(plan: Arc<Plan>) -> MarkFold {
        MarkFold { marks: Marks::new(&plan), state: RunState::without_outcomes(plan) }
    }

    /// Takes one event in.
    pub fn see(&mut self, event: &Event) {
        self.state.apply(event);
        self.marks.see(&self.state, event);
    }

    /// Returns the marks, in their order.
    pub fn finish(self) -> Vec<Mark> {
        self.marks.list
    }
}

/// The marks of a run whose state somebody else folds.
#[derive(Debug)]
pub struct Marks {
    list: Vec<Mark>,
    /// How often each name was given.
    names: HashMap<String, u32>,
    /// How many ends were looked at.
    seen: usize,
    /// How many tasks ended that ran one after the other.
    steps: u32,
    /// By node: whether it stands outside of everything that runs together or again.
    in_order: Vec<bool>,
}

impl Marks {
    /// Begins with a run in which nothing has happened.
    pub fn new(plan: &Plan) -> Marks {
        Marks { list: Vec::new(), names: HashMap::new(), seen: 0, steps: 0, in_order: in_order(plan) }
    }

    /// Returns those that were set so far, in their order.
    pub fn list(&self) -> &[Mark] {
        &self.list
    }

    /// Looks at the state after an event, each in turn.
    pub fn see(&mut self, state: &RunState, event: &Event) {
        while let Some(frame) = state.ends().get(self.seen).copied() {
            self.seen += 1;
            for name in self.names_of(state, frame) {
                let mark = Mark { name: self.unique(name), seq: event.seq, at: event.at };
                self.list.push(mark);
            }
        }
    }

    /// Returns the names of the marks that the end of a frame sets.
    fn names_of(&mut self, state: &RunState, id: FrameId) -> Vec<String> {
        let checkpoints = state.plan().checkpoints;
        let mut names = Vec::new();
        // What failed or was skipped before it opened never said how many there are in it.
        let was_opened = state.frame(id).tally.closed;
        match state.plan_node(id).kind {
            Kind::Task(_) if checkpoints.every > 0 && self.is_in_order(state, id) => {
                self.steps += 1;
                names.extend(self.steps.is_multiple_of(checkpoints.every).then(|| format!("step-{}", self.steps)));
            }
            Kind::Parallel(_) | Kind::Each(_) | Kind::Pipe(_) if checkpoints.batches && was_opened => {
                names.push(format!("batch-{}", name(state, id)));
            }
            _ => {}
        }
        if let Some(parent) = state.frame(id).parent.filter(|_| checkpoints.rounds)
            && matches!(state.plan_node(parent).kind, Kind::Loop(_))
        {
            let round = state.frame(id).indices.last().map_or(0, |round| round + 1);
            names.push(format!("round-{}-{round}", name(state, parent)));
        }
        names
    }

    /// Says whether a task ran outside of everything that runs together or again.
    fn is_in_order(&self, state: &RunState, id: FrameId) -> bool {
        let node = state.plan_node(id);
        let ran = state.frame(id).end().is_some_and(|end| end.status() != Status::Skipped);
        ran && node.undoes.is_none() && self.in_order[node.id.0 as usize]
    }

    /// Two groups without a name may get the same one.
    fn unique(&mut self, name: String) -> String {
        let count = self.names.entry(name.clone()).or_default();
        *count += 1;
        match *count {
            1 => name,
            count => format!("{name}-{count}"),
        }
    }
}

/// Returns what people call a frame: its own name or that of the nearest group round it that has one, with its round and
/// item.
fn name(state: &RunState, id: FrameId) -> String {
    let mut nearest = Some(id);
    while let Some(id) = nearest.filter(|id| state.plan_node(*id).is_hidden()) {
        nearest = state.frame(id).parent;
    }
    nearest.map_or_else(|| "flow".to_owned(), |id| state.address(id).to_string())
}

/// Finds the nodes outside of everything that runs together or again. Parents come before their children in a plan.
fn in_order(plan: &Plan) -> Vec<bool> {
    let mut in_order = Vec::with_capacity(plan.nodes().len());
    for node in plan.nodes() {
        let repeats = matches!(node.kind, Kind::Parallel(_) | Kind::Each(_) | Kind::Pipe(_) | Kind::Loop(_));
        in_order.push(!repeats && node.parent.is_none_or(|parent| in_order[parent.0 as usize]));
    }
    in_order
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Fact, Outcome, Owner, Pinned, Reply, Source, Verdict};
    use crate::plan::{Catalog, compile};
    use crate::spec::parse;
    use crate::state::Work;

    /// Runs a flow by hand, the newest of what is ready first: tasks succeed, lists have two items, loops end with their
    /// fifth round. Shows the marks as `name@seq`.
    fn check(flow: &str, expected: &str) {
        let plan = Arc::new(compile(&parse(flow, "a.yaml").unwrap(), "a.yaml", &Catalog::default()).unwrap());
        let (pinned, inputs) = (Pinned { path: String::new(), hash: String::new(), parts: Vec::new() }, Arc::default());
        let (flow, owner, parent, only) = (String::new(), Owner::default(), None, Vec::new());
        let mut fact = Fact::RunStarted { flow, pinned, inputs, owner, parent, only };
        let (mut state, mut fold) = (RunState::new(plan.clone()), MarkFold::new(plan));
        loop {
            let event = Event { seq: state.events() + 1, at: Timestamp(0), fact };
            state.apply(&event);
            fold.see(&event);
            let Some(ready) = state.ready().pop() else { break };
            let step = state.address(ready.frame);
            fact = match (&ready.work, &state.plan_node(ready.frame).kind) {
                (Work::Decide, Kind::Loop(_)) => {
                    let rounds = state.rounds(ready.frame);
                    let verdict = if rounds < 5 { Verdict::GoOn } else { Verdict::Satisfied };
                    Fact::Looped { step, rounds, verdict, score: None }
                }
                (Work::Decide, Kind::Conditional(_)) => Fact::Decided { step, taken: false, left_out: false },
                (Work::Decide, _) => Fact::Expanded { step, items: vec![1.into(), 2.into()] },
                _ => {
                    let outcome = Outcome::of_reply(Reply::default());
                    Fact::StepEnded { step, outcome, source: Source::Ran, took_ms: 0, decision: None, label: None }
                }
            };
        }
        let shown: Vec<String> = fold.finish().iter().map(|mark| format!("{}@{}", mark.name, mark.seq)).collect();
        assert_eq!(shown.join(" "), expected);
    }

    fn steps(count: usize) -> String {
        let step = |number| format!("{{ id: s{number}, run: [x] }}");
        (1..=count).map(step).collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn a_mark_stands_after_every_third_step_in_order() {
        check(&format!("steps: [{}]", steps(4)), "step-3@4");
        check(&format!("steps: [{}]", steps(7)), "step-3@4 step-6@7");
        check(&format!("{{checkpoints: {{ every: 2 }}, steps: [{}]}}", steps(5)), "step-2@3 step-4@5");
        check(&format!("{{checkpoints: {{ every: 0 }}, steps: [{}]}}", steps(4)), "");
    }

    #[test]
    fn a_mark_stands_after_each_batch() {
        check(&format!("parallel: [{}]", steps(4)), "batch-flow@5");
        check(&format!("steps: [{{ id: g, parallel: [{}] }}]", steps(4)), "batch-g@5");
        check("steps: [{ id: g, each: [1, 2], run: [x] }]", "batch-g@4");
        check(
            "steps: [{ id: g, each: [1, 2], parallel: [{ id: a, run: [x] }, { id: b, run: [x] }] }]",
            "batch-g[1]@4 batch-g[0]@6 batch-g@6",
        );
        check("{checkpoints: { batches: false }, steps: [{ id: g, each: [1, 2], run: [x] }]}", "");
        check("steps: [{ id: g, if: 'true', each: [1, 2], run: [x] }]", "");
    }

    #[test]
    fn a_mark_stands_after_each_round() {
        check(
            "steps: [{ id: optimize, loop: { until: 'true', max: 9 }, run: [x] }]",
            "round-optimize-1@2 round-optimize-2@4 round-optimize-3@6 round-optimize-4@8 round-optimize-5@10",
        );
        check(
            "steps: [{ id: g, each: [1, 2], loop: 2, run: [x] }]",
            "round-g[1]-1@3 round-g[1]-2@4 round-g[0]-1@5 round-g[0]-2@6 batch-g@6",
        );
        check("{checkpoints: { rounds: false }, steps: [{ id: a, loop: 2, run: [x] }]}", "");
    }
}
