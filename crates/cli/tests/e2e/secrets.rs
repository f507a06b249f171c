//! What a command prints of its secrets stands nowhere: neither in the project's state nor on the terminal.

use std::fs;
use std::path::Path;

use crate::support::{Project, Ran};

/// Has no name that sounds secret, so only `secrets:` tells of it.
const CODE: &str = "correct-horse-battery-9";
/// Is told of by its name alone.
const TOKEN: &str = "tr0ub4dor-and-three";

/// A command that prints its secrets in every way, one that uses what it printed, one that fails with them, and one that
/// reports them.
const FLOW: &str = r#"flow: secrets
steps:
  - id: say
    run: |
      printf 'plain %s\n' "$MY_CODE"
      printf '%s' "$MY_CODE" | base64
      printf 'user:%s' "$MY_CODE" | base64
      printf 'split %.7s' "$MY_CODE"
      printf '%s\n' "${MY_CODE#???????}"
      printf '%s' "$MY_CODE" | od -An -v -tx1 | tr -d ' \n'
      printf 'on the side %s %s\n' "$MY_CODE" "$API_TOKEN" >&2
      printf 'made' > made.txt
    secrets: [MY_CODE]
    cache: { files: [a.txt] }
    outputs: [made.txt]
  - id: large
    run: 'i=0; while [ $i -lt 900 ]; do echo "line $i of $API_TOKEN and more"; i=$((i+1)); done'
  - { id: json, run: 'echo "{\"key\": \"$MY_CODE\", \"list\": [\"x $API_TOKEN\"], \"n\": 1}"', secrets: [MY_CODE], output: json }
  - { id: use, run: 'echo got {{ steps.say.output }} {{ steps.json.output.key }} {{ steps.json.output.n }}' }
  - { id: fail, run: 'echo "cannot use $MY_CODE" >&2; exit 3', secrets: [MY_CODE], optional: true }
  - id: tell
    run: 'printf ''{"summary": "used %s", "put": {"x": "%s"}}'' "$MY_CODE" "$MY_CODE" > "$SEGNO_RESULT"; echo "password=hun"ter2'
    secrets: [MY_CODE]
"#;

fn project() -> Project {
    let project = Project::of(FLOW);
    project.write("a.txt", "a");
    project
}

/// Runs the binary with the secrets in its environment, and checks that it shows none.
fn segno(project: &Project, words: &[&str]) -> Ran {
    let output = project.command(words).env("MY_CODE", CODE).env("API_TOKEN", TOKEN).output().unwrap();
    check("the terminal", &[&output.stdout[..], &output.stderr].concat());
    Ran::of(output)
}

/// Checks that no secret stands there in any form, nor the beginning or the end of one.
fn check(place: &str, bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for part in
        ["correct-horse", "horse-battery", "Y29ycmVjdC1", "b3JyZWN0LWh", "636f7272656374", "tr0ub4dor", "hunter2"]
    {
        let around = text
            .find(part)
            .map(|at| String::from_utf8_lossy(&bytes[at.saturating_sub(60)..]).chars().take(160).collect::<String>());
        assert!(around.is_none(), "{place} shows '{part}': {}", around.unwrap());
    }
}

/// Returns how many files there are, having looked into all of them.
fn searched(folder: &Path) -> usize {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .map(|path| match path.is_dir() {
            true => searched(&path),
            false => {
                check(&path.display().to_string(), &fs::read(&path).unwrap());
                1
            }
        })
        .sum()
}

#[test]
fn secrets_that_a_command_prints_stand_nowhere() {
    let project = project();
    for pass in ["run", "from the cache"] {
        let ran = segno(&project, &["run", "flow.yaml", "--report", "report.md"]);
        assert_eq!(ran.code, Some(0), "{pass}: {}{}", ran.err, ran.out);
        assert!(searched(&project.path(".segno")) > 4);
        check("the report", project.read("report.md").as_bytes());
        let report = project.report();
        let hidden = |step: &str| {
            report["tasks"].as_array().unwrap().iter().find(|task| task["task"] == step).unwrap()["hidden"].as_u64()
        };
        assert_eq!((hidden("say"), hidden("large"), hidden("fail")), (Some(7), Some(900), Some(1)), "{pass}");
        assert!(segno(&project, &["show", "latest"]).out.contains("secrets hidden in 900 places"));
    }
    assert_eq!(
        segno(&project, &["show", "latest", "say"]).out.lines().take(5).collect::<Vec<_>>(),
        ["plain [redacted]", "[redacted]", "dXNlcjp[redacted]", "split [redacted]", "[redacted]"]
    );
    for words in [
        &["show", "latest"][..],
        &["show", "latest", "--json"],
        &["show", "latest", "fail"],
        &["show", "latest", "large"],
        &["cache", "get", "secrets/say"],
        &["errors"],
        &["why", "flow.yaml", "say"],
    ] {
        segno(&project, words);
    }
}

