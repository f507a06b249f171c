//! What comes before what: the arrows of a picture. How an arrow looks is each format's own.

use std::collections::{HashMap, HashSet};

use super::part::{Form, Graph, Mark, Part};

/// An arrow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Edge<'g> {
    pub(super) from: End<'g>,
    pub(super) to: End<'g>,
    pub(super) style: Style,
    pub(super) label: Option<String>,
}

/// Where an arrow begins or ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End<'g> {
    /// At a step or at the frame of a group.
    Part(&'g Part),
    /// At the question of a choice.
    Question(&'g Part),
    /// At the first node in a part.
    First(&'g Part),
    /// At the last node in a part.
    Last(&'g Part),
}

/// What an arrow means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// One after the other.
    Order,
    /// Items stream from one to the other.
    Stream,
    /// After the first: in any case, or when it failed.
    Then,
    /// Back, for another round.
    Again,
    /// One uses the other's result.
    Need,
}

/// Returns all arrows: the order of the file first, then what is needed beyond it.
pub(super) fn edges(graph: &Graph) -> Vec<Edge<'_>> {
    let mut edges = Vec::new();
    order(&graph.root, &mut edges);
    let mut parts = HashMap::new();
    index(&graph.root, &mut parts);
    let drawn: HashSet<(&str, &str)> =
        edges.iter().filter_map(|edge| Some((edge.from.part()?.key.as_str(), edge.to.part()?.key.as_str()))).collect();
    let mut needed = Vec::new();
    needs(&graph.root, &parts, &mut needed);
    // What stands right before is needed by its order already; a second arrow would say nothing.
    needed.retain(|edge| {
        let ends = edge.from.part().zip(edge.to.part());
        ends.is_none_or(|(from, to)| !drawn.contains(&(from.key.as_str(), to.key.as_str())))
    });
    edges.extend(needed);
    edges
}

impl<'g> End<'g> {
    fn part(self) -> Option<&'g Part> {
        match self {
            End::Part(part) => Some(part),
            End::Question(_) | End::First(_) | End::Last(_) => None,
        }
    }
}

fn order<'g>(part: &'g Part, edges: &mut Vec<Edge<'g>>) {
    let mut arrow = |from, to, style, label| edges.push(Edge { from, to, style, label });
    match &part.form {
        Form::Task(_) | Form::Parallel(_) => {}
        Form::Sequence(parts) => {
            for pair in parts.windows(2) {
                arrow(End::Part(&pair[0]), End::Part(&pair[1]), Style::Order, None);
            }
        }
        Form::Pipe(parts) => {
            for pair in parts.windows(2) {
                arrow(End::Part(&pair[0]), End::Part(&pair[1]), Style::Stream, None);
            }
        }
        Form::Choice { answers, .. } => {
            for (answer, to) in answers {
                arrow(End::Question(part), End::Part(to), Style::Order, Some(answer.clone()));
            }
        }
        Form::Then { body, when, after } => {
            arrow(End::Part(body), End::Part(after), Style::Then, Some((*when).to_owned()));
        }
    }
    // The part itself says how long it goes on.
    if part.marks.iter().any(|mark| matches!(mark, Mark::Loop(_))) {
        arrow(End::Last(part), End::First(part), Style::Again, Some("again".to_owned()));
    }
    part.parts().into_iter().for_each(|part| order(part, edges));
}

fn index<'g>(part: &'g Part, parts: &mut HashMap<&'g str, &'g Part>) {
    parts.insert(&part.key, part);
    part.parts().into_iter().for_each(|part| index(part, parts));
}

fn needs<'g>(part: &'g Part, parts: &HashMap<&'g str, &'g Part>, edges: &mut Vec<Edge<'g>>) {
    let sources = part.needs.iter().filter_map(|(need, _)| parts.get(need.as_str()));
    edges.extend(sources.map(|from| Edge {
        from: End::Part(from),
        to: End::Part(part),
        style: Style::Need,
        label: None,
    }));
    part.parts().into_iter().for_each(|part| needs(part, parts, edges));
}
