//! What all sessions share: the results, what was written when, and what was found out about statements.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::builder::{QueryCacheBuilder, Weigher};
use super::counts::{Counts, add};
use super::ledger::{Catalogue, Ledger, Moment, Written, reader_tags};
use super::repeats::Findings;
use super::slow::SlowLog;
use super::{
    Connection, Dialect, Functions, QueryStatistics, Refusal, RepeatedQuery, Schema, Session, SlowStatement, Statement,
    TableName,
};
use crate::{Cache, Digest, Terms, Ticker};

/// So many statements are understood once and remembered.
const STATEMENTS: u64 = 2_048;
/// A longer text is understood anew each time.
const MAX_REMEMBERED: usize = 32 << 10;

/// Remembers results of queries until one of their tables is written. Cloning is cheap; clones share one cache.
///
/// `R` is a result as a caller wants it; an `Arc` around rows makes hits cheap. Statements are run by closures, through
/// a [`Session`] for each connection, which follows its transactions. Only what is run through a session is seen.
///
/// **Unless [`learn`](QueryCache::learn) was called for a database, every name in a statement is taken for a table that
/// only statements which name it write:** no views, no triggers, no foreign keys with actions, no partitions. The
/// adapters for drivers read the catalogue themselves.
///
/// It can be registered like other caches. Whoever clears it there makes results go that are remembered; what is known
/// of statements and catalogues stays.
///
/// ```
/// use segno_cache::query::{Connection, Dialect, QueryCache};
///
/// let cache: QueryCache<i64> = QueryCache::builder(Dialect::Sqlite).capacity(1_000).build();
/// let mut session = cache.session(&Connection::to("shop"));
/// let count = |number: i64| move || Ok::<i64, std::io::Error>(number);
///
/// assert_eq!(session.run("SELECT count(*) FROM users", &[], count(1)).unwrap(), 1);
/// assert_eq!(session.run("select count(*) from users", &[], count(2)).unwrap(), 1);
/// session.run("INSERT INTO users VALUES (7)", &[], count(0)).unwrap();
/// assert_eq!(session.run("select count(*) from users", &[], count(2)).unwrap(), 2);
/// ```
pub struct QueryCache<R> {
    shared: Arc<Shared<R>>,
}

pub(super) struct Shared<R> {
    pub(super) dialect: Dialect,
    functions: Functions,
    results: Cache<Digest, R>,
    statements: Cache<Arc<str>, Arc<Statement>>,
    weigher: Option<Weigher<R>>,
    ledger: Mutex<Ledger>,
    pub(super) counts: Counts,
    pub(super) slow: SlowLog,
    pub(super) findings: Findings,
    pub(super) ticker: Ticker,
    nonce: AtomicU64,
}

impl<R> Clone for QueryCache<R> {
    fn clone(&self) -> Self {
        QueryCache { shared: Arc::clone(&self.shared) }
    }
}

impl<R: Clone> QueryCache<R> {
    /// Begins a cache for a database's SQL.
    pub fn builder(dialect: Dialect) -> QueryCacheBuilder<R> {
        QueryCacheBuilder::new(dialect)
    }

    pub(super) fn of(built: QueryCacheBuilder<R>) -> QueryCache<R> {
        let ticker = built.results.ticker.clone();
        let shared = Shared {
            dialect: built.dialect,
            functions: built.functions,
            results: built.results.build(),
            statements: Cache::new(STATEMENTS),
            weigher: built.weigher,
            ledger: Mutex::default(),
            counts: Counts::default(),
            slow: SlowLog::new(built.slow, built.slow_kept),
            findings: Findings::new(built.limits),
            ticker,
            nonce: AtomicU64::new(0),
        };
        QueryCache { shared: Arc::new(shared) }
    }

    pub(super) fn shared(&self) -> &Arc<Shared<R>> {
        &self.shared
    }

    /// Begins to follow one connection.
    pub fn session(&self, connection: &Connection) -> Session<R> {
        Session::new(Arc::clone(&self.shared), connection)
    }

    /// Understands a statement, or remembers having done so.
    pub fn statement(&self, sql: &str) -> Arc<Statement> {
        self.shared.statement(sql)
    }

    /// Takes what was read from a database's catalogue. From now on it has to be read again whenever a statement changes
    /// it: until then nothing of this database is remembered.
    pub fn learn(&self, connection: &Connection, schema: Schema) {
        let mut ledger = self.shared.ledger();
        let now = ledger.now();
        ledger.learn(&connection.database_shared(), schema, now);
    }

    /// Says that a table was written without a session's seeing it; it is given as a statement would spell it.
    pub fn invalidate_table(&self, connection: &Connection, table: &str) {
        let statement = self.shared.statement(&format!("TRUNCATE {table}"));
        let tables = statement.writes();
        let written =
            Written { is_everything: tables.is_none(), tables: tables.unwrap_or_default(), is_catalogue: false };
        let database = connection.database_shared();
        let written = self.shared.written_in_the_end(&database, written);
        self.shared.write(&database, &written);
    }

