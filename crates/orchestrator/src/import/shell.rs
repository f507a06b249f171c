//! A script of a CI step as a `run`: a text for `sh` where that means the same, else a program with its arguments.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::expression::{Meaning, Piece, meaning, pieces};
use super::imported::Draft;
use crate::Definition;
use crate::agents::Registry;

/// What only bash understands.
const BASH_ONLY: [&str; 14] = [
    "[[",
    "<(",
    ">(",
    "<<<",
    "&>",
    "=(",
    "+=",
    "pipefail",
    "source ",
    "function ",
    "$'",
    "shopt",
    "declare ",
    "mapfile",
];
/// Files by which steps talk to GitHub.
const FILES: [&str; 4] = ["GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_PATH", "GITHUB_STEP_SUMMARY"];
/// What begins something in a template.
const OPENINGS: [&str; 3] = ["{{", "{%", "{#"];

/// Writes a script as the value of `run`; `None` when its shell is not known here. `place` names the step in notes.
pub(super) fn run(
    script: &str,
    shell: Option<&str>,
    env: &BTreeMap<String, String>,
    place: &str,
    draft: &mut Draft,
) -> Option<Value> {
    let pieces = meanings(script, env, place, draft);
    for file in FILES.into_iter().filter(|file| script.contains(file)) {
        draft
            .note(format!("{place}: it writes to ${file}, which only GitHub sets; pass values on by what steps print"));
    }
    let program = shell.unwrap_or_default().split_whitespace().next().unwrap_or_default();
    match program {
        "python" => {
            let by_name = |meaning: &Meaning| matches!(meaning, Meaning::Variable(_) | Meaning::Unknown(_));
            if pieces.iter().filter_map(|(_, meaning)| meaning.as_ref()).any(by_name) {
                draft.note(format!("{place}: Python does not read ${{NAME}} from the environment; use os.environ"));
            }
            Some(json!(["python3", "-c", filled(&pieces)]))
        }
        "" | "sh" | "bash" => Some(shell_run(&pieces, program)),
        other => {
            draft.note(format!("{place}: left out, since its shell '{other}' is not one of sh, bash, python"));
            None
        }
    }
}

/// Writes the pieces of a script as the value of `run`; `program` is its shell, or nothing.
pub(super) fn shell_run(pieces: &[(Piece, Option<Meaning>)], program: &str) -> Value {
    let text = as_text(pieces);
    let plain = text.trim_end_matches('\n');
    // GitHub runs a step that names bash so that a pipe fails with any of its parts.
    let pipes = program == "bash" && plain.replace("||", "").contains('|');
    let needs_bash = program != "sh" && (pipes || is_for_bash(plain));
    match (needs_bash, pipes) {
        (false, _) if is_fit(pieces) => {
            Value::from(if plain.contains('\n') { format!("{plain}\n") } else { plain.to_owned() })
        }
        (false, _) => json!(["sh", "-e", "-c", filled(pieces)]),
        (true, false) => json!(["bash", "-e", "-c", filled(pieces)]),
        (true, true) => json!(["bash", "-eo", "pipefail", "-c", filled(pieces)]),
    }
}

fn is_for_bash(script: &str) -> bool {
    let mut expansions = script.split("${").skip(1).filter_map(|rest| rest.split('}').next());
    let replaces = |inside: &str| ["//", "^^", ",,"].iter().any(|sign| inside.contains(sign));
    BASH_ONLY.iter().any(|sign| script.contains(sign)) || expansions.any(replaces)
}

/// Works out what the expressions of a text are here, and says which are not carried over.
pub(super) fn meanings(
    text: &str,
    env: &BTreeMap<String, String>,
    place: &str,
    draft: &mut Draft,
) -> Vec<(Piece, Option<Meaning>)> {
    let mut found = Vec::new();
    for piece in pieces(text) {
        let meaning = match &piece {
            Piece::Text(_) => None,
            Piece::Expression(expression) => Some(meaning(expression, env)),
        };
        if let (Piece::Expression(expression), Some(meaning)) = (&piece, &meaning) {
            told(expression, meaning, env, place, draft);
        }
        found.push((piece, meaning));
    }
    found
}

fn told(expression: &str, meaning: &Meaning, env: &BTreeMap<String, String>, place: &str, draft: &mut Draft) {
    match meaning {
        Meaning::Variable(name) if !env.contains_key(name) => {
            draft.note(format!("{place}: ${{{{ {expression} }}}} is ${name} now; set it in the environment"));
        }
        Meaning::Unknown(name) => {
            draft.note(format!("{place}: ${{{{ {expression} }}}} has no counterpart; ${name} stands in its place"));
        }
        _ => {}
    }
}

/// Writes pieces as a text for `sh`, in which values are words.
fn as_text(pieces: &[(Piece, Option<Meaning>)]) -> String {
    written(pieces, str::to_owned)
}

