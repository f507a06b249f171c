//! What SQLite's catalogue says: which names are tables and views, and what a write to a table comes to.

use std::sync::Arc;

use rusqlite::{Connection as Driver, OptionalExtension, Result};
use sqlparser::ast::Statement as Tree;

use super::tokens::Tokens;
use super::{Dialect, Rows, Schema, Session};

/// Returns whether the connection sees more databases than its own and the one for temporary tables.
pub(super) fn sees_others(connection: &Driver) -> Result<bool> {
    // Asked in this way it reads no file, and does not meet the locks of others.
    let mut statement = connection.prepare_cached("PRAGMA database_list")?;
    let numbers = statement.query_map([], |row| row.get::<_, i64>(0))?;
    numbers.into_iter().try_fold(false, |others, number| Ok(others || number? > 1))
}

/// Returns whether the connection has temporary tables, views or triggers.
pub(super) fn has_own(connection: &Driver) -> Result<bool> {
    connection.query_row("SELECT EXISTS (SELECT 1 FROM temp.sqlite_master)", [], |row| row.get(0))
}

/// Reads the catalogue.
pub(super) fn read(connection: &Driver, session: &Session<Arc<Rows>>) -> Result<Schema> {
    let mut schema = Schema::new(Dialect::Sqlite);
    for master in ["main.sqlite_master", "temp.sqlite_master"] {
        let mut statement = connection.prepare(&format!("SELECT type, name, tbl_name, sql FROM {master}"))?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (kind, name, table): (String, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let definition: Option<String> = row.get(3)?;
            match kind.as_str() {
                "table" => table_of(&mut schema, &name, definition.as_deref().unwrap_or_default()),
                "view" => match definition.as_deref().and_then(query_of_view) {
                    Some(query) => session.add_view(&mut schema, &name, &query),
                    None => unknown(&mut schema, &name),
                },
                "trigger" => schema.trigger(&table),
                _ => {}
            }
        }
    }
    foreign_keys(connection, &mut schema)?;
    Ok(schema)
}

fn table_of(schema: &mut Schema, name: &str, definition: &str) {
    // A virtual table is read and written as its module likes.
    match definition.get(..14).is_some_and(|begin| begin.eq_ignore_ascii_case("CREATE VIRTUAL")) {
        true => unknown(schema, name),
        false => schema.table(name),
    }
}

fn unknown(schema: &mut Schema, name: &str) {
    schema.opaque(name);
    schema.trigger(name);
}

/// SQLite stores how a view was made; the query is what comes after AS.
fn query_of_view(definition: &str) -> Option<String> {
    let tokens = Tokens::of(definition, Dialect::Sqlite)?;
    tokens.parse(definition, Dialect::Sqlite, |parsed| match &parsed.ok()?[..] {
        [Tree::CreateView(view)] => Some(view.query.to_string()),
        _ => None,
    })
}

fn foreign_keys(connection: &Driver, schema: &mut Schema) -> Result<()> {
    let mut statement = connection.prepare(
        "SELECT m.name, f.\"table\" FROM main.sqlite_master m, pragma_foreign_key_list(m.name) f \
         WHERE m.type = 'table' AND (f.on_update NOT IN ('NO ACTION', 'RESTRICT') \
         OR f.on_delete NOT IN ('NO ACTION', 'RESTRICT'))",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (child, parent): (String, String) = (row.get(0)?, row.get(1)?);
        schema.cascade(&parent, &child);
    }
    Ok(())
}

/// Returns about how many rows a table has: its largest row id, which costs one step. None if nobody can tell.
pub(super) fn size(connection: &Driver, table: &str) -> Option<u64> {
    let quoted = table.replace('"', "\"\"");
    let largest = connection.query_row(&format!("SELECT max(rowid) FROM \"{quoted}\""), [], |row| row.get(0));
    largest.optional().ok()?.flatten().and_then(|largest: i64| largest.try_into().ok())
}
