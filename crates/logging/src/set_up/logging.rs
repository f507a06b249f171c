//! What can be chosen of a program's logging, and how it is installed.
//! Leaves reading of arguments and environment to the program, or to `env` when it is asked for.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::Registry;
use tracing_subscriber::layer::SubscriberExt;

use super::beside::Beside;
use crate::sink::Sink;
use crate::{
    Error, FileSink, Guard, JsonLayer, Levels, Logger, Loggers, QueueOptions, QueueSink, Redactor, RingOptions,
    RingSink, Rotation,
};

/// The logging of a program: where lines go and which ones.
///
/// ```
/// use segno_logging::{Level, Logging};
///
/// # fn main() -> Result<(), segno_logging::Error> {
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("logs/program.log");
/// # let queries = folder.path().join("logs/queries.log");
/// let logging = Logging::to_file(path).level(Level::DEBUG).logger_file("database", queries);
/// let levels = logging.levels();
/// let guard = logging.install()?;
/// tracing::debug!(port = 8080, "listening");
/// levels.apply_text("info,database=off")?;
/// assert_eq!(guard.lost(), 0);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Logging {
    place: Place,
    way: Way,
    rotation: Option<Rotation>,
    loggers: Loggers,
    /// Loggers with a file of their own.
    files: Vec<(String, PathBuf)>,
    console: Option<Arc<dyn Sink>>,
    or_console: bool,
    redactor: Option<Redactor>,
}

/// Where lines go that no logger has a place for.
#[derive(Clone)]
enum Place {
    File(PathBuf),
    Sink(Arc<dyn Sink>),
}

/// How lines get into a file.
#[derive(Debug, Clone)]
enum Way {
    Ring(RingOptions),
    Sync,
    Queue(QueueOptions),
}

impl Logging {
    /// Writes to the end of the file at `path`, level INFO and above, through a [`RingSink`]: cheap, and no line is lost when
    /// the process is killed, but lines below WARN reach the file up to 200 milliseconds late. See [`sync`](Logging::sync).
    pub fn to_file(path: impl Into<PathBuf>) -> Self {
        Logging::to(Place::File(path.into()))
    }

    /// Writes to a sink of one's own, level INFO and above; a [`Console`](crate::Console) is one.
    pub fn to_sink(sink: impl Sink) -> Self {
        Logging::to(Place::Sink(Arc::new(sink)))
    }

    fn to(place: Place) -> Self {
        Logging {
            place,
            way: Way::Ring(RingOptions::default()),
            rotation: None,
            loggers: Loggers::new(LevelFilter::INFO),
            files: Vec::new(),
            console: None,
            or_console: false,
            redactor: Some(Redactor::new()),
        }
    }

    /// Writes each line to its file by a call of its own before its macro returns, as [`FileSink`] does.
    #[must_use]
    pub fn sync(self) -> Self {
        Logging { way: Way::Sync, ..self }
    }

    /// Writes to files through buffers with these options.
    #[must_use]
    pub fn ring(self, options: RingOptions) -> Self {
        Logging { way: Way::Ring(options), ..self }
    }

    /// Leaves the writing to a thread for each file, as [`QueueSink`] does.
    #[must_use]
    pub fn queue(self, options: QueueOptions) -> Self {
        Logging { way: Way::Queue(options), ..self }
    }

    /// Seals files and begins new ones, each file of a logger for itself.
    #[must_use]
    pub fn rotation(self, rotation: Rotation) -> Self {
        Logging { rotation: Some(rotation), ..self }
    }

    /// Writes `level` and what is more severe, where a logger has no level of its own.
    ///
    /// The rest is disabled for the whole program and costs about a nanosecond an event.
    #[must_use]
    pub fn level(self, level: impl Into<LevelFilter>) -> Self {
        self.loggers.levels().set_root(level);
        self
    }

    /// Says what the logger of this name has of its own; see [`Loggers`] for which events are its.
    #[must_use]
    pub fn logger(mut self, name: &str, logger: Logger) -> Self {
        self.loggers = self.loggers.with(name, logger);
        self
    }

    /// Writes the lines of the logger of this name to a file of their own.
    #[must_use]
    pub fn logger_file(mut self, name: &str, path: impl Into<PathBuf>) -> Self {
        self.files.push((name.to_owned(), path.into()));
        self
    }

    /// Says what all events have that belong to no named logger: a sample, a limit.
    #[must_use]
    pub fn root(mut self, logger: Logger) -> Self {
        self.loggers = self.loggers.with_root(logger);
        self
    }

    /// Writes each line to this sink, too, which is for people: a [`Console`](crate::Console). If it fails nothing is lost.
    #[must_use]
    pub fn console(self, console: impl Sink) -> Self {
        Logging { console: Some(Arc::new(console)), ..self }
    }

