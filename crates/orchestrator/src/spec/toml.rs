//! TOML into the same tree with places. Keys keep the file's order.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Mistake;
use super::tree::{Key, Node, Tree, excerpt_place};
use crate::model::Place;
use crate::room::SHALLOW;

/// Reads the table of `source`.
pub(super) fn read(source: &str) -> Result<Node, Mistake> {
    let table = DeTable::parse(source).map_err(|error| broken(source, &error))?;
    let places = Places { source };
    let tree = places.table(table.get_ref(), 0)?;
    Ok(Node::new(excerpt_place(source, 0), tree))
}

fn broken(source: &str, error: &toml::de::Error) -> Mistake {
    let message = match error.message().trim() {
        // The parser has two limits of its own, and says so in two ways.
        words if words.contains("recurs") => format!("blocks nest deeper than {SHALLOW} levels"),
        words => format!("the file cannot be read from here on: {words}"),
    };
    match error.span() {
        Some(span) => Mistake::at(excerpt_place(source, span.start), message),
        None => Mistake::whole(message),
    }
}

/// Returns where a value's first letter stands: for a text, behind its quotes.
fn text_place(text: &str, place: Place) -> Place {
    let begins = |quotes: &str| text.strip_prefix(quotes);
    match begins("'''").or_else(|| begins("\"\"\"")) {
        // A line end right behind the quotes is not part of the text.
        Some(rest) if rest.starts_with('\n') => Place { line: place.line + 1, column: 1 },
        Some(_) => Place { column: place.column + 3, ..place },
        None if text.starts_with(['"', '\'']) => Place { column: place.column + 1, ..place },
        None => place,
    }
}

struct Places<'s> {
    source: &'s str,
}

impl Places<'_> {
    fn table(&self, table: &DeTable<'_>, depth: usize) -> Result<Tree, Mistake> {
        let mut rows: Vec<_> = table.iter().collect();
        rows.sort_by_key(|(key, _)| key.span().start);
        let mut fields = Vec::with_capacity(rows.len());
        for (key, value) in rows {
            let place = excerpt_place(self.source, key.span().start);
            fields.push((Key { name: key.get_ref().to_string(), place }, self.node(value, depth + 1)?));
        }
        Ok(Tree::Map(fields))
    }

    fn node(&self, value: &Spanned<DeValue<'_>>, depth: usize) -> Result<Node, Mistake> {
        let span = value.span();
        let place = excerpt_place(self.source, span.start);
        if depth > SHALLOW {
            return Err(Mistake::at(place, format!("blocks nest deeper than {SHALLOW} levels")));
        }
        let text = &self.source[span];
        let too_large = || Mistake::at(place, "this number is too large");
        let tree = match value.get_ref() {
            DeValue::String(text) => Tree::Text(text.to_string()),
            DeValue::Boolean(truth) => Tree::Bool(*truth),
            DeValue::Integer(number) => {
                let parsed = i64::from_str_radix(number.as_str(), number.radix());
                Tree::Integer(parsed.map_err(|_| too_large())?)
            }
            DeValue::Float(number) => match number.as_str().parse() {
                Ok(number) if f64::is_finite(number) => Tree::Float(number),
                _ => {
                    return Err(Mistake::at(place, format!("{text} is no number that a workflow can use")));
                }
            },
            DeValue::Datetime(moment) => Tree::Text(moment.to_string()),
            DeValue::Array(items) => {
                Tree::List(items.iter().map(|item| self.node(item, depth + 1)).collect::<Result<_, _>>()?)
            }
            DeValue::Table(table) => self.table(table, depth)?,
        };
        let literal = (text.starts_with("'''\n") || text.starts_with("\"\"\"\n")) && !text.contains('\\');
        Ok(Node { place: text_place(text, place), tree, literal })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(source: &str, expected: &str) {
        let shown = match read(source) {
            Ok(node) => node.value().to_string(),
            Err(Mistake { place: Some(Place { line, column }), message, .. }) => format!("{line}:{column} {message}"),
            Err(mistake) => mistake.message,
        };
        assert_eq!(shown, expected, "{source:.80}");
    }

    #[test]
    fn values_keep_their_kind_and_the_files_order() {
        check(
            "b = 1\na = [1.5, 'x', true]\n[t]\nd = 1979-05-27\nh = 0xff",
            r#"{"b":1,"a":[1.5,"x",true],"t":{"d":"1979-05-27","h":255}}"#,
        );
        check("[[s]]\nz = 1\n[[s]]\na.b = 2", r#"{"s":[{"z":1},{"a":{"b":2}}]}"#);
    }

    #[test]
    fn mistakes_have_their_place() {
        check("a = 1\nb = nan", "2:5 nan is no number that a workflow can use");
        check("a = 1\nb = 99999999999999999999", "2:5 this number is too large");
        check("a = 1\na = 2", "2:1 the file cannot be read from here on: duplicate key");
        check(
            "a = ",
            "1:5 the file cannot be read from here on: string values must be quoted, expected literal string",
        );
        check(&format!("a = {}", "[".repeat(10_000)), "1:85 blocks nest deeper than 64 levels");
        check(&format!("{}a = 1", "a.".repeat(10_000)), "blocks nest deeper than 64 levels");
    }

    #[test]
    fn a_text_begins_where_its_first_letter_stands() {
        let place = |source: &str| {
            let Ok(Node { tree: Tree::Map(rows), .. }) = read(source) else { unreachable!("the sources are tables") };
            (rows[0].1.place.line, rows[0].1.place.column, rows[0].1.literal)
        };
        assert_eq!(place("a = 'x'"), (1, 6, false));
        assert_eq!(place("a = \"\u{e9}\u{e9}\""), (1, 6, false));
        assert_eq!(place("a = '''x'''"), (1, 8, false));
        assert_eq!(place("a = '''\nx\ny'''"), (2, 1, true));
    }
}
