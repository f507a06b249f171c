//! Remembered results of a project: where they are, and how they are used.

use std::path::Path;
use std::sync::Arc;

use segno_cache::{Files, Options, OutputFile, Store, Surroundings};
use segno_errors::Fault;
use serde::{Deserialize, Serialize};

use super::shared::Shared;
use super::surroundings::of_project;
use super::{cache_fault, said};
use crate::model::Reply;
use crate::spec::CacheSettings;

/// Reads variables of the environment that steps name for their key; given by the application.
pub type ReadVariable = dyn Fn(&str) -> Option<String> + Send + Sync;

/// Remembered results of a project.
#[derive(Clone)]
pub struct Memory {
    pub(super) store: Store,
    pub(super) files: Files,
    pub(super) surroundings: Surroundings,
    /// What is stored is not looked at.
    pub(super) is_refreshing: bool,
    /// Nothing is stored.
    pub(super) is_read_only: bool,
    /// What other machines remember too.
    pub(super) shared: Option<Arc<Shared>>,
    /// Why there is none although there should be.
    pub(super) unshared: Option<String>,
}

/// What is stored under a key.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Entry {
    pub(super) reply: Reply,
    pub(super) outputs: Vec<OutputFile>,
    pub(super) took_ms: u64,
}

impl std::fmt::Debug for Memory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Memory")
    }
}

impl Memory {
    /// Opens the memory of the project at `root`, kept in `folder`.
    ///
    /// # Errors
    /// When the folder cannot be used.
    pub fn open(root: &Path, folder: &Path, variable: Arc<ReadVariable>) -> Result<Memory, Fault> {
        Memory::with(root, folder, &CacheSettings::default(), variable)
    }

    /// Does the same as the project has set.
    ///
    /// # Errors
    /// When the folder cannot be used.
    pub fn with(
        root: &Path,
        folder: &Path,
        settings: &CacheSettings,
        variable: Arc<ReadVariable>,
    ) -> Result<Memory, Fault> {
        let preset = Options::default();
        let max_bytes = settings.max_size.unwrap_or(preset.max_bytes);
        let options = Options { max_bytes, max_age: settings.max_age, ..preset };
        let store = Store::open(folder, options).map_err(cache_fault)?;
        let files = Files::open(root, &store).map_err(cache_fault)?;
        let opened = settings.shared.as_ref().map(|shared| Shared::open(shared, &*variable)).transpose();
        let (shared, unshared) = match opened {
            Ok(shared) => (shared.map(Arc::new), None),
            Err(fault) => {
                tracing::warn!(fault = fault.message(), "there is no shared cache");
                (None, Some(fault.message().to_owned()))
            }
        };
        let surroundings = of_project(&files, variable);
        Ok(Memory {
            store,
            files,
            surroundings,
            is_refreshing: false,
            is_read_only: settings.read_only,
            shared,
            unshared,
        })
    }

    /// Returns a memory that finds nothing and keeps what is new.
    #[must_use]
    pub fn refreshing(self) -> Memory {
        Memory { is_refreshing: true, ..self }
    }

    /// Returns a memory that finds what is there and keeps nothing.
    #[must_use]
    pub fn reading(self) -> Memory {
        Memory { is_read_only: true, ..self }
    }

    /// Says what is wrong with the cache that is shared with other machines, if there should be one and it is not used.
    pub fn shared_trouble(&self) -> Option<String> {
        self.unshared.clone().or_else(|| self.shared.as_ref()?.trouble())
    }

    /// Lists the project's files that match a glob.
    ///
    /// # Errors
    /// When the glob is not one of the project.
    pub fn list(&self, glob: &str) -> Result<Vec<String>, String> {
        self.files.list(&[glob.to_owned()]).map_err(|error| said(&error))
    }

    /// Shows what is remembered, as the texts that are stored.
    ///
    /// # Errors
    /// When the cache cannot be read.
    pub fn texts(&self, see: &mut dyn FnMut(&str)) -> Result<(), Fault> {
        self.store.each_value(&mut |value| see(&String::from_utf8_lossy(value))).map_err(cache_fault)
    }

    /// Writes down what was learnt about files, so that the next run need not read them again, and what is to be shared.
    pub fn flush(&self) {
        if let Some(shared) = &self.shared {
            shared.flush();
        }
        if self.is_read_only {
            return;
        }
        if let Err(error) = self.files.flush() {
            tracing::warn!(%error, "what is known about files could not be kept");
        }
    }
}
