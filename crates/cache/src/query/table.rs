//! The name of a table, and the tags by which readers of it are found when it is written.
//!
//! A name may be given with its schema or without, and who writes need not spell it as who reads. A reader therefore
//! has a tag for each spelling that a writer may use, and a writer calls two of them: a write to `a.t` concerns readers
//! of `a.t` and of a bare `t`, but not of `b.t`; a write to a bare `t` concerns all of them.

use std::fmt;

use sqlparser::ast::{ObjectName, ObjectNamePart};

use super::Dialect;

/// A table as a statement names it, with its spelling folded as the database does.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TableName {
    /// The schema (in SQLite the attached database), if it is named.
    pub schema: Option<String>,
    /// The table itself.
    pub table: String,
}

impl TableName {
    /// Reads a name of a statement; `None` if it is no plain name.
    pub(super) fn read(name: &ObjectName, dialect: Dialect) -> Option<TableName> {
        let mut parts = name.0.iter().rev().map(|part| match part {
            ObjectNamePart::Identifier(ident) => Some(dialect.folded(ident)),
            ObjectNamePart::Function(_) => None,
        });
        let table = parts.next()??;
        let schema = match parts.next() {
            None => None,
            Some(schema) => Some(schema?),
        };
        Some(TableName { schema, table })
    }

    /// Names a table without its schema.
    pub(super) fn bare(table: impl Into<String>) -> TableName {
        TableName { schema: None, table: table.into() }
    }

    /// Returns under what a result that was read from here is found.
    pub(super) fn reader_tags(&self) -> [String; 2] {
        match &self.schema {
            None => [tag("any", "", &self.table), tag("bare", "", &self.table)],
            Some(schema) => [tag("any", "", &self.table), tag("in", schema, &self.table)],
        }
    }

    /// Returns what has to go when the table is written.
    pub(super) fn writer_tags(&self) -> Vec<String> {
        match &self.schema {
            None => vec![tag("any", "", &self.table)],
            Some(schema) => vec![tag("in", schema, &self.table), tag("bare", "", &self.table)],
        }
    }
}

/// Length-prefixed, because a quoted name may hold anything.
fn tag(kind: &str, schema: &str, table: &str) -> String {
    format!("{kind}:{}:{schema}:{table}", schema.len())
}

impl fmt::Display for TableName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.schema {
            None => formatter.write_str(&self.table),
            Some(schema) => write!(formatter, "{schema}.{}", self.table),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks whether a write to one name concerns readers of the other.
    fn check(written: &str, read: &str, expected: bool) {
        let name = |text: &str| match text.split_once('.') {
            None => TableName::bare(text),
            Some((schema, table)) => TableName { schema: Some(schema.to_owned()), table: table.to_owned() },
        };
        let tags = name(read).reader_tags();
        let found = name(written).writer_tags().iter().any(|tag| tags.contains(tag));
        assert_eq!(found, expected, "{written} written, {read} read");
    }

    #[test]
    fn a_write_concerns_every_spelling_of_its_table() {
        check("t", "t", true);
        check("t", "a.t", true);
        check("a.t", "t", true);
        check("a.t", "a.t", true);
    }

    #[test]
    fn a_write_does_not_concern_other_tables() {
        check("t", "u", false);
        check("a.t", "b.t", false);
        check("a.t", "u", false);
        check("b.t", "a.u", false);
    }
}
