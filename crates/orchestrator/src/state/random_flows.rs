//! Random nested flows as text, with references that are all valid: what the oracle and the laws of the engine are
//! tried on. What comes of a flow is left to them.

use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// The agent that all tasks call. It is given the step's `id`, its `item` and `index`, and what other steps left.
pub(crate) const AGENT: &str = "work";

/// How deep groups nest in each other.
const DEPTH: u32 = 3;
/// The most steps of one group, and the most items of one written-out list.
const WIDTH: usize = 4;

/// Makes the text of a workflow file. With `cached` all tasks are remembered, otherwise some ask for it.
pub(crate) fn flows(cached: bool) -> impl Strategy<Value = String> {
    let root = (vec(shape(), 1..=3), always(shape().boxed()), any::<bool>(), any::<u16>());
    root.prop_map(move |(steps, always, parallel, order)| {
        let mut writer = Writer { cached, steps: Vec::new(), given: 0 };
        let mut fields = Map::new();
        fields.insert("inputs".into(), json!({ "n": { "type": "integer", "default": 3 } }));
        writer.group(&mut fields, &Group { parallel, steps, always, order }, &[]);
        Value::Object(fields).to_string()
    })
}

/// A step before it has a name and references.
#[derive(Clone, Debug)]
struct Shape {
    guard: Option<u16>,
    otherwise: Vec<Shape>,
    else_first: bool,
    each: Option<(u16, Vec<u8>)>,
    optional: bool,
    needs: Option<u16>,
    repeat: Option<u16>,
    /// Draws what else may stand round a body: `skip_when`, `on_failure`, `at_least`, `max_parallel`, a pipe.
    more: u16,
    body: Body,
}

#[derive(Clone, Debug)]
enum Body {
    Task(Task),
    Group(Group),
    Switch { on: u16, cases: Vec<Shape>, default: bool },
}

#[derive(Clone, Debug)]
struct Task {
    retry: u32,
    cached: bool,
    uses: Vec<u16>,
    undo: bool,
    /// Draws its fallbacks.
    falls: u8,
}

#[derive(Clone, Debug)]
struct Group {
    parallel: bool,
    steps: Vec<Shape>,
    always: Vec<Shape>,
    /// In which order parallel branches get their references: one may use what stands below it in the file.
    order: u16,
}

fn shape() -> impl Strategy<Value = Shape> {
    let task = (1..=3_u32, any::<bool>(), vec(any::<u16>(), 0..=2), proptest::bool::weighted(0.2), any::<u8>());
    let task = task.prop_map(|(retry, cached, uses, undo, falls)| Task { retry, cached, uses, undo, falls });
    let task = task.prop_map(Body::Task);
    let leaf = round(task.boxed(), Just(Vec::new()).boxed());
    leaf.prop_recursive(DEPTH, 8, 2, |inner| {
        let parts = (any::<bool>(), vec(inner.clone(), 1..=3), always(inner.clone()), any::<u16>());
        let group = parts.prop_map(|(parallel, steps, always, order)| Group { parallel, steps, always, order });
        let switch = (any::<u16>(), vec(inner.clone(), 1..=2), any::<bool>());
        let switch = switch.prop_map(|(on, cases, default)| Body::Switch { on, cases, default });
        let body = prop_oneof![4 => group.prop_map(Body::Group), 1 => switch];
        round(body.boxed(), vec(inner, 0..=1).boxed())
    })
}

/// Puts a random `if`, `each`, `optional` and `needs` round a body.
fn round(body: BoxedStrategy<Body>, otherwise: BoxedStrategy<Vec<Shape>>) -> BoxedStrategy<Shape> {
    let each = (any::<u16>(), vec(0..6_u8, 0..=WIDTH));
    let guard = (weighted(0.3, any::<u16>()), otherwise, any::<bool>());
    let optional = proptest::bool::weighted(0.2);
    let repeat = weighted(0.15, any::<u16>());
    let parts = (guard, weighted(0.2, each), optional, weighted(0.3, any::<u16>()), repeat, any::<u16>(), body);
    let shape = parts.prop_map(|((guard, otherwise, else_first), each, optional, needs, repeat, more, body)| Shape {
        guard,
        otherwise,
        else_first,
        each,
        optional,
        needs,
        repeat,
        more,
        body,
    });
    shape.boxed()
}

