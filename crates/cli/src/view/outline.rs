//! The steps of a plan as a person knows them: one row a step, hidden groups left out. What happened to them is `model`'s.

use segno_orchestrator::model::StepId;
use segno_orchestrator::plan::{Kind, Node, NodeId, Plan};

use super::layout::{Layout, fans_out, is_item};

/// The heading above what takes effects back.
const UNDO: &str = "undo";

/// A step's place in the outline.
pub(super) type Row = usize;

/// The rows of a plan, in the order of the file.
#[derive(Debug)]
pub(super) struct Outline {
    rows: Vec<Step>,
    /// The row that a node belongs to: its step's, or that of the nearest step round it.
    of_node: Vec<Option<Row>>,
}

/// A step as a person knows it, whatever nodes its `if`, `each` and `loop` make of it.
#[derive(Debug)]
pub(super) struct Step {
    /// Its whole name.
    pub(super) step: StepId,
    /// Its own name, without those of the steps that call its workflow.
    pub(super) name: String,
    pub(super) depth: usize,
    pub(super) parent: Option<Row>,
    /// Its node below its `if`: its `each`, its `loop`, or its body.
    pub(super) main: NodeId,
    /// What it does for each item, or what it does.
    pub(super) item: NodeId,
    /// Its innermost node: the task, or the group.
    pub(super) body: NodeId,
    /// Its own loop, when it is in no items: then it is in one round at a time.
    pub(super) repeat: Option<NodeId>,
    /// The file that it calls.
    pub(super) file: Option<String>,
    pub(super) shape: Shape,
}

/// What a row stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// One task.
    Task,
    /// One group of steps.
    Group,
    /// A task or a group for each of some items: by its own fan-out, or by one round it.
    Many,
    /// No step: what takes effects back stands below it.
    Undo,
}

impl Outline {
    pub(super) fn new(plan: &Plan) -> Outline {
        let mut outline = Outline { rows: Vec::new(), of_node: Vec::with_capacity(plan.nodes().len()) };
        let undos = Layout::new(plan).undos();
        let mut undo = None;
        for node in plan.nodes() {
            let parent = node.parent.map(|parent| plan.node(parent));
            let above = match undos.contains(&(node.id.0 as usize)) {
                true => Some(*undo.get_or_insert_with(|| outline.add_heading(node))),
                false => parent.and_then(|parent| outline.of_node[parent.id.0 as usize]),
            };
            let is_continued = parent.is_some_and(|parent| parent.step == node.step);
            if node.is_hidden() || is_continued {
                outline.of_node.push(above);
                continue;
            }
            outline.of_node.push(Some(outline.rows.len()));
            let depth = above.map_or(0, |row| outline.rows[row].depth + 1);
            outline.rows.push(Step::new(plan, node.id, depth, above));
        }
        outline
    }

    fn add_heading(&mut self, node: &Node) -> Row {
        let (first, step) = (node.id, node.step.clone());
        self.rows.push(Step {
            step,
            name: UNDO.into(),
            depth: 0,
            parent: None,
            main: first,
            item: first,
            body: first,
            repeat: None,
            file: None,
            shape: Shape::Undo,
        });
        self.rows.len() - 1
    }

    pub(super) fn rows(&self) -> &[Step] {
        &self.rows
    }

    pub(super) fn step(&self, row: Row) -> &Step {
        &self.rows[row]
    }

    pub(super) fn row_of(&self, node: NodeId) -> Option<Row> {
        self.of_node[node.0 as usize]
    }

    /// Returns the row of a node and all rows round it, inside out.
    pub(super) fn path(&self, node: NodeId) -> impl Iterator<Item = Row> {
        std::iter::successors(self.row_of(node), |row| self.rows[*row].parent)
    }
}

impl Step {
    fn new(plan: &Plan, outer: NodeId, depth: usize, parent: Option<Row>) -> Step {
        let below = |id: NodeId| plan.node(id).children[0];
        let main = if matches!(plan.node(outer).kind, Kind::Conditional(_)) { below(outer) } else { outer };
        let item = if fans_out(plan.node(main)) { below(main) } else { main };
        let nodes = plan.nodes_of(&plan.node(outer).step);
        let body = nodes.last().expect("it has a node at least");
        let repeat = nodes.iter().find(|node| matches!(node.kind, Kind::Loop(_)) && !is_item(plan, node));
        let file = match &body.kind {
            Kind::Flow(flow) => Some(flow.path.clone()),
            _ => None,
        };
        let shape = match &body.kind {
            _ if is_item(plan, body) => Shape::Many,
            Kind::Task(_) => Shape::Task,
            _ => Shape::Group,
        };
        let (step, name) = (body.step.clone(), body.step.own().to_owned());
        Step { step, name, depth, parent, main, item, body: body.id, repeat: repeat.map(|node| node.id), file, shape }
    }
}

#[cfg(test)]
mod tests {
    use super::super::script::plan;
    use super::*;

    fn check(flow: &str, expected: &str) {
        let outline = Outline::new(&plan(flow));
        let row = |step: &Step| format!("{}{} {:?}", "  ".repeat(step.depth), step.name, step.shape);
        assert_eq!(outline.rows().iter().map(row).collect::<Vec<_>>().join("\n"), expected);
    }

    #[test]
    fn a_step_is_one_row_and_hidden_groups_are_none() {
        check(
            "steps:
               - { id: a, run: [a] }
               - { id: b, if: 'true', each: [1, 2], run: [b] }
               - id: c
                 parallel: [{ id: d, run: [d] }, { id: e, each: [1], steps: [{ id: f, run: [f] }] }]
            \nalways: [{ id: g, run: [g] }]",
            "a Task\nb Many\nc Group\n  d Task\n  e Many\n    f Many\ng Task",
        );
    }

    #[test]
    fn loops_are_rows_of_one_round_and_pipes_of_many_items() {
        check(
            "steps:
               - { id: fix, loop: 3, steps: [{ id: edit, run: [a] }, { id: all, each: [1], loop: 2, run: [b] }] }
               - { id: flow, each: [1, 2], pipe: [{ id: first, run: [a] }, { id: second, run: [a] }] }
               - id: pick
                 switch: \"'a'\"
                 cases: { a: [{ id: one, run: [a] }], b: [{ id: two, run: [a] }] }",
            "fix Group\n  edit Task\n  all Many\nflow Many\n  first Many\n  second Many\npick Group\n  one Task\n  two Task",
        );
    }

    #[test]
    fn what_takes_effects_back_stands_below_a_heading() {
        check(
            "steps: [{ id: pr, run: [a], undo: { run: [b] } }]\nalways: [{ id: tell, run: [a] }]",
            "pr Task\ntell Task\nundo Undo\n  pr Task",
        );
    }

    #[test]
    fn what_runs_instead_stands_below_its_step() {
        check("steps: [{ id: a, if: 'true', run: [a], else: [{ id: b, run: [b] }] }]", "a Task\n  b Task");
    }
}
