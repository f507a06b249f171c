//! What a step calls: a program or an agent, and besides it fallbacks, checks, a judge, what takes it back.

use super::Mistake;
use super::fields::{Fields, Findings};
use super::keys;
use super::steps::Steps;
use super::tree::{Key, Node, Tree};
use crate::model::{
    Action, AgentCall, AgentSpec, Check, Command, Fallback, FallbackAction, Judge, OutputFormat, Run, Settings, Text,
};

impl Steps<'_> {
    pub(super) fn command(&mut self, fields: &Fields<'_>) -> Option<Command> {
        let settings = self.settings(fields);
        self.program(fields, settings)
    }

    fn program(&mut self, fields: &Fields<'_>, settings: Settings) -> Option<Command> {
        let findings = &mut *self.findings;
        let run = fields.find("run")?;
        let run = match &run.tree {
            _ if is_blank(&run.tree) => {
                findings.add(Mistake::at(run.place, "'run' is empty").hint("run: [program, argument, ..]"));
                return None;
            }
            Tree::List(items) => Run::Argv(items.iter().filter_map(|item| findings.text(item, "run")).collect()),
            _ => Run::Shell(findings.text(run, "run")?),
        };
        Some(Command {
            run,
            env: fields.find("env").map(|node| pairs(node, "env", findings)).unwrap_or_default(),
            secrets: fields.find("secrets").map(|node| findings.words(node, "secrets")).unwrap_or_default(),
            cwd: fields.find("cwd").and_then(|node| findings.text(node, "cwd")),
            stdin: fields.find("stdin").and_then(|node| findings.text(node, "stdin")),
            ok_codes: fields.find("ok_codes").map_or(vec![0], |node| ok_codes(node, findings)),
            outputs: fields.find("outputs").map(|node| findings.texts(node, "outputs")).unwrap_or_default(),
            format: fields.find("output").map(|node| format(node, findings)).unwrap_or_default(),
            settings,
        })
    }

    pub(super) fn agent(&mut self, fields: &Fields<'_>) -> Option<AgentCall> {
        let settings = self.settings(fields);
        let agent = fields.find("agent").and_then(|node| self.findings.text(node, "agent"))?;
        let mut with = fields.find("with").map(|node| self.pairs(node, "with")).unwrap_or_default();
        if let Some(prompt) = fields.find("prompt").and_then(|node| self.findings.text(node, "prompt")) {
            if with.iter().any(|(name, _)| name == "prompt") {
                let message = "the prompt stands here and in 'with'";
                self.findings.add(Mistake::at(prompt.place, message).hint("keep one of the two"));
            }
            with.push(("prompt".into(), prompt));
        }
        Some(AgentCall { agent, with, settings })
    }

    pub(super) fn pairs(&mut self, node: &Node, what: &str) -> Vec<(String, Text)> {
        pairs(node, what, self.findings)
    }

    /// Reads how a step is called, filled up with the file's defaults.
    fn settings(&mut self, fields: &Fields<'_>) -> Settings {
        let mut settings = self.defaults.settings(fields, self.findings);
        settings.fallback = self.fallbacks(fields);
        settings.checks = fields.find("check").map(|node| self.checks(node)).unwrap_or_default();
        settings.judge = fields.find("judge").and_then(|node| self.judge(node)).map(Box::new);
        settings.undo = fields.find("undo").and_then(|node| self.action(node, "undo", &[])).map(Box::new);
        settings.gets = fields.find("get").map(|node| self.findings.texts(node, "get")).unwrap_or_default();
        settings.puts = fields.find("put").map(|node| self.pairs(node, "put")).unwrap_or_default();
        for key in settings.gets.iter().filter(|key| key.source.contains("{{")) {
            self.findings.add(Mistake::at(key.place, "a key of 'get' cannot be a template"));
        }
        settings
    }

    fn fallbacks(&mut self, fields: &Fields<'_>) -> Vec<Fallback> {
        let Some(node) = fields.find("fallback") else { return Vec::new() };
        let one = std::slice::from_ref(node);
        let items = match &node.tree {
            Tree::List(items) => items,
            _ => one,
        };
        items.iter().filter_map(|item| self.fallback(item)).collect()
    }

    /// Reads one fallback: an agent's name, or something to do, which may be worth only a part.
    fn fallback(&mut self, node: &Node) -> Option<Fallback> {
        if let Tree::Text(_) = node.tree {
            let name = self.findings.text(node, "fallback")?;
            return Some(Fallback { place: node.place, action: FallbackAction::Agent(name), partial: false });
        }
        let action = self.action(node, "fallback", &["partial"])?;
        let partial =
            Fields::open(node, "fallback", &mut Findings::default()).and_then(|fields| fields.find("partial"));
        let partial = partial.and_then(|node| self.findings.truth(node, "partial")).unwrap_or(false);
        Some(Fallback { place: node.place, action: FallbackAction::Own(action), partial })
    }

    /// Reads checks: a command as a text or a list of words, one in a map, or several of these.
    fn checks(&mut self, node: &Node) -> Vec<Check> {
        match &node.tree {
            Tree::List(items) if items.iter().any(|item| matches!(item.tree, Tree::Map(_) | Tree::List(_))) => {
                items.iter().filter_map(|item| self.check(item)).collect()
            }
            _ => self.check(node).into_iter().collect(),
        }
    }

    fn check(&mut self, node: &Node) -> Option<Check> {
        let action = match node.tree {
            Tree::Map(_) => self.action(node, "check", &[])?,
            _ => Action::Command(Box::new(self.bare_command(node)?)),
        };
        let name = match &action {
            Action::Agent(call) => call.agent.source.clone(),
            Action::Command(command) => match &command.run {
                Run::Shell(text) => text.source.trim().to_owned(),
                Run::Argv(words) => words.iter().map(|word| word.source.as_str()).collect::<Vec<_>>().join(" "),
            },
        };
        let name = name.lines().next().unwrap_or_default().chars().take(80).collect();
        Some(Check { action, name })
    }

    fn bare_command(&mut self, node: &Node) -> Option<Command> {
        if is_blank(&node.tree) {
            self.findings.add(Mistake::at(node.place, "'check' is empty").hint("check: cargo test"));
            return None;
        }
        let run = match &node.tree {
            Tree::List(items) => Run::Argv(items.iter().filter_map(|item| self.findings.text(item, "check")).collect()),
            _ => Run::Shell(self.findings.text(node, "check")?),
        };
        Some(Command {
            run,
            env: Vec::new(),
            secrets: Vec::new(),
            cwd: None,
            stdin: None,
            ok_codes: vec![0],
            outputs: Vec::new(),
            format: OutputFormat::Text,
            settings: Settings::default(),
        })
    }

    fn judge(&mut self, node: &Node) -> Option<Judge> {
        let action = self.action(node, "judge", &["min"])?;
        let min = Fields::open(node, "judge", &mut Findings::default()).and_then(|fields| fields.find("min"));
        let min = min.and_then(|node| self.findings.number(node, "min", 0.0..=1.0));
        Some(Judge { action, min })
    }

    /// Reads something to do besides the step: `run` or `agent` with what belongs to it.
    fn action(&mut self, node: &Node, what: &str, more: &[&'static str]) -> Option<Action> {
        let fields = Fields::open(node, what, self.findings)?;
        let how = ["retry", "timeout", "cache"];
        match (fields.find("run"), fields.find("agent")) {
            (Some(_), None) => {
                fields.known(&[&keys::COMMAND[..], &how, more].concat(), what, self.findings);
                let settings = self.own_settings(&fields);
                self.program(&fields, settings).map(|command| Action::Command(Box::new(command)))
            }
            (None, Some(_)) => {
                fields.known(&[&keys::AGENT[..], &how, more].concat(), what, self.findings);
                let settings = self.own_settings(&fields);
                self.agent(&fields).map(|call| Action::Agent(Box::new(AgentCall { settings, ..call })))
            }
            _ => {
                let hint = format!("{what}: {{ run: .. }} or {what}: {{ agent: .. }}");
                self.findings
                    .add(Mistake::at(node.place, format!("'{what}' needs one of 'run' and 'agent'")).hint(hint));
                None
            }
        }
    }

    /// Reads how something besides the step is called; the file's defaults are for steps.
    fn own_settings(&mut self, fields: &Fields<'_>) -> Settings {
        super::settings::Defaults::default().settings(fields, self.findings)
    }

    /// Reads the declarations of agents: a table of names.
    pub(super) fn agents(&mut self, node: &Node) -> Vec<AgentSpec> {
        let Some(fields) = Fields::open(node, "agents", self.findings) else {
            return Vec::new();
        };
        fields.rows().iter().filter_map(|(key, node)| self.declaration(key, node)).collect()
    }

    fn declaration(&mut self, key: &Key, node: &Node) -> Option<AgentSpec> {
        let plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-');
        if !key.name.starts_with(|letter: char| letter.is_ascii_alphabetic()) || !key.name.chars().all(plain) {
            let message = format!("'{}' cannot be the name of an agent", key.name);
            self.findings.add(Mistake::at(key.place, message).hint("use letters, digits, '-' and '_'"));
            return None;
        }
        let what = format!("agent '{}'", key.name);
        let fields = Fields::open(node, &what, self.findings)?;
        fields.known(&keys::DECLARATION, &what, self.findings);
        if fields.find("run").is_none() {
            let hint = "run: [program, \"{{ with.argument }}\"]";
            self.findings.add(Mistake::at(key.place, format!("{what} does not say what it runs")).hint(hint));
            return None;
        }
        let mut settings = self.own_settings(&fields);
        settings.fallback = self.fallbacks(&fields);
        Some(AgentSpec {
            name: key.name.clone(),
            place: key.place,
            description: fields.find("description").and_then(|node| self.findings.word(node, "description")),
            defaults: fields.find("defaults").map(|node| self.pairs(node, "defaults")).unwrap_or_default(),
            provider: fields.find("provider").and_then(|node| self.findings.word(node, "provider")),
            command: self.program(&fields, settings)?,
        })
    }
}

