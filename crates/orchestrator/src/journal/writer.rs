//! The one writer. Who finds the store free commits at once; who finds it taken queues, and a thread takes everything
//! that waits into one transaction (group commit).
//!
//! A thread for every commit was rejected: two changes of threads a step cost as much as a third of the commit itself.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use rusqlite::{CachedStatement, Connection, Transaction, TransactionBehavior, params};
use segno_errors::{Fault, Kind, from_io};
use tokio::sync::oneshot;

use super::chain::{Chain, Sum};
use super::schema::{fault, number};
use super::stored::{Batch, Pending, RunEntry};
use crate::model::{Event, RunId};

/// The most batches that one transaction takes, so that none waits long.
const MAX_GROUP: usize = 1_024;

/// The most pages that are given back in one transaction.
const MAX_PAGES: usize = 1_024;
/// How many events one statement inserts when there are as many.
const ROWS: usize = 32;

/// A handle on the store and its thread; dropping it lets the thread finish what it has.
#[derive(Debug)]
pub(super) struct Writer {
    store: Arc<Mutex<Store>>,
    /// How many batches are queued: while there are any, newcomers queue too, so that they share a commit.
    queued: Arc<AtomicUsize>,
    requests: Option<Sender<Request>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Request {
    batch: Batch,
    answer: oneshot::Sender<Result<(), Fault>>,
}

impl Writer {
    pub(super) fn start(connection: Connection, path: &Path) -> Result<Writer, Fault> {
        let (requests, waiting) = channel();
        let store = Store { connection, path: path.to_owned(), chains: HashMap::new() };
        let store = Arc::new(Mutex::new(store));
        let queued = Arc::new(AtomicUsize::new(0));
        let (theirs, count) = (store.clone(), queued.clone());
        let thread = std::thread::Builder::new()
            .name("segno-journal".into())
            .spawn(move || serve(&theirs, &count, &waiting))
            .map_err(from_io)?;
        Ok(Writer { store, queued, requests: Some(requests), thread: Some(thread) })
    }

    /// Commits at once when nobody else does; that blocks for one sync of the disk.
    pub(super) fn append(&self, batch: Batch) -> Pending {
        if self.queued.load(Ordering::Acquire) == 0
            && let Ok(mut store) = self.store.try_lock()
        {
            return Box::pin(std::future::ready(store.write([&batch])));
        }
        let answer = self.send(batch);
        Box::pin(async move { answer.await.unwrap_or_else(|_| Err(gone())) })
    }

    /// Does a small piece of writing that is no event, alone with the store.
    pub(super) fn with_store<T>(&self, write: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, Fault> {
        let store = held(&self.store);
        write(&store.connection).map_err(|error| fault(error, &store.path))
    }

    pub(super) fn set_aside(&self, run: &RunId, seq: u64) -> Result<(), Fault> {
        held(&self.store).set_aside(run, seq)
    }

    /// Does a piece of work in one transaction.
    pub(super) fn with<T>(&self, work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>) -> Result<T, Fault> {
        held(&self.store).with(work)
    }

    /// Forgets what is known of a run.
    pub(super) fn forget(&self, run: &RunId) {
        held(&self.store).chains.remove(run);
    }

    /// Gives free pages back, a few at a time so that others can write in between; returns by how many bytes.
    pub(super) fn give_back(&self, go_on: &dyn Fn() -> bool) -> Result<u64, Fault> {
        let mut pages = 0;
        while go_on() {
            let store = held(&self.store);
            match give_back_some(&store.connection).map_err(|error| fault(error, &store.path))? {
                0 => break,
                some => pages += some,
            }
        }
        let store = held(&self.store);
        let size = store.connection.pragma_query_value(None, "page_size", |row| row.get::<_, u32>(0));
        Ok(pages * u64::from(size.map_err(|error| fault(error, &store.path))?))
    }

    /// Queues a batch. When the thread is gone the answer's other end is dropped, which says so.
    fn send(&self, batch: Batch) -> oneshot::Receiver<Result<(), Fault>> {
        let (answer, receiver) = oneshot::channel();
        if let Some(requests) = &self.requests {
            self.queued.fetch_add(1, Ordering::AcqRel);
            // A failed send drops the answer, and the receiver reports that.
            _ = requests.send(Request { batch, answer });
        }
        receiver
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.requests = None;
        if let Some(thread) = self.thread.take() {
            // A panic of the thread was reported to whoever waited for it.
            _ = thread.join();
        }
    }
}

fn gone() -> Fault {
    Fault::new(Kind::Internal, "the journal's writer has stopped").operation("journal")
}

/// Takes the store, whoever panicked with it: what was not committed is rolled back, and the chains are read again.
fn held(store: &Mutex<Store>) -> MutexGuard<'_, Store> {
    store.lock().unwrap_or_else(|poisoned: PoisonError<MutexGuard<'_, Store>>| {
        let mut store = poisoned.into_inner();
        store.chains.clear();
        store
    })
}

