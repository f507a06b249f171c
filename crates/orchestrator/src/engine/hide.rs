//! Hides secrets in what comes back, before anything is recorded, remembered or shown. Leaves finding them to the
//! redactor, what they are to `learn`, and what a program writes while it runs to its agent.

use std::borrow::Cow;
use std::sync::Arc;

use segno_errors::{Fault, Scrub};
use segno_logging::Redactor;
use segno_logging::redact::HIDDEN;
use serde_json::{Map, Value};

use super::part::Part;
use super::world::Asked;
use crate::agents::Failed;
use crate::model::{Output, Reply};

/// A number under a secret name is hidden when it has so many letters: `"password": 5` counts something.
const LONG_NUMBER: usize = 6;
/// A number that is known as a secret has so many digits at least.
const KNOWN_NUMBER: usize = 8;

/// Hides the secrets in what an attempt gave, whichever way it ended.
pub(crate) fn result(redactor: &Redactor, result: Result<Reply, Failed>) -> Result<Reply, Failed> {
    match result {
        Ok(given) => Ok(reply(redactor, given)),
        Err(Failed { fault: given, reply: left }) => {
            let left = left.map(|left| Box::new(reply(redactor, *left)));
            Err(Failed { fault: fault(redactor, given), reply: left })
        }
    }
}

/// Hides the secrets in what a part of an attempt came to, where that was recorded as a whole.
pub(crate) fn part(redactor: &Redactor, part: Result<Part, Failed>) -> Result<Part, Failed> {
    match part {
        Ok(Part::More(given)) => Ok(Part::More(reply(redactor, given))),
        Ok(Part::Last(given)) => Ok(Part::Last(reply(redactor, given))),
        Err(failed) => result(redactor, Err(failed)).map(Part::Last),
    }
}

/// Hides the secrets in a fault.
pub(crate) fn fault(redactor: &Redactor, fault: Fault) -> Fault {
    let redactor = redactor.clone();
    fault.scrubbed(&Scrub::with(move |text| changed(redactor.text(text))))
}

/// Hides the secrets in what the cache says about a task: why there is no hit is told in values.
pub(crate) fn asked(redactor: &Redactor, asked: Asked) -> Asked {
    match asked {
        Asked::Broken(broken) => Asked::Broken(fault(redactor, broken)),
        Asked::Miss { prepared, mut because } => {
            because.iter_mut().for_each(|reason| hide(redactor, reason));
            Asked::Miss { prepared, because }
        }
        // It was hidden before it was stored. What is known only since then is hidden now.
        Asked::Hit { reply: stored, source, took } => {
            Asked::Hit { reply: Box::new(reply(redactor, *stored)), source, took }
        }
    }
}

/// Hides the secrets in what a program wrote, before what it means is told from it.
pub(crate) fn written(redactor: &Redactor, mut reply: Reply) -> Reply {
    hide_outputs(redactor, &mut reply);
    reply
}

fn hide_outputs(redactor: &Redactor, reply: &mut Reply) {
    for output in [&mut reply.output, &mut reply.errors] {
        if let Output::Inline(value) = output
            && let Some(clean) = clean(redactor, value)
        {
            *output = Output::Inline(Arc::new(clean));
        }
    }
}

fn reply(redactor: &Redactor, mut reply: Reply) -> Reply {
    hide_outputs(redactor, &mut reply);
    // What is beside the journal was counted before it was put there.
    reply.hidden = reply.hidden.max([&reply.output, &reply.errors].into_iter().map(places).sum());
    for text in [&mut reply.summary, &mut reply.unremembered].into_iter().flatten() {
        hide(redactor, text);
    }
    reply.checks.iter_mut().for_each(|check| hide(redactor, &mut check.words));
    reply.puts = std::mem::take(&mut reply.puts)
        .into_iter()
        .map(|(name, value)| {
            let clean = clean_field(redactor, &name, &value);
            (shown(redactor, name), clean.unwrap_or(value))
        })
        .collect();
    let own = &mut reply.metrics.own;
    if own.keys().any(|name| matches!(redactor.text(name), Cow::Owned(_))) {
        *own = std::mem::take(own).into_iter().map(|(name, count)| (shown(redactor, name), count)).collect();
    }
    reply
}