    /// Forgets every result of the connection's database, and what is known of its catalogue.
    pub fn invalidate_database(&self, connection: &Connection) {
        let written = Written { is_everything: true, is_catalogue: true, ..Written::default() };
        self.shared.write(&connection.database_shared(), &written);
    }

    /// Returns how many results are remembered.
    pub fn len(&self) -> usize {
        self.shared.results.len()
    }

    /// Returns whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns what the cache did.
    pub fn statistics(&self) -> QueryStatistics {
        self.shared.counts.read()
    }

    /// Returns the slowest statements, the slowest first.
    pub fn slowest(&self) -> Vec<SlowStatement> {
        self.shared.slow.slowest()
    }

    /// Returns the queries that were repeated with other values, the most calls first.
    pub fn repeated(&self) -> Vec<RepeatedQuery> {
        self.shared.findings.all()
    }
}

impl<R: Clone> Shared<R> {
    pub(super) fn results(&self) -> &Cache<Digest, R> {
        &self.results
    }

    pub(super) fn statement(&self, sql: &str) -> Arc<Statement> {
        if let Some(known) = self.statements.get(sql) {
            return known;
        }
        let statement = Arc::new(Statement::understood(sql, self.dialect, &self.functions));
        if sql.len() <= MAX_REMEMBERED {
            self.statements.insert(sql.into(), Arc::clone(&statement));
        }
        statement
    }

    pub(super) fn now(&self) -> Moment {
        self.ledger().now()
    }

    /// Returns a number that no other session has.
    pub(super) fn nonce(&self) -> u64 {
        self.nonce.fetch_add(1, Ordering::Relaxed)
    }

    pub(super) fn demand_catalogue(&self, database: &Arc<str>) {
        self.ledger().demand(database);
    }

    pub(super) fn learn(&self, database: &Arc<str>, schema: Schema, read_at: Moment) -> bool {
        self.ledger().learn(database, schema, read_at)
    }

    pub(super) fn lacks_catalogue(&self, database: &str) -> bool {
        matches!(self.ledger().catalogue(database), Some(Catalogue::Changed(_)))
    }

    /// Returns the tags of what a statement reads, or why its result is not remembered.
    pub(super) fn read_tags(&self, database: &Arc<str>, statement: &Statement) -> Result<Vec<Arc<str>>, Refusal> {
        if let Some(refusal) = statement.refusal() {
            return Err(refusal.clone());
        }
        let catalogue = self.ledger().catalogue(database).cloned();
        match catalogue {
            None => Ok(reader_tags(database, statement.reads())),
            Some(Catalogue::Changed(_)) => Err(Refusal::NoCatalogue),
            Some(Catalogue::Known { schema, .. }) => {
                schema.reads(statement.reads(), &statement.given).map(|reads| reader_tags(database, &reads))
            }
        }
    }

    /// Returns what is written when these are.
    pub(super) fn written_in_the_end(&self, database: &str, mut written: Written) -> Written {
        let catalogue = self.ledger().catalogue(database).cloned();
        let tables: Option<Vec<TableName>> = match catalogue {
            None => Some(std::mem::take(&mut written.tables)),
            Some(Catalogue::Changed(_)) => None,
            Some(Catalogue::Known { schema, .. }) => schema.writes(&written.tables),
        };
        written.is_everything |= tables.is_none();
        Written { tables: tables.unwrap_or_default(), ..written }
    }

    pub(super) fn look(&self, key: &Digest) -> Option<R> {
        self.results.get(key)
    }

    pub(super) fn is_unwritten(&self, tags: &[Arc<str>], since: Moment) -> bool {
        self.ledger().is_unwritten(tags, since)
    }

    /// Keeps a result, unless one of its tables was written since.
    pub(super) fn keep(&self, key: Digest, result: &R, tags: Vec<Arc<str>>, since: Moment) {
        let weight = self.weigher.as_ref().map(|weigher| weigher(result));
        let result = result.clone();
        let ledger = self.ledger();
        if !ledger.is_unwritten(&tags, since) {
            return add(&self.counts.outdated, 1);
        }
        self.results.insert_with(key, result, Terms { weight, tags, ..Terms::default() });
        add(&self.counts.kept, 1);
    }

    /// Forgets what was read from what is written.
    pub(super) fn write(&self, database: &Arc<str>, written: &Written) {
        if written.is_nothing() {
            return;
        }
        let tags = self.ledger().write(database, written);
        let gone: usize = tags.iter().map(|tag| self.results.invalidate_tag(tag)).sum();
        add(&self.counts.writes, 1);
        add(&self.counts.invalidated, gone as u64);
        tracing::debug!(cache = self.results.name(), database = %database, gone, "results went because of a write");
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<R> fmt::Debug for QueryCache<R> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Shared { dialect, results, .. } = &*self.shared;
        formatter.debug_struct("QueryCache").field("results", results).field("dialect", dialect).finish_non_exhaustive()
    }
}
