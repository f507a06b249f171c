//! The stored side of the stat memo: rows by folder and name. What a row means is told in `files`.

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension, Row as SqlRow, params};

use super::disk::Store;
use crate::files::{Row, Stamp};
use crate::{Digest, Error};

/// With more rows than this the older ones are deleted; they cost a hash each if they are asked for.
const MAX_ROWS: i64 = 1_000_000;

const COLUMNS: &str = "seen, hashed_at";

/// A stamp and a digest in one column: a folder has thousands of rows, and each column of each has its price.
type Seen = [u8; 64];

impl Store {
    /// Returns every row of a folder, by file name.
    pub(crate) fn memo_rows(&self, folder: i64) -> Result<BTreeMap<Box<str>, Row>, Error> {
        self.with("recall hashes", |connection| {
            let rows = connection
                .prepare_cached(&format!("SELECT {COLUMNS}, name FROM memo WHERE folder = ?1 ORDER BY name"))?
                .query_map([folder], |row| Ok((row.get_ref(2)?.as_str()?.into(), read(row)?)))?
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
                "INSERT OR REPLACE INTO memo (folder, name, {COLUMNS}) VALUES (?1, ?2, ?3, ?4)"
            ))?;
            for (folder, name, row) in rows {
                insert.execute(params![folder, name, pack(row), row.hashed_at])?;
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
    Ok(unpack(&row.get(0)?, row.get(1)?))
}

fn pack(row: &Row) -> Seen {
    let Stamp { modified, changed, size, inode } = row.stamp;
    let mut seen = [0; 64];
    let (stamp, digest) = seen.split_at_mut(32);
    for (place, number) in stamp.chunks_exact_mut(8).zip([modified, changed, size, inode]) {
        place.copy_from_slice(&number.to_le_bytes());
    }
    digest.copy_from_slice(row.digest.as_bytes());
    seen
}

fn unpack(seen: &Seen, hashed_at: i64) -> Row {
    let number = |place: usize| {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&seen[place * 8..place * 8 + 8]);
        i64::from_le_bytes(bytes)
    };
    let mut digest = [0; 32];
    digest.copy_from_slice(&seen[32..]);
    let stamp = Stamp { modified: number(0), changed: number(1), size: number(2), inode: number(3) };
    Row { stamp, digest: Digest::from_bytes(digest), hashed_at }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_read_as_it_was_written() {
        let stamp = Stamp { modified: i64::MIN, changed: -1, size: 3, inode: i64::MAX };
        let row = Row { stamp, digest: Digest::of(b"x"), hashed_at: 7 };
        assert_eq!(unpack(&pack(&row), 7), row);
    }

    #[test]
    fn the_bytes_of_yesterday_are_the_bytes_of_today() {
        let stamp = Stamp { modified: 1, changed: 2, size: 3, inode: 0x0102 };
        let seen = pack(&Row { stamp, digest: Digest::from_bytes([9; 32]), hashed_at: 0 });
        let stamp = [1, 2, 3, 0x0102_i64].map(i64::to_le_bytes).concat();
        assert_eq!(seen[..], [&stamp[..], &[9; 32]].concat());
    }
}
