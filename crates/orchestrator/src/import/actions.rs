//! GitHub Actions: a workflow's inputs and its jobs, which become groups. What a job becomes is `job`'s work.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::imported::Draft;
use super::job::Reader;
use super::shell::escaped;
use super::slug::slug;

/// Reads the wanted job, or all jobs.
pub(super) fn read(fields: &Map<String, Value>, wanted: Option<&str>, draft: &mut Draft) -> Result<(), String> {
    let jobs = fields.get("jobs").and_then(Value::as_object).ok_or("it has no jobs")?;
    if let Some(wanted) = wanted.filter(|wanted| !jobs.contains_key(*wanted)) {
        let names: Vec<&str> = jobs.keys().map(String::as_str).collect();
        return Err(format!("there is no job '{wanted}'; its jobs are: {}", names.join(", ")));
    }
    if let Some(name) = fields.get("name").and_then(Value::as_str) {
        draft.flow.insert("flow".into(), name.into());
    }
    inputs(fields, draft);
    let mut reader = Reader::new(fields, jobs.keys(), draft);
    let chosen = jobs.iter().filter(|(name, _)| wanted.is_none_or(|wanted| *name == wanted));
    let groups: Vec<Map<String, Value>> =
        chosen.filter_map(|(name, job)| reader.job(name, job.as_object()?, wanted.is_none())).collect();
    put(groups, draft)
}

/// One group is the workflow itself where nothing is round it; several run together, as far as they need each other.
fn put(mut groups: Vec<Map<String, Value>>, draft: &mut Draft) -> Result<(), String> {
    match groups.len() {
        0 => Err("nothing of it can be carried over".into()),
        1 => {
            let mut group = groups.remove(0);
            group.remove("needs");
            let is_bare = group.keys().all(|key| ["id", "steps", "on_failure", "always"].contains(&key.as_str()));
            if is_bare {
                group.remove("id");
                draft.flow.extend(group);
            } else {
                draft.flow.insert("steps".into(), json!([group]));
            }
            Ok(())
        }
        _ => {
            draft.note("all jobs run in this one folder, not each in a fresh clone");
            let ids: BTreeSet<String> =
                groups.iter().filter_map(|group| Some(group["id"].as_str()?.to_owned())).collect();
            for group in &mut groups {
                if let Some(Value::Array(needs)) = group.get_mut("needs") {
                    needs.retain(|need| need.as_str().is_some_and(|need| ids.contains(need)));
                }
                if group.get("needs").is_some_and(|needs| needs.as_array().is_some_and(Vec::is_empty)) {
                    group.shift_remove("needs");
                }
            }
            draft.flow.insert("parallel".into(), json!(groups));
            Ok(())
        }
    }
}

/// Reads the inputs of a workflow that people or other workflows start.
fn inputs(fields: &Map<String, Value>, draft: &mut Draft) {
    let Some(on) = fields.get("on").and_then(Value::as_object) else { return };
    let mut inputs = Map::new();
    for trigger in ["workflow_dispatch", "workflow_call"] {
        let declared = on.get(trigger).and_then(|trigger| trigger.get("inputs")).and_then(Value::as_object);
        for (name, declared) in declared.into_iter().flatten() {
            inputs.insert(slug(name, "input"), input(declared));
        }
    }
    if !inputs.is_empty() {
        draft.flow.insert("inputs".into(), inputs.into());
    }
}

fn input(declared: &Value) -> Value {
    let mut input = Map::new();
    let kind = match declared.get("type").and_then(Value::as_str) {
        Some("boolean") => "boolean",
        Some("number") => "number",
        _ => "string",
    };
    input.insert("type".into(), kind.into());
    let default = declared.get("default").filter(|default| !default.is_null());
    let default = default.map(|default| match (kind, default) {
        ("string", Value::String(text)) => escaped(text).into(),
        ("string", other) => other.to_string().into(),
        (_, Value::String(text)) => serde_json::from_str(text).unwrap_or_else(|_| default.clone()),
        (_, other) => other.clone(),
    });
    match default {
        Some(default) => _ = input.insert("default".into(), default),
        None if declared.get("required") == Some(&Value::Bool(true)) => {
            _ = input.insert("required".into(), true.into())
        }
        None => {}
    }
    if let Some(description) = declared.get("description").and_then(Value::as_str) {
        input.insert("description".into(), description.into());
    }
    input.into()
}
