//! Which steps are run when only some are asked for: those, and what they need.

use std::collections::BTreeSet;

use super::node::{Kind, NodeId, Plan};
use crate::model::StepId;
use crate::spec::nearest;

impl Plan {
    /// Returns the tasks of these steps and of all that they need, by the order of the file: what their templates use,
    /// what `needs` names, what the guards and lists round them ask. Only the order in a list of steps is no need.
    pub fn with_needs(&self, steps: &[StepId]) -> Vec<StepId> {
        let mut found: BTreeSet<NodeId> = BTreeSet::new();
        let mut open: Vec<NodeId> = steps.iter().filter_map(|step| self.step(step)).collect();
        while let Some(outermost) = open.pop() {
            for node in self.nodes().iter().filter(|node| self.is_inside(node.id, outermost)) {
                if found.insert(node.id) {
                    open.extend(self.asked_for(node.id));
                }
            }
            for round in self.path(outermost) {
                open.extend(self.asked_for(round).filter(|target| !found.contains(target)));
            }
        }
        let tasks = found.into_iter().map(|id| self.node(id)).filter(|node| node.task().is_some());
        tasks.map(|node| node.step.clone()).collect()
    }

    /// Checks that there is such a step.
    ///
    /// # Errors
    /// Says which one may be meant.
    pub fn near_step(&self, step: &StepId) -> Result<(), String> {
        let named = || self.nodes().iter().filter(|node| !node.is_hidden()).map(|node| node.step.as_str());
        if named().any(|name| name == step.as_str()) {
            return Ok(());
        }
        Err(match nearest(step.as_str(), named()) {
            Some(near) => format!("did you mean '{near}'?"),
            None => {
                let mut names: Vec<&str> = named().collect();
                names.dedup();
                format!("the steps are: {}", names.join(", "))
            }
        })
    }

    /// Returns what a node asks for before or while it runs. The outputs of the whole workflow are left out when it does
    /// not run as a whole.
    fn asked_for(&self, id: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        let node = self.node(id);
        let is_root = matches!(&node.kind, Kind::Flow(flow) if flow.path.is_empty());
        let refs = node.refs.iter().filter(move |_| !is_root).map(|used| used.target);
        refs.chain(node.needs.iter().map(|need| need.target))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Catalog, compile};
    use crate::spec::parse;

    fn check(asked: &str, expected: &str) {
        let flow = "
steps:
  - { id: a, run: [x] }
  - { id: b, run: [x] }
  - { id: g, if: steps.b.ok, steps: [{ id: c, run: [x, '{{ steps.a.output }}'] }, { id: d, run: [x] }] }
  - { id: l, loop: { until: steps.f.ok, max: 3 }, steps: [{ id: e, run: [x] }, { id: f, run: [x] }] }
  - { id: z, needs: g, run: [x] }
outputs: { o: '{{ steps.z.output }}' }
";
        let plan = compile(&parse(flow, "a.yaml").unwrap(), "a.yaml", &Catalog::default()).unwrap();
        let asked: Vec<StepId> = asked.split(' ').map(|step| StepId::new(step).unwrap()).collect();
        let found: Vec<String> = plan.with_needs(&asked).iter().map(ToString::to_string).collect();
        assert_eq!(found.join(" "), expected);
    }

    #[test]
    fn what_is_needed_is_run_too() {
        check("a", "a");
        check("c", "a b c");
        check("d", "b d");
        check("g", "a b c d");
        check("e", "e f");
        check("z", "a b c d z");
        check("d a", "a b d");
    }
}
