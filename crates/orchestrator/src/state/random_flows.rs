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
    body: Body,
}

#[derive(Clone, Debug)]
enum Body {
    Task { retry: u32, cached: bool, uses: Vec<u16> },
    Group(Group),
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
    let task = (1..=3_u32, any::<bool>(), vec(any::<u16>(), 0..=2));
    let task = task.prop_map(|(retry, cached, uses)| Body::Task { retry, cached, uses });
    let leaf = round(task.boxed(), Just(Vec::new()).boxed());
    leaf.prop_recursive(DEPTH, 8, 2, |inner| {
        let parts = (any::<bool>(), vec(inner.clone(), 1..=3), always(inner.clone()), any::<u16>());
        let group = parts.prop_map(|(parallel, steps, always, order)| Group { parallel, steps, always, order });
        round(group.prop_map(Body::Group).boxed(), vec(inner, 0..=1).boxed())
    })
}

/// Puts a random `if`, `each`, `optional` and `needs` round a body.
fn round(body: BoxedStrategy<Body>, otherwise: BoxedStrategy<Vec<Shape>>) -> BoxedStrategy<Shape> {
    let each = (any::<u16>(), vec(0..6_u8, 0..=WIDTH));
    let guard = (weighted(0.3, any::<u16>()), otherwise, any::<bool>());
    let parts = (guard, weighted(0.2, each), proptest::bool::weighted(0.2), weighted(0.3, any::<u16>()), body);
    let shape = parts.prop_map(|((guard, otherwise, else_first), each, optional, needs, body)| Shape {
        guard,
        otherwise,
        else_first,
        each,
        optional,
        needs,
        body,
    });
    shape.boxed()
}

fn always(inner: BoxedStrategy<Shape>) -> impl Strategy<Value = Vec<Shape>> {
    weighted(0.2, vec(inner, 1..=2)).prop_map(Option::unwrap_or_default)
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
        if let Some((pick, items)) = &shape.each {
            fields.insert("each".into(), self.each(*pick, items, scope));
        }
        if shape.else_first {
            self.otherwise(&mut fields, shape, scope);
        }
        let own = shape.each.is_some().then(|| id.clone());
        let inside: Vec<String> = scope.iter().cloned().chain(own).collect();
        match &shape.body {
            Body::Task { retry, cached, uses } => self.task(&mut fields, (*retry, *cached), uses, &inside),
            Body::Group(group) => self.group(&mut fields, group, &inside),
        }
        if !shape.else_first {
            self.otherwise(&mut fields, shape, scope);
        }
        self.steps.push(Step { id, scope: scope.to_vec() });
        Value::Object(fields)
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

    fn task(&self, fields: &mut Map<String, Value>, (retry, cached): (u32, bool), uses: &[u16], scope: &[String]) {
        fields.insert("agent".into(), json!(AGENT));
        if retry > 1 {
            fields.insert("retry".into(), json!({ "attempts": retry, "wait": "1ms", "max_wait": "2ms" }));
        }
        if cached || self.cached {
            fields.insert("cache".into(), json!({ "files": [] }));
        }
        let mut with = Map::from_iter([("id".to_owned(), fields["id"].clone())]);
        if !scope.is_empty() {
            with.insert("item".into(), json!("{{ item }}"));
            with.insert("index".into(), json!("{{ index }}"));
        }
        for pick in uses {
            if let Some(other) = self.pick(*pick, scope) {
                with.insert(format!("of_{other}"), json!(value(*pick, other)));
            }
        }
        fields.insert("with".into(), Value::Object(with));
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
        let usable: Vec<&Step> = self.steps.iter().filter(|step| scope.starts_with(&step.scope)).collect();
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
