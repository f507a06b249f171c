//! The adapter for `tokio-postgres`: a client that remembers.
//!
//! A hit asks the server nothing: what decides what a statement says is asked once, when the client is taken over.

use std::error::Error as StdError;
use std::fmt::Write as _;
use std::str;
use std::sync::Arc;

use tokio_postgres::error::SqlState;
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{Format, FromSql, IsNull, ToSql, Type, to_sql_checked};
use tokio_postgres::{Client, Error, Row, Statement as Prepared};

use super::plan::{self, Advice};
use super::waiting::Waiting;
use super::{Asked, Connection, QueryCache, Session, Value, postgres_catalogue};
use crate::Cache;

/// So many statements are kept prepared.
const PREPARED: u64 = 256;

/// What a statement gave back.
#[derive(Debug, Default)]
pub struct PostgresRows {
    /// The rows.
    pub rows: Vec<Row>,
    /// How many rows a write changed.
    pub changed: u64,
}

/// A `tokio-postgres` client whose reads are remembered.
///
/// It reads the catalogue (views, triggers, rules, foreign keys, partitions, limits by row), and follows transactions by
/// the statements that it runs. What is written without it (by other programs, or through [`client`]) it does not see.
/// A client of a standby server, which lags behind, remembers nothing.
///
/// [`client`]: PostgresQueries::client
#[derive(Debug)]
pub struct PostgresQueries {
    client: Client,
    session: Session<Arc<PostgresRows>>,
    prepared: Known,
}

impl PostgresQueries {
    /// Takes a client over, which must not be inside a transaction.
    ///
    /// # Errors
    /// If the server does not say who and where it is.
    pub async fn new(cache: &QueryCache<Arc<PostgresRows>>, client: Client) -> Result<PostgresQueries, Error> {
        let row = client.query_one(WHO, &[]).await?;
        let connection =
            Connection { database: row.get(0), user: row.get(1), schema: row.get(2), settings: row.get(3) };
        let mut session = cache.session(&connection);
        session.demand_catalogue();
        if row.get(4) {
            session.blind();
        }
        if row.get(5) {
            session.set_apart();
        }
        Ok(PostgresQueries { client, session, prepared: Cache::new(PREPARED) })
    }

    /// Returns what a statement gives back: from memory, or by running it. Values are sent as text, so that the server
    /// reads them as whatever type it needs.
    ///
    /// # Errors
    /// Those of the driver.
    pub async fn query(&mut self, sql: &str, values: &[Value]) -> Result<Arc<PostgresRows>, Error> {
        self.refresh(sql).await;
        let PostgresQueries { client, session, prepared } = self;
        if let Asked::Known(rows) = session.ask(sql, values) {
            return Ok(rows);
        }
        let may_change = session.statement(sql).writes().is_none();
        let waiting = Waiting::for_end_in(session);
        let rows = run(client, prepared, sql, values).await.map(Arc::new);
        waiting.finish(rows.as_ref().ok());
        if may_change {
            prepared.clear();
        }
        rows
    }

    /// Runs a statement, and returns how many rows it changed.
    ///
    /// # Errors
    /// Those of the driver.
    pub async fn execute(&mut self, sql: &str, values: &[Value]) -> Result<u64, Error> {
        self.query(sql, values).await.map(|rows| rows.changed)
    }

    /// Runs several statements without values.
    ///
    /// # Errors
    /// Those of the driver.
    pub async fn batch(&mut self, sql: &str) -> Result<(), Error> {
        self.prepared.clear();
        self.session.watch(sql);
        let waiting = Waiting::for_end_in(&mut self.session);
        let done = self.client.batch_execute(sql).await;
        let nothing = Arc::new(PostgresRows::default());
        waiting.finish(done.is_ok().then_some(&nothing));
        done
    }

    /// Returns what an index could do for a statement, by the plan that the server makes for it.
    ///
    /// # Errors
    /// Those of the driver.
    pub async fn advise(&mut self, sql: &str, values: &[Value]) -> Result<Vec<Advice>, Error> {
        let prepared = self.client.prepare(&format!("EXPLAIN (FORMAT JSON) {sql}")).await?;
        let row = self.client.query_one(&prepared, &parameters(values)).await?;
        let json: Json = row.get(0);
        let sizes = postgres_catalogue::sizes(&self.client).await?;
        Ok(plan::of_postgres(sql, &json.0, |table| sizes.get(table).copied()))
    }

