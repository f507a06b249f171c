//! The keys of a workflow file, by where they may stand: what the checker accepts and the reference is made of.

/// The keys at the top of a file.
pub(crate) const TOP: [&str; 11] = [
    "flow",
    "description",
    "inputs",
    "outputs",
    "defaults",
    "agents",
    "checkpoints",
    "steps",
    "parallel",
    "on_failure",
    "always",
];
/// The keys of an input.
pub(crate) const INPUT: [&str; 4] = ["type", "required", "default", "description"];
/// The keys round a body.
pub(crate) const ROUND: [&str; 14] = [
    "id",
    "description",
    "if",
    "else",
    "skip_when",
    "each",
    "matrix",
    "at_least",
    "max_parallel",
    "loop",
    "needs",
    "optional",
    "on_failure",
    "weight",
];
/// The keys that say what a block does: it has exactly one.
pub(crate) const BODIES: [&str; 7] = ["steps", "parallel", "pipe", "run", "agent", "switch", "flow"];
/// The bodies that are lists of steps.
pub(crate) const GROUPS: [&str; 3] = ["steps", "parallel", "pipe"];
/// The keys under which lists of steps stand.
pub(crate) const HOLDS_STEPS: [&str; 7] = ["steps", "parallel", "pipe", "always", "else", "on_failure", "default"];
/// What commands and agents have in common.
pub(crate) const CALL: [&str; 9] = ["retry", "timeout", "cache", "fallback", "check", "judge", "undo", "get", "put"];
/// The keys of a command.
pub(crate) const COMMAND: [&str; 8] = ["run", "env", "secrets", "cwd", "stdin", "ok_codes", "outputs", "output"];
/// The keys of a call of an agent.
pub(crate) const AGENT: [&str; 3] = ["agent", "with", "prompt"];
/// The keys of a choice.
pub(crate) const SWITCH: [&str; 3] = ["switch", "cases", "default"];
/// The keys of a call of another workflow.
pub(crate) const FLOW: [&str; 2] = ["flow", "with"];
/// The keys of `loop`.
pub(crate) const LOOP: [&str; 5] = ["until", "while", "max", "score", "at_limit"];
/// The keys of an agent's declaration.
pub(crate) const DECLARATION: [&str; 15] = [
    "run",
    "env",
    "secrets",
    "cwd",
    "stdin",
    "ok_codes",
    "outputs",
    "output",
    "description",
    "defaults",
    "provider",
    "retry",
    "timeout",
    "cache",
    "fallback",
];
/// The keys of `checkpoints`.
pub(crate) const CHECKPOINTS: [&str; 3] = ["every", "batches", "rounds"];
/// The keys of `defaults`.
pub(crate) const DEFAULTS: [&str; 3] = ["retry", "timeout", "cache"];
/// The keys of `retry`.
pub(crate) const RETRY: [&str; 3] = ["attempts", "wait", "max_wait"];
/// The keys of `cache`.
pub(crate) const CACHE: [&str; 8] = ["files", "env", "config", "git", "tools", "work_tree", "ttl", "salt"];

/// Returns the keys that may stand on a block with this body.
pub(crate) fn of(body: &str) -> Vec<&'static str> {
    let own: Vec<&'static str> = match body {
        "run" => [&COMMAND[..], &CALL].concat(),
        "agent" => [&AGENT[..], &CALL].concat(),
        "switch" => SWITCH.to_vec(),
        "flow" => FLOW.to_vec(),
        _ => [&GROUPS[..], &["always"]].concat(),
    };
    [&ROUND[..], &own].concat()
}

/// Returns the keys that may stand on some block.
pub(crate) fn all() -> Vec<&'static str> {
    let mut all: Vec<&'static str> = BODIES.into_iter().flat_map(of).collect();
    all.sort_unstable();
    all.dedup();
    all
}