#[test]
fn a_later_step_is_given_what_was_hidden_and_json_stays_json() {
    let project = project();
    segno(&project, &["run", "flow.yaml"]);
    let used = segno(&project, &["show", "latest", "use"]).out;
    assert!(used.starts_with("got plain [redacted]") && used.trim_end().ends_with("[redacted] 1"), "{used}");
    assert!(segno(&project, &["show", "latest", "json"]).out.contains("x [redacted]"));
}

#[test]
fn what_a_later_step_names_is_hidden_before_it_from_the_cache_and_after_a_resume() {
    let project = Project::of(
        "steps:
          - { id: early, run: 'echo early $MY_CODE' }
          - { id: named, run: 'echo named', secrets: [MY_CODE], cache: true }
          - { id: killed, run: 'if [ -e kill ]; then rm kill; kill -9 $PPID; sleep 9; fi; echo after $MY_CODE' }",
    );
    for pass in ["run", "from the cache"] {
        let ran = segno(&project, &["run", "flow.yaml"]);
        assert_eq!(ran.code, Some(0), "{pass}: {}", ran.err);
        assert!(searched(&project.path(".segno")) > 2);
    }
    project.write("kill", "");
    assert_eq!(segno(&project, &["run", "flow.yaml"]).code, None);
    let resumed = segno(&project, &["resume"]);
    assert_eq!(resumed.code, Some(0), "{}", resumed.err);
    searched(&project.path(".segno"));
    assert_eq!(segno(&project, &["show", "latest", "killed"]).out.trim(), "after [redacted]");
}

#[test]
fn json_that_is_cut_or_broken_shows_no_part_of_a_secret() {
    let project = Project::of(
        "steps:
          - id: cut
            run: 'head -c 2097140 /dev/zero | tr \\0 x; echo $MY_CODE; head -c 2100000 /dev/zero | tr \\0 x; echo $MY_CODE'
            output: json
            secrets: [MY_CODE]
            optional: true
          - { id: broken, run: 'echo \"{ $MY_CODE\"; exit 3', output: json, secrets: [MY_CODE], optional: true }
          - id: counted
            run: 'printf ''{\"put\":{\"k_%s\":1},\"metrics\":{\"m_%s\":5}}'' $MY_CODE $MY_CODE > $SEGNO_RESULT'
            secrets: [MY_CODE]",
    );
    let ran = segno(&project, &["run", "flow.yaml"]);
    assert!(ran.err.contains("[redacted]") || ran.out.contains("[redacted]"), "{}{}", ran.err, ran.out);
    searched(&project.path(".segno"));
}

#[test]
fn the_project_s_own_path_and_ordinary_words_are_no_secrets() {
    let project = Project::of("steps: [{ id: a, run: 'echo $PWD; echo url postgres://db $OLDPWD' }]");
    let root = project.path("");
    let mut command = project.command(&["run", "flow.yaml"]);
    command.env("PWD", &root).env("OLDPWD", &root).env("POSTGRES_PASSWORD", "postgres");
    assert_eq!(Ran::of(command.output().unwrap()).code, Some(0));
    let shown = segno(&project, &["show", "latest", "a"]).out;
    assert!(shown.contains("url postgres://db") && !shown.contains("[redacted]"), "{shown}");
}

#[test]
fn a_secret_that_cannot_be_hidden_is_told_in_the_log() {
    let project = Project::of("steps: [{ id: a, run: 'echo $PIN', secrets: [PIN, NOT_SET] }]");
    let ran = Ran::of(project.command(&["run", "flow.yaml"]).env("PIN", "1234").output().unwrap());
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let logs =
        fs::read_dir(project.path(".segno/logs")).unwrap().map(|entry| fs::read_to_string(entry.unwrap().path()));
    let log: String = logs.map(Result::unwrap_or_default).collect();
    assert!(log.contains("too short to be hidden") && log.contains("\"name\":\"PIN\""), "{log}");
    assert!(log.contains("the secret of a step is not set") && log.contains("\"name\":\"NOT_SET\""), "{log}");
}