fn always(inner: BoxedStrategy<Shape>) -> impl Strategy<Value = Vec<Shape>> {
    weighted(0.2, vec(inner, 1..=2)).prop_map(Option::unwrap_or_default)
}

/// Stands before the name of a loop in a scope: a step in it can be used from outside.
const LOOP: char = '@';

impl Shape {
    /// Says whether its items stream through stages.
    fn is_pipe(&self) -> bool {
        let plain = |group: &Group| !group.parallel && group.always.is_empty();
        self.more % 4 == 3 && self.each.is_some() && matches!(&self.body, Body::Group(group) if plain(group))
    }
}

/// Gives shapes their names and references. A step may use whatever was written before it, is not round it, and runs
/// in no `each` that it is not part of itself; so no two steps ever wait for each other.
struct Writer {
    cached: bool,
    steps: Vec<Step>,
    given: usize,
}

struct Step {
    id: String,
    /// The steps whose `each` is round it.
    scope: Vec<String>,
}

impl Writer {
    fn block(&mut self, shape: &Shape, scope: &[String]) -> Value {
        let id = format!("s{}", self.given);
        self.given += 1;
        let mut fields = Map::new();
        fields.insert("id".into(), json!(id));
        if let Some(other) = shape.needs.and_then(|pick| self.pick(pick, scope)) {
            fields.insert("needs".into(), json!([other]));
        }
        if shape.optional {
            fields.insert("optional".into(), json!(true));
        }
        if let Some(pick) = shape.guard {
            fields.insert("if".into(), json!(self.guard(pick, scope)));
        }
        if shape.more % 8 == 1 {
            fields.insert("skip_when".into(), json!(self.guard(shape.more / 8, scope)));
        }
        self.fan(&mut fields, shape, scope);
        if shape.else_first {
            self.otherwise(&mut fields, shape, scope);
        }
        let own = shape.each.is_some().then(|| id.clone());
        let each: Vec<String> = scope.iter().cloned().chain(own).collect();
        let is_pipe = shape.is_pipe();
        let repeat = shape.repeat.filter(|_| !is_pipe);
        let inside: Vec<String> = each.iter().cloned().chain(repeat.map(|_| format!("{LOOP}{id}"))).collect();
        match &shape.body {
            Body::Task(task) => {
                self.task(&mut fields, task, &inside);
                if task.undo {
                    fields.insert(
                        "undo".into(),
                        json!({ "agent": AGENT, "with": { "id": format!("undo {id}") }, "retry": 1 }),
                    );
                }
            }
            Body::Group(group) => self.group(&mut fields, group, &inside),
            Body::Switch { on, cases, default } => self.switch(&mut fields, *on, cases, *default, &inside),
        }
        if is_pipe && let Some(steps) = fields.remove("steps") {
            fields.insert("pipe".into(), steps);
        }
        if shape.more % 8 == 2 && shape.otherwise.len() > 1 {
            let steps = self.block(&shape.otherwise[0], &inside);
            fields.insert("on_failure".into(), json!([steps]));
        }
        if let Some(pick) = repeat {
            fields.insert("loop".into(), self.repeat(pick, &inside));
        }
        if !shape.else_first {
            self.otherwise(&mut fields, shape, scope);
        }
        self.steps.push(Step { id, scope: scope.to_vec() });
        Value::Object(fields)
    }

