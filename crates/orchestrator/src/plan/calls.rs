//! Makes the calls of a task: its own, its fallbacks, its checks and judge; and finds the agents that they name.

use std::collections::BTreeSet;
use std::time::Duration;

use super::compile::Compiler;
use super::node::Kind;
use super::shell;
use super::task::{Alternative, Cache, Call, Program, RunForm, Task, Verifier};
use super::template::Template;
use crate::model::{
    Action, AgentCall, AgentSpec, CachePolicy, Command, Fallback, FallbackAction, RetryPolicy, Run, Settings, Text,
};
use crate::spec::{Mistake, nearest};

/// The first wait before another try of an agent whose provider names no time.
const AGENT_WAIT: Duration = Duration::from_secs(30);

impl Compiler<'_> {
    pub(super) fn command(&mut self, command: &Command) -> Program {
        let run = match &command.run {
            Run::Argv(argv) => RunForm::Argv(self.templates(argv)),
            Run::Shell(text) => {
                let (script, mistakes) = shell::Script::parse(text);
                mistakes.into_iter().for_each(|mistake| self.add(mistake));
                RunForm::Shell(script)
            }
        };
        Program {
            run,
            env: self.pairs(&command.env),
            secrets: command.secrets.clone(),
            cwd: command.cwd.as_ref().and_then(|text| self.keep(Template::parse(text))),
            stdin: command.stdin.as_ref().and_then(|text| self.keep(Template::parse(text))),
            ok_codes: command.ok_codes.clone(),
            outputs: self.templates(&command.outputs),
            format: command.format,
        }
    }

    /// Makes the task of a step that calls an agent; what the step leaves open is taken from the agent's declaration.
    pub(super) fn agent_task(&mut self, call: &AgentCall) -> Kind {
        let made = self.agent(call);
        let settings = match self.declared(&call.agent.source) {
            Some(agent) => filled(&call.settings, &agent.command.settings),
            None => call.settings.clone(),
        };
        self.task(made, &settings)
    }

    pub(super) fn task(&mut self, call: Call, settings: &Settings) -> Kind {
        let with = match &call {
            Call::Program(_) => Vec::new(),
            Call::Agent { with, .. } | Call::Declared { with, .. } => {
                with.iter().map(|(name, template)| (name.clone(), template.text_as_written())).collect()
            }
        };
        let own = self.alternative(call, settings);
        let mut calls = vec![own];
        for fallback in &settings.fallback {
            calls.push(self.fallback(fallback, &with, settings));
        }
        let mut verifiers: Vec<Verifier> = Vec::new();
        for check in &settings.checks {
            let call = self.action(&check.action);
            verifiers.push(Verifier { name: check.name.clone(), call, judges: None });
        }
        if let Some(judge) = &settings.judge {
            let call = self.action(&judge.action);
            verifiers.push(Verifier { name: call.name().to_owned(), call, judges: Some(judge.min) });
        }
        if settings.undo.is_some() {
            // What has an effect to take back is done each time: a remembered result would leave the effect out.
            calls.iter_mut().for_each(|way| way.cache = None);
        }
        let (gets, puts) = (self.templates(&settings.gets), self.pairs(&settings.puts));
        Kind::Task(Box::new(Task { calls, verifiers, gets, puts }))
    }

    fn alternative(&mut self, call: Call, settings: &Settings) -> Alternative {
        let is_agent = !matches!(call, Call::Program(_));
        let preset = match is_agent {
            true => RetryPolicy { wait: AGENT_WAIT, max_wait: AGENT_WAIT * 4, ..RetryPolicy::default() },
            false => RetryPolicy::default(),
        };
        Alternative {
            name: call.name().to_owned(),
            retries_any: settings.retry.is_some(),
            retry: settings.retry.clone().unwrap_or(preset),
            timeout: settings.timeout,
            cache: self.cache(settings.cache.as_ref()),
            is_partial: false,
            call,
        }
    }

    fn cache(&mut self, policy: Option<&CachePolicy>) -> Option<Cache> {
        match policy {
            None | Some(CachePolicy::Off) => None,
            Some(CachePolicy::By(by)) => Some(Cache {
                work_tree: by.work_tree,
                tree: self.templates(&by.tree),
                files: self.templates(&by.files),
                env: by.env.clone(),
                config: self.templates(&by.config),
                git: by.git.clone(),
                tools: self.templates(&by.tools),
                ttl: by.ttl,
                salt: by.salt.as_ref().and_then(|text| self.keep(Template::parse(text))),
            }),
        }
    }

    /// Makes a fallback. One that is only an agent's name is given the step's own arguments.
    fn fallback(&mut self, fallback: &Fallback, with: &[(String, Text)], step: &Settings) -> Alternative {
        let (call, own) = match &fallback.action {
            FallbackAction::Agent(name) => {
                let call = AgentCall { agent: name.clone(), with: with.to_vec(), settings: Settings::default() };
                let declared = self.declared(&name.source).map(|agent| agent.command.settings);
                (self.agent(&call), declared.unwrap_or_default())
            }
            FallbackAction::Own(action) => (self.action(action), action.settings().clone()),
        };
        let settings = Settings {
            retry: own.retry.or_else(|| step.retry.clone()),
            timeout: own.timeout.or(step.timeout),
            cache: own.cache.or_else(|| step.cache.clone()),
            ..Settings::default()
        };
        let mut made = self.alternative(call, &settings);
        made.is_partial = fallback.partial;
        made
    }

    pub(super) fn action(&mut self, action: &Action) -> Call {
        match action {
            Action::Command(command) => Call::Program(self.command(command)),
            Action::Agent(call) => self.agent(call),
        }
    }

    pub(super) fn agent(&mut self, call: &AgentCall) -> Call {
        let name = call.agent.source.clone();
        if let Some(agent) = self.declared(&name) {
            return self.declared_call(&agent, call);
        }
        if !self.is_registered(&name) {
            let known = self.agents();
            let mistake = Mistake::at(call.agent.place, format!("unknown agent '{name}'"));
            self.add(match nearest(&name, known.iter().map(String::as_str)) {
                Some(near) => mistake.hint(format!("did you mean '{near}'?")),
                None if known.is_empty() => mistake.hint("no agents are registered; use 'run' for a command"),
                None => mistake.hint(format!("registered agents: {}", known.join(", "))),
            });
        }
        let with = self.pairs(&call.with);
        Call::Agent { name, with }
    }

    /// Puts a call's arguments, filled up with the agent's own, before the program that the agent is.
    fn declared_call(&mut self, agent: &AgentSpec, call: &AgentCall) -> Call {
        let given = |name: &str| call.with.iter().any(|(given, _)| given == name);
        let presets = agent.defaults.iter().filter(|(name, _)| !given(name)).cloned();
        let with: Vec<(String, Text)> = call.with.iter().cloned().chain(presets).collect();
        let program = self.command(&agent.command);
        let mut missing = BTreeSet::new();
        for path in program.names() {
            let mut parts = path.split('.');
            match (parts.next(), parts.next()) {
                (Some("with"), Some(name)) if with.iter().all(|(given, _)| given != name) => {
                    missing.insert(name.to_owned());
                }
                (Some("with"), _) => {}
                (root, _) => {
                    let message = format!("the agent '{}' uses '{}'", agent.name, root.unwrap_or_default());
                    let hint = "an agent sees its arguments only: {{ with.NAME }}";
                    self.add(Mistake::at(agent.place, message).hint(hint));
                }
            }
        }
        for name in missing {
            let message = format!("the agent '{}' needs the argument '{name}'", agent.name);
            self.add(Mistake::at(call.agent.place, message).hint(format!("with: {{ {name}: .. }}")));
        }
        let with = self.pairs(&with);
        Call::Declared { name: agent.name.clone(), with, program, provider: agent.provider.clone() }
    }
}

/// Fills what a step leaves open from its agent.
fn filled(step: &Settings, agent: &Settings) -> Settings {
    let mut settings = step.clone();
    settings.retry = settings.retry.or_else(|| agent.retry.clone());
    settings.timeout = settings.timeout.or(agent.timeout);
    settings.cache = settings.cache.or_else(|| agent.cache.clone());
    if settings.fallback.is_empty() {
        settings.fallback.clone_from(&agent.fallback);
    }
    settings
}

impl Action {
    /// Returns how often, how long and by what it is done.
    pub(crate) fn settings(&self) -> &Settings {
        match self {
            Action::Command(command) => &command.settings,
            Action::Agent(call) => &call.settings,
        }
    }
}
