//! One look at the surroundings: each dependency is looked up at most once, so that a thousand keys of one moment agree
//! and cost no more than one.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use super::observation::Observation;
use super::surroundings::Surroundings;
use super::window;
#[cfg(feature = "files")]
use super::{config, dependency::Git, git, tool::ToolAnswer};
use crate::{Dependency, Error};
#[cfg(feature = "files")]
use crate::{Files, Manifest};

/// One look at the surroundings; begun by [`Surroundings::moment`].
pub struct Moment<'s> {
    surroundings: &'s Surroundings,
    now: SystemTime,
    seen: Mutex<HashMap<Dependency, Observation>>,
}

impl<'s> Moment<'s> {
    pub(super) fn new(surroundings: &'s Surroundings) -> Moment<'s> {
        Moment { surroundings, now: surroundings.clock.now(), seen: Mutex::default() }
    }

    /// Says what a dependency is at this moment.
    ///
    /// What is not there (a variable, a settings file, a tool, a commit) is an answer like others. Fails if it cannot be
    /// told what is there: a file that cannot be read or parsed, a program that does not end, something to look in that
    /// was not given. Then nothing should be remembered.
    pub fn observe(&self, dependency: &Dependency) -> Result<Observation, Error> {
        let seen = || self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(observation) = seen().get(dependency) {
            return Ok(observation.clone());
        }
        // Not held while looking: that may take seconds and calls closures of the application.
        let observation = self.look(dependency)?;
        Ok(seen().entry(dependency.clone()).or_insert(observation).clone())
    }

    /// Does the same and holds nothing: for what only one key of many depends on.
    pub fn observe_once(&self, dependency: &Dependency) -> Result<Observation, Error> {
        self.look(dependency)
    }

    /// Observes several, in their order.
    pub fn observe_all(&self, dependencies: &[Dependency]) -> Result<Vec<Observation>, Error> {
        dependencies.iter().map(|dependency| self.observe(dependency)).collect()
    }

    fn look(&self, dependency: &Dependency) -> Result<Observation, Error> {
        let name = dependency.name();
        match dependency {
            Dependency::Env { name: variable } => {
                let read = given(&self.surroundings.variable, dependency, "no reader of variables was given")?;
                // Set to nothing and not set at all are two things.
                let value = read(variable).map_or_else(|| "unset".to_owned(), |value| format!("={value}"));
                Ok(Observation::of(dependency, |key| _ = key.secret(name, &value)))
            }
            Dependency::Window { length, offset } => {
                let began = window::began(*length, *offset, self.now)?;
                Ok(Observation::of(dependency, |key| _ = key.part(name, &window::Began(began))))
            }
            Dependency::Key(digest) => Ok(Observation::of(dependency, |key| _ = key.digest(name, *digest))),
            Dependency::Tag { name: tag } => {
                let read = given(&self.surroundings.generation, dependency, "nothing to look tags up in was given")?;
                let generation = read(tag);
                Ok(Observation::of(dependency, |key| _ = key.part(name, &generation)))
            }
            #[cfg(feature = "files")]
            Dependency::Config { file, path } => {
                let setting = self.surroundings.settings.setting(self.files(dependency)?, file, path)?;
                Ok(Observation::of(dependency, |key| {
                    _ = if config::is_secret(file, path, &setting) {
                        key.hidden(name, &setting)
                    } else {
                        key.part(name, &setting)
                    };
                }))
            }
            #[cfg(feature = "files")]
            Dependency::Tool { argv } => {
                let answer = self.ask(dependency, argv)?;
                Ok(Observation::of(dependency, |key| _ = key.part(name, &answer)))
            }
            #[cfg(feature = "files")]
            Dependency::Git(Git::Commit) => {
                let head = git::commit(self.files(dependency)?.root())?;
                Ok(Observation::of(dependency, |key| _ = key.part(name, &head)))
            }
            #[cfg(feature = "files")]
            Dependency::Git(Git::Branch) => {
                let head = git::branch(self.files(dependency)?.root())?;
                Ok(Observation::of(dependency, |key| _ = key.part(name, &head)))
            }
            #[cfg(feature = "files")]
            Dependency::Files { .. } | Dependency::Folder { .. } | Dependency::Git(Git::Tree { .. }) => {
                Ok(Observation::of_files(dependency, self.manifest(dependency)?))
            }
        }
    }

    #[cfg(feature = "files")]
    fn manifest(&self, dependency: &Dependency) -> Result<Manifest, Error> {
        let files = self.files(dependency)?;
        match dependency {
            Dependency::Files { globs } => files.manifest(globs),
            Dependency::Folder { path, depth } => files.folder(path, *depth),
            Dependency::Git(Git::Tree { paths }) => {
                // Several narrow trees are parts of the one wide tree, which is looked at once.
                let whole = Dependency::Git(Git::Tree { paths: Vec::new() });
                match paths.is_empty() {
                    true => files.work_tree(),
                    false => match self.observe(&whole)?.manifest() {
                        Some(manifest) => manifest.within(paths),
                        None => files.work_tree()?.within(paths),
                    },
                }
            }
            _ => Ok(Manifest::new(Vec::new())),
        }
    }

    #[cfg(feature = "files")]
    fn files(&self, dependency: &Dependency) -> Result<&Files, Error> {
        given(&self.surroundings.files, dependency, "no project to look in was given")
    }

    #[cfg(feature = "files")]
    fn ask(&self, dependency: &Dependency, argv: &[String]) -> Result<ToolAnswer, Error> {
        if let Some(run) = &self.surroundings.runner {
            return run(argv);
        }
        let read =
            given(&self.surroundings.variable, dependency, "no reader of variables was given to find it by PATH")?;
        self.surroundings.tools.ask(argv, self.files(dependency)?.root(), read("PATH").as_deref(), self.now)
    }
}

fn given<'g, T>(thing: &'g Option<T>, dependency: &Dependency, reason: &str) -> Result<&'g T, Error> {
    thing.as_ref().ok_or_else(|| Error::Dependency { name: format!("the {dependency}"), reason: reason.to_owned() })
}

impl fmt::Debug for Moment<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Moment").field("now", &self.now).finish_non_exhaustive()
    }
}
