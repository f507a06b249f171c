//! YAML 1.2 (and so JSON) into a tree with places. Strict: the core schema and nothing of YAML 1.1.

use std::collections::HashMap;

use granit_parser::{ErrorKind, Event, Marker, Options, Parser, ScalarStyle, ScanError};

use super::Mistake;
use super::read::SMALLEST;
use super::scalars::plain;
use super::tree::{Key, MAX_NODES, Node, Tree};
use crate::model::Place;
use crate::room::SHALLOW;

/// Reads the one document of `source`, whose lists and maps nest so deep at most, with the mistakes that the rest of it does
/// not hang on.
pub(super) fn read(source: &str, depth: usize) -> Result<(Node, Vec<Mistake>), Mistake> {
    let mut options = Options::default();
    options.emit_comments = false;
    options.flow_nesting_limit = depth;
    options.block_nesting_limit = depth;
    let mut builder = Builder { depth, ..Builder::default() };
    for step in Parser::new_from_str_with_options(source, options) {
        let (event, span) = step.map_err(|error| broken(source, depth, &error))?;
        builder.see(event, place(&span.start))?;
    }
    builder.finish()
}

/// Builds the tree from the parser's events with a stack of its own, so depth costs no call stack.
#[derive(Default)]
struct Builder {
    /// How deep lists and maps may nest.
    depth: usize,
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    nodes: usize,
    documents: usize,
    root: Option<Node>,
    mistakes: Vec<Mistake>,
}

/// A list or map whose end has not come yet.
struct Open {
    place: Place,
    anchor: usize,
    holds: Holds,
}

enum Holds {
    List(Vec<Node>),
    Map(Vec<(Key, Node)>, Option<Key>),
}

impl Builder {
    fn see(&mut self, event: Event<'_>, place: Place) -> Result<(), Mistake> {
        match event {
            Event::DocumentStart(..) => self.document(place),
            Event::Scalar(text, style, anchor, tag) => {
                self.tagged(place, tag.map(|tag| tag.to_string()));
                self.scalar(&text, style, anchor, place)
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.tagged(place, tag.map(|tag| tag.to_string()));
                self.start(place, anchor, Holds::List(Vec::new()))
            }
            Event::MappingStart(_, anchor, tag) => {
                self.tagged(place, tag.map(|tag| tag.to_string()));
                self.start(place, anchor, Holds::Map(Vec::new(), None))
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(),
            Event::Alias(anchor) => self.alias(anchor, place),
            _ => Ok(()),
        }
    }

    fn document(&mut self, place: Place) -> Result<(), Mistake> {
        self.documents += 1;
        match self.documents {
            1 => Ok(()),
            _ => {
                Err(Mistake::at(place, "a workflow file holds one document").hint("remove the '---' and what follows"))
            }
        }
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, anchor: usize, place: Place) -> Result<(), Mistake> {
        let as_text = || Tree::Text(text.to_owned());
        let tree = match style {
            ScalarStyle::Plain => plain(text, place).unwrap_or_else(|mistake| {
                self.mistakes.push(mistake);
                as_text()
            }),
            _ => as_text(),
        };
        let literal = style == ScalarStyle::Literal;
        self.put(Node { place: text_place(text, style, place), tree, literal }, anchor)
    }

    fn tagged(&mut self, place: Place, tag: Option<String>) {
        let mistake = |tag| Mistake::at(place, format!("the tag {tag} is not understood")).hint("remove the tag");
        self.mistakes.extend(tag.map(mistake));
    }

    fn start(&mut self, place: Place, anchor: usize, holds: Holds) -> Result<(), Mistake> {
        if self.open.len() >= self.depth {
            return Err(too_deep(self.depth, place));
        }
        if let Some(Open { holds: Holds::Map(_, None), .. }) = self.open.last() {
            let mistake = Mistake::at(place, "a list or map cannot be a key");
            let hint = "a value that begins with {{ must be quoted: key: \"{{ value }}\"";
            return Err(if matches!(holds, Holds::Map(..)) { mistake.hint(hint) } else { mistake });
        }
        self.open.push(Open { place, anchor, holds });
        Ok(())
    }

    fn end(&mut self) -> Result<(), Mistake> {
        let open = self.open.pop().expect("the parser closes only what it opened");
        let tree = match open.holds {
            Holds::List(items) => Tree::List(items),
            Holds::Map(fields, _) => Tree::Map(fields),
        };
        self.put(Node::new(open.place, tree), open.anchor)
    }

    fn alias(&mut self, anchor: usize, place: Place) -> Result<(), Mistake> {
        let Some(target) = self.anchors.get(&anchor) else {
            return Err(Mistake::at(place, "this alias is part of what it stands for"));
        };
        if self.nodes + target.size() > MAX_NODES {
            return Err(Mistake::at(place, format!("the file's aliases expand to more than {MAX_NODES} values")));
        }
        if self.open.len() + target.depth() > self.depth {
            return Err(too_deep(self.depth, place));
        }
        let node = Node { place, ..target.clone() };
        self.nodes += node.size() - 1;
        self.put(node, 0)
    }

    /// Puts a finished value where it belongs: into the open list or map, or as the root.
    fn put(&mut self, node: Node, anchor: usize) -> Result<(), Mistake> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return Err(Mistake::at(node.place, format!("the file has more than {MAX_NODES} values")));
        }
        if anchor > 0 {
            // It will be copied.
            if node.depth() > SHALLOW {
                return Err(Mistake::at(node.place, format!("what is used again nests deeper than {SHALLOW} levels")));
            }
            self.anchors.insert(anchor, node.clone());
        }
        match self.open.last_mut().map(|open| &mut open.holds) {
            None => self.root = Some(node),
            Some(Holds::List(items)) => items.push(node),
            Some(Holds::Map(fields, key)) => match key.take() {
                Some(key) => fields.push((key, node)),
                None => *key = Some(key_of(&node)?),
            },
        }
        Ok(())
    }

    fn finish(self) -> Result<(Node, Vec<Mistake>), Mistake> {
        match self.root {
            Some(root) => Ok((root, self.mistakes)),
            None => Err(Mistake::whole("the file holds nothing but comments").hint(SMALLEST)),
        }
    }
}

