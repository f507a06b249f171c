//! Where the stat memo is kept when the process ends: in a store, or nowhere.

use std::collections::BTreeMap;
use std::fmt::Debug;

use super::memo::Row;
use crate::{Clock, Error};

/// Keeps rows of the memo by folder and name.
pub(super) trait Shelf: Debug + Send + Sync {
    /// Returns every row of a folder, by file name.
    fn rows(&self, folder: i64) -> Result<BTreeMap<Box<str>, Row>, Error>;

    /// Returns the row of one file.
    fn row(&self, folder: i64, name: &str) -> Result<Option<Row>, Error>;

    /// Keeps rows of (folder, name, row), replacing older ones.
    fn save(&self, rows: &[(i64, String, Row)]) -> Result<(), Error>;

    /// Says what time it is.
    fn clock(&self) -> &Clock;
}

/// Nowhere: the next process hashes again.
#[derive(Debug)]
pub(super) struct Nowhere(pub(super) Clock);

impl Shelf for Nowhere {
    fn rows(&self, _: i64) -> Result<BTreeMap<Box<str>, Row>, Error> {
        Ok(BTreeMap::new())
    }

    fn row(&self, _: i64, _: &str) -> Result<Option<Row>, Error> {
        Ok(None)
    }

    fn save(&self, _: &[(i64, String, Row)]) -> Result<(), Error> {
        Ok(())
    }

    fn clock(&self) -> &Clock {
        &self.0
    }
}

#[cfg(feature = "disk")]
impl Shelf for crate::Store {
    fn rows(&self, folder: i64) -> Result<BTreeMap<Box<str>, Row>, Error> {
        self.memo_rows(folder)
    }

    fn row(&self, folder: i64, name: &str) -> Result<Option<Row>, Error> {
        self.memo_row(folder, name)
    }

    fn save(&self, rows: &[(i64, String, Row)]) -> Result<(), Error> {
        self.save_memo(rows)
    }

    fn clock(&self) -> &Clock {
        self.clock()
    }
}
