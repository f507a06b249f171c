//! One connection as the cache follows it: what may be answered from memory, what is kept, and what goes. Knows no
//! driver and does no I/O: `run` and `run_async` are thin shells round `ask` and `finish`.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::cache::Shared;
use super::counts::add;
use super::effect::Effect;
use super::identity::Identity;
use super::ledger::{Moment, Written};
use super::repeats::Repeats;
use super::transaction::Transaction;
use super::waiting::Waiting;
use super::{Connection, Dialect, Refusal, Schema, Statement, Value};
use crate::Digest;

/// Of more statements whose end nobody waited for it is only known that there were some.
const MAX_ABANDONED: usize = 64;

/// Follows one connection. Every statement of the connection is run through its session, in order; who opens a
/// transaction in another way says so with [`observe`](Session::observe).
///
/// Inside a transaction a result comes from memory, and is kept, only as long as the transaction wrote nothing and
/// nobody wrote the tables since it began. What it writes makes results go when it is committed. A statement that fails
/// counts as run. One whose caller gives up waiting may still be running: what it does counts at once, and again when
/// the next statement has ended, until which nothing comes from memory.
///
/// A session learns of its settings, and of tables of its own, by the statements that are run through it. If the
/// connection was set up before (SQLite's `case_sensitive_like`, a function that shadows another, a temporary table),
/// say so in [`Connection::settings`], or [set it apart](Session::set_apart).
pub struct Session<R: Clone> {
    shared: Arc<Shared<R>>,
    identity: Identity,
    database: Arc<str>,
    transaction: Option<Transaction>,
    /// It has tables or settings of its own, so that the catalogue does not tell what a write comes to.
    has_own: bool,
    is_blind: bool,
    /// The statement that is running, or whose end nobody saw.
    running: Option<Running>,
    /// Statements whose end nobody waited for: the database may run them until it has answered the next one.
    abandoned: Vec<Arc<Statement>>,
    repeats: Repeats,
}

struct Running {
    statement: Arc<Statement>,
    begun: Duration,
    since: Moment,
    keep: Option<(Digest, Vec<Arc<str>>)>,
}

/// What a session says to a statement.
#[derive(Debug)]
#[non_exhaustive]
pub enum Asked<R> {
    /// The result is remembered.
    Known(R),
    /// The statement has to be run, and [`finish`](Session::finish) called.
    Run {
        /// Why its result will not be kept, if it will not.
        refusal: Option<Refusal>,
    },
}

impl<R: Clone> Session<R> {
    pub(super) fn new(shared: Arc<Shared<R>>, connection: &Connection) -> Session<R> {
        let (identity, database) = (Identity::new(connection.digest()), connection.database_shared());
        let (has_own, is_blind, abandoned) = (false, false, Vec::new());
        let (transaction, running, repeats) = (None, None, Repeats::default());
        Session { shared, identity, database, transaction, has_own, is_blind, running, abandoned, repeats }
    }

    /// Returns the result of a statement: from memory, or by running it.
    pub fn run<E>(&mut self, sql: &str, values: &[Value], run: impl FnOnce() -> Result<R, E>) -> Result<R, E> {
        if let Asked::Known(result) = self.ask(sql, values) {
            return Ok(result);
        }
        let result = run();
        self.finish(result.as_ref().ok());
        result
    }

    /// Returns the result of a statement: from memory, or by running it.
    pub async fn run_async<E, F: Future<Output = Result<R, E>>>(
        &mut self,
        sql: &str,
        values: &[Value],
        run: impl FnOnce() -> F,
    ) -> Result<R, E> {
        if let Asked::Known(result) = self.ask(sql, values) {
            return Ok(result);
        }
        let waiting = Waiting::for_end_in(self);
        let result = run().await;
        waiting.finish(result.as_ref().ok());
        result
    }

    /// Understands a statement, or remembers having done so.
    pub fn statement(&self, sql: &str) -> Arc<Statement> {
        self.shared.statement(sql)
    }

