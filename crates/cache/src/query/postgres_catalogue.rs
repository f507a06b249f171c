//! What PostgreSQL's catalogue says: which names are tables and views, and what a write to a table comes to.

use std::collections::HashMap;
use std::sync::Arc;

use tokio_postgres::{Client, Error};

use super::{Dialect, PostgresRows, Schema, Session};

/// `t.f` calls a function `f` over rows of `t`, or of what `t` inherits from, and operators bear the names of others: a
/// read may call what is not written there. Functions that are immutable, and those of C that only read settings, are
/// taken at their word.
const RELATIONS: &str = "WITH RECURSIVE called(oid, argument, namespace) AS ( \
    SELECT p.oid, p.proargtypes[0], p.pronamespace FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang \
    WHERE p.provolatile = 'v' OR p.provolatile = 's' AND l.lanname NOT IN ('c', 'internal')), \
    above(oid, above) AS (SELECT c.oid, c.oid FROM pg_class c WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') \
    UNION SELECT a.oid, i.inhparent FROM above a JOIN pg_inherits i ON i.inhrelid = a.above) \
    SELECT c.relname::text, c.relkind::text, c.relrowsecurity, \
    EXISTS (SELECT 1 FROM pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal) \
        OR EXISTS (SELECT 1 FROM pg_rewrite r WHERE r.ev_class = c.oid AND r.rulename <> '_RETURN'), \
    CASE c.relkind WHEN 'v' THEN pg_get_viewdef(c.oid) END, \
    EXISTS (SELECT 1 FROM above a JOIN pg_class u ON u.oid = a.above JOIN called f \
        ON f.argument IN (u.reltype, 'record'::regtype, 'anyelement'::regtype, 'anynonarray'::regtype, \
            'anycompatible'::regtype, 'anycompatiblenonarray'::regtype) \
        JOIN pg_proc p ON p.oid = f.oid AND p.pronargs - p.pronargdefaults <= 1 \
        WHERE a.oid = c.oid AND f.namespace <> 'pg_catalog'::regnamespace) \
    OR EXISTS (SELECT 1 FROM pg_operator o JOIN called f ON f.oid = o.oprcode \
        WHERE o.oprnamespace <> 'pg_catalog'::regnamespace) \
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND n.nspname NOT LIKE 'pg\\_%' \
    AND n.nspname <> 'information_schema'";

/// What is written when something else is: children of foreign keys with an action, and heirs and partitions in both
/// directions, because who reads a parent reads its children.
const CASCADES: &str = "SELECT p.relname::text, c.relname::text FROM pg_constraint k \
    JOIN pg_class p ON p.oid = k.confrelid JOIN pg_class c ON c.oid = k.conrelid \
    WHERE k.contype = 'f' AND (k.confdeltype IN ('c', 'n', 'd') OR k.confupdtype IN ('c', 'n', 'd')) \
    UNION SELECT p.relname::text, c.relname::text FROM pg_inherits i \
    JOIN pg_class p ON p.oid = i.inhparent JOIN pg_class c ON c.oid = i.inhrelid \
    UNION SELECT c.relname::text, p.relname::text FROM pg_inherits i \
    JOIN pg_class p ON p.oid = i.inhparent JOIN pg_class c ON c.oid = i.inhrelid";

/// Reads the catalogue.
pub(super) async fn read(client: &Client, session: &Session<Arc<PostgresRows>>) -> Result<Schema, Error> {
    let mut schema = Schema::new(Dialect::Postgres);
    for row in client.query(RELATIONS, &[]).await? {
        let (name, kind): (String, String) = (row.get(0), row.get(1));
        let (is_limited, writes_anything, view): (bool, bool, Option<String>) = (row.get(2), row.get(3), row.get(4));
        let calls: bool = row.get(5);
        match (kind.as_str(), view) {
            ("v", Some(query)) => session.add_view(&mut schema, &name, &query),
            ("r" | "p" | "m", _) => schema.table(&name),
            _ => {
                schema.opaque(&name);
                schema.trigger(&name);
            }
        }
        // Which rows somebody sees may depend on other tables, and on more than his name.
        if is_limited || calls {
            schema.opaque(&name);
        }
        if writes_anything {
            schema.trigger(&name);
        }
    }
    for row in client.query(CASCADES, &[]).await? {
        schema.cascade(&row.get::<_, String>(0), &row.get::<_, String>(1));
    }
    Ok(schema)
}

/// Returns about how many rows each table has, as far as that was ever counted.
pub(super) async fn sizes(client: &Client) -> Result<HashMap<String, u64>, Error> {
    let sizes =
        "SELECT relname::text, reltuples::float8 FROM pg_class WHERE relkind IN ('r', 'p', 'm') AND reltuples >= 0";
    let rows = client.query(sizes, &[]).await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get::<_, f64>(1) as u64)).collect())
}