fn key_of(node: &Node) -> Result<Key, Mistake> {
    let name = match &node.tree {
        Tree::Text(text) => text.clone(),
        Tree::Bool(truth) => truth.to_string(),
        Tree::Integer(number) => number.to_string(),
        _ => return Err(Mistake::at(node.place, format!("a key is text, not {}", node.kind()))),
    };
    Ok(Key { name, place: node.place })
}

fn too_deep(depth: usize, place: Place) -> Mistake {
    Mistake::at(place, format!("blocks nest deeper than {depth} levels"))
}

/// Returns where a text's first letter stands, which is what places inside it are counted from.
fn text_place(text: &str, style: ScalarStyle, place: Place) -> Place {
    match style {
        ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => Place { column: place.column + 1, ..place },
        // The parser gives the first line that is not empty.
        ScalarStyle::Literal => {
            let skipped = text.len() - text.trim_start_matches('\n').len();
            Place { line: place.line.saturating_sub(u32::try_from(skipped).unwrap_or(u32::MAX)).max(1), ..place }
        }
        _ => place,
    }
}

fn place(marker: &Marker) -> Place {
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    Place { line: number(marker.line()), column: number(marker.col() + 1) }
}

/// Says why the parser stopped; a template inside braces is the commonest reason and gets its own hint.
fn broken(source: &str, depth: usize, error: &ScanError) -> Mistake {
    let place = place(error.marker());
    if *error.kind() == ErrorKind::RecursionLimitExceeded {
        return too_deep(depth, place);
    }
    let lines = source.lines().take(place.line as usize).collect::<Vec<_>>();
    let near = lines.iter().rev().take(2).rev();
    let braced = near.clone().any(|line| {
        let flow = line.find('{').is_some_and(|at| !line[at..].starts_with("{{"));
        flow && line.contains("{{")
    });
    let bare = near.clone().any(|line| line.contains(": {{"));
    let message = format!("the file cannot be read from here on: {}", error.kind());
    let mistake = Mistake::at(place, message);
    if braced {
        return mistake.hint("inside braces a text with {{ }} must be quoted: { run: \"echo {{ x }}\" }");
    }
    if bare {
        return mistake.hint("a text that begins with {{ must be quoted: key: \"{{ value }}\"");
    }
    if lines.last().is_some_and(|line| line.starts_with('\t')) {
        return mistake.hint("indent with spaces, not tabs");
    }
    mistake
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(source: &str, expected: &str) {
        let said = |mistake: &Mistake| match mistake.place {
            Some(Place { line, column }) => format!("{line}:{column} {}", mistake.message),
            None => mistake.message.clone(),
        };
        let shown = match read(source, SHALLOW) {
            Ok((node, mistakes)) if mistakes.is_empty() => node.value().to_string(),
            Ok((_, mistakes)) => mistakes.iter().map(said).collect::<Vec<_>>().join("; "),
            Err(mistake) => said(&mistake),
        };
        assert_eq!(shown, expected, "{source:.80}");
    }

    #[test]
    fn values_are_read_as_yaml_1_2_and_json_say() {
        check("a: yes\nb: [1, 1.5, true, ~, '1', \"x\\ty\"]", r#"{"a":"yes","b":[1,1.5,true,null,"1","x\ty"]}"#);
        check("{\"a\": {\"b\": [null, -3]}}", r#"{"a":{"b":[null,-3]}}"#);
        check("a: |\n  x\n    y\nb: >-\n  p\n  q\n", r#"{"a":"x\n  y\n","b":"p q"}"#);
        check("a: &x [1, 2]\nb: *x", r#"{"a":[1,2],"b":[1,2]}"#);
        check("1: a\ntrue: b\n<<: c", r#"{"1":"a","true":"b","<<":"c"}"#);
        check("a: 'no # comment' # a comment", r#"{"a":"no # comment"}"#);
    }

    #[test]
    fn what_only_some_parsers_understand_is_a_mistake_with_its_place() {
        check("a: !!int 3", "1:10 the tag tag:yaml.org,2002:int is not understood");
        check("a: !x [1]", "1:7 the tag !x is not understood");
        check("a: 1\n---\nb: 2", "2:1 a workflow file holds one document");
        check("? [a]\n: 1", "1:3 a list or map cannot be a key");
        check("a: {{ x }}", "1:5 a list or map cannot be a key");
        check("~: 1", "1:1 a key is text, not nothing");
        check(
            "a:\n\t- b",
            "2:2 the file cannot be read from here on: tabs disallowed within this context (block indentation)",
        );
        check("a: [1, 2", "1:4 the file cannot be read from here on: unclosed bracket '['");
        check("a: &x [*x]", "1:8 this alias is part of what it stands for");
        check("a: *x", "1:4 the file cannot be read from here on: while parsing node, found unknown anchor");
        check("# nothing", "the file holds nothing but comments");
    }

    #[test]
    fn mistakes_that_leave_the_rest_readable_come_all_at_once() {
        check(
            "a: 017\nb: .inf\nc: !x 1",
            "1:4 017 is read as 17 by YAML 1.2 and as octal by YAML 1.1; 2:4 .inf is no number that a workflow can use; 3:7 the tag !x is not understood",
        );
    }

    #[test]
    fn depth_and_aliases_have_limits() {
        let nested = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
        check(&nested(SHALLOW), &nested(SHALLOW));
        check(&nested(SHALLOW + 1), "1:65 blocks nest deeper than 64 levels");
        check(&nested(10_000), "1:65 blocks nest deeper than 64 levels");
        check(&format!("a: &a {}\nb: [[*a]]", nested(62)), "2:6 blocks nest deeper than 64 levels");
        let many = format!("a: &a [{}]\nb: [{}]", "1,".repeat(1_000), "*a,".repeat(250));
        check(&many, "2:599 the file's aliases expand to more than 200000 values");
        check(&format!("[{}]", "1,".repeat(MAX_NODES + 1)), "1:400002 the file has more than 200000 values");
    }

    #[test]
    fn a_text_begins_where_its_first_letter_stands() {
        let place = |source: &str| {
            let (node, _) = read(source, SHALLOW).unwrap();
            let Tree::Map(rows) = node.tree else { unreachable!("the sources are maps") };
            (rows[0].1.place.line, rows[0].1.place.column, rows[0].1.literal)
        };
        assert_eq!(place("a: x"), (1, 4, false));
        assert_eq!(place("a: 'x'"), (1, 5, false));
        assert_eq!(place("a: |\n    x\n    y"), (2, 5, true));
        assert_eq!(place("a: |\n\n\n  x\n"), (2, 3, true));
    }
}
