//! Works out what a group must know before it goes on: a guard, a case, a list, whether a loop goes round again, the
//! inputs and outputs of a workflow. Pure but for `files()`, whose result is recorded.

use std::sync::Arc;

use minijinja::Value as Dynamic;
use segno_errors::{Fault, Kind};
use serde_json::{Map, Value};

use super::world::{Answer, Dispatch};
use crate::model::Fact;
use crate::patterns::iterative::{self, Answers};
use crate::plan::{
    BadValue, Expression, Guard, ItemTemplate, Items, Kind as NodeKind, ListFiles, Loop, Plan, SubFlow, Switch,
    Template, to_text,
};
use crate::state::{FrameId, RunState};

/// The most items of one list: each becomes a frame of the run.
pub(crate) const MAX_ITEMS: usize = 500_000;

impl Answer {
    /// Returns what happened by it to the frame that asked; `None` for a turn of what is no loop.
    pub(crate) fn into_fact(self, frame: FrameId, state: &RunState) -> Option<Fact> {
        let step = state.address(frame);
        Some(match self {
            Answer::Guard { taken, left_out } => Fact::Decided { step, taken, left_out },
            Answer::Case(case, value) => Fact::Chose { step, case, value },
            Answer::Items(items) => Fact::Expanded { step, items },
            Answer::Inputs(inputs) => Fact::Entered { step, inputs },
            Answer::Outputs(outputs) => Fact::Concluded { step, outputs },
            Answer::Turn(answers) => {
                let NodeKind::Loop(of_loop) = &state.plan_node(frame).kind else { return None };
                let rounds = state.rounds(frame);
                let verdict = iterative::verdict(of_loop, rounds, state.round_broke(frame), answers);
                Fact::Looped { step, rounds, verdict, score: answers.score }
            }
        })
    }
}

/// Answers for a group.
pub(crate) fn answer(plan: &Plan, dispatch: &Dispatch, files: &Arc<ListFiles>) -> Result<Answer, Fault> {
    let context = dispatch.scope.clone().into_value();
    match &plan.node(dispatch.node).kind {
        NodeKind::Conditional(guard) => ask(guard, &context),
        NodeKind::Switch(switch) => choose(switch, &context),
        NodeKind::Each(fan) | NodeKind::Pipe(fan) => {
            let list = list(&fan.items, &context)?;
            if list.len() > MAX_ITEMS {
                let message = format!("the list has {} items, and at most {MAX_ITEMS} are possible", list.len());
                let hint = "give several items to one task: each: \"{{ list | batch(100) | list }}\"";
                return Err(Fault::new(Kind::Validation, message).reason("too_many_items").hint(hint));
            }
            Ok(Answer::Items(list))
        }
        NodeKind::Loop(rounds) => turn(rounds, &context),
        // Before the workflow began it asks for its inputs, afterwards for its outputs.
        NodeKind::Flow(flow) if dispatch.attempt == 0 && !flow.path.is_empty() => inputs(flow, &context, files),
        NodeKind::Flow(flow) => {
            values(&flow.outputs, "output", &context).map(|outputs| Answer::Outputs(Arc::new(outputs)))
        }
        _ => Err(Fault::new(Kind::Internal, "this group has nothing to find out")),
    }
}

fn ask(guard: &Guard, context: &Dynamic) -> Result<Answer, Fault> {
    let holds = guard.holds.as_ref().map(|holds| truth(holds, "if", context)).transpose()?.unwrap_or(true);
    // What does not run anyway is not given up.
    let skip_when = guard.skip_when.as_ref().filter(|_| holds);
    let left_out = skip_when.map(|skip_when| truth(skip_when, "skip_when", context)).transpose()?.unwrap_or(false);
    Ok(Answer::Guard { taken: holds && !left_out, left_out })
}

fn choose(switch: &Switch, context: &Dynamic) -> Result<Answer, Fault> {
    let value = switch.on.value(context).map_err(|bad| unworkable("switch", &bad))?;
    let text =
        to_text(&value).map_err(|error| Fault::new(Kind::Validation, "'switch' has no text").caused_by(error))?;
    let found = switch.cases.iter().position(|case| *case == text.trim());
    let slot = found.or_else(|| switch.has_default.then_some(switch.cases.len()));
    Ok(Answer::Case(slot.and_then(|slot| u32::try_from(slot).ok()), shortened(&text)))
}

