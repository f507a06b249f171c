//! Agents by name.

use std::collections::BTreeMap;
use std::sync::Arc;

use segno_errors::{Fault, Kind};
use serde_json::{Map, Value};

use super::agent::Agent;
use super::command::CommandAgent;
use super::function::FunctionAgent;
use super::request::Request;
use crate::model::{AgentSpec, Checkpoints, Reply};
use crate::plan::Catalog;
use crate::spec::{Mistakes, Settings};

/// The agents that a run may call: commands, and what was registered.
///
/// ```
/// use segno_orchestrator::agents::Registry;
/// use segno_orchestrator::model::Reply;
///
/// let mut registry = Registry::default();
/// registry.function("greet", |arguments| async move { Ok(Reply::value(format!("hello {}", arguments["name"]))) });
/// assert_eq!(registry.names(), ["greet"]);
/// ```
#[derive(Clone)]
pub struct Registry {
    named: BTreeMap<String, Arc<dyn Agent>>,
    declared: Vec<AgentSpec>,
    /// Whose service the registered ones call.
    providers: BTreeMap<String, String>,
    /// The text of the settings that declare them: a run is pinned to it.
    settings: Option<Arc<str>>,
    /// When marks are set in workflows that say nothing of that.
    checkpoints: Checkpoints,
    command: Arc<dyn Agent>,
}

/// An agent in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentEntry {
    /// Its name.
    pub name: String,
    /// A sentence for people.
    pub description: Option<String>,
    /// It is a program, declared in settings, and not code.
    pub is_program: bool,
}

/// The longest name of an agent, in bytes.
const MAX_NAME: usize = 64;

impl Default for Registry {
    fn default() -> Registry {
        Registry {
            named: BTreeMap::new(),
            declared: Vec::new(),
            providers: BTreeMap::new(),
            settings: None,
            checkpoints: Checkpoints::default(),
            command: Arc::new(CommandAgent::default()),
        }
    }
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Registry").field("names", &self.names()).finish()
    }
}

impl Registry {
    /// Registers an agent; one with the same name is replaced.
    pub fn agent(&mut self, name: impl Into<String>, agent: impl Agent + 'static) -> &mut Registry {
        self.named.insert(name.into(), Arc::new(agent));
        self
    }

    /// Registers a function as an agent.
    pub fn function<F, Fut>(&mut self, name: impl Into<String>, function: F) -> &mut Registry
    where
        F: Fn(Map<String, Value>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Reply, Fault>> + Send + 'static,
    {
        self.agent(name, FunctionAgent::new(function))
    }

    /// Says whose service a registered agent calls: agents with the same provider share its policy.
    pub fn provided_by(&mut self, name: &str, provider: impl Into<String>) -> &mut Registry {
        self.providers.insert(name.to_owned(), provider.into());
        self
    }

    /// Returns whose service a registered agent calls.
    pub(crate) fn provider_of(&self, name: &str) -> Option<&str> {
        self.providers.get(name).map(String::as_str)
    }

    /// Registers an agent under a new name.
    ///
    /// # Errors
    /// When the name is no name (reason `name`) or is taken (reason `taken`).
    pub fn register(&mut self, name: &str, agent: impl Agent + 'static) -> Result<(), Fault> {
        let plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-');
        let starts_well = name.starts_with(|letter: char| letter.is_ascii_alphabetic());
        let refused = |reason: &str, message: String, hint: &str| {
            Err(Fault::new(Kind::Validation, message).reason(reason).hint(hint))
        };
        if !starts_well || !name.chars().all(plain) || name.len() > MAX_NAME {
            let hint = format!("use letters, digits, '-' and '_', beginning with a letter, at most {MAX_NAME}");
            return refused("name", format!("'{name}' cannot be the name of an agent"), &hint);
        }
        if self.named.contains_key(name) || self.declared.iter().any(|agent| agent.name == name) {
            let hint = "remove the other one first, or give this one another name";
            return refused("taken", format!("there is an agent '{name}' already"), hint);
        }
        self.named.insert(name.to_owned(), Arc::new(agent));
        Ok(())
    }

    /// Removes an agent, however it was made known; says whether there was one.
    pub fn remove(&mut self, name: &str) -> bool {
        let declared = self.declared.len();
        self.declared.retain(|agent| agent.name != name);
        self.named.remove(name).is_some() || self.declared.len() < declared
    }

    /// Returns all agents, by name.
    pub fn list(&self) -> Vec<AgentEntry> {
        let coded =
            self.named.keys().map(|name| AgentEntry { name: name.clone(), description: None, is_program: false });
        let declared = self.declared.iter().map(|agent| AgentEntry {
            name: agent.name.clone(),
            description: agent.description.clone(),
            is_program: true,
        });
        let mut all: Vec<AgentEntry> = coded.chain(declared).collect();
        all.sort_by(|one, other| one.name.cmp(&other.name));
        all
    }

    /// Returns what a workflow file may call.
    pub fn catalog(&self) -> Catalog {
        let registered = self.named.keys().cloned().collect();
        Catalog { registered, declared: self.declared.clone(), checkpoints: self.checkpoints, ..Catalog::default() }
    }

    /// Declares agents that are programs, as the settings do; one with the same name is replaced.
    pub fn declare(&mut self, agents: impl IntoIterator<Item = AgentSpec>) -> &mut Registry {
        for agent in agents {
            self.declared.retain(|known| known.name != agent.name);
            self.declared.push(agent);
        }
        self
    }

    /// Declares the agents of a settings file and takes over when it sets marks; runs are pinned to its text.
    ///
    /// # Errors
    /// All mistakes of the text.
    pub fn settings(&mut self, source: &str) -> Result<&mut Registry, Mistakes> {
        let Settings { agents, checkpoints, .. } = Settings::parse(source)?;
        self.settings = (!agents.is_empty() || checkpoints.is_some()).then(|| source.into());
        self.checkpoints = checkpoints.unwrap_or_default();
        Ok(self.declare(agents))
    }

    /// Goes back to what is preset where settings said something, but for the agents that they declared.
    pub(crate) fn forget_settings(&mut self) {
        (self.settings, self.checkpoints) = (None, Checkpoints::default());
    }

    /// Returns the text of the settings that a run depends on, if it does.
    pub(crate) fn settings_text(&self) -> Option<&Arc<str>> {
        self.settings.as_ref()
    }

    /// Returns the registered names.
    pub fn names(&self) -> Vec<&str> {
        self.named.keys().map(String::as_str).collect()
    }

    /// Returns the agent that a request is for.
    ///
    /// # Errors
    /// When no agent of that name is registered: a resumed run may miss one that its first owner had.
    pub fn find(&self, request: &Request) -> Result<Arc<dyn Agent>, Fault> {
        match request {
            Request::Program(_) => Ok(self.command.clone()),
            Request::Agent { name, .. } => self.named.get(name).cloned().ok_or_else(|| {
                Fault::new(Kind::Configuration, format!("no agent '{name}' is registered")).reason("not_found")
            }),
        }
    }
}