    /// Returns the remembered result, or notes that the statement is run now.
    pub fn ask(&mut self, sql: &str, values: &[Value]) -> Asked<R> {
        self.abandon();
        let statement = self.shared.statement(sql);
        let (key, begun) = (self.key(&statement, values), self.shared.ticker.elapsed());
        if statement.effects.is_empty() && !statement.reads().is_empty() {
            let table = statement.reads().first().map(|name| name.table.as_str());
            let shape = statement.shape_shared();
            self.shared.findings.note(&mut self.repeats, &shape, table, first_bytes(&key), begun);
        }
        let since = self.shared.now();
        // Outside of a transaction what is there may be given out: whatever would forbid that has made it go.
        let is_plain = self.sees_all() && !self.is_blind && statement.refusal().is_none();
        let (known, tags) = match is_plain.then(|| self.shared.look(&key)).flatten() {
            Some(result) => (Some(result), Ok(Vec::new())),
            None => match self.tags(&statement, values) {
                Ok(tags) if !is_plain => (self.shared.look(&key), Ok(tags)),
                tags => (None, tags),
            },
        };
        if let Some(result) = known {
            add(&self.shared.counts.hits, 1);
            return Asked::Known(result);
        }
        let (keep, refusal) = match tags {
            Ok(tags) => (Some((key, tags)), None),
            Err(refusal) => (None, Some(refusal)),
        };
        add(if refusal.is_some() { &self.shared.counts.refused } else { &self.shared.counts.misses }, 1);
        let since = self.transaction.as_ref().map_or(since, |transaction| transaction.began);
        self.running = Some(Running { statement, begun, since, keep });
        Asked::Run { refusal }
    }

    /// Notes that a text is run now whose result is not to be kept, such as a script.
    pub fn watch(&mut self, sql: &str) {
        self.abandon();
        let (statement, begun) = (self.shared.statement(sql), self.shared.ticker.elapsed());
        self.running = Some(Running { statement, begun, since: self.shared.now(), keep: None });
    }

    /// Says how the statement ended: with a result, or in a way that nobody knows.
    pub fn finish(&mut self, result: Option<&R>) {
        if let Some(running) = self.running.take() {
            self.end(running, result);
        }
    }

    fn end(&mut self, running: Running, result: Option<&R>) {
        self.catch_up();
        let Running { statement, begun, since, keep } = running;
        let took = self.shared.ticker.elapsed().saturating_sub(begun);
        let shape = statement.shape_shared();
        if self.shared.slow.note(&statement.text_shared(), &shape, self.repeats.scope(), took) {
            add(&self.shared.counts.slow, 1);
        }
        // After an error PostgreSQL refuses everything until the transaction ends, and so must memory.
        if let (None, Dialect::Postgres, Some(open)) = (result, self.shared.dialect, &mut self.transaction) {
            open.is_apart = true;
        }
        if let (Some(result), Some((key, tags))) = (result, keep) {
            self.shared.keep(key, result, tags, since);
        }
        for effect in &statement.effects {
            self.follow(effect, &statement, result.is_some(), since);
        }
    }

    /// Nobody waits for what is running any more. What it does counts now, and again when it is known to have ended.
    pub(super) fn abandon(&mut self) {
        let Some(running) = self.running.take() else {
            return;
        };
        let statement = Arc::clone(&running.statement);
        let mut abandoned = std::mem::take(&mut self.abandoned);
        self.end(running, None);
        if abandoned.len() >= MAX_ABANDONED {
            abandoned = vec![Arc::new(Statement::unknown())];
        }
        if !statement.effects.is_empty() {
            abandoned.push(statement);
        }
        self.abandoned = abandoned;
    }

    /// The database answers in order: what nobody waited for was run before what ended now.
    fn catch_up(&mut self) {
        for statement in std::mem::take(&mut self.abandoned) {
            let now = self.shared.now();
            for effect in &statement.effects {
                self.follow(effect, &statement, false, now);
            }
        }
    }

    fn sees_all(&self) -> bool {
        self.transaction.is_none() && self.abandoned.is_empty()
    }

    /// Says whether the connection is inside a transaction, for drivers that know.
    pub fn observe(&mut self, is_in_transaction: bool) {
        match (is_in_transaction, &self.transaction) {
            (true, None) => self.transaction = Some(Transaction::doubtful(self.shared.now())),
            (false, Some(_)) => self.commit(),
            (true, Some(_)) | (false, None) => {}
        }
    }

