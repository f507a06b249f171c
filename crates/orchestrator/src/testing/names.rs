//! The names by which a test file speaks of steps, tasks and agents: which ones a call has, and which ones there are.

use std::collections::BTreeSet;

use super::expect::Named;
use super::script::Case;
use crate::model::{Address, Place};
use crate::plan::{Call, Kind, Plan};
use crate::spec::Mistake;
use crate::spec::fields::{Findings, nearest};

/// The name for everybody.
pub(super) const ANYBODY: &str = "*";
/// What stands before the name of an agent.
const AGENT: &str = "agent:";

/// In which role a step calls somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Role {
    /// The step itself.
    Own,
    /// Its fallback with this number, from 0.
    Fallback(usize),
    /// Its check with this number, from 0.
    Check(usize),
    /// Its judge.
    Judge,
}

/// Returns the names of a call, the narrowest first.
pub(super) fn names(address: &Address, role: Role, agent: Option<&str>) -> Vec<String> {
    let endings = match role {
        Role::Own => vec![String::new()],
        Role::Fallback(number) => vec![format!(".fallback[{number}]"), ".fallback".into()],
        Role::Check(number) => vec![format!(".check[{number}]"), ".check".into()],
        Role::Judge => vec![".judge".into()],
    };
    let mut names = Vec::new();
    for length in (0..=address.indices.len()).rev() {
        let outer = Address { step: address.step.clone(), indices: address.indices[..length].to_vec() };
        names.extend(endings.iter().map(|ending| format!("{outer}{ending}")));
    }
    names.extend(agent.map(|agent| format!("{AGENT}{agent}")));
    names.push(ANYBODY.into());
    names
}

/// Checks every name of a case against the plan.
pub(super) fn check(case: &Case, plan: &Plan, findings: &mut Findings) {
    let mut check = Check { plan, findings };
    for mock in &case.mocks {
        check.whom(&mock.name, mock.place, "mock");
    }
    let expect = &case.expect;
    expect.calls.iter().for_each(|(named, _)| check.whom(&named.name, named.place, "count the calls of"));
    expect.steps.iter().for_each(|(named, _)| _ = check.step(&named.name, named.place));
    expect.order.iter().chain(&expect.not_run).for_each(|named| _ = check.step(&named.name, named.place));
    expect.rounds.iter().for_each(|(named, _)| check.loops(named));
}

struct Check<'c> {
    plan: &'c Plan,
    findings: &'c mut Findings,
}

impl Check<'_> {
    /// Checks the name of somebody who is called.
    fn whom(&mut self, name: &str, place: Place, wish: &str) {
        if name == ANYBODY {
            return;
        }
        if let Some(agent) = name.strip_prefix(AGENT) {
            let agents = agents(self.plan);
            if !agents.contains(agent) {
                self.unknown(format!("the workflow calls no agent '{agent}'"), agent, &agents, AGENT, place);
            }
            return;
        }
        let (task, role) = name.split_once('.').map_or((name, None), |(task, role)| (task, Some(role)));
        let Some(address) = self.step(task, place) else { return };
        let Some((_, found)) = self.plan.task_of(&address.step) else {
            let message = format!("'{task}' is a group of steps: one can {wish} the steps in it");
            return self.findings.add(Mistake::at(place, message));
        };
        let checks = found.verifiers.iter().filter(|verifier| verifier.judges.is_none()).count();
        let judges = found.verifiers.len() - checks;
        let (what, number) = match role.map(|role| role.split_once('[').unwrap_or((role, "0]"))) {
            None => return,
            Some((what, number)) => (what, number.strip_suffix(']').and_then(|number| number.parse::<usize>().ok())),
        };
        let count = match what {
            "fallback" => found.calls.len() - 1,
            "check" => checks,
            "judge" => judges.min(1),
            _ => {
                let message = format!("'{name}' means nobody");
                let hint = "after a step stands .fallback, .check or .judge, as in deploy.fallback[0]";
                return self.findings.add(Mistake::at(place, message).hint(hint));
            }
        };
        if number.is_none_or(|number| number >= count) {
            let has = if count == 0 { format!("no {what}") } else { format!("only {count}, counted from 0") };
            self.findings.add(Mistake::at(place, format!("'{name}': step '{}' has {has}", address.step)));
        }
    }

    /// Checks the name of a step, a group or a task.
    fn step(&mut self, name: &str, place: Place) -> Option<Address> {
        let known: BTreeSet<String> = steps(self.plan);
        let Ok(address) = name.parse::<Address>() else {
            self.unknown(format!("'{name}' is no name of a step"), name, &known, "", place);
            return None;
        };
        let nodes = self.plan.nodes_of(&address.step);
        if nodes.is_empty() {
            self.unknown(format!("unknown step '{}'", address.step), address.step.as_str(), &known, "", place);
            return None;
        }
        let depth = nodes.iter().map(|node| node.scope.len()).max().unwrap_or(0);
        if address.indices.len() > depth {
            let message = match depth {
                0 => format!("'{name}': nothing round step '{}' repeats it", address.step),
                _ => format!("'{name}' has {} indices, and step '{}' has {depth}", address.indices.len(), address.step),
            };
            self.findings.add(Mistake::at(place, message));
            return None;
        }
        Some(address)
    }

    fn loops(&mut self, named: &Named) {
        let Some(address) = self.step(&named.name, named.place) else { return };
        let is_loop = self.plan.nodes_of(&address.step).iter().any(|node| matches!(node.kind, Kind::Loop(_)));
        if !is_loop {
            self.findings.add(Mistake::at(named.place, format!("step '{}' has no loop", address.step)));
        }
    }

    fn unknown(&mut self, message: String, name: &str, known: &BTreeSet<String>, before: &str, place: Place) {
        let mistake = Mistake::at(place, message);
        self.findings.add(match nearest(name, known.iter().map(String::as_str)) {
            Some(near) => mistake.hint(format!("did you mean '{before}{near}'?")),
            None if known.is_empty() => mistake,
            None => {
                let known: Vec<&str> = known.iter().map(String::as_str).take(20).collect();
                mistake.hint(format!("known are: {}", known.join(", ")))
            }
        });
    }
}

/// Returns the steps that people named or could name.
fn steps(plan: &Plan) -> BTreeSet<String> {
    plan.nodes().iter().filter(|node| !node.is_hidden()).map(|node| node.step.to_string()).collect()
}

/// Returns the agents that a plan calls, by name.
fn agents(plan: &Plan) -> BTreeSet<String> {
    let tasks = plan.nodes().iter().filter_map(|node| node.task());
    let calls = tasks.flat_map(|task| {
        let own = task.calls.iter().map(|alternative| &alternative.call);
        own.chain(task.verifiers.iter().map(|verifier| &verifier.call))
    });
    let named = calls.filter(|call| !matches!(call, Call::Program(_)));
    named.map(|call| call.name().to_owned()).collect()
}