    /// Follows what is run in a scope, such as a request; see [`Session::enter`].
    pub fn session(&mut self) -> &mut Session<Arc<PostgresRows>> {
        &mut self.session
    }

    /// Returns the client itself. Whoever writes through it says so with [`Session::written_elsewhere`].
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Reads the catalogue again before a read, if it changed. What fails here is the cache's own matter: the statement is
    /// run as it would be without one.
    async fn refresh(&mut self, sql: &str) {
        let reads = self.session.statement(sql).refusal().is_none();
        if reads && self.session.lacks_catalogue() && !self.session.is_in_transaction() {
            let (client, session) = (&self.client, &self.session);
            if let Err(error) = session.learn_async(postgres_catalogue::read(client, session)).await {
                tracing::warn!(%error, "the catalogue cannot be read, and nothing is remembered until it can");
            }
        }
    }
}

/// The statements of one connection that are prepared.
type Known = Cache<Arc<str>, Prepared>;

async fn run(client: &Client, known: &Known, sql: &str, values: &[Value]) -> Result<PostgresRows, Error> {
    match run_once(client, known, sql, values).await {
        // Somebody altered a table under a statement that was prepared. It did nothing yet.
        Err(error) if error.code() == Some(&SqlState::FEATURE_NOT_SUPPORTED) && known.contains(sql) => {
            known.remove(sql);
            run_once(client, known, sql, values).await
        }
        result => result,
    }
}

async fn run_once(client: &Client, known: &Known, sql: &str, values: &[Value]) -> Result<PostgresRows, Error> {
    let prepared = match known.get(sql) {
        Some(prepared) => prepared,
        None => {
            let prepared = client.prepare(sql).await?;
            known.insert(sql.into(), prepared.clone());
            prepared
        }
    };
    let values = parameters(values);
    match prepared.columns().is_empty() {
        true => Ok(PostgresRows { rows: Vec::new(), changed: client.execute(&prepared, &values).await? }),
        false => {
            let rows = client.query(&prepared, &values).await?;
            let changed = rows.len() as u64;
            Ok(PostgresRows { rows, changed })
        }
    }
}

/// Who asks where: the cluster by its own number, the database, the user, the search path, what shapes a result,
/// whether the server only follows another, and whether the session has temporary tables.
const WHO: &str = "SELECT (SELECT system_identifier::text FROM pg_control_system()) || '/' || current_database(), \
    current_user::text, current_setting('search_path'), \
    (SELECT coalesce(string_agg(name || '=' || setting, E'\\n' ORDER BY name), '') FROM pg_settings WHERE name IN \
    ('TimeZone', 'DateStyle', 'IntervalStyle', 'bytea_output', 'extra_float_digits', 'lc_monetary', 'lc_numeric', \
    'lc_time', 'role', 'session_authorization', 'row_security', 'xmlbinary', 'xmloption', 'default_text_search_config', \
    'standard_conforming_strings', 'array_nulls', 'backslash_quote', 'transform_null_equals', 'quote_all_identifiers')), \
    pg_is_in_recovery(), pg_my_temp_schema() <> 0";

fn parameters(values: &[Value]) -> Vec<&(dyn ToSql + Sync)> {
    values.iter().map(|value| value as &(dyn ToSql + Sync)).collect()
}

impl ToSql for Value {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn StdError + Sync + Send>> {
        match self {
            Value::Null => return Ok(IsNull::Yes),
            Value::Boolean(value) => write!(out, "{value}")?,
            Value::Integer(value) => write!(out, "{value}")?,
            Value::Real(value) if value.is_infinite() => {
                write!(out, "{}Infinity", if *value < 0.0 { "-" } else { "" })?
            }
            Value::Real(value) => write!(out, "{value:?}")?,
            Value::Text(value) => out.extend_from_slice(value.as_bytes()),
            Value::Bytes(value) => out.extend_from_slice(value),
        }
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn encode_format(&self, _: &Type) -> Format {
        match self {
            Value::Bytes(_) => Format::Binary,
            _ => Format::Text,
        }
    }

    to_sql_checked!();
}

/// The text of a JSON value.
struct Json(String);

impl<'a> FromSql<'a> for Json {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Json, Box<dyn StdError + Sync + Send>> {
        Ok(Json(str::from_utf8(raw)?.to_owned()))
    }

    fn accepts(kind: &Type) -> bool {
        *kind == Type::JSON
    }
}