/// Says whether a `run` names no program.
fn is_blank(tree: &Tree) -> bool {
    match tree {
        Tree::List(items) => items.first().is_none_or(|item| is_blank(&item.tree)),
        Tree::Text(text) => text.trim().is_empty(),
        _ => false,
    }
}

/// Reads a map of names to texts.
pub(super) fn pairs(node: &Node, what: &str, findings: &mut Findings) -> Vec<(String, Text)> {
    let Some(fields) = Fields::open(node, what, findings) else {
        return Vec::new();
    };
    let pair = |(key, value): &(Key, Node)| {
        if key.name.is_empty() || key.name.contains(['=', '\0']) {
            findings.add(Mistake::at(key.place, format!("'{}' cannot be a name in {what}", key.name)));
            return None;
        }
        Some((key.name.clone(), findings.text(value, &key.name)?))
    };
    fields.rows().iter().filter_map(pair).collect()
}

fn ok_codes(node: &Node, findings: &mut Findings) -> Vec<i32> {
    let code = |item: &Node, findings: &mut Findings| {
        findings.count(item, "an exit code", 0..=255).and_then(|code| i32::try_from(code).ok())
    };
    match &node.tree {
        Tree::Integer(_) => code(node, findings).into_iter().collect(),
        _ => {
            let items = findings.list(node, "ok_codes");
            items.iter().filter_map(|item| code(item, findings)).collect()
        }
    }
}

fn format(node: &Node, findings: &mut Findings) -> OutputFormat {
    match findings.word(node, "output").as_deref() {
        Some("json") => OutputFormat::Json,
        Some("text") | None => OutputFormat::Text,
        Some(other) => {
            let mistake = Mistake::at(node.place, format!("'output' is 'text' or 'json', not '{other}'"));
            findings.add(mistake.hint("files that a step makes are its 'outputs'"));
            OutputFormat::Text
        }
    }
}
