//! Workflows built in code. What is built is the text of a workflow file, so that runs of it are checked, pinned and
//! resumed like those of any other file: there is no second way in.

use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::agents::Registry;
use crate::definition::Definition;
use crate::model::InputType;
use crate::spec::Mistakes;

/// A workflow in the making.
///
/// ```
/// use segno_orchestrator::builder::{Flow, Rounds, Step};
/// use segno_orchestrator::agents::Registry;
/// use segno_orchestrator::model::InputType;
///
/// let flow = Flow::new("review")
///     .input("files", InputType::List)
///     .step(Step::run("count", ["wc", "-l", "{{ item }}"]).each("{{ inputs.files }}").at_least("80%"))
///     .step(Step::sequence("fix", [Step::shell("check", "make test")]).repeat(Rounds::until("steps.check.ok").max(3)))
///     .output("rounds", "{{ steps.fix.rounds }}");
/// let definition = flow.build(&Registry::default())?;
/// assert_eq!(definition.plan.name, "review");
/// # Ok::<(), segno_orchestrator::spec::Mistakes>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Flow {
    name: String,
    fields: Map<String, Value>,
    steps: Vec<Step>,
}

/// A step in the making: what it does, and what is round it.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    fields: Map<String, Value>,
}

/// How often a body runs, in the making.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rounds {
    fields: Map<String, Value>,
}

impl Flow {
    /// Begins a workflow.
    pub fn new(name: impl Into<String>) -> Flow {
        Flow { name: name.into(), fields: Map::new(), steps: Vec::new() }
    }

    /// Declares an input that must be given.
    #[must_use]
    pub fn input(self, name: &str, input_type: InputType) -> Flow {
        self.declare("inputs", name, json!({ "type": input_type.name(), "required": true }))
    }

    /// Declares an input with the value that it has when it is not given.
    #[must_use]
    pub fn input_or(self, name: &str, input_type: InputType, preset: impl Into<Value>) -> Flow {
        self.declare("inputs", name, json!({ "type": input_type.name(), "default": preset.into() }))
    }

    /// Gives something back under a name: a template over the steps.
    #[must_use]
    pub fn output(self, name: &str, template: &str) -> Flow {
        self.declare("outputs", name, template.into())
    }

    /// Adds a step after the others.
    #[must_use]
    pub fn step(mut self, step: Step) -> Flow {
        self.steps.push(step);
        self
    }

    /// Adds steps that run however the others ended.
    #[must_use]
    pub fn always(mut self, steps: impl IntoIterator<Item = Step>) -> Flow {
        self.fields.insert("always".into(), list(steps));
        self
    }

    /// Adds steps that run when one of the others failed.
    #[must_use]
    pub fn on_failure(mut self, steps: impl IntoIterator<Item = Step>) -> Flow {
        self.fields.insert("on_failure".into(), list(steps));
        self
    }

    fn declare(mut self, table: &str, name: &str, value: Value) -> Flow {
        let table = self.fields.entry(table).or_insert_with(|| Value::Object(Map::new()));
        table[name] = value;
        self
    }

    /// Returns the text of the workflow file that this is.
    pub fn to_text(&self) -> String {
        let mut file = Map::from_iter([("flow".to_owned(), Value::from(self.name.as_str()))]);
        file.extend(self.fields.clone());
        file.insert("steps".into(), list(self.steps.iter().cloned()));
        format!("{:#}\n", Value::Object(file))
    }

    /// Checks the workflow and compiles it.
    ///
    /// # Errors
    /// All its mistakes, with their places in the text that `to_text` gives.
    pub fn build(&self, agents: &Registry) -> Result<Definition, Mistakes> {
        Definition::parse(&self.to_text(), &format!("{}.json", self.name), agents)
    }
}

impl Step {
    fn new(id: &str, body: &str, value: Value) -> Step {
        Step { fields: Map::from_iter([("id".to_owned(), id.into()), (body.to_owned(), value)]) }
    }