    /// Begins a scope, such as a request: repeated queries are counted in it, and findings bear its name.
    pub fn enter(&mut self, scope: impl Into<Arc<str>>) {
        self.repeats.enter(Some(scope.into()), self.shared.ticker.elapsed());
    }

    /// Ends the scope.
    pub fn leave(&mut self) {
        self.repeats.enter(None, self.shared.ticker.elapsed());
    }

    /// Returns whether the catalogue has to be read before anything is remembered, once one was demanded.
    pub fn lacks_catalogue(&self) -> bool {
        self.shared.lacks_catalogue(&self.database)
    }

    /// Asks that the catalogue is read before anything is remembered.
    pub fn demand_catalogue(&self) {
        self.shared.demand_catalogue(&self.database);
    }

    /// Takes a catalogue that `read` reads now, unless it changes meanwhile.
    pub fn learn<E>(&self, read: impl FnOnce() -> Result<Schema, E>) -> Result<bool, E> {
        let moment = self.shared.now();
        Ok(self.shared.learn(&self.database, read()?, moment))
    }

    /// Takes a catalogue that `read` reads now, unless it changes meanwhile.
    pub async fn learn_async<E>(&self, read: impl Future<Output = Result<Schema, E>>) -> Result<bool, E> {
        let moment = self.shared.now();
        Ok(self.shared.learn(&self.database, read.await?, moment))
    }

    /// Says that somebody who is not followed may have written anything in this database, and with `is_catalogue` that
    /// tables may be other ones.
    pub fn written_elsewhere(&self, is_catalogue: bool) {
        self.shared.write(&self.database, &Written { is_everything: true, is_catalogue, ..Written::default() });
    }

    /// Says that the connection sees other databases than its own, whose writes are not followed: nothing is remembered
    /// from now on, and a write counts as one to everything.
    pub fn blind(&mut self) {
        self.has_own = true;
        self.is_blind = true;
    }

    /// Says that the connection has what no other has and what was not seen here: temporary tables, settings, functions of
    /// its own. It shares results with no other one from now on, and a write counts as one to everything.
    pub fn set_apart(&mut self) {
        self.has_own = true;
        self.part();
    }

    /// Adds a view to a schema, by the query that it stands for. A view that is not understood, or whose result is not
    /// the same twice, is opaque.
    pub fn add_view(&self, schema: &mut Schema, name: &str, query: &str) {
        let statement = self.shared.statement(query);
        match statement.refusal() {
            None => {
                // Names that a WITH gives are no tables, but nobody writes them either.
                statement.given.iter().for_each(|given| schema.table(given));
                schema.view(name, statement.reads().iter().map(|read| read.table.as_str()));
            }
            Some(_) => {
                schema.opaque(name);
                schema.trigger(name);
            }
        }
    }

    /// Returns whose SQL it is.
    pub fn dialect(&self) -> Dialect {
        self.shared.dialect
    }

    /// Returns whether the session believes to be inside a transaction.
    pub fn is_in_transaction(&self) -> bool {
        self.transaction.is_some()
    }

    fn tags(&self, statement: &Statement, values: &[Value]) -> Result<Vec<Arc<str>>, Refusal> {
        let tags = self.shared.read_tags(&self.database, statement)?;
        if self.is_blind {
            return Err(Refusal::ManyDatabases);
        }
        let moment = values.iter().find_map(|value| match value {
            Value::Text(text) if super::functions::is_moment(text) => Some(text),
            _ => None,
        });
        if let Some(text) = moment {
            return Err(Refusal::Volatile(text.clone()));
        }
        match &self.transaction {
            _ if !self.abandoned.is_empty() => Err(Refusal::InTransaction),
            Some(open) if !open.is_clean() || !self.shared.is_unwritten(&tags, open.began) => {
                Err(Refusal::InTransaction)
            }
            _ => Ok(tags),
        }
    }

    fn key(&self, statement: &Statement, values: &[Value]) -> Digest {
        let mut hasher = blake3::Hasher::new();
        hasher.update(self.identity.digest().as_bytes());
        hasher.update(statement.digest().as_bytes());
        values.iter().for_each(|value| value.feed(&mut hasher));
        Digest::finish(&hasher)
    }