    /// Writes `each` and the numbers beside it.
    fn fan(&self, fields: &mut Map<String, Value>, shape: &Shape, scope: &[String]) {
        let Some((pick, items)) = &shape.each else { return };
        match shape.more.is_multiple_of(5) {
            true => {
                let axes = json!({ "a": self.each(*pick, items, scope), "b": [1, "x"] });
                fields.insert("matrix".into(), axes);
            }
            false => _ = fields.insert("each".into(), self.each(*pick, items, scope)),
        }
        match shape.more % 7 {
            1 => _ = fields.insert("at_least".into(), json!("50%")),
            2 => _ = fields.insert("at_least".into(), json!(2)),
            3 => _ = fields.insert("max_parallel".into(), json!(1 + shape.more % 3)),
            _ => {}
        }
    }

    fn switch(&mut self, fields: &mut Map<String, Value>, on: u16, cases: &[Shape], default: bool, scope: &[String]) {
        let value = match self.pick(on, scope) {
            Some(other) => format!("steps.{other}.status"),
            None => "inputs.n".into(),
        };
        fields.insert("switch".into(), json!(value));
        let words = ["succeeded", "failed", "3"];
        let mut made: Vec<Value> = cases.iter().map(|shape| json!([self.block(shape, scope)])).collect();
        if default && made.len() > 1 {
            fields.insert("default".into(), made.pop().unwrap_or_default());
        }
        let first = usize::from(on % 3);
        let named = made.into_iter().enumerate().map(|(slot, steps)| (words[(first + slot) % 3].to_owned(), steps));
        fields.insert("cases".into(), Value::Object(named.collect()));
    }

    /// Writes a loop over what was written inside it.
    fn repeat(&self, pick: u16, inside: &[String]) -> Value {
        let steps: Vec<&Step> = self.steps.iter().filter(|step| step.scope == inside).collect();
        let other = steps.get(usize::from(pick / 16) % steps.len().max(1)).map(|step| step.id.as_str());
        let max = 1 + pick % 3;
        match (other, pick % 6) {
            (_, 0) => json!(max),
            (Some(other), 1 | 2) => json!({ "until": format!("steps.{other}.ok and index > 0"), "max": max }),
            (Some(other), 3) => {
                json!({ "while": format!("not steps.{other}.ok"), "max": max, "at_limit": "fail" })
            }
            (Some(other), 4) => json!({ "until": format!("steps.{other}.ok"), "max": max, "score": "0 - index" }),
            _ => json!({ "while": "round < 3", "max": max, "score": "index" }),
        }
    }

    fn otherwise(&mut self, fields: &mut Map<String, Value>, shape: &Shape, scope: &[String]) {
        if shape.guard.is_some() && !shape.otherwise.is_empty() {
            let steps: Vec<Value> = shape.otherwise.iter().map(|shape| self.block(shape, scope)).collect();
            fields.insert("else".into(), json!(steps));
        }
    }

    fn group(&mut self, fields: &mut Map<String, Value>, group: &Group, scope: &[String]) {
        let keyword = if group.parallel { "parallel" } else { "steps" };
        let mut order: Vec<usize> = (0..group.steps.len()).collect();
        if group.parallel {
            order.rotate_left(usize::from(group.order) % group.steps.len());
            if group.order.is_multiple_of(2) {
                order.reverse();
            }
        }
        let mut steps = vec![Value::Null; group.steps.len()];
        order.into_iter().for_each(|slot| steps[slot] = self.block(&group.steps[slot], scope));
        fields.insert(keyword.into(), json!(steps));
        if !group.always.is_empty() {
            let steps: Vec<Value> = group.always.iter().map(|shape| self.block(shape, scope)).collect();
            fields.insert("always".into(), json!(steps));
        }
    }

