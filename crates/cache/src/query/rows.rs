//! Rows as they are remembered: values of their own, independent of a driver's buffers.

use super::Value;

/// What a statement gave back.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rows {
    /// The names of the columns.
    pub columns: Vec<String>,
    /// The values, row by row.
    pub rows: Vec<Vec<Value>>,
    /// How many rows a write changed.
    pub changed: u64,
}

impl Rows {
    /// Returns the first value of the first row, which is all there is in a count.
    pub fn single(&self) -> Option<&Value> {
        self.rows.first()?.first()
    }
}
