//! The adapter for `rusqlite`: a connection that remembers.
//!
//! It follows what the connection says of its transactions, reads the catalogue (views, triggers, foreign keys), and
//! notices writes of others by `PRAGMA data_version`.

use std::sync::Arc;

use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection as Driver, Error, Result};

use super::plan::{self, Advice};
use super::sqlite_catalogue;
use super::{Asked, Connection, QueryCache, Rows, Session, Value};
use crate::Digest;

/// A `rusqlite` connection whose reads are remembered.
///
/// ```
/// use segno_cache::query::{Dialect, QueryCache, SqliteQueries};
///
/// # fn main() -> rusqlite::Result<()> {
/// let cache = QueryCache::builder(Dialect::Sqlite).capacity(1_000).build();
/// let mut queries = SqliteQueries::new(&cache, rusqlite::Connection::open_in_memory()?)?;
/// queries.execute("CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT)", &[])?;
/// queries.execute("INSERT INTO users (name) VALUES (?1)", &["Ada".into()])?;
///
/// let rows = queries.query("SELECT name FROM users WHERE id = ?1", &[1i64.into()])?;
/// assert_eq!(rows.rows, [["Ada".into()]]);
/// queries.query("select name from users where id = ?1", &[1i64.into()])?;
/// assert_eq!(cache.statistics().hits, 1);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct SqliteQueries {
    connection: Driver,
    session: Session<Arc<Rows>>,
    watches_others: bool,
    /// What `PRAGMA data_version` and `PRAGMA schema_version` said last.
    versions: (i64, i64),
}

impl SqliteQueries {
    /// Takes a connection over. It must not be inside a transaction. Since nobody can tell what was written to the file
    /// before, what is remembered of it goes: connections are taken over at the beginning and kept. What
    /// was set up before (`case_sensitive_like`, functions that shadow others) is not seen either: [`Session::set_apart`].
    pub fn new(cache: &QueryCache<Arc<Rows>>, connection: Driver) -> Result<SqliteQueries> {
        let mut session = cache.session(&name(&connection));
        session.demand_catalogue();
        // `data_version` tells of what comes after this connection only: what strangers wrote before is not known.
        session.written_elsewhere(true);
        session.observe(!connection.is_autocommit());
        let versions = versions(&connection)?;
        let mut queries = SqliteQueries { connection, session, watches_others: true, versions };
        queries.look_round();
        Ok(queries)
    }

    /// Says whether writes of connections that share no cache with this one are looked for before each read, which costs
    /// about a microsecond in memory and some system calls for a file. They are, without a word. A write of a connection
    /// that does share the cache looks the same, and makes everything go.
    #[must_use]
    pub fn watching_others(mut self, watches_others: bool) -> SqliteQueries {
        self.watches_others = watches_others;
        self
    }

    /// Returns what a statement gives back: from memory, or by running it.
    pub fn query(&mut self, sql: &str, values: &[Value]) -> Result<Arc<Rows>> {
        if self.session.statement(sql).is_many() {
            return Err(Error::MultipleStatement);
        }
        self.refresh(sql);
        if let Asked::Known(rows) = self.session.ask(sql, values) {
            return Ok(rows);
        }
        let rows = run(&self.connection, sql, values).map(Arc::new);
        self.session.finish(rows.as_ref().ok());
        self.session.observe(!self.connection.is_autocommit());
        if self.session.lacks_catalogue() && sees_others(&self.connection) {
            self.session.blind();
        }
        rows
    }

    /// Runs a statement, and returns how many rows it changed.
    pub fn execute(&mut self, sql: &str, values: &[Value]) -> Result<u64> {
        self.query(sql, values).map(|rows| rows.changed)
    }

    /// Does something with the connection itself. What that may have written is not known, so everything goes. If it sets
    /// the connection up in a way that shapes results, [set it apart](Session::set_apart).
    pub fn with_connection<T>(&mut self, work: impl FnOnce(&mut Driver) -> T) -> T {
        let done = work(&mut self.connection);
        self.session.written_elsewhere(true);
        self.session.observe(!self.connection.is_autocommit());
        self.look_round();
        done
    }

    /// Returns what an index could do for a statement, by the plan that SQLite makes for it.
    pub fn advise(&mut self, sql: &str, values: &[Value]) -> Result<Vec<Advice>> {
        let rows = run(&self.connection, &format!("EXPLAIN QUERY PLAN {sql}"), values)?;
        let details = rows.rows.iter().filter_map(|row| match row.last() {
            Some(Value::Text(detail)) => Some(detail.as_str()),
            _ => None,
        });
        let details: Vec<&str> = details.collect();
        Ok(plan::of_sqlite(sql, &details, |table| sqlite_catalogue::size(&self.connection, table)))
    }

