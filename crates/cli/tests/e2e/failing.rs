//! What failed, over many runs and processes, and what the types of failures mean.

use serde_json::Value;

use crate::support::Project;

const FLOW: &str = r#"flow: nightly
inputs: { file: { default: a } }
steps:
  - { id: read, run: [cat, "nowhere/{{ inputs.file }}"], optional: true }
  - id: flaky
    run: test -e once-{{ inputs.file }} || { touch once-{{ inputs.file }}; echo 'error, not yet' >&2; exit 75; }
    retry: { attempts: 2, wait: 1ms }
"#;

fn run(project: &Project, file: &str) {
    assert_eq!(project.segno(&["run", "flow.yaml", "--file", file]).code, Some(0));
}

fn project() -> Project {
    Project::of(FLOW)
}

fn listed(project: &Project, words: &[&str]) -> Value {
    let output = project.command(&[&["errors", "--json"], words].concat()).output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Returns how often each failure was counted, by its reason.
fn counts(project: &Project, words: &[&str]) -> Vec<(String, u64)> {
    let listed = listed(project, words);
    let failures = listed["failures"].as_array().unwrap();
    failures
        .iter()
        .map(|failure| (failure["reason"].as_str().unwrap().to_owned(), failure["count"].as_u64().unwrap()))
        .collect()
}

fn fingerprint(project: &Project, place: usize) -> String {
    listed(project, &["--all"])["failures"][place]["fingerprint"].as_str().unwrap().to_owned()
}

#[test]
fn the_same_failure_of_many_runs_is_one_and_each_call_counts_only_what_is_new() {
    let project = project();
    assert_eq!(project.told(&["errors"]), "0\nnothing has failed yet\n");
    let none = project.segno(&["errors", "--json", "--strict"]);
    assert_eq!((none.code, &listed(&project, &[])["failures"]), (Some(0), &serde_json::json!([])));
    assert!(!project.has(".segno"));
    assert_eq!(project.segno(&["errors", "show", "x"]).code, Some(2));
    for (number, file) in ["a", "b", "c"].into_iter().enumerate() {
        run(&project, file);
        let number = number as u64 + 1;
        let mut expected = [("exit_status".to_owned(), number), ("try_again".to_owned(), number)];
        let mut found = counts(&project, &[]);
        found.sort();
        expected.sort();
        assert_eq!(found, expected);
    }
    let flaky = listed(&project, &[]);
    let flaky =
        flaky["failures"].as_array().unwrap().iter().find(|failure| failure["reason"] == "try_again").unwrap().clone();
    assert_eq!((&flaky["cure_rate"], &flaky["retries"]["retried"]), (&1.0.into(), &3.into()));
    assert_eq!(counts(&project, &["--agent", "nobody"]), []);
    assert_eq!(counts(&project, &["--since", "2099-01-01"]), []);
    assert_eq!(counts(&project, &["-n", "1"]).len(), 1);
    assert_eq!(project.told(&["errors", "--agent", "nobody"]), "0\nno such failures\n");
}

#[test]
fn what_failed_in_runs_that_are_gone_stays_known() {
    let project = project();
    run(&project, "a");
    assert!(project.told(&["runs", "--clear"]).contains("removed 1 run"));
    assert_eq!(project.told(&["runs"]), "0\nno runs yet; start one with: segno run FLOW\n");
    assert_eq!(counts(&project, &[]).len(), 2);
    run(&project, "b");
    assert!(project.told(&["remove", "latest"]).contains("removed"));
    assert_eq!(counts(&project, &[]).iter().map(|(_, count)| count).sum::<u64>(), 4);
    assert!(project.told(&["gc"]).starts_with("0\n"));
}

#[test]
fn a_mended_failure_that_comes_again_has_regressed() {
    let project = project();
    run(&project, "a");
    let first = fingerprint(&project, 0);
    assert_eq!(
        project.segno(&["errors", "resolve", &first[3..9]]).out,
        format!("{first} is marked as mended: if it comes again, it has regressed\n")
    );
    assert_eq!(counts(&project, &[]).len(), 1);
    assert_eq!(counts(&project, &["--all"]).len(), 2);
    run(&project, "b");
    assert!(project.told(&["errors"]).contains("regressed"));
    let shown = project.told(&["errors", "show", &first]);
    assert!(shown.contains("new, regressed") && shown.contains("2 in all") && shown.contains("examples"), "{shown}");
    assert_eq!(project.segno(&["errors", "--strict"]).code, Some(3));
    // However few are listed, all are judged.
    assert_eq!(project.segno(&["errors", "--strict", "-n", "0"]).code, Some(3));
    let unknown = project.segno(&["errors", "show", "nobody"]);
    assert_eq!(
        (unknown.code, &*unknown.err),
        (Some(2), "segno: there is no failure 'nobody'\n  hint: segno errors lists them\n")
    );
    assert_eq!(project.segno(&["errors", "resolve", &first, "nobody"]).code, Some(2));
}

#[test]
fn a_damaged_file_of_failures_is_set_aside_and_made_anew_with_a_notice() {
    let project = project();
    run(&project, "a");
    assert_eq!(counts(&project, &[]).len(), 2);
    let whole = project.read(".segno/failures.json");
    for damaged in [whole.replacen("\"count\":1", "\"count\":7", 1), whole[..whole.len() / 2].to_owned(), "{}".into()] {
        project.write(".segno/failures.json", &damaged);
        let ran = project.segno(&["errors"]);
        let begin = "segno: failures.json cannot be used (";
        assert!(ran.code == Some(0) && ran.err.starts_with(begin), "{}", ran.err);
        assert!(
            [".segno/failures.aside", ".segno/failures.aside-2", ".segno/failures.aside-3"]
                .iter()
                .any(|aside| project.read(aside) == damaged)
        );
        assert!(project.segno(&["errors"]).err.is_empty());
        assert_eq!(counts(&project, &[]).len(), 2);
    }
}

#[test]
fn a_file_of_a_later_segno_is_left_and_a_folder_in_its_place_is_told() {
    let project = project();
    run(&project, "a");
    let later = "segno-failures-9 x\n{}";
    project.write(".segno/failures.json", later);
    let ran = project.segno(&["errors"]);
    assert!(ran.code != Some(0) && ran.err.contains("is of a later segno (form 9, and this one reads 2)"), "{ran:?}");
    assert_eq!(project.read(".segno/failures.json"), later);
    std::fs::remove_file(project.path(".segno/failures.json")).unwrap();
    std::fs::create_dir(project.path(".segno/failures.json")).unwrap();
    let ran = project.segno(&["errors"]);
    assert!(ran.code != Some(0) && ran.err.contains("failures.json is no file"), "{ran:?}");
}

#[test]
fn many_processes_count_each_failure_once() {
    let project = project();
    run(&project, "a");
    let started: Vec<_> = (0..8)
        .map(|_| project.command(&["errors", "--json"]).stdout(std::process::Stdio::null()).spawn().unwrap())
        .collect();
    started.into_iter().for_each(|mut child| assert!(child.wait().unwrap().success()));
    assert_eq!(counts(&project, &[]).iter().map(|(_, count)| count).sum::<u64>(), 2);
}

#[test]
fn a_fork_does_not_count_again_what_failed_in_its_parent() {
    let project = project();
    run(&project, "a");
    assert_eq!(project.segno(&["fork", "latest", "--from", "flaky"]).code, Some(0));
    assert_eq!(counts(&project, &[]).iter().map(|(_, count)| count).sum::<u64>(), 2);
}

#[test]
fn a_type_is_explained_by_its_code_a_part_of_it_or_a_reason() {
    let project = Project::of("steps: []");
    let first = |words: &[&str]| project.told(words).lines().take(2).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(first(&["explain", "TIMEOUT_ERROR"]), ["0", "TIMEOUT_ERROR"]);
    assert_eq!(first(&["explain", "timeout"]), ["0", "TIMEOUT_ERROR"]);
    assert_eq!(
        first(&["explain", "oom_killed"])[1],
        "oom_killed: the system ended the program since memory ran out (SIGKILL)"
    );
    assert!(project.told(&["explain", "auth"]).contains("AUTHORIZATION_ERROR"));
    assert_eq!(project.told(&["explain"]).matches("_ERROR ").count(), 15);
    assert_eq!(
        project.told(&["explain", "netwrok"]),
        "segno: there is no type of failure and no reason 'netwrok'\n  hint: did you mean 'NETWORK_ERROR'?\n2\n"
    );
    assert_eq!(project.segno(&["explain", "elephant"]).code, Some(2));
    let output = project.command(&["explain", "quota", "--json"]).output().unwrap();
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found[0]["code"], "QUOTA_EXCEEDED_ERROR");
    let output = project.command(&["explain", "oom killed", "--json"]).output().unwrap();
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&found[0]["code"], &found[0]["meant"]["reason"]), (&"RESOURCE_ERROR".into(), &"oom_killed".into()));
    for (word, code) in [("429", "RATE_LIMIT_ERROR"), ("HTTP", "EXTERNAL_SERVICE_ERROR"), ("oom", "RESOURCE_ERROR")] {
        let told = project.told(&["explain", word]);
        assert!(told.starts_with("0\n") && told.contains(code), "{told}");
    }
}
