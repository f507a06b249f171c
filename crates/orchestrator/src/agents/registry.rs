//! Agents by name.

use std::collections::BTreeMap;
use std::sync::Arc;

use segno_errors::{Fault, Kind};
use serde_json::{Map, Value};

use super::agent::Agent;
use super::command::CommandAgent;
use super::function::FunctionAgent;
use super::request::Request;
use crate::model::{AgentSpec, Reply};
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
    /// The text of the settings that declare them: a run is pinned to it.
    settings: Option<Arc<str>>,
    command: Arc<dyn Agent>,
}

impl Default for Registry {
    fn default() -> Registry {
        Registry {
            named: BTreeMap::new(),
            declared: Vec::new(),
            settings: None,
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

    /// Returns what a workflow file may call.
    pub fn catalog(&self) -> Catalog {
        let registered = self.named.keys().cloned().collect();
        Catalog { registered, declared: self.declared.clone(), ..Catalog::default() }
    }

    /// Declares agents that are programs, as the settings do; one with the same name is replaced.
    pub fn declare(&mut self, agents: impl IntoIterator<Item = AgentSpec>) -> &mut Registry {
        for agent in agents {
            self.declared.retain(|known| known.name != agent.name);
            self.declared.push(agent);
        }
        self
    }

    /// Declares the agents of a settings file, whose text runs are pinned to.
    ///
    /// # Errors
    /// All mistakes of the text.
    pub fn settings(&mut self, source: &str) -> Result<&mut Registry, Mistakes> {
        let agents = Settings::parse(source)?.agents;
        self.settings = (!agents.is_empty()).then(|| source.into());
        Ok(self.declare(agents))
    }

    /// Returns the text of the settings that declare agents, if some do.
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