    /// Runs a program with these arguments, without a shell; each may hold `{{ values }}`.
    pub fn run<W: Into<String>>(id: &str, argv: impl IntoIterator<Item = W>) -> Step {
        let argv: Value = argv.into_iter().map(|word| Value::String(word.into())).collect();
        Step::new(id, "run", argv)
    }

    /// Runs a text in `sh`; values in braces are single words in it.
    pub fn shell(id: &str, script: &str) -> Step {
        Step::new(id, "run", script.into())
    }

    /// Calls an agent.
    pub fn agent(id: &str, agent: &str) -> Step {
        Step::new(id, "agent", agent.into())
    }

    /// Steps one after the other.
    pub fn sequence(id: &str, steps: impl IntoIterator<Item = Step>) -> Step {
        Step::new(id, "steps", list(steps))
    }

    /// Steps together.
    pub fn parallel(id: &str, steps: impl IntoIterator<Item = Step>) -> Step {
        Step::new(id, "parallel", list(steps))
    }

    /// Stages that the items of a list stream through.
    pub fn pipe(id: &str, items: &str, stages: impl IntoIterator<Item = Step>) -> Step {
        Step::new(id, "pipe", list(stages)).each(items)
    }

    /// One of several, by the text of a value; `case` and `otherwise` say which.
    pub fn switch(id: &str, value: &str) -> Step {
        Step::new(id, "switch", value.into()).field("cases", Value::Object(Map::new()))
    }

    /// Adds a case to a switch.
    #[must_use]
    pub fn case(mut self, value: &str, steps: impl IntoIterator<Item = Step>) -> Step {
        let cases = self.fields.entry("cases").or_insert_with(|| Value::Object(Map::new()));
        cases[value] = list(steps);
        self
    }

    /// What runs when no case of a switch fits, or when the condition of `only_if` does not hold.
    #[must_use]
    pub fn otherwise(self, steps: impl IntoIterator<Item = Step>) -> Step {
        let key = if self.fields.contains_key("switch") { "default" } else { "else" };
        self.field(key, list(steps))
    }

    /// Gives an agent an argument; a text may hold `{{ values }}`.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Step {
        let with = self.fields.entry("with").or_insert_with(|| Value::Object(Map::new()));
        with[name] = value.into();
        self
    }

    /// Runs only when a condition holds.
    #[must_use]
    pub fn only_if(self, condition: &str) -> Step {
        self.field("if", condition.into())
    }

    /// Is left out when a condition holds, which degrades the run.
    #[must_use]
    pub fn skip_when(self, condition: &str) -> Step {
        self.field("skip_when", condition.into())
    }

    /// Runs once for each item of a list, given as a template.
    #[must_use]
    pub fn each(self, items: &str) -> Step {
        self.field("each", items.into())
    }

    /// How many of the items must be done: `80%` or `3`.
    #[must_use]
    pub fn at_least(self, least: &str) -> Step {
        let count = least.parse::<u32>().map_or_else(|_| Value::from(least), Value::from);
        self.field("at_least", count)
    }

    /// How many of its items or steps go on at once.
    #[must_use]
    pub fn max_parallel(self, limit: u32) -> Step {
        self.field("max_parallel", limit.into())
    }

    /// Runs the body again and again.
    #[must_use]
    pub fn repeat(self, rounds: Rounds) -> Step {
        self.field("loop", Value::Object(rounds.fields))
    }

    /// How often it is tried, the first time included.
    #[must_use]
    pub fn retry(self, attempts: u32) -> Step {
        self.field("retry", attempts.into())
    }

    /// How long one attempt may take.
    #[must_use]
    pub fn timeout(self, timeout: Duration) -> Step {
        self.field("timeout", humantime::format_duration(timeout).to_string().into())
    }

    /// Its result is remembered by its call and the content of these files.
    #[must_use]
    pub fn cached_by<G: Into<String>>(self, files: impl IntoIterator<Item = G>) -> Step {
        let files: Value = files.into_iter().map(|glob| Value::String(glob.into())).collect();
        self.field("cache", json!({ "files": files }))
    }

    /// Its failure does not fail what it is part of.
    #[must_use]
    pub fn optional(self) -> Step {
        self.field("optional", true.into())
    }

    /// Waits for a step that its templates do not name.
    #[must_use]
    pub fn after(mut self, step: &str) -> Step {
        if let Value::Array(needs) = self.fields.entry("needs").or_insert_with(|| json!([])) {
            needs.push(step.into());
        }
        self
    }

    /// An agent that takes over when this one has failed for good.
    #[must_use]
    pub fn fallback(mut self, agent: &str) -> Step {
        if let Value::Array(agents) = self.fields.entry("fallback").or_insert_with(|| json!([])) {
            agents.push(agent.into());
        }
        self
    }

    /// A command that must succeed before the step is done.
    #[must_use]
    pub fn check(self, script: &str) -> Step {
        self.field("check", script.into())
    }

    /// Sets any other key of a step, as the workflow file has it.
    #[must_use]
    pub fn field(mut self, key: &str, value: Value) -> Step {
        self.fields.insert(key.into(), value);
        self
    }
}

