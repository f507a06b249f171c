//! Sets logging up for a whole program: the file, the level, the global subscriber.
//! Leaves reading of arguments and environment to the program.

use std::path::PathBuf;

use tracing::level_filters::LevelFilter;
use tracing::{Level, Subscriber};
use tracing_subscriber::Registry;
use tracing_subscriber::layer::SubscriberExt;

use crate::{Error, FileSink, Guard, JsonLayer};

/// The logging of a program: where lines go and which ones.
///
/// ```
/// use segno_logging::{Level, Logging};
///
/// # fn main() -> Result<(), segno_logging::Error> {
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("logs/program.log");
/// let guard = Logging::to_file(path).level(Level::DEBUG).install()?;
/// tracing::debug!(port = 8080, "listening");
/// assert_eq!(guard.lost(), 0);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Logging {
    path: PathBuf,
    level: Level,
}

impl Logging {
    /// Writes to the end of the file at `path`, level INFO and above.
    pub fn to_file(path: impl Into<PathBuf>) -> Self {
        Logging { path: path.into(), level: Level::INFO }
    }

    /// Writes `level` and what is more severe.
    ///
    /// The rest is disabled for the whole program and costs about a nanosecond an event.
    #[must_use]
    pub fn level(self, level: Level) -> Self {
        Logging { level, ..self }
    }

    /// Opens the file, makes its folders, and becomes the subscriber of all threads.
    ///
    /// # Errors
    /// [`Error::Folder`] and [`Error::Open`] when the file cannot be had; [`Error::Installed`] when
    /// the program has a global subscriber already.
    pub fn install(self) -> Result<Guard, Error> {
        let layer = JsonLayer::new(FileSink::open(&self.path)?);
        let guard = layer.guard();
        tracing::subscriber::set_global_default(self.subscriber(layer))
            .map_err(|source| Error::Installed { source })?;
        Ok(guard)
    }

    /// The filter is a layer of its own, so that a disabled call site stays one static check.
    fn subscriber(&self, layer: JsonLayer<FileSink>) -> impl Subscriber + Send + Sync + 'static + use<> {
        Registry::default().with(LevelFilter::from_level(self.level)).with(layer)
    }
}
