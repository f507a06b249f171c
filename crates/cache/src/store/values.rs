//! Every value of the store, one after the other: for whoever keeps something that values name.

use rusqlite::Row;

use super::disk::Store;
use super::index::Fault;
use super::objects::read_body;
use crate::{Digest, Error};

impl Store {
    /// Shows every stored value of a result, also of entries whose time is over. One that is damaged can never be a hit and is left out.
    ///
    /// Fails if the index cannot be read; then nothing may be concluded from what was not shown.
    pub fn each_value(&self, see: &mut dyn FnMut(&[u8])) -> Result<(), Error> {
        self.with("read every value", |connection| {
            let transaction = connection.transaction()?;
            let mut query = transaction.prepare("SELECT value, object FROM entries WHERE space = 0")?;
            let mut rows = query.query([])?;
            while let Some(row) = rows.next()? {
                match place(row)? {
                    (Some(value), _) => see(&value),
                    (None, Some(object)) => match read_body(self, &transaction, &object) {
                        Ok(value) => see(&value),
                        Err(Fault::Other(Error::MissingObject { .. } | Error::DamagedObject { .. })) => {}
                        Err(fault) => return Err(fault),
                    },
                    (None, None) => {}
                }
            }
            Ok(())
        })
    }
}

/// Returns the value, or the object that holds it.
fn place(row: &Row<'_>) -> rusqlite::Result<(Option<Vec<u8>>, Option<Digest>)> {
    let object: Option<[u8; 32]> = row.get(1)?;
    Ok((row.get(0)?, object.map(Digest::from_bytes)))
}
