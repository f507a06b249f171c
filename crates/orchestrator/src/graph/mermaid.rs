//! The picture as a Mermaid flowchart, as GitHub and many editors show it.

use std::fmt::Write as _;

use super::edges::{Edge, End, Style, edges};
use super::part::{Form, Graph, Part};

impl Graph {
    /// Writes the picture as a Mermaid flowchart.
    pub fn mermaid(&self) -> String {
        self.down(|| self.as_mermaid())
    }

    fn as_mermaid(&self) -> String {
        let mut text = format!("---\ntitle: {}\n---\nflowchart TD\n", quoted_yaml(&self.name));
        // The workflow itself is the whole picture; a frame round it would say nothing.
        match self.root.is_group() && self.root.name.is_none() {
            true => inside(&self.root, 1, &mut text),
            false => part(&self.root, 1, &mut text),
        }
        for edge in edges(self) {
            writeln!(text, "  {}", arrow(&edge)).expect("a string takes any text");
        }
        text
    }
}

fn part(part: &Part, depth: usize, text: &mut String) {
    let indent = "  ".repeat(depth);
    let key = &part.key;
    let mut line = |words: String| writeln!(text, "{indent}{words}").expect("a string takes any text");
    if !part.is_group() {
        let (open, close) = if part.is_many() { ("[[", "]]") } else { ("[", "]") };
        let label: Vec<String> = part.label().iter().map(|line| escaped(line)).collect();
        return line(format!("{key}{open}\"{}\"{close}", label.join("<br/>")));
    }
    line(format!("subgraph {key}[\"{}\"]", escaped(&part.title())));
    inside(part, depth + 1, text);
    writeln!(text, "{indent}end").expect("a string takes any text");
}

fn inside(group: &Part, depth: usize, text: &mut String) {
    if let Form::Choice { question, .. } = &group.form {
        let indent = "  ".repeat(depth);
        writeln!(text, "{indent}{}{{\"{}\"}}", group.question(), escaped(question)).expect("a string takes any text");
    }
    group.parts().into_iter().for_each(|inner| part(inner, depth, text));
}

fn arrow(edge: &Edge<'_>) -> String {
    let label = edge.label.as_ref().map(|label| format!("|\"{}\"|", escaped(label))).unwrap_or_default();
    let line = match edge.style {
        Style::Order | Style::Then | Style::Again => "-->",
        Style::Stream => "==>",
        Style::Need => "-.->",
    };
    format!("{} {line}{label} {}", end(edge.from), end(edge.to))
}

fn end(end: End<'_>) -> String {
    match end {
        End::Part(part) => part.key.clone(),
        End::Question(part) => part.question(),
        End::First(part) => part.first(),
        End::Last(part) => part.last(),
    }
}

/// Mermaid's own entities: a quote would end the label, a backtick begin Markdown, `<` a tag, `%%{` a directive.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '#' | '"' | '`' | '<' | '>' | '&' | ';' | '%' | '\\' => {
                write!(safe, "#{};", u32::from(letter)).expect("a string takes any text");
            }
            letter => safe.push(letter),
        }
    }
    safe
}

/// The title stands in YAML; a JSON text is one.
fn quoted_yaml(text: &str) -> String {
    serde_json::Value::from(super::words::cut(text)).to_string()
}

#[cfg(test)]
mod tests {
    use super::super::layout::tests::{PATTERNS, graph};
    use super::*;

    #[test]
    fn groups_are_subgraphs_and_needs_are_dashed() {
        let expected = r#"---
title: "a"
---
flowchart TD
  subgraph g_flow_steps["in order"]
    s_build["build<br/>$ make"]
    subgraph s_checks["checks: together"]
      s_lint["lint<br/>optional<br/>$ lint"]
      s_test[["test<br/>for each of 1, 2<br/>$ make test {{ item }}"]]
    end
    subgraph s_end["end: one of"]
      q_s_end{"if steps.test.ok"}
      t_s_end["$ publish {{ steps.build.output }}"]
      s_sorry["sorry<br/>$ sorry"]
    end
  end
  s_clean["clean<br/>$ rm x"]
  g_flow_steps -->|"always"| s_clean
  s_build --> s_checks
  s_checks --> s_end
  q_s_end -->|"yes"| t_s_end
  q_s_end -->|"no"| s_sorry
  s_build -.-> s_end
  s_test -.-> s_end
"#;
        assert_eq!(graph(PATTERNS).mermaid(), expected);
    }

    #[test]
    fn what_mermaid_would_read_is_an_entity() {
        assert_eq!(
            escaped("a \"b\" <i> `c` #d; & %%{init}%% \\ {{ e }}"),
            "a #34;b#34; #60;i#62; #96;c#96; #35;d#59; #38; #37;#37;{init}#37;#37; #92; {{ e }}"
        );
    }
}
