//! Finds steps that wait for each other. Each node has a begin and an end; an edge says what must come first.

use super::node::{Kind, NodeId, Plan};
use crate::spec::Mistake;

/// Reports one cycle, drawn as `a -> b -> a`, if there is any.
pub(super) fn check(plan: &Plan, mistakes: &mut Vec<Mistake>) {
    let edges = edges(plan);
    let mut search = Search { edges: &edges, colours: vec![Colour::White; edges.len()], path: Vec::new() };
    for start in 0..edges.len() {
        if let Some(cycle) = search.from(start) {
            mistakes.push(describe(plan, &cycle));
            return;
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Colour {
    White,
    Grey,
    Black,
}

fn begin(id: NodeId) -> usize {
    id.0 as usize * 2
}

fn end(id: NodeId) -> usize {
    id.0 as usize * 2 + 1
}

/// For each point, the points that must come before it.
fn edges(plan: &Plan) -> Vec<Vec<usize>> {
    let mut before = vec![Vec::new(); plan.nodes().len() * 2];
    for node in plan.nodes() {
        before[end(node.id)].push(begin(node.id));
        before[begin(node.id)].extend(node.needs.iter().map(|need| end(need.target)));
        for child in &node.children {
            before[begin(*child)].push(begin(node.id));
            before[end(node.id)].push(end(*child));
        }
        if matches!(node.kind, Kind::Sequential | Kind::Always | Kind::OnFailure) {
            for pair in node.children.windows(2) {
                before[begin(pair[1])].push(end(pair[0]));
            }
        }
    }
    before
}

/// A depth-first search with its own stack: files may hold long chains.
struct Search<'e> {
    edges: &'e [Vec<usize>],
    colours: Vec<Colour>,
    path: Vec<(usize, usize)>,
}

impl Search<'_> {
    fn from(&mut self, start: usize) -> Option<Vec<usize>> {
        if self.colours[start] != Colour::White {
            return None;
        }
        self.colours[start] = Colour::Grey;
        self.path = vec![(start, 0)];
        while let Some((point, next)) = self.path.last_mut() {
            let Some(&before) = self.edges[*point].get(*next) else {
                self.colours[*point] = Colour::Black;
                self.path.pop();
                continue;
            };
            *next += 1;
            match self.colours[before] {
                Colour::Black => {}
                Colour::White => {
                    self.colours[before] = Colour::Grey;
                    self.path.push((before, 0));
                }
                Colour::Grey => {
                    let from = self.path.iter().position(|(point, _)| *point == before)?;
                    return Some(self.path[from..].iter().map(|(point, _)| *point).collect());
                }
            }
        }
        None
    }
}

fn describe(plan: &Plan, cycle: &[usize]) -> Mistake {
    let node_of = |point: &usize| plan.node(NodeId(u32::try_from(point / 2).unwrap_or(u32::MAX)));
    let mut names: Vec<&str> = Vec::new();
    for node in cycle.iter().map(node_of).filter(|node| !node.is_hidden()) {
        if !names.contains(&node.step.as_str()) {
            names.push(node.step.as_str());
        }
    }
    let place = cycle.iter().map(node_of).filter(|node| !node.is_hidden()).map(|node| node.place).max();
    let first = names.first().copied().unwrap_or_default();
    let message = format!("these steps wait for each other: {} -> {first}", names.join(" -> "));
    let hint = "a step can use only what comes before it; in a list of 'steps' that is what stands above it";
    Mistake { place, message, hint: Some(hint.into()) }
}

#[cfg(test)]
mod tests {
    use crate::plan::{Catalog, compile};
    use crate::spec::parse;

    fn check(flow: &str, expected: &str) {
        let shown = match compile(&parse(flow, "a.yaml").unwrap(), "a.yaml", &Catalog::default()) {
            Ok(_) => "none".to_owned(),
            Err(mistakes) => mistakes.into_iter().map(|mistake| mistake.message).collect::<Vec<_>>().join("; "),
        };
        assert_eq!(shown.trim_start_matches("these steps wait for each other: "), expected, "{flow:.80}");
    }

    #[test]
    fn steps_that_wait_for_each_other_are_found() {
        check("parallel: [{ id: a, needs: b, run: [x] }, { id: b, needs: a, run: [x] }]", "a -> b -> a");
        check("steps: [{ id: a, needs: b, run: [x] }, { id: b, run: [x] }]", "a -> b -> a");
        check(
            "steps: [{ id: g, steps: [{ id: a, needs: b, run: [x] }] }, { id: h, parallel: [{ id: b, run: [x] }] }]",
            "g -> a -> b -> h -> g",
        );
        check("{steps: [{ id: a, needs: b, run: [x] }], always: [{ id: b, run: [x] }]}", "a -> b -> a");
    }

    #[test]
    fn order_without_a_circle_is_fine() {
        check("parallel: [{ id: a, needs: b, run: [x] }, { id: b, run: [x] }]", "none");
        check("steps: [{ id: a, run: [x] }, { id: b, needs: a, run: [x] }]", "none");
        check(
            "steps: [{ id: a, if: 'true', run: [x], else: [{ id: b, needs: c, run: [x] }] }, { id: c, run: [x] }]",
            "a -> b -> c -> a",
        );
    }

    #[test]
    fn a_long_chain_needs_no_deep_stack() {
        let row = |index: usize| format!("{{ id: s{index}, needs: s{}, run: [x] }}", index + 1);
        let rows: Vec<String> = (0..5_000).map(row).collect();
        check(&format!("parallel: [{}, {{ id: s5000, run: [x] }}]", rows.join(", ")), "none");
    }
}
