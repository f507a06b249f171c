//! The steps of a plan as a person knows them: one row a step, hidden groups left out. What happened to them is `model`'s.

use segno_orchestrator::plan::{Kind, NodeId, Plan};

/// A step's place in the outline.
pub(super) type Row = usize;

/// The rows of a plan, in the order of the file.
#[derive(Debug)]
pub(super) struct Outline {
    rows: Vec<Step>,
    /// The row that a node belongs to: its step's, or that of the nearest step round it.
    of_node: Vec<Option<Row>>,
}

/// A step as a person knows it, whatever nodes its `if` and `each` make of it.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) name: String,
    pub(super) depth: usize,
    pub(super) parent: Option<Row>,
    /// Its node below its `if`: its `each`, or its body.
    pub(super) main: NodeId,
    /// What it does for each item, or what it does.
    pub(super) body: NodeId,
    pub(super) shape: Shape,
}

/// What a row stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// One task.
    Task,
    /// One group of steps.
    Group,
    /// A task or a group for each of some items: by its own `each`, or by one round it.
    Many,
}

impl Outline {
    pub(super) fn new(plan: &Plan) -> Outline {
        let mut outline = Outline { rows: Vec::new(), of_node: Vec::with_capacity(plan.nodes().len()) };
        for node in plan.nodes() {
            let parent = node.parent.map(|parent| plan.node(parent));
            let above = parent.and_then(|parent| outline.of_node[parent.id.0 as usize]);
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
        let body = if matches!(plan.node(main).kind, Kind::Each(_)) { below(main) } else { main };
        let shape = match (plan.node(body).scope.is_empty(), &plan.node(body).kind) {
            (false, _) => Shape::Many,
            (true, Kind::Task(_)) => Shape::Task,
            (true, _) => Shape::Group,
        };
        Step { name: plan.node(outer).step.to_string(), depth, parent, main, body, shape }
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
    fn what_runs_instead_stands_below_its_step() {
        check("steps: [{ id: a, if: 'true', run: [a], else: [{ id: b, run: [b] }] }]", "a Task\n  b Task");
    }
}