    /// Follows what is run in a scope, such as a request; see [`Session::enter`].
    pub fn session(&mut self) -> &mut Session<Arc<Rows>> {
        &mut self.session
    }

    /// Gives the connection back.
    pub fn into_connection(self) -> Driver {
        self.connection
    }

    /// Finds what the connection has besides its database: others, and temporary tables.
    fn look_round(&mut self) {
        if sees_others(&self.connection) {
            self.session.blind();
        }
        match sqlite_catalogue::has_own(&self.connection) {
            Ok(false) => {}
            Ok(true) => self.session.set_apart(),
            Err(error) => {
                tracing::warn!(%error, "nobody can tell which temporary tables there are");
                self.session.set_apart();
            }
        }
    }

    /// Looks for writes of others, and before a read takes the catalogue in again if it changed. What fails here is the
    /// cache's own matter: the statement is run as it would be without one.
    fn refresh(&mut self, sql: &str) {
        if self.watches_others {
            match versions(&self.connection) {
                Ok(versions) => {
                    if versions.0 != self.versions.0 {
                        self.session.written_elsewhere(versions.1 != self.versions.1);
                    }
                    self.versions = versions;
                }
                Err(error) => {
                    tracing::warn!(%error, "nobody can tell what others wrote");
                    self.session.written_elsewhere(true);
                }
            }
        }
        let reads = self.session.statement(sql).refusal().is_none();
        if reads && self.session.lacks_catalogue() && !self.session.is_in_transaction() {
            let (connection, session) = (&self.connection, &self.session);
            if let Err(error) = session.learn(|| sqlite_catalogue::read(connection, session)) {
                tracing::warn!(%error, "the catalogue cannot be read, and nothing is remembered until it can");
            }
        }
    }
}

/// Who cannot tell must take it that the connection does.
fn sees_others(connection: &Driver) -> bool {
    sqlite_catalogue::sees_others(connection).unwrap_or_else(|error| {
        tracing::warn!(%error, "nobody can tell which databases are attached");
        true
    })
}

/// Names the database by its file; one without a file is nobody else's.
fn name(connection: &Driver) -> Connection {
    let path = connection.path().filter(|path| !path.is_empty());
    let path = path.map(|path| std::fs::canonicalize(path).map_or(path.to_owned(), |path| path.display().to_string()));
    Connection::to(path.unwrap_or_else(|| format!("memory {}", Digest::of(&unique().to_le_bytes()).short())))
}

fn unique() -> u64 {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

fn versions(connection: &Driver) -> Result<(i64, i64)> {
    let one = |sql| connection.prepare_cached(sql)?.query_row([], |row| row.get(0));
    Ok((one("PRAGMA data_version")?, one("PRAGMA schema_version")?))
}

fn run(connection: &Driver, sql: &str, values: &[Value]) -> Result<Rows> {
    let before = connection.total_changes();
    let mut statement = connection.prepare_cached(sql)?;
    let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let mut found = statement.query(rusqlite::params_from_iter(values))?;
    let mut rows = Vec::new();
    while let Some(row) = found.next()? {
        let values = (0..columns.len()).map(|column| value(row.get_ref(column)?, column));
        rows.push(values.collect::<Result<Vec<Value>>>()?);
    }
    drop(found);
    let changed = connection.total_changes().saturating_sub(before);
    Ok(Rows { columns, rows, changed })
}

fn value(value: ValueRef<'_>, column: usize) -> Result<Value> {
    Ok(match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Integer(number),
        ValueRef::Real(number) => Value::Real(number),
        ValueRef::Text(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => Value::Text(text.to_owned()),
            Err(error) => return Err(Error::Utf8Error(column, error)),
        },
        ValueRef::Blob(bytes) => Value::Bytes(bytes.to_vec()),
    })
}

impl ToSql for Value {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Value::Null => ValueRef::Null,
            Value::Boolean(value) => ValueRef::Integer(i64::from(*value)),
            Value::Integer(value) => ValueRef::Integer(*value),
            Value::Real(value) => ValueRef::Real(*value),
            Value::Text(value) => ValueRef::Text(value.as_bytes()),
            Value::Bytes(value) => ValueRef::Blob(value),
        }))
    }
}
