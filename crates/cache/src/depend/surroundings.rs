//! Everything outside that dependencies are looked up in, given by the application: the library reads no environment.

use std::fmt;
use std::sync::Arc;

use super::moment::Moment;
#[cfg(feature = "files")]
use super::{
    config::Settings,
    tool::{ToolAnswer, Tools},
};
use crate::{Clock, Tags};
#[cfg(feature = "files")]
use crate::{Error, Files, Value};

type Variable = dyn Fn(&str) -> Option<String> + Send + Sync;
type Generation = dyn Fn(&str) -> u64 + Send + Sync;
#[cfg(feature = "files")]
type Runner = dyn Fn(&[String]) -> Result<ToolAnswer, Error> + Send + Sync;

/// What dependencies are looked up in. Cloning is cheap; clones share what was read before.
///
/// Whatever was not given cannot be looked up: that is an error, because a value that is taken for another one is a
/// wrong hit.
///
/// ```
/// use segno_cache::{Dependency, Key, Surroundings};
///
/// let surroundings = Surroundings::new().variables(|name| (name == "LANG").then(|| "C".to_owned()));
/// let mut builder = Key::builder("sort");
/// surroundings.moment().observe(&Dependency::env("LANG")).unwrap().add_to(&mut builder);
/// assert_eq!(builder.finish().parts()[1].name, "variable LANG");
/// ```
#[derive(Clone, Default)]
pub struct Surroundings {
    pub(super) clock: Clock,
    pub(super) variable: Option<Arc<Variable>>,
    pub(super) generation: Option<Arc<Generation>>,
    #[cfg(feature = "files")]
    pub(super) files: Option<Files>,
    #[cfg(feature = "files")]
    pub(super) runner: Option<Arc<Runner>>,
    #[cfg(feature = "files")]
    pub(super) settings: Arc<Settings>,
    #[cfg(feature = "files")]
    pub(super) tools: Arc<Tools>,
}

impl Surroundings {
    /// Begins with nothing but the machine's clock.
    pub fn new() -> Surroundings {
        Surroundings::default()
    }

    /// Takes another clock.
    #[must_use]
    pub fn clock(self, clock: Clock) -> Surroundings {
        Surroundings { clock, ..self }
    }

    /// Reads variables of the environment with this; `PATH` is one of them, in which tools are searched.
    #[must_use]
    pub fn variables(self, read: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Surroundings {
        Surroundings { variable: Some(Arc::new(read)), ..self }
    }

    /// Looks tags up here.
    #[must_use]
    pub fn tags(self, tags: &Tags) -> Surroundings {
        let tags = tags.clone();
        self.generations(move |tag| tags.generation(tag))
    }

    /// Looks tags up with this: it returns a number that is another one after each change and never an old one again.
    #[must_use]
    pub fn generations(self, read: impl Fn(&str) -> u64 + Send + Sync + 'static) -> Surroundings {
        Surroundings { generation: Some(Arc::new(read)), ..self }
    }

    /// Looks at files, settings files and git in this project, and runs tools in its folder.
    #[cfg(feature = "files")]
    #[must_use]
    pub fn files(self, files: &Files) -> Surroundings {
        Surroundings { files: Some(files.clone()), ..self }
    }

    /// Runs tools with this instead: it is given a program with its arguments.
    #[cfg(feature = "files")]
    #[must_use]
    pub fn tools(self, run: impl Fn(&[String]) -> Result<ToolAnswer, Error> + Send + Sync + 'static) -> Surroundings {
        Surroundings { runner: Some(Arc::new(run)), ..self }
    }

    /// Reads settings files with this extension, without its dot, by this reader; it says what is wrong with a text.
    ///
    /// JSON, `.env` and INI are known, TOML with the feature `config-toml`. Any format of serde will do: [`Value`] can
    /// be deserialised.
    #[cfg(feature = "files")]
    #[must_use]
    pub fn reader(
        self,
        extension: &str,
        read: impl Fn(&str) -> Result<Value, String> + Send + Sync + 'static,
    ) -> Surroundings {
        let settings = Arc::new(self.settings.with(extension, Arc::new(read)));
        Surroundings { settings, ..self }
    }

    /// Begins to look: everything that is looked up through one moment is looked up once.
    pub fn moment(&self) -> Moment<'_> {
        Moment::new(self)
    }
}

impl fmt::Debug for Surroundings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Surroundings")
    }
}
