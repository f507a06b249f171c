//! What makes a result count besides the agent's own word: checks that segno runs, a judge that scores, and the values
//! that the step leaves for others.

use std::sync::Arc;

use minijinja::Value as Dynamic;
use minijinja::value::Serde;
use segno_errors::{Fault, Kind, Later};
use serde_json::Value;

use super::answer::{number, values};
use super::context::StepValue;
use super::prepare;
use super::world::Dispatch;
use crate::agents::{Failed, Request};
use crate::journal::Blobs;
use crate::model::{CheckResult, Outcome, Output, Reply};
use crate::plan::{Scope, Task, Verifier};

/// The most characters of a verifier's last words that are kept as evidence.
const MAX_WORDS: usize = 500;

/// Renders what a verifier is asked; it sees the result as `this`.
pub(super) fn request(
    verifier: &Verifier,
    dispatch: &Dispatch,
    own: &Arc<Reply>,
    blobs: &Arc<Blobs>,
) -> Result<Request, Fault> {
    prepare::request(&verifier.call, &with_this(dispatch, own, blobs))
}

fn with_this(dispatch: &Dispatch, reply: &Reply, blobs: &Arc<Blobs>) -> Scope {
    let outcome = Arc::new(Outcome::of_reply(reply.clone()));
    let this = Dynamic::from_object(StepValue::new(outcome, blobs.clone()));
    Scope { this: Some(this), ..dispatch.scope.clone() }
}

/// Takes in what a verifier said: its evidence, or the failure of the attempt, which keeps what the agent had left.
pub(super) fn judged(verifier: &Verifier, result: Result<Reply, Failed>, own: &Reply) -> Result<Reply, Failed> {
    match (result, verifier.judges) {
        (Err(failed), _) if failed.fault.why() == Some("interrupted") => Err(failed),
        (Err(failed), None) => {
            let words = failed.fault.detail_text().unwrap_or(failed.fault.message()).to_owned();
            let message = format!("the step said that it was done, and its check '{}' does not hold", verifier.name);
            let fault =
                Fault::new(Kind::Validation, message).reason("check").later(Later::Transient).detail(words.clone());
            Err(refused(fault, verifier, own, None, &words))
        }
        (Err(Failed { fault, .. }), Some(_)) => {
            let message = format!("the judge '{}' could not be asked: {}", verifier.name, fault.message());
            let later = fault.may_work_later();
            let fault = Fault::new(Kind::ExternalService, message).reason("judge").later(later);
            Err(Failed::with(fault, own.clone()))
        }
        (Ok(reply), None) => Ok(said(verifier, &reply, None)),
        (Ok(reply), Some(min)) => match score(&reply) {
            Ok(score) if min.is_none_or(|min| score >= min) => Ok(said(verifier, &reply, Some(score))),
            Ok(score) => {
                let min = min.unwrap_or_default();
                let message = format!("the judge '{}' gave {score}, and {min} is the least", verifier.name);
                let fault = Fault::new(Kind::Validation, message).reason("judge").later(Later::Transient);
                Err(refused(fault, verifier, own, Some(score), &words(&reply)))
            }
            Err(answer) => {
                let message = format!("the judge '{}' answered {answer}; a score is from 0 to 1", verifier.name);
                let hint = "a judge answers with a number from 0 to 1, or a map with 'score'";
                let fault = Fault::new(Kind::Validation, message).reason("judge").hint(hint);
                Err(Failed::with(fault.later(Later::Transient), own.clone()))
            }
        },
    }
}

fn refused(fault: Fault, verifier: &Verifier, own: &Reply, score: Option<f64>, words: &str) -> Failed {
    let mut reply = own.clone();
    let words = words.chars().take(MAX_WORDS).collect();
    reply.checks.push(CheckResult { check: verifier.name.clone(), ok: false, score, words });
    reply.quality = Some(score.unwrap_or(0.0));
    Failed::with(fault, reply)
}

/// Returns what is kept of a verifier's reply: the evidence and what it cost.
fn said(verifier: &Verifier, reply: &Reply, score: Option<f64>) -> Reply {
    let words = words(reply).chars().take(MAX_WORDS).collect();
    let check = CheckResult { check: verifier.name.clone(), ok: true, score, words };
    Reply { checks: vec![check], quality: score, usage: reply.usage, ..Reply::default() }
}

fn words(reply: &Reply) -> String {
    match (&reply.summary, &reply.output) {
        (Some(summary), _) => summary.clone(),
        (None, Output::Inline(value)) => match &**value {
            Value::String(text) => text.clone(),
            Value::Null => String::new(),
            value => value.to_string(),
        },
        (None, Output::Blob { .. }) => String::new(),
    }
}

/// Reads a judge's score: a number, a map with `score`, or a text that is one of these; from 0 to 1.
fn score(reply: &Reply) -> Result<f64, String> {
    if let Some(quality) = reply.quality {
        return in_range(quality).ok_or_else(|| quality.to_string());
    }
    let Output::Inline(value) = &reply.output else {
        return Err("a text too long to be a score".into());
    };
    let parsed = value.as_str().and_then(|text| serde_json::from_str::<Value>(text.trim()).ok());
    let value = parsed.as_ref().unwrap_or(value);
    let found = value.get("score").unwrap_or(value);
    let found_number = number(&Dynamic::from(Serde(found)));
    found_number.and_then(in_range).ok_or_else(|| found.to_string().chars().take(100).collect())
}

fn in_range(score: f64) -> Option<f64> {
    (0.0..=1.0).contains(&score).then_some(score)
}

/// Puts together what the agent left and what its verifiers said. They decide over its own claim.
pub(super) fn combined(replies: &[Arc<Reply>], last: &Reply) -> Reply {
    let mut whole = replies.first().map(|own| Reply::clone(own)).unwrap_or_default();
    whole.quality = Some(1.0);
    for said in replies.iter().skip(1).map(|said| &**said).chain([last]) {
        whole.checks.extend(said.checks.iter().cloned());
        whole.usage.add(&said.usage);
        whole.quality = said.quality.or(whole.quality);
    }
    whole
}

/// Adds the values that the step leaves for others.
pub(super) fn left(task: &Task, dispatch: &Dispatch, mut reply: Reply, blobs: &Arc<Blobs>) -> Result<Reply, Failed> {
    if task.puts.is_empty() {
        return Ok(reply);
    }
    let scope = with_this(dispatch, &reply, blobs);
    match values(&task.puts, "put", &scope.into_value()) {
        Ok(puts) => {
            reply.puts.extend(puts);
            Ok(reply)
        }
        Err(fault) => Err(Failed::with(fault, reply)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Checks the score that is read from an answer, or what is said of it.
    fn check(answer: Value, expected: Result<f64, &str>) {
        assert_eq!(score(&Reply::value(answer)), expected.map_err(str::to_owned));
    }

    #[test]
    fn a_score_is_a_number_a_map_or_a_text_that_is_one() {
        check(json!(0.8), Ok(0.8));
        check(json!("0.8\n"), Ok(0.8));
        check(json!({ "score": 1, "why": "fine" }), Ok(1.0));
        check(json!("{\"score\": 0}"), Ok(0.0));
    }

    #[test]
    fn a_judge_that_answers_seven_of_one_is_not_believed() {
        check(json!(7), Err("7"));
        check(json!({ "score": -0.1 }), Err("-0.1"));
        check(json!("good"), Err("\"good\""));
        check(json!({ "verdict": 1 }), Err("{\"verdict\":1}"));
        check(json!(null), Err("null"));
    }
}