/// Writes pieces as an argument: what would begin a template in it is put in by one.
fn filled(pieces: &[(Piece, Option<Meaning>)]) -> String {
    written(pieces, escaped)
}

fn written(pieces: &[(Piece, Option<Meaning>)], text: impl Fn(&str) -> String) -> String {
    let piece = |(piece, meaning): &(Piece, Option<Meaning>)| match (piece, meaning) {
        (Piece::Text(plain), _) => text(plain),
        (_, Some(Meaning::Template(template))) => format!("{{{{ {template} }}}}"),
        (_, Some(Meaning::Variable(name) | Meaning::Unknown(name))) => format!("${{{name}}}"),
        (_, Some(Meaning::Constant(constant))) => text(constant),
        (Piece::Expression(_), None) => String::new(),
    };
    pieces.iter().map(piece).collect()
}

/// Writes a text so that a template gives just this text.
pub(super) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((at, opening)) = OPENINGS.iter().filter_map(|sign| Some((rest.find(sign)?, sign))).min() {
        safe.push_str(&rest[..at]);
        safe.push_str(&format!("{{{{ '{opening}' }}}}"));
        rest = &rest[at + opening.len()..];
    }
    safe + rest
}

/// Says whether segno accepts the text as a script, whatever the values are.
fn is_fit(pieces: &[(Piece, Option<Meaning>)]) -> bool {
    let holds_opening = |(piece, _): &(Piece, Option<Meaning>)| match piece {
        Piece::Text(text) => OPENINGS.iter().any(|sign| text.contains(sign)) || text.contains("-}}"),
        Piece::Expression(_) => false,
    };
    if pieces.iter().any(holds_opening) {
        return false;
    }
    let sample: Vec<(Piece, Option<Meaning>)> = pieces
        .iter()
        .map(|(piece, meaning)| match meaning {
            Some(Meaning::Template(_)) => (piece.clone(), Some(Meaning::Template("1".into()))),
            meaning => (piece.clone(), meaning.clone()),
        })
        .collect();
    let flow = json!({ "steps": [{ "run": as_text(&sample) }] });
    Definition::parse(&flow.to_string(), "probe.json", &Registry::default()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(script: &str, shell: Option<&str>, expected: Value, notes: &[&str]) {
        let mut draft = Draft::default();
        let env = BTreeMap::from([("MODE".to_owned(), "x".to_owned())]);
        let run = run(script, shell, &env, "step 1", &mut draft).unwrap_or_default();
        assert_eq!(run, expected, "{script}");
        assert_eq!(draft.notes, notes);
    }

    #[test]
    fn what_sh_understands_is_a_text() {
        check("cargo test\n", None, json!("cargo test"), &[]);
        check("a\nb \"${{ inputs.x }}\" $HOME\n", Some("sh"), json!("a\nb \"{{ inputs.x }}\" $HOME\n"), &[]);
        check("echo ${{ env.MODE }}", Some("bash"), json!("echo ${MODE}"), &[]);
    }

    #[test]
    fn what_only_bash_understands_goes_to_bash() {
        check("[[ -f x ]]", None, json!(["bash", "-e", "-c", "[[ -f x ]]"]), &[]);
        check("a | b", Some("bash"), json!(["bash", "-eo", "pipefail", "-c", "a | b"]), &[]);
        check("a || b", Some("bash"), json!("a || b"), &[]);
        check("x ${a//b/c}", None, json!(["bash", "-e", "-c", "x ${a//b/c}"]), &[]);
        check("curl https://x", None, json!("curl https://x"), &[]);
        check("print(1)", Some("python"), json!(["python3", "-c", "print(1)"]), &[]);
        check(
            "x",
            Some("pwsh"),
            Value::Null,
            &["step 1: left out, since its shell 'pwsh' is not one of sh, bash, python"],
        );
    }

    #[test]
    fn a_value_where_the_shell_could_not_read_it_goes_as_an_argument() {
        check("awk '${{ matrix.x }}'", None, json!(["sh", "-e", "-c", "awk '{{ item.x }}'"]), &[]);
        check(
            "docker ps --format '{{.Names}}' ${#a}",
            None,
            json!(["sh", "-e", "-c", "docker ps --format '{{ '{{' }}.Names}}' ${{ '{#' }}a}"]),
            &[],
        );
    }

    #[test]
    fn what_does_not_exist_here_is_told() {
        check(
            "x ${{ secrets.TOKEN }} ${{ steps.a.outputs.b }} >> $GITHUB_OUTPUT",
            None,
            json!("x ${TOKEN} ${STEPS_A_OUTPUTS_B} >> $GITHUB_OUTPUT"),
            &[
                "step 1: ${{ secrets.TOKEN }} is $TOKEN now; set it in the environment",
                "step 1: ${{ steps.a.outputs.b }} has no counterpart; $STEPS_A_OUTPUTS_B stands in its place",
                "step 1: it writes to $GITHUB_OUTPUT, which only GitHub sets; pass values on by what steps print",
            ],
        );
    }
}
