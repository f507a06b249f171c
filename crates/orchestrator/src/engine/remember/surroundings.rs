//! What a step depends on besides its call, observed when it is asked for and once more when it has ended.

use std::sync::Arc;

use segno_cache::{Dependency, Files, Git, Moment, Observation, Surroundings, Value};
use segno_errors::{Fault, Kind};

use super::{CacheResult, Memory, ReadVariable, cache_fault};
use crate::engine::prepare::{self, Observed, Prepared, Remembered, Seen, Wanted};
use crate::engine::world::Dispatch;
use crate::model::GitFact;
use crate::plan::{Cache, Plan};
use crate::spec;

/// Returns what the steps of a project may depend on: its files and git, the variables that the application reads, tools,
/// and the formats of settings that workflow files have too.
pub(super) fn of_project(files: &Files, variable: Arc<ReadVariable>) -> Surroundings {
    let surroundings = Surroundings::new().files(files).variables(move |name| variable(name));
    ["yaml", "yml", "toml"].into_iter().fold(surroundings, |surroundings, extension| {
        surroundings.reader(extension, move |text| settings(text, extension))
    })
}

/// Reads a file of settings with the reader of workflow files.
fn settings(text: &str, extension: &str) -> Result<Value, String> {
    let value = spec::value(text, &format!("settings.{extension}"));
    let value = value.map_err(|bad| bad.list().first().map(|bad| bad.message.clone()).unwrap_or_default())?;
    serde_json::from_value(value).map_err(|error| error.to_string())
}

impl Memory {
    /// Renders a task and makes its key. The moment is that of all tasks that are asked for together.
    pub(super) fn prepare(&self, plan: &Plan, dispatch: &Dispatch, moment: &Moment<'_>) -> Result<Prepared, Fault> {
        let node = plan.node(dispatch.node);
        let task = node.task().ok_or_else(|| Fault::new(Kind::Internal, "only tasks are remembered"))?;
        let way = task.alternative(dispatch.call);
        let seen = Seen::of(&dispatch.scope);
        let request = prepare::request_of(&way.call, &seen)?;
        let Some(cache) = &way.cache else { return Ok(Prepared { request, remembered: None }) };
        let wanted = prepare::wanted(way, &seen)?;
        let observed = observe(cache, &wanted, moment).map_err(cache_fault)?;
        let key = prepare::key(&request, &wanted, &observed);
        let subject = prepare::subject(&plan.name, dispatch.address.step.as_str(), &dispatch.items);
        let remembered = Remembered { key, subject, observed, ttl: cache.ttl, outputs: wanted.outputs };
        Ok(Prepared { request, remembered: Some(remembered) })
    }

    /// Says what changed behind a key while the step ran. A step that changes what it depends on is not remembered: a hit
    /// would leave out the change.
    pub(super) fn disturbed(&self, remembered: &Remembered) -> CacheResult<Option<String>> {
        let moment = self.surroundings.moment();
        for Observed { observation: before, .. } in &remembered.observed {
            let after = moment.observe(before.dependency())?.without(&remembered.outputs)?;
            if let Some(change) = after.change_since(before) {
                return Ok(Some(change.to_string()));
            }
        }
        Ok(None)
    }
}

/// Observes all that a step depends on, in the order in which it stands in its key. What the step makes itself is left out.
fn observe(cache: &Cache, wanted: &Wanted, moment: &Moment<'_>) -> CacheResult<Vec<Observed>> {
    let mut observed = Vec::new();
    let mut add = |name: Option<&'static str>, observation: Observation| {
        observation.without(&wanted.outputs).map(|observation| observed.push(Observed { name, observation }))
    };
    if cache.work_tree {
        add(Some("work tree"), moment.observe(&Dependency::Git(Git::Tree { paths: Vec::new() }))?)?;
    }
    if !wanted.tree.is_empty() {
        add(Some("tree"), moment.observe(&Dependency::Git(Git::Tree { paths: wanted.tree.clone() }))?)?;
    }
    if !wanted.files.is_empty() {
        // Each item of a fan-out has its own: ten thousand of them are not all held.
        add(Some("files"), moment.observe_once(&Dependency::files(&wanted.files))?)?;
    }
    for name in &cache.env {
        add(None, moment.observe_once(&Dependency::env(name))?)?;
    }
    for value in &wanted.config {
        add(None, moment.observe(&Dependency::config(value)?)?)?;
    }
    for fact in &cache.git {
        let fact = match fact {
            GitFact::Commit => Git::Commit,
            GitFact::Branch => Git::Branch,
        };
        add(None, moment.observe(&Dependency::Git(fact))?)?;
    }
    for command in &wanted.tools {
        // A command in quotes that are not closed is one word, which is found nowhere: that is an answer.
        let argv = shlex::split(command).unwrap_or_else(|| vec![command.clone()]);
        add(None, moment.observe(&Dependency::Tool { argv })?)?;
    }
    Ok(observed)
}
