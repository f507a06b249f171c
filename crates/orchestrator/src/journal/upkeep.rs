//! Upkeep of the store's rows: runs that are kept, removed, or no longer named.

use std::collections::HashSet;
use std::ops::ControlFlow;

use rusqlite::{Connection, Transaction, params};

use super::hashes::named;
use super::requests;
use super::schema::number;
use super::stored::See;
use crate::model::RunId;

/// Marks a run as kept, or no longer; says whether it is there.
pub(super) fn keep(transaction: &Transaction<'_>, run: &RunId, kept: bool) -> rusqlite::Result<bool> {
    let changed = transaction.execute("UPDATE runs SET kept = ?2 WHERE id = ?1", params![run.as_str(), kept])?;
    Ok(changed > 0)
}

/// Removes a run with its events; says whether it did: one that is kept is not removed.
pub(super) fn remove(transaction: &Transaction<'_>, run: &RunId) -> rusqlite::Result<bool> {
    let Some(number) = number(transaction, run)? else {
        return Ok(false);
    };
    if transaction.execute("DELETE FROM runs WHERE number = ?1 AND kept = 0", [number])? == 0 {
        return Ok(false);
    }
    for table in ["events", "damaged"] {
        transaction.execute(&format!("DELETE FROM {table} WHERE run = ?1"), [number])?;
    }
    // Its number may be given again, and what was asked of it must not be taken for a request to another.
    requests::forget(transaction, number)?;
    Ok(true)
}

/// Returns how many bytes the pages in use take.
pub(super) fn bytes(connection: &Connection) -> rusqlite::Result<u64> {
    let number = |pragma: &str| connection.pragma_query_value(None, pragma, |row| row.get::<_, u32>(0));
    let pages = number("page_count")?.saturating_sub(number("freelist_count")?);
    Ok(u64::from(pages) * u64::from(number("page_size")?))
}

/// Shows the text of every event, whole or set aside.
pub(super) fn texts(connection: &Connection, see: &mut See<'_>) -> rusqlite::Result<()> {
    for table in ["events", "damaged"] {
        let sql = format!("SELECT id, body FROM {table} JOIN runs ON run = number ORDER BY run, seq");
        let mut query = connection.prepare(&sql)?;
        let mut rows = query.query([])?;
        while let Some(row) = rows.next()? {
            let (id, body) = (row.get_ref(0)?.as_str()?, row.get_ref(1)?.as_str()?);
            if see(id, body).is_break() {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Returns the definitions that no event names. Nearly always the first events name all of them, and that is all that is
/// read; nothing is returned when there was no time to be sure.
pub(super) fn unnamed_definitions(connection: &Connection, go_on: &dyn Fn() -> bool) -> rusqlite::Result<Vec<String>> {
    let mut query = connection.prepare("SELECT hash FROM definitions")?;
    let hashes = query.query_map([], |row| row.get(0))?;
    let mut unnamed: HashSet<String> = hashes.collect::<rusqlite::Result<_>>()?;
    strike_first_events(connection, &mut unnamed)?;
    let mut stopped = false;
    if !unnamed.is_empty() {
        texts(connection, &mut |_, text| {
            strike(text, &mut unnamed);
            stopped = !go_on();
            if unnamed.is_empty() || stopped { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
    }
    Ok(if stopped { Vec::new() } else { unnamed.into_iter().collect() })
}

/// Removes definitions that are still not named. A run that began since they were found brought its definition in the same
/// transaction as its first event, so that only those need to be asked again.
pub(super) fn remove_definitions(transaction: &Transaction<'_>, hashes: &[String]) -> rusqlite::Result<usize> {
    let mut unnamed: HashSet<String> = hashes.iter().cloned().collect();
    strike_first_events(transaction, &mut unnamed)?;
    let mut remove = transaction.prepare("DELETE FROM definitions WHERE hash = ?1")?;
    unnamed.iter().map(|hash| remove.execute([hash])).sum()
}

fn strike_first_events(connection: &Connection, unnamed: &mut HashSet<String>) -> rusqlite::Result<()> {
    let mut query = connection.prepare("SELECT body FROM runs JOIN events ON run = number AND seq = 1")?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        strike(row.get_ref(0)?.as_str()?, unnamed);
    }
    Ok(())
}

fn strike(text: &str, unnamed: &mut HashSet<String>) {
    for hash in named(text) {
        unnamed.remove(hash);
    }
}
