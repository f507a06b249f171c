//! The stored side of the stat memo: rows by folder and name. What a row means is told in `files`.

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension, Row as SqlRow, params};

use super::disk::Store;
use crate::files::{Row, Stamp};
use crate::{Digest, Error};

/// With more rows than this the older ones are deleted; they cost a hash each if they are asked for.
const MAX_ROWS: i64 = 1_000_000;

const COLUMNS: &str = "modified, changed, size, inode, digest, hashed_at";

impl Store {
    /// Returns every row of a folder, by file name.
    pub(crate) fn memo_rows(&self, folder: i64) -> Result<BTreeMap<Box<str>, Row>, Error> {
        self.with("recall hashes", |connection| {
            let rows = connection
                .prepare_cached(&format!("SELECT {COLUMNS}, name FROM memo WHERE folder = ?1 ORDER BY name"))?
                .query_map([folder], |row| Ok((row.get_ref(6)?.as_str()?.into(), read(row)?)))?
                .collect::<Result<_, _>>()?;
            Ok(rows)
        })
    }

    /// Returns the row of one file.
    pub(crate) fn memo_row(&self, folder: i64, name: &str) -> Result<Option<Row>, Error> {
        self.with("recall a hash", |connection| {
            let row = connection
                .prepare_cached(&format!("SELECT {COLUMNS} FROM memo WHERE folder = ?1 AND name = ?2"))?
                .query_row(params![folder, name], read)
                .optional()?;
            Ok(row)
        })
    }

    /// Writes rows of (folder, name, row), replacing older ones.
    pub(crate) fn save_memo(&self, rows: &[(i64, String, Row)]) -> Result<(), Error> {
        if rows.is_empty() {
            return Ok(());
        }
        self.write("keep hashes", |transaction| {
            let mut insert = transaction.prepare_cached(&format!(
                "INSERT OR REPLACE INTO memo (folder, name, {COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"
            ))?;
            for (folder, name, Row { stamp, digest, hashed_at }) in rows {
                let Stamp { modified, changed, size, inode } = stamp;
                insert.execute(params![folder, name, modified, changed, size, inode, digest.as_bytes(), hashed_at])?;
            }
            let count: i64 = transaction.query_row("SELECT count(*) FROM memo", [], |row| row.get(0))?;
            if count > MAX_ROWS {
                let older = "DELETE FROM memo WHERE hashed_at < (SELECT avg(hashed_at) FROM memo)";
                transaction.execute(older, [])?;
            }
            Ok(())
        })
    }
}

fn read(row: &SqlRow<'_>) -> rusqlite::Result<Row> {
    let stamp = Stamp { modified: row.get(0)?, changed: row.get(1)?, size: row.get(2)?, inode: row.get(3)? };
    Ok(Row { stamp, digest: Digest::from_bytes(row.get(4)?), hashed_at: row.get(5)? })
}