    fn follow(&mut self, effect: &Effect, statement: &Statement, is_done: bool, since: Moment) {
        match effect {
            Effect::Writes(tables) => self.wrote(Written { tables: tables.clone(), ..Written::default() }),
            Effect::Everything => self.wrote(Written { is_everything: true, ..Written::default() }),
            Effect::Catalogue => {
                self.wrote(Written { is_everything: true, is_catalogue: true, ..Written::default() });
            }
            Effect::Setting(name) if is_done => self.set_up(name.as_deref(), statement),
            // Nobody knows what holds now.
            Effect::Setting(_) => self.part(),
            Effect::Local => {
                if let Some(open) = &mut self.transaction {
                    open.is_apart = true;
                }
            }
            Effect::Private => self.set_apart(),
            Effect::Blind => self.blind(),
            Effect::Begin if is_done => self.transaction = Some(self.begun(since)),
            Effect::Commit { chain } if is_done => {
                self.commit();
                self.transaction = chain.then(|| Transaction::begin(self.shared.now()));
            }
            Effect::Rollback { chain } if is_done => {
                self.transaction = chain.then(|| Transaction::begin(self.shared.now()));
            }
            Effect::Savepoint(mark) if is_done => self.mark(mark, since),
            Effect::Release(mark) if is_done => {
                if self.transaction.as_mut().is_some_and(|open| open.release(mark)) {
                    self.commit();
                }
            }
            Effect::Begin | Effect::Commit { .. } | Effect::Rollback { .. } => self.doubt(),
            Effect::Savepoint(_) | Effect::Release(_) | Effect::Doubt => self.doubt(),
        }
    }

    /// A BEGIN inside a transaction is none (PostgreSQL only warns), and what was written stays noted.
    fn begun(&mut self, since: Moment) -> Transaction {
        self.transaction.take().unwrap_or_else(|| Transaction::begin(since))
    }

    fn mark(&mut self, mark: &str, since: Moment) {
        match (&mut self.transaction, self.shared.dialect) {
            (Some(open), _) => open.mark(mark.to_owned()),
            (open @ None, Dialect::Sqlite) => *open = Some(Transaction::begin_by_mark(since, mark.to_owned())),
            (None, _) => {}
        }
    }

    fn commit(&mut self) {
        if let Some(open) = self.transaction.take() {
            self.shared.write(&self.database, &open.written);
        }
    }

    /// A statement that begins or ends a transaction failed: what was written may last already, and what is written from
    /// now on may last at once.
    fn doubt(&mut self) {
        let open = self.transaction.get_or_insert_with(|| Transaction::doubtful(self.shared.now()));
        open.is_doubtful = true;
        let written = open.written.clone();
        self.shared.write(&self.database, &written);
    }

    fn wrote(&mut self, written: Written) {
        let mut written = self.shared.written_in_the_end(&self.database, written);
        written.is_everything |= self.has_own;
        match &mut self.transaction {
            None => self.shared.write(&self.database, &written),
            Some(open) => {
                if open.is_doubtful {
                    self.shared.write(&self.database, &written);
                }
                open.written.add(written);
            }
        }
    }

    /// Sessions that were set up by the same statements share results. Inside a transaction a setting may be undone, so
    /// that nobody knows what holds.
    fn set_up(&mut self, name: Option<&str>, statement: &Statement) {
        match (&mut self.transaction, name) {
            (Some(open), _) => {
                open.is_apart = true;
                self.part();
            }
            (None, Some(name)) => self.identity.set(name, statement.digest()),
            (None, None) => self.identity.follow(statement.digest()),
        }
    }

    /// From now on the session shares results with no other one.
    fn part(&mut self) {
        self.identity.part(self.shared.nonce());
    }
}

/// Returns enough of a key to tell it from others.
fn first_bytes(key: &Digest) -> u64 {
    key.as_bytes().iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

impl<R: Clone> Drop for Session<R> {
    /// What was running may have been run, and who goes on with the connection may commit what is open.
    fn drop(&mut self) {
        self.abandon();
        self.catch_up();
        self.commit();
    }
}

impl<R: Clone> fmt::Debug for Session<R> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("Session");
        shown.field("database", &self.database).field("transaction", &self.transaction).finish_non_exhaustive()
    }
}