/// Takes what waits, writes it in one transaction, answers. Ends when no handle is left.
fn serve(store: &Mutex<Store>, queued: &AtomicUsize, waiting: &Receiver<Request>) {
    while let Ok(first) = waiting.recv() {
        let mut store = held(store);
        let mut group = vec![first];
        group.extend(waiting.try_iter().take(MAX_GROUP - 1));
        let result = store.write(group.iter().map(|request| &request.batch));
        drop(store);
        queued.fetch_sub(group.len(), Ordering::AcqRel);
        for request in group {
            // Who stopped waiting has no use for the answer.
            _ = request.answer.send(result.clone());
        }
    }
}

#[derive(Debug)]
struct Store {
    connection: Connection,
    path: PathBuf,
    /// The number and the chain's end of each run that this process writes.
    chains: HashMap<RunId, (i64, Chain)>,
}

impl Store {
    fn write<'b>(&mut self, batches: impl IntoIterator<Item = &'b Batch>) -> Result<(), Fault> {
        let result = self.commit(batches);
        if result.is_err() {
            // What was rolled back must not stay in the chains.
            self.chains.clear();
        }
        result
    }

    fn commit<'b>(&mut self, batches: impl IntoIterator<Item = &'b Batch>) -> Result<(), Fault> {
        let Store { connection, path, chains } = self;
        let at = |error| fault(error, path);
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(at)?;
        for batch in batches {
            append(&transaction, chains, batch, path)?;
        }
        transaction.commit().map_err(at)
    }

    fn set_aside(&mut self, run: &RunId, seq: u64) -> Result<(), Fault> {
        self.chains.remove(run);
        self.with(|transaction| set_aside(transaction, run, seq))
    }

    fn with<T>(&mut self, work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>) -> Result<T, Fault> {
        let Store { connection, path, .. } = self;
        let at = |error| fault(error, path);
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(at)?;
        let done = work(&transaction).map_err(at)?;
        transaction.commit().map_err(at)?;
        Ok(done)
    }
}

/// Gives some free pages back and returns how many; 0 when there are none, or the store is of a time that kept them.
fn give_back_some(connection: &Connection) -> rusqlite::Result<u64> {
    let free = || connection.pragma_query_value(None, "freelist_count", |row| row.get::<_, u32>(0));
    let before = free()?;
    if before > 0 {
        // The pragma is a query that gives back one page a row.
        let mut query = connection.prepare(&format!("PRAGMA incremental_vacuum({MAX_PAGES})"))?;
        let mut rows = query.query([])?;
        while rows.next()?.is_some() {}
    }
    Ok(u64::from(before.saturating_sub(free()?)))
}

fn append(
    transaction: &Transaction<'_>,
    chains: &mut HashMap<RunId, (i64, Chain)>,
    batch: &Batch,
    path: &Path,
) -> Result<(), Fault> {
    let at = |error| fault(error, path);
    for (hash, text) in &batch.pins {
        let sql = "INSERT OR IGNORE INTO definitions(hash, text) VALUES(?1, ?2)";
        transaction.prepare_cached(sql).and_then(|mut row| row.execute(params![hash, &**text])).map_err(at)?;
    }
    let Some(last) = batch.events.last() else { return Ok(()) };
    let (run, mut chain) = match chains.get(&batch.run) {
        Some(known) => *known,
        None => find_or_begin(transaction, batch).map_err(at)?,
    };
    let mut text = Vec::new();
    // Of two lengths only, so that there are two statements to keep.
    let (many, few) = batch.events.as_chunks::<ROWS>();
    for events in many.iter().map(|events| &events[..]).chain(few.chunks(1)) {
        let mut insert = transaction.prepare_cached(&insertion(events.len())).map_err(at)?;
        for (row, event) in events.iter().enumerate() {
            let body = write_into(&mut text, event)?;
            chain = chain.next(body);
            if chain.seq != event.seq {
                let message = format!("event {} follows event {}", event.seq, chain.seq - 1);
                return Err(Fault::new(Kind::Internal, message).operation("journal").with("run", &batch.run));
            }
            bind(&mut insert, row, run, event.seq.cast_signed(), body, &chain.sum).map_err(at)?;
        }
        insert.raw_execute().map_err(at)?;
    }
    chains.insert(batch.run.clone(), (run, chain));
    touch(transaction, run, &batch.events, last).map_err(at)
}

