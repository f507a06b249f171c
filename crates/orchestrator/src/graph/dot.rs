//! The picture as Graphviz DOT: groups are clusters, and arrows to a group end at its frame.

use std::fmt::Write as _;

use super::edges::{Edge, End, Style, edges};
use super::part::{Form, Graph, Part};

const HEAD: &str = "  compound=true\n  node [shape=box, style=rounded, fontname=\"sans-serif\"]\n  \
                    edge [fontname=\"sans-serif\"]\n  fontname=\"sans-serif\"\n";

impl Graph {
    /// Writes the picture as Graphviz DOT.
    pub fn dot(&self) -> String {
        self.down(|| self.as_dot())
    }

    fn as_dot(&self) -> String {
        let name = escaped(&super::words::cut(&self.name));
        let mut text = format!("digraph \"{name}\" {{\n  label=\"{name}\"\n  labelloc=t\n{HEAD}");
        match self.root.is_group() && self.root.name.is_none() {
            true => inside(&self.root, 1, &mut text),
            false => part(&self.root, 1, &mut text),
        }
        for edge in edges(self) {
            writeln!(text, "  {}", arrow(&edge)).expect("a string takes any text");
        }
        text.push_str("}\n");
        text
    }
}

fn part(part: &Part, depth: usize, text: &mut String) {
    let indent = "  ".repeat(depth);
    if !part.is_group() {
        let label: Vec<String> = part.label().iter().map(|line| escaped(line)).collect();
        let many = if part.is_many() { ", peripheries=2" } else { "" };
        writeln!(text, "{indent}{} [label=\"{}\"{many}]", part.key, label.join("\\n"))
            .expect("a string takes any text");
        return;
    }
    writeln!(text, "{indent}subgraph cluster_{} {{", part.key).expect("a string takes any text");
    writeln!(text, "{indent}  label=\"{}\"", escaped(&part.title())).expect("a string takes any text");
    inside(part, depth + 1, text);
    writeln!(text, "{indent}}}").expect("a string takes any text");
}

fn inside(group: &Part, depth: usize, text: &mut String) {
    if let Form::Choice { question, .. } = &group.form {
        let indent = "  ".repeat(depth);
        writeln!(text, "{indent}{} [label=\"{}\", shape=diamond, style=\"\"]", group.question(), escaped(question))
            .expect("a string takes any text");
    }
    group.parts().into_iter().for_each(|inner| part(inner, depth, text));
}

/// Arrows join nodes; `ltail` and `lhead` cut them off at the frame of the group that is meant.
fn arrow(edge: &Edge<'_>) -> String {
    let mut settings: Vec<String> = Vec::new();
    settings.extend(edge.label.as_ref().map(|label| format!("label=\"{}\"", escaped(label))));
    match edge.style {
        Style::Order | Style::Then => {}
        Style::Stream => settings.push("style=bold".into()),
        Style::Again => settings.push("style=dotted, constraint=false".into()),
        Style::Need => settings.push("style=dashed, constraint=false".into()),
    }
    let frame = |end: End<'_>| match end {
        End::Part(part) if part.is_group() => Some(part.key.clone()),
        _ => None,
    };
    settings.extend(frame(edge.from).map(|key| format!("ltail=cluster_{key}")));
    settings.extend(frame(edge.to).map(|key| format!("lhead=cluster_{key}")));
    let settings = if settings.is_empty() { String::new() } else { format!(" [{}]", settings.join(", ")) };
    format!("{} -> {}{settings}", last(edge.from), first(edge.to))
}

fn first(end: End<'_>) -> String {
    match end {
        End::Question(part) => part.question(),
        End::Part(part) | End::First(part) => part.first(),
        End::Last(part) => part.last(),
    }
}

fn last(end: End<'_>) -> String {
    match end {
        End::Question(part) => part.question(),
        End::Part(part) | End::Last(part) => part.last(),
        End::First(part) => part.first(),
    }
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

#[cfg(test)]
mod tests {
    use super::super::layout::tests::{PATTERNS, graph};

    #[test]
    fn groups_are_clusters_and_arrows_end_at_their_frames() {
        let expected = r#"digraph "a" {
  label="a"
  labelloc=t
  compound=true
  node [shape=box, style=rounded, fontname="sans-serif"]
  edge [fontname="sans-serif"]
  fontname="sans-serif"
  subgraph cluster_g_flow_steps {
    label="in order"
    s_build [label="build\n$ make"]
    subgraph cluster_s_checks {
      label="checks: together"
      s_lint [label="lint\noptional\n$ lint"]
      s_test [label="test\nfor each of 1, 2\n$ make test {{ item }}", peripheries=2]
    }
    subgraph cluster_s_end {
      label="end: one of"
      q_s_end [label="if steps.test.ok", shape=diamond, style=""]
      t_s_end [label="$ publish {{ steps.build.output }}"]
      s_sorry [label="sorry\n$ sorry"]
    }
  }
  s_clean [label="clean\n$ rm x"]
  s_sorry -> s_clean [label="always", ltail=cluster_g_flow_steps]
  s_build -> s_lint [lhead=cluster_s_checks]
  s_test -> q_s_end [ltail=cluster_s_checks, lhead=cluster_s_end]
  q_s_end -> t_s_end [label="yes"]
  q_s_end -> s_sorry [label="no"]
  s_build -> q_s_end [style=dashed, constraint=false, lhead=cluster_s_end]
  s_test -> q_s_end [style=dashed, constraint=false, lhead=cluster_s_end]
}
"#;
        assert_eq!(graph(PATTERNS).dot(), expected);
    }

    #[test]
    fn quotes_and_backslashes_stay_inside_their_label() {
        let dot = graph(r#"steps: [{ id: a, run: 'echo "x\n" \' }]"#).dot();
        assert!(dot.contains(r#"s_a [label="a\n$ echo \"x\\n\" \\"]"#), "{dot}");
    }
}