    fn task(&self, fields: &mut Map<String, Value>, task: &Task, scope: &[String]) {
        fields.insert("agent".into(), json!(AGENT));
        // Without a word an agent is tried three times, with waits of half a minute.
        fields.insert("retry".into(), json!({ "attempts": task.retry, "wait": "1ms", "max_wait": "2ms" }));
        if task.cached || self.cached {
            fields.insert("cache".into(), json!({ "files": [] }));
        }
        let mut with = Map::from_iter([("id".to_owned(), fields["id"].clone())]);
        if scope.iter().any(|each| !each.starts_with(LOOP)) {
            with.insert("item".into(), json!("{{ item }}"));
        }
        if !scope.is_empty() {
            with.insert("index".into(), json!("{{ index }}"));
        }
        if scope.iter().any(|each| each.starts_with(LOOP)) {
            let id = fields["id"].as_str().unwrap_or_default();
            with.insert("before".into(), json!(format!("{{{{ previous.{id}.status | default('none') }}}}")));
            with.insert("round".into(), json!("{{ round }}"));
        }
        for pick in &task.uses {
            if let Some(other) = self.pick(*pick, scope) {
                with.insert(format!("of_{other}"), json!(value(*pick, other)));
            }
        }
        let fallbacks = Writer::fallbacks(task.falls, &with);
        if !self.cached && !fallbacks.is_empty() {
            fields.insert("fallback".into(), json!(fallbacks));
        }
        fields.insert("with".into(), Value::Object(with));
    }

    /// Makes the fallbacks of a task: up to three, which are asked for the same under another name, some for a part of it.
    fn fallbacks(falls: u8, with: &Map<String, Value>) -> Vec<Value> {
        let count = if falls % 8 < 4 { falls % 8 } else { 0 };
        let fallback = |number: u8| {
            let mut with = with.clone();
            with["id"] = json!(format!("fallback {number} of {}", with["id"].as_str().unwrap_or_default()));
            json!({ "agent": AGENT, "with": with, "partial": (falls / 8 + number).is_multiple_of(4) })
        };
        (1..=count).map(fallback).collect()
    }

    fn guard(&self, pick: u16, scope: &[String]) -> String {
        match (self.pick(pick, scope), pick % 8) {
            (_, 0) => "false".into(),
            (_, 1) if !scope.is_empty() => "index == 1".into(),
            (Some(other), 2) => format!("steps.{other}.output.mark > 'm'"),
            (Some(other), 3) => format!("not steps.{other}.ok"),
            (Some(other), _) => format!("steps.{other}.ok"),
            (None, _) => format!("inputs.n > {}", pick % 5),
        }
    }

    fn each(&self, pick: u16, items: &[u8], scope: &[String]) -> Value {
        let item = |item: &u8| match item {
            0 => json!("{{ inputs.n + 1 }}"),
            1 => json!("a text"),
            _ => json!(item),
        };
        match self.pick(pick, scope) {
            Some(other) if pick.is_multiple_of(2) => {
                json!(format!("{{{{ (steps.{other}.output | default({{}})).list | default([7, 8]) }}}}"))
            }
            _ => items.iter().map(item).collect(),
        }
    }

    /// Picks one of the steps that may be used inside the items of `scope`.
    fn pick(&self, pick: u16, scope: &[String]) -> Option<&str> {
        let is_seen = |step: &&Step| {
            let shared = scope.iter().zip(&step.scope).take_while(|(mine, theirs)| mine == theirs).count();
            step.scope[shared..].iter().all(|each| each.starts_with(LOOP))
        };
        let usable: Vec<&Step> = self.steps.iter().filter(is_seen).collect();
        usable.get((usize::from(pick) / 8) % usable.len().max(1)).map(|step| step.id.as_str())
    }
}

/// A template over a step. One in eight cannot be worked out when that step has no output.
fn value(pick: u16, other: &str) -> String {
    match pick % 8 {
        0 => format!("{{{{ steps.{other}.output.mark }}}}"),
        1 | 2 => format!("{{{{ steps.{other}.items | default([]) | map(attribute='status') | list }}}}"),
        3 | 4 => format!("{{{{ steps.{other}.status }}}}"),
        _ => format!("{{{{ steps.{other}.output | default('none') }}}}"),
    }
}