/// Returns the statement that takes so many events. One statement finds its place in the table once, which for a large
/// journal costs more than all else of a row.
fn insertion(rows: usize) -> String {
    let more = ", (?, ?, ?, ?)".repeat(rows.saturating_sub(1));
    format!("INSERT INTO events(run, seq, body, sum) VALUES(?, ?, ?, ?){more}")
}

fn bind(
    insert: &mut CachedStatement<'_>,
    row: usize,
    run: i64,
    seq: i64,
    body: &str,
    sum: &Sum,
) -> rusqlite::Result<()> {
    let first = row * 4 + 1;
    insert.raw_bind_parameter(first, run)?;
    insert.raw_bind_parameter(first + 1, seq)?;
    insert.raw_bind_parameter(first + 2, body)?;
    insert.raw_bind_parameter(first + 3, sum)
}

/// Writes an event into a text that is used again: a batch has a thousand events.
fn write_into<'t>(text: &'t mut Vec<u8>, event: &Event) -> Result<&'t str, Fault> {
    text.clear();
    serde_json::to_writer(&mut *text, event)
        .map_err(|error| Fault::new(Kind::Internal, "an event cannot be written").caused_by(error))?;
    Ok(str::from_utf8(text).expect("JSON is UTF-8"))
}

/// Returns a run's number and its chain's end; a new run gets a row.
fn find_or_begin(transaction: &Transaction<'_>, batch: &Batch) -> rusqlite::Result<(i64, Chain)> {
    if let Some(number) = number(transaction, &batch.run)? {
        let sql = "SELECT seq, sum FROM events WHERE run = ?1 ORDER BY seq DESC LIMIT 1";
        let last = transaction.query_row(sql, [number], |row| {
            let (seq, sum): (i64, Sum) = (row.get(0)?, row.get(1)?);
            Ok(Chain { seq: seq.cast_unsigned(), sum })
        });
        return match last {
            Ok(chain) => Ok((number, chain)),
            Err(rusqlite::Error::QueryReturnedNoRows) => Ok((number, Chain::start(&batch.run))),
            Err(error) => Err(error),
        };
    }
    let entry = batch.events.first().and_then(|event| RunEntry::first(&batch.run, event));
    let (flow, path, started) = match &entry {
        Some(entry) => (entry.flow.as_str(), entry.path.as_str(), entry.started.0),
        None => ("", "", 0),
    };
    let sql = "INSERT INTO runs(id, flow, path, started, touched, status) VALUES(?1, ?2, ?3, ?4, ?4, 'running')";
    transaction.execute(sql, params![batch.run.as_str(), flow, path, started.cast_signed()])?;
    Ok((transaction.last_insert_rowid(), Chain::start(&batch.run)))
}

/// Keeps the row of the run up to date; it is an index over the events and can be made again from them.
fn touch(transaction: &Transaction<'_>, run: i64, events: &[Event], last: &Event) -> rusqlite::Result<()> {
    let mut entry: Option<RunEntry> = None;
    for event in events.iter().filter(|event| event.fact.step().is_none()) {
        let entry = entry.get_or_insert_with(|| RunEntry::blank(event.at));
        entry.see(event);
    }
    let Some(entry) = entry else { return Ok(()) };
    let sql = "UPDATE runs SET touched = ?2, status = ?3, reason = ?4 WHERE number = ?1";
    let mut update = transaction.prepare_cached(sql)?;
    update.execute(params![run, last.at.0.cast_signed(), entry.status.name(), entry.reason])?;
    Ok(())
}

fn set_aside(transaction: &Transaction<'_>, run: &RunId, seq: u64) -> rusqlite::Result<()> {
    let Some(number) = number(transaction, run)? else {
        return Ok(());
    };
    let from = seq.cast_signed();
    let copy = "INSERT INTO damaged SELECT run, seq, body, sum FROM events WHERE run = ?1 AND seq >= ?2";
    transaction.execute(copy, params![number, from])?;
    transaction.execute("DELETE FROM events WHERE run = ?1 AND seq >= ?2", params![number, from])?;
    // Its end may be among them. A run that nobody owns is shown as interrupted.
    transaction.execute("UPDATE runs SET status = 'running', reason = NULL WHERE number = ?1", params![number])?;
    Ok(())
}