fn shortened(text: &str) -> String {
    text.chars().take(120).map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

fn turn(rounds: &Loop, context: &Dynamic) -> Result<Answer, Fault> {
    let asked = |expression: &Option<Expression>, what: &str, otherwise: bool| match expression {
        Some(expression) => truth(expression, what, context),
        None => Ok(otherwise),
    };
    let score = match &rounds.score {
        // Before the first round, and for a failed one, there is nothing to be scored.
        Some(score) => score.value(context).ok().and_then(|value| number(&value)),
        None => None,
    };
    let until = asked(&rounds.until, "until", false)?;
    // A loop that is over is not asked whether it goes on.
    let going_while = until || asked(&rounds.going_while, "while", true)?;
    Ok(Answer::Turn(Answers { until, going_while, score }))
}

/// Reads a number, also from a text that holds one.
pub(super) fn number(value: &Dynamic) -> Option<f64> {
    let number = match value.as_str() {
        Some(text) => text.trim().parse().ok()?,
        None => f64::try_from(value.clone()).ok()?,
    };
    number.is_finite().then_some(number)
}

fn inputs(flow: &SubFlow, context: &Dynamic, files: &Arc<ListFiles>) -> Result<Answer, Fault> {
    let given = values(&flow.with, "input", context)?;
    let bound = flow.bind(given, files);
    let told = |bad: crate::plan::BadInputs| {
        Fault::new(Kind::Validation, format!("the inputs of '{}' do not fit: {bad}", flow.path)).reason("inputs")
    };
    bound.map(Answer::Inputs).map_err(told)
}

/// Works out named values.
pub(super) fn values(named: &[(String, Template)], what: &str, context: &Dynamic) -> Result<Map<String, Value>, Fault> {
    let mut values = Map::new();
    for (name, template) in named {
        let value = template.value(context).map_err(|bad| unworkable(&format!("{what} {name}"), &bad))?;
        values.insert(name.clone(), json(&value)?);
    }
    Ok(values)
}

fn list(items: &Items, context: &Dynamic) -> Result<Vec<Value>, Fault> {
    let bad = |bad: BadValue| unworkable("each", &bad);
    match items {
        Items::Template(template) => {
            let value = template.value(context).map_err(bad)?;
            match json(&value)? {
                Value::Array(items) => Ok(items),
                other => {
                    let message = format!("'each' needs a list, and {} is {}", template.source().trim(), kind(&other));
                    Err(Fault::new(Kind::Validation, message).hint("split a text into lines with: value | lines"))
                }
            }
        }
        Items::List(items) => {
            let item = |item: &ItemTemplate| match item {
                ItemTemplate::Plain(value) => Ok(value.clone()),
                ItemTemplate::Template(template) => json(&template.value(context).map_err(bad)?),
            };
            items.iter().map(item).collect()
        }
        Items::Matrix(axes) => {
            let axes = axes.iter().map(|(name, items)| Ok((name.clone(), list(items, context)?)));
            combined(&axes.collect::<Result<Vec<_>, Fault>>()?)
        }
    }
}

/// Makes every combination of the values of axes, the last one changing fastest.
fn combined(axes: &[(String, Vec<Value>)]) -> Result<Vec<Value>, Fault> {
    let count = axes.iter().try_fold(1_usize, |count, (_, values)| count.checked_mul(values.len()));
    let Some(count) = count.filter(|count| *count <= MAX_ITEMS) else {
        let message = format!("the matrix has more than {MAX_ITEMS} combinations");
        return Err(Fault::new(Kind::Validation, message).reason("too_many_items").hint("shorten one of its lists"));
    };
    let combination = |mut number: usize| {
        let mut fields: Vec<(String, Value)> = Vec::with_capacity(axes.len());
        for (name, values) in axes.iter().rev() {
            fields.push((name.clone(), values[number % values.len()].clone()));
            number /= values.len();
        }
        Value::Object(fields.into_iter().rev().collect())
    };
    Ok((0..count).map(combination).collect())
}

fn truth(expression: &Expression, what: &str, context: &Dynamic) -> Result<bool, Fault> {
    expression.value(context).map(|value| value.is_true()).map_err(|bad| unworkable(what, &bad))
}

fn json(value: &Dynamic) -> Result<Value, Fault> {
    serde_json::to_value(value)
        .map_err(|error| Fault::new(Kind::Validation, "the list holds something that is no value").caused_by(error))
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a map",
    }
}

fn unworkable(what: &str, bad: &BadValue) -> Fault {
    Fault::new(Kind::Validation, format!("'{what}' cannot be worked out: {bad}"))
        .reason("template")
        .hint("a step that was skipped or failed has no output; test steps.NAME.ok first")
}
