//! The words of segno's files: which keys may stand where, what they take, what they mean. One table for each map.
//!
//! The JSON Schemas, the reference and the order in which `segno fmt` writes keys are all made from these tables; a
//! test holds them against what the checker accepts.

mod table;

mod calls;
mod settings;
mod workflow;

mod reference;
mod schema;

pub use table::{Key, Shape, Table};

/// A kind of file with a vocabulary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Document {
    /// A workflow file.
    Workflow,
    /// The project's `segno.toml`.
    Settings,
}

impl Document {
    /// All of them.
    pub const ALL: [Document; 2] = [Document::Workflow, Document::Settings];

    /// Returns the name by which people ask for it.
    pub fn name(self) -> &'static str {
        match self {
            Document::Workflow => "workflow",
            Document::Settings => "settings",
        }
    }

    /// Returns its tables, the file itself first.
    pub fn tables(self) -> &'static [Table] {
        match self {
            Document::Workflow => workflow::TABLES,
            Document::Settings => settings::TABLES,
        }
    }

    /// Returns one of its tables.
    pub fn table(self, name: &str) -> Option<&'static Table> {
        self.tables().iter().find(|table| table.name == name)
    }
}
