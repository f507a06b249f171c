//! A store that cannot be written or was damaged: a clear error with what to do, never a panic, nothing lost that was
//! acknowledged.

use segno_orchestrator::journal::SqliteJournal;

use crate::support::{Project, Ran};

const FLOW: &str = "flow: kept
steps:
  - { id: many, each: '{{ range(12) }}', run: 'echo {{ item }} >> effects; head -c 1000 /dev/zero | tr \\\\000 x' }
";

const STORE: &str = ".segno/segno.db";

const DAMAGED: &str = "segno failed: the store .segno/segno.db is damaged
  store       FOLDER/.segno/segno.db
  category    storage (DATABASE_ERROR, damaged)
  you can     repair it with: segno repair
";

/// Makes a project with some runs, their events all in one file.
fn project_with_runs(count: usize) -> Project {
    let project = Project::of(FLOW);
    for _ in 0..count {
        assert_eq!(project.segno(&["run", "flow.yaml"]).code, Some(0));
    }
    // The last connection that is closed moves what lies beside the store into it.
    drop(SqliteJournal::open(&project.path(STORE)).unwrap());
    assert!(!project.has(".segno/segno.db-wal"));
    project
}

/// Puts bytes in the store's place, with nothing beside it from which they could be mended.
fn damage(project: &Project, bytes: &[u8]) {
    for ending in ["-wal", "-shm"] {
        // They are not there after a clean end.
        _ = std::fs::remove_file(project.path(&format!("{STORE}{ending}")));
    }
    project.write(STORE, bytes);
}

/// Runs the binary, which must not panic, and returns what it said with the project's folder as `FOLDER`.
fn said(project: &Project, words: &[&str]) -> String {
    let told = project.told(words);
    assert!(!told.contains("panicked"), "{told}");
    let folder = std::fs::canonicalize(project.path(".")).unwrap();
    told.replace(folder.to_str().unwrap(), "FOLDER")
}

#[test]
fn a_state_folder_that_cannot_be_used_is_named() {
    let project = Project::of(FLOW);
    project.write(".segno", "a file");
    assert_eq!(
        said(&project, &["run", "flow.yaml"]),
        "segno: a folder was expected, but this is a file
  hint: segno keeps its state in .segno: check the folder's owner, rights and free space
2
"
    );
    assert!(!project.has("effects"));
    let project = Project::of(FLOW);
    std::fs::create_dir_all(project.path(STORE)).unwrap();
    assert_eq!(
        said(&project, &["run", "flow.yaml"]),
        "segno failed: the state folder .segno cannot be written
  store       FOLDER/.segno/segno.db
  category    configuration (CONFIGURATION_ERROR, read_only)
  you can     check its owner and rights, and that its disk is not mounted read-only
1
"
    );
    assert!(!project.has("effects"));
}

#[test]
fn a_run_that_can_no_longer_be_recorded_stops_and_can_be_resumed() {
    let mut interrupted = 0;
    for blocks in (16..).step_by(48) {
        let project = Project::of(FLOW);
        // Files cannot grow beyond that many blocks of 512 bytes, whoever runs this.
        let line = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
        let limited = ["sh", "-c", &line, env!("CARGO_BIN_EXE_segno")];
        let ran = Ran::of(project.wrapped(&limited, &["run", "flow.yaml", "--jobs", "1"]).output().unwrap());
        if ran.code == Some(0) {
            break;
        }
        let message = "segno failed: the disk reports an error\n";
        assert!(ran.code == Some(1) && ran.err.contains(message), "{blocks}: {ran:?}");
        let before = project.read("effects").lines().count();
        let resumed = project.segno(&["resume"]);
        if !ran.err.contains("segno: go on with: segno resume RUN\n") {
            assert_eq!((resumed.code, before), (Some(2), 0), "{blocks}: {ran:?}");
            continue;
        }
        interrupted += 1;
        assert_eq!(resumed.code, Some(0), "{blocks}: {}", resumed.err);
        let effects = project.read("effects");
        let mut items: Vec<u32> = effects.lines().map(|line| line.parse().unwrap()).collect();
        // What was let in when the store could take no more is run again, and nothing else: with one job, four steps.
        assert!(items.len() <= 12 + 4, "{blocks}: {effects}");
        items.sort_unstable();
        items.dedup();
        assert_eq!(items, (0..12).collect::<Vec<_>>(), "{blocks}: {effects}");
    }
    assert!(interrupted >= 3, "only {interrupted} runs were cut off in the middle");
}

#[test]
fn a_store_that_is_no_database_says_how_to_repair_it() {
    let project = project_with_runs(2);
    for bytes in [&b"garbage ".repeat(1_000)[..], &std::fs::read(project.path(STORE)).unwrap()[..50]] {
        damage(&project, bytes);
        for words in [
            &["run", "flow.yaml"][..],
            &["runs"],
            &["show"],
            &["resume"],
            &["plan", "flow.yaml"],
            &["why", "latest", "many"],
        ] {
            assert_eq!(said(&project, words), format!("{DAMAGED}1\n"), "{words:?}");
        }
        let repaired = said(&project, &["repair"]);
        let start = "0\ncarried over 0 runs with 0 events into a new store\nthe damaged store is kept as .segno/segno.db.damaged-";
        assert!(repaired.starts_with(start), "{repaired}");
        assert_eq!(said(&project, &["runs"]), "0\nno runs yet; start one with: segno run FLOW\n");
        assert_eq!(project.segno(&["run", "flow.yaml"]).code, Some(0));
        assert_eq!(said(&project, &["repair"]), "0\nthe store is whole; nothing was changed\n");
    }
}

#[test]
fn whichever_page_is_damaged_repair_keeps_what_is_whole() {
    const PAGE: usize = 4_096;
    let project = project_with_runs(3);
    let whole = std::fs::read(project.path(STORE)).unwrap();
    let mut kept = 0;
    for page in 0..whole.len() / PAGE {
        let mut damaged = whole.clone();
        damaged[page * PAGE..][..PAGE].fill(0xAA);
        damage(&project, &damaged);
        said(&project, &["show"]);
        let repaired = project.segno(&["repair"]);
        assert_eq!(repaired.code, Some(0), "page {page}: {}", repaired.err);
        let runs = project.segno(&["runs"]);
        assert_eq!(runs.code, Some(0), "page {page}: {}", runs.err);
        kept += runs.out.lines().filter(|line| line.starts_with("RUN  ")).count();
    }
    assert!(kept > 0, "nothing was ever kept");
}
