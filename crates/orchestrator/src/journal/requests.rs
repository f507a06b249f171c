//! The inbox in SQLite: a table that is made with the first request, so that stores without any stay as they are.

use rusqlite::{Connection, Error, params};

use super::schema::number;
use crate::inbox::{Filed, Request};
use crate::model::RunId;

const TABLE: &str = "CREATE TABLE IF NOT EXISTS requests(
    id INTEGER PRIMARY KEY AUTOINCREMENT, run INTEGER NOT NULL, body TEXT NOT NULL) STRICT";

/// Files a request; `false`: there is no such run.
pub(super) fn file(connection: &Connection, run: &RunId, request: &Request) -> rusqlite::Result<bool> {
    let Some(number) = number(connection, run)? else {
        return Ok(false);
    };
    connection.execute(TABLE, [])?;
    let body = serde_json::to_string(request).map_err(|error| Error::ToSqlConversionFailure(Box::new(error)))?;
    connection.execute("INSERT INTO requests(run, body) VALUES(?1, ?2)", params![number, body])?;
    Ok(true)
}

/// Returns what was filed for a run. A request that is not understood is passed over: a newer segno filed it.
pub(super) fn filed(connection: &Connection, run: &RunId) -> rusqlite::Result<Vec<Filed>> {
    if !exists(connection)? {
        return Ok(Vec::new());
    }
    let sql = "SELECT requests.id, body FROM requests JOIN runs ON runs.number = requests.run
        WHERE runs.id = ?1 ORDER BY requests.id";
    let mut query = connection.prepare_cached(sql)?;
    let rows = query.query_map([run.as_str()], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?)))?;
    let known = |(id, body): (i64, String)| {
        let request = serde_json::from_str::<Request>(&body).ok()?;
        Some(Filed { id: id.cast_unsigned(), request })
    };
    Ok(rows.filter_map(Result::ok).filter_map(known).collect())
}

/// Copies what was filed for a run from a damaged store, as far as it can be read.
pub(super) fn copy(source: &Connection, target: &Connection, number: i64) -> rusqlite::Result<()> {
    let Ok(mut query) = source.prepare("SELECT body FROM requests WHERE run = ?1 ORDER BY id") else { return Ok(()) };
    let rows = query.query_map([number], |row| row.get::<_, String>(0));
    for body in rows.into_iter().flatten().map_while(Result::ok) {
        target.execute(TABLE, [])?;
        target.execute("INSERT INTO requests(run, body) VALUES(?1, ?2)", params![number, body])?;
    }
    Ok(())
}

/// Takes away what was acted on.
pub(super) fn done(connection: &Connection, run: &RunId, id: u64) -> rusqlite::Result<()> {
    let Some(number) = number(connection, run)? else {
        return Ok(());
    };
    connection.execute("DELETE FROM requests WHERE run = ?1 AND id <= ?2", params![number, id.cast_signed()])?;
    Ok(())
}

/// Takes away all that was asked of a run that is removed.
pub(super) fn forget(connection: &Connection, number: i64) -> rusqlite::Result<()> {
    if exists(connection)? {
        connection.execute("DELETE FROM requests WHERE run = ?1", [number])?;
    }
    Ok(())
}

fn exists(connection: &Connection) -> rusqlite::Result<bool> {
    let sql = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'requests'";
    connection.query_row(sql, [], |row| Ok(row.get::<_, i64>(0)? > 0))
}