    /// Writes to the console alone, with a warning, if a file cannot be opened. Without a console it changes nothing.
    #[must_use]
    pub fn or_console(self) -> Self {
        Logging { or_console: true, ..self }
    }

    /// Hides what this redactor knows as a secret. Without it the usual names and shapes are hidden.
    #[must_use]
    pub fn redactor(self, redactor: Redactor) -> Self {
        Logging { redactor: Some(redactor), ..self }
    }

    /// Hides nothing.
    #[must_use]
    pub fn without_redactor(self) -> Self {
        Logging { redactor: None, ..self }
    }

    /// Returns the handle that changes levels while the program runs. [`Levels::current`] finds it later.
    pub fn levels(&self) -> Levels {
        self.loggers.levels()
    }

    /// Opens the files and returns the layer, for a registry that has other layers, and its guard.
    ///
    /// The layer writes all that reaches it. Add [`Logging::levels`] to the registry to filter for all layers, or filter this
    /// one with them:
    ///
    /// ```
    /// use segno_logging::Logging;
    /// use tracing_subscriber::layer::{Layer, SubscriberExt};
    ///
    /// # fn main() -> Result<(), segno_logging::Error> {
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("logs/program.log");
    /// let logging = Logging::to_file(path);
    /// let levels = logging.levels();
    /// let (layer, guard) = logging.layer()?;
    /// let subscriber = tracing_subscriber::registry().with(layer.with_filter(levels));
    /// tracing::subscriber::with_default(subscriber, || tracing::info!("ready"));
    /// assert_eq!(guard.lost(), 0);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::Folder`] and [`Error::Open`] when a file cannot be had.
    pub fn layer(self) -> Result<(JsonLayer, Guard), Error> {
        let mut warnings = Vec::new();
        let main = match &self.place {
            Place::File(path) => self.open(path, &mut warnings)?,
            Place::Sink(sink) => self.beside(Arc::clone(sink)),
        };
        let mut loggers = self.loggers.clone();
        for (name, path) in &self.files {
            let sink = self.open(path, &mut warnings)?;
            loggers = loggers.with_sink(name, sink);
        }
        let layer = JsonLayer::new(main).with_loggers(&loggers);
        let layer = match self.redactor {
            Some(redactor) => layer.with_redactor(redactor),
            None => layer.without_redactor(),
        };
        warnings.iter().for_each(|warning| layer.warn(warning));
        let guard = layer.guard();
        Ok((layer, guard))
    }

    /// Opens the files, makes their folders, and becomes the subscriber of all threads.
    ///
    /// # Errors
    /// [`Error::Folder`] and [`Error::Open`] when a file cannot be had; [`Error::Installed`] when
    /// the program has a global subscriber already.
    pub fn install(self) -> Result<Guard, Error> {
        let levels = self.levels();
        let (layer, guard) = self.layer()?;
        // The filter is a layer of its own, so that a disabled call site stays one static check.
        let subscriber = Registry::default().with(levels).with(layer);
        tracing::subscriber::set_global_default(subscriber).map_err(|source| Error::Installed { source })?;
        Ok(guard)
    }

    /// Opens a file with the console beside it, or takes the console for it when that is wanted.
    fn open(&self, path: &Path, warnings: &mut Vec<String>) -> Result<Arc<dyn Sink>, Error> {
        match (self.open_file(path), &self.console) {
            (Ok(file), _) => Ok(self.beside(file)),
            (Err(error), Some(console)) if self.or_console => {
                let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
                warnings.push(format!("{error}{cause}; lines go to the terminal alone"));
                Ok(Arc::clone(console))
            }
            (Err(error), _) => Err(error),
        }
    }

    fn open_file(&self, path: &Path) -> Result<Arc<dyn Sink>, Error> {
        let rotation = self.rotation.clone().unwrap_or_default();
        Ok(match &self.way {
            Way::Ring(options) => {
                let rotation = self.rotation.clone().unwrap_or_else(|| options.rotation.clone());
                Arc::new(RingSink::open(path, RingOptions { rotation, ..options.clone() })?)
            }
            Way::Sync => Arc::new(FileSink::rotating(path, rotation)?),
            Way::Queue(options) => Arc::new(QueueSink::new(FileSink::rotating(path, rotation)?, options.clone())?),
        })
    }

    fn beside(&self, log: Arc<dyn Sink>) -> Arc<dyn Sink> {
        match &self.console {
            Some(console) => Arc::new(Beside { log, console: Arc::clone(console) }),
            None => log,
        }
    }
}

impl fmt::Debug for Logging {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = match &self.place {
            Place::File(path) => Some(path),
            Place::Sink(_) => None,
        };
        formatter
            .debug_struct("Logging")
            .field("path", &path)
            .field("way", &self.way)
            .field("rotation", &self.rotation)
            .field("loggers", &self.loggers)
            .field("files", &self.files)
            .field("has_console", &self.console.is_some())
            .finish_non_exhaustive()
    }
}