/// Returns in how many places of an output a secret is hidden.
fn places(output: &Output) -> u64 {
    match output {
        Output::Inline(value) => places_in(value),
        Output::Blob { .. } => 0,
    }
}

fn places_in(value: &Value) -> u64 {
    let in_text = |text: &str| text.matches(HIDDEN).count() as u64;
    match value {
        Value::String(text) => in_text(text),
        Value::Array(items) => items.iter().map(places_in).sum(),
        Value::Object(fields) => fields.iter().map(|(name, value)| in_text(name) + places_in(value)).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    }
}

fn hide(redactor: &Redactor, text: &mut String) {
    if let Some(clean) = changed(redactor.text(text)) {
        *text = clean;
    }
}

/// Returns a name without secrets.
fn shown(redactor: &Redactor, mut name: String) -> String {
    hide(redactor, &mut name);
    name
}

fn changed(text: Cow<'_, str>) -> Option<String> {
    match text {
        Cow::Borrowed(_) => None,
        Cow::Owned(clean) => Some(clean),
    }
}

/// Returns a value without secrets, if it has any.
fn clean(redactor: &Redactor, value: &Value) -> Option<Value> {
    match value {
        Value::String(text) => changed(redactor.text(text)).map(Value::String),
        Value::Array(items) => {
            let cleaned: Vec<Option<Value>> = items.iter().map(|item| clean(redactor, item)).collect();
            cleaned.iter().any(Option::is_some).then(|| {
                let pairs = cleaned.into_iter().zip(items);
                Value::Array(pairs.map(|(clean, item)| clean.unwrap_or_else(|| item.clone())).collect())
            })
        }
        Value::Object(fields) => clean_object(redactor, fields).map(Value::Object),
        Value::Number(number) => {
            let digits = number.to_string();
            let is_secret = digits.len() >= KNOWN_NUMBER && matches!(redactor.text(&digits), Cow::Owned(_));
            is_secret.then(|| Value::String(HIDDEN.to_owned()))
        }
        Value::Null | Value::Bool(_) => None,
    }
}

fn clean_object(redactor: &Redactor, fields: &Map<String, Value>) -> Option<Map<String, Value>> {
    let clean = |(name, value): (&String, &Value)| {
        let shown = changed(redactor.text(name));
        let clean = clean_field(redactor, name, value);
        (shown.is_some() || clean.is_some(), shown, clean)
    };
    let cleaned: Vec<(bool, Option<String>, Option<Value>)> = fields.iter().map(clean).collect();
    cleaned.iter().any(|(is_changed, ..)| *is_changed).then(|| {
        let pairs = cleaned.into_iter().zip(fields);
        pairs
            .map(|((_, shown, clean), (name, value))| {
                (shown.unwrap_or_else(|| name.clone()), clean.unwrap_or_else(|| value.clone()))
            })
            .collect()
    })
}

/// Returns the value of a field without secrets, if it has any. Under a name that tells of nothing else all texts are
/// secrets; `token` and `signature` are words of those too who write about code.
fn clean_field(redactor: &Redactor, name: &str, value: &Value) -> Option<Value> {
    match redactor.is_certain_name(name) {
        true => Some(hidden(redactor, value)).filter(|hidden| hidden != value),
        false => clean(redactor, value),
    }
}

/// Returns a value of which all texts and long numbers are hidden, however deep they stand.
fn hidden(redactor: &Redactor, value: &Value) -> Value {
    let is_secret = match value {
        Value::String(text) => !text.is_empty(),
        Value::Number(number) => number.to_string().len() >= LONG_NUMBER,
        Value::Array(items) => return items.iter().map(|item| hidden(redactor, item)).collect(),
        Value::Object(fields) => {
            let hidden = |(name, value): (&String, &Value)| (shown(redactor, name.clone()), hidden(redactor, value));
            return Value::Object(fields.iter().map(hidden).collect());
        }
        Value::Null | Value::Bool(_) => false,
    };
    if is_secret { Value::String(HIDDEN.to_owned()) } else { value.clone() }
}