impl Rounds {
    /// So many rounds.
    pub fn times(count: u32) -> Rounds {
        Rounds::default().max(count)
    }

    /// Rounds until a condition holds, asked after each.
    pub fn until(condition: &str) -> Rounds {
        Rounds::default().field("until", condition.into())
    }

    /// Rounds while a condition holds, asked before each.
    pub fn going_while(condition: &str) -> Rounds {
        Rounds::default().field("while", condition.into())
    }

    /// The most rounds.
    #[must_use]
    pub fn max(self, rounds: u32) -> Rounds {
        self.field("max", rounds.into())
    }

    /// How good a round was; the best is kept.
    #[must_use]
    pub fn score(self, expression: &str) -> Rounds {
        self.field("score", expression.into())
    }

    fn field(mut self, key: &str, value: Value) -> Rounds {
        self.fields.insert(key.into(), value);
        self
    }
}

fn list(steps: impl IntoIterator<Item = Step>) -> Value {
    steps.into_iter().map(|step| Value::Object(step.fields)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_built_is_a_workflow_file_with_everything_that_was_said() {
        let flow = Flow::new("all")
            .input("kind", InputType::String)
            .input_or("n", InputType::Integer, 2)
            .step(
                Step::switch("route", "inputs.kind")
                    .case("a", [Step::run("x", ["true"])])
                    .otherwise([Step::run("y", ["true"])]),
            )
            .step(
                Step::pipe("line", "{{ range(inputs.n) | list }}", [Step::shell("s", "echo {{ item }}")])
                    .max_parallel(2),
            )
            .step(
                Step::shell("t", "true")
                    .retry(2)
                    .timeout(Duration::from_secs(90))
                    .optional()
                    .after("line")
                    .cached_by(["*.rs"]),
            )
            .step(
                Step::run("u", ["true"]).repeat(Rounds::times(2)).only_if("true").otherwise([Step::run("v", ["true"])]),
            )
            .always([Step::run("w", ["true"])])
            .output("o", "{{ steps.t.status }}");
        let definition = flow.build(&Registry::default()).unwrap();
        let named = definition.plan.nodes().iter().filter(|node| !node.is_hidden() && node.task().is_some());
        let named: Vec<&str> = named.map(|node| node.step.as_str()).collect();
        assert_eq!(named, ["x", "y", "s", "t", "u", "v", "w"]);
        assert_eq!(
            Definition::parse(&flow.to_text(), "all.json", &Registry::default()).unwrap().hash(),
            definition.hash()
        );
    }

    #[test]
    fn mistakes_are_told_with_their_place_in_the_text() {
        let flow = Flow::new("bad").step(Step::agent("a", "nobody").with("x", "{{ steps.b.output }}"));
        let told = flow.build(&Registry::default()).unwrap_err().to_string();
        assert!(told.contains("bad.json:6:17: unknown agent 'nobody'"), "{told}");
        assert!(told.contains("unknown step 'b'"), "{told}");
    }
}
