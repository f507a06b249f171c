//! What the catalogue says beyond a statement's text: what stands behind a view, and what else is written when a table
//! is. Adapters read it from the database.

use std::collections::{BTreeSet, HashMap};

use super::{Dialect, Refusal, TableName};

/// What is known of the names in a database.
///
/// Tables are known by their bare names: if two schemas have one, what is known of either holds for both.
///
/// ```
/// use segno_cache::query::{Dialect, Schema};
///
/// let mut schema = Schema::new(Dialect::Sqlite);
/// schema.table("users");
/// schema.table("orders");
/// schema.view("buyers", ["users", "orders"]);
/// schema.cascade("users", "orders");
/// ```
#[derive(Clone, Debug)]
pub struct Schema {
    dialect: Dialect,
    relations: HashMap<String, Relation>,
}

#[derive(Clone, Debug, Default)]
struct Relation {
    behind: BTreeSet<String>,
    also_written: BTreeSet<String>,
    is_opaque: bool,
    writes_anything: bool,
}

impl Schema {
    /// Makes one in which no name is known.
    pub fn new(dialect: Dialect) -> Schema {
        Schema { dialect, relations: HashMap::new() }
    }

    /// Adds a table.
    pub fn table(&mut self, name: &str) {
        self.relation(name);
    }

    /// Adds a view, with what it reads: tables or other views.
    pub fn view<'a>(&mut self, name: &str, reads: impl IntoIterator<Item = &'a str>) {
        let reads: Vec<String> = reads.into_iter().map(|name| self.dialect.catalogued(name)).collect();
        let relation = self.relation(name);
        relation.behind.extend(reads.iter().cloned());
        // What is written through a view is written to what it reads.
        relation.also_written.extend(reads);
    }

    /// Adds a name of which nobody can tell what a read of it says: a foreign or virtual table, a sequence, a view that
    /// is not understood. Its reads are not remembered.
    pub fn opaque(&mut self, name: &str) {
        self.relation(name).is_opaque = true;
    }

    /// Says that a write to one table may write the other: a foreign key with an action, a partition, an heir.
    pub fn cascade(&mut self, written: &str, also: &str) {
        let also = self.dialect.catalogued(also);
        self.relation(written).also_written.insert(also);
    }

    /// Says that a write to the table may write anything: it has triggers or rules.
    pub fn trigger(&mut self, table: &str) {
        self.relation(table).writes_anything = true;
    }

    fn relation(&mut self, name: &str) -> &mut Relation {
        self.relations.entry(self.dialect.catalogued(name)).or_default()
    }

    /// Returns what a statement that names these reads in the end. A name that a WITH gives need not be known.
    pub(super) fn reads(&self, named: &[TableName], given: &[String]) -> Result<Vec<TableName>, Refusal> {
        reached(named, |name| match self.relations.get(name) {
            Some(relation) if !relation.is_opaque => Ok(Some(&relation.behind)),
            None if given.iter().any(|given| given == name) => Ok(None),
            _ => Err(Refusal::Opaque(name.to_owned())),
        })
    }

    /// Returns what is written in the end, or nothing if that may be anything.
    pub(super) fn writes(&self, named: &[TableName]) -> Option<Vec<TableName>> {
        let also_written = |name: &str| {
            let relation = self.relations.get(name).filter(|relation| !relation.writes_anything);
            relation.map(|relation| Some(&relation.also_written)).ok_or(())
        };
        reached(named, also_written).ok()
    }
}

/// Returns the names and all that is behind them, and behind that; in circles too.
fn reached<'s, E>(
    named: &'s [TableName],
    mut behind: impl FnMut(&str) -> Result<Option<&'s BTreeSet<String>>, E>,
) -> Result<Vec<TableName>, E> {
    let mut found: Vec<TableName> = named.to_vec();
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    let mut open: Vec<&str> = named.iter().map(|name| name.table.as_str()).collect();
    while let Some(name) = open.pop() {
        if seen.insert(name)
            && let Some(more) = behind(name)?
        {
            found.extend(more.iter().map(TableName::bare));
            open.extend(more.iter().map(String::as_str));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema() -> Schema {
        let mut schema = Schema::new(Dialect::Sqlite);
        ["users", "orders", "items", "log"].into_iter().for_each(|name| schema.table(name));
        schema.view("buyers", ["users", "recent"]);
        schema.view("recent", ["orders"]);
        schema.view("round", ["round"]);
        schema.cascade("users", "orders");
        schema.cascade("orders", "items");
        schema.trigger("log");
        schema.opaque("remote");
        schema
    }

    /// Checks what a read and a write of one name come to.
    fn check(name: &str, reads: &str, writes: &str) {
        let show = |names: Vec<TableName>| {
            let names: BTreeSet<String> = names.iter().map(ToString::to_string).collect();
            names.into_iter().collect::<Vec<_>>().join(" ")
        };
        let named = [TableName::bare(name)];
        let read = schema().reads(&named, &["given".to_owned()]).map_or_else(|refusal| refusal.to_string(), show);
        let written = schema().writes(&named).map_or_else(|| "everything".to_owned(), show);
        assert_eq!((read.as_str(), written.as_str()), (reads, writes));
    }

    #[test]
    fn a_view_is_read_and_written_as_what_it_reads() {
        check("recent", "orders recent", "items orders recent");
        check("buyers", "buyers orders recent users", "buyers items orders recent users");
        check("round", "round", "round");
    }

    #[test]
    fn a_cascade_is_followed_to_its_end() {
        check("users", "users", "items orders users");
        check("items", "items", "items");
    }

    #[test]
    fn what_is_not_known_is_not_read_and_writes_everything() {
        check("log", "log", "everything");
        check("remote", "what stands behind `remote` cannot be told", "remote");
        check("nobody", "what stands behind `nobody` cannot be told", "everything");
        check("given", "given", "everything");
    }
}