#[cfg(test)]
mod tests {
    use segno_errors::Kind;
    use serde_json::json;

    use super::*;

    fn check(output: Value, expected: Value) {
        let redactor = Redactor::new();
        redactor.add_secret("hunter22").unwrap();
        let hidden = reply(&redactor, Reply::value(output));
        assert_eq!(hidden.output, Output::Inline(Arc::new(expected)));
        assert_eq!(reply(&redactor, hidden.clone()), hidden, "a second pass");
    }

    #[test]
    fn values_are_walked_and_numbers_stay() {
        check(
            json!({ "a": ["hunter22", 1, { "password": "x y", "token": 5, "max": 1_000_000 }], "hunter22": null }),
            json!({ "a": ["[redacted]", 1, { "password": "[redacted]", "token": 5, "max": 1_000_000 }], "[redacted]": null }),
        );
        check(
            json!({ "password": 12345678, "secret": { "id": ["x", 1, true], "": null }, "passwd": ["", "a"] }),
            json!({ "password": "[redacted]", "secret": { "id": ["[redacted]", 1, true], "": null }, "passwd": ["", "[redacted]"] }),
        );
        check(json!("plain"), json!("plain"));
    }

    #[test]
    fn the_places_in_which_something_is_hidden_are_counted() {
        let given =
            Reply { errors: Output::text("token=a1 password=b2"), ..Reply::value(json!({ "password": ["a", "b"] })) };
        let once = reply(&Redactor::new(), given);
        assert_eq!(once.hidden, 4);
        let large = Reply { output: Output::Blob { blob: String::new(), bytes: 9 }, ..once };
        assert_eq!(reply(&Redactor::new(), large).hidden, 4, "what was counted stays");
        assert_eq!(reply(&Redactor::new(), Reply::value(json!("plain"))).hidden, 0);
    }

    #[test]
    fn ordinary_values_under_ordinary_names_stay() {
        let ordinary =
            json!({ "signature": "def f(x)", "token": "identifier", "next_page_token": "CAUQAA", "auth": "no" });
        check(ordinary.clone(), ordinary);
    }

    #[test]
    fn a_number_that_is_known_as_a_secret_is_hidden() {
        let redactor = Redactor::new();
        redactor.add_secret("48151623").unwrap();
        let hidden = reply(&redactor, Reply::value(json!([48151623, 48151624])));
        assert_eq!(hidden.output, Output::Inline(Arc::new(json!(["[redacted]", 48151624]))));
    }

    #[test]
    fn names_of_what_a_reply_leaves_and_counts_are_hidden_too() {
        let redactor = Redactor::new();
        redactor.add_secret("hunter22").unwrap();
        let mut given = Reply::default();
        given.puts.insert("k_hunter22".into(), json!({ "hunter22": 1 }));
        given.metrics.own.insert("m_hunter22".into(), 5.0);
        let hidden = reply(&redactor, given);
        assert!(!format!("{hidden:?}").contains("hunter22"));
        assert_eq!(hidden.puts["k_[redacted]"], json!({ "[redacted]": 1 }));
        assert_eq!(hidden.metrics.own["m_[redacted]"], 5.0);
    }

    #[test]
    fn a_failure_is_hidden_with_all_that_it_left() {
        let redactor = Redactor::new();
        redactor.add_secret("hunter22").unwrap();
        let reply = Reply { errors: Output::text("hunter22"), summary: Some("hunter22".into()), ..Reply::default() };
        let fault = Fault::new(Kind::Network, "hunter22").detail("hunter22").with("a", "hunter22");
        let failed = result(&redactor, Err(Failed::with(fault, reply))).unwrap_err();
        assert!(!format!("{failed:?}").contains("hunter22"));
    }
}
