//! What one machine made, another one need not make again; and a server that is gone stops nobody.

use std::time::{Duration, Instant};

use crate::redis::RedisServer;
use crate::support::{Project, Ran};

const FLOW: &str = "steps:
  - id: sum
    run: tr a-z A-Z < in.txt > out.txt; echo ran >> ran; head -c 40000 /dev/zero | tr '\\0' x
    cache: { files: [in.txt] }
    outputs: [out.txt]
";

const SECRET: &str = "a secret of more than sixteen bytes";

/// Makes a project that shares what it remembers on this server.
fn project(server: &RedisServer, more: &str) -> Project {
    let project = Project::of(FLOW);
    project.write("in.txt", "abc");
    let shared =
        format!("[cache.shared]\nnamespace = 'test'\nredis = '{}'\nsecret_env = 'SECRET'\n{more}", server.url());
    project.write("segno.toml", shared);
    project
}

/// Runs the flow, and says how often its step was run in this project and what is in its file.
fn run(project: &Project, secret: &str) -> (usize, String, Ran) {
    let ran = Ran::of(project.command(&["run", "flow.yaml"]).env("SECRET", secret).output().unwrap());
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    (project.read("ran").lines().count(), project.read("out.txt"), ran)
}

fn doctor(project: &Project) -> String {
    Ran::of(project.command(&["doctor"]).env("SECRET", SECRET).output().unwrap()).out
}

#[test]
fn what_one_project_made_another_one_has() {
    let server = RedisServer::start();
    let (here, there) = (project(&server, ""), project(&server, ""));
    assert_eq!(run(&here, SECRET).0, 1);
    assert!(doctor(&here).contains("answers within"), "{}", doctor(&here));
    let (count, file, _) = run(&there, SECRET);
    assert_eq!((count, &*file), (0, "ABC"), "it came from the server, with its file");
    assert_eq!(there.output("sum").len(), 40_001, "and with its large output");
    std::fs::remove_dir_all(there.path(".segno/cache")).unwrap();
    assert_eq!(run(&there, SECRET).0, 0, "it is asked for again");
}

#[test]
fn what_is_not_signed_with_the_secret_is_not_used() {
    let server = RedisServer::start();
    let (here, there) = (project(&server, ""), project(&server, ""));
    run(&here, "another secret of sixteen bytes");
    assert_eq!(run(&there, SECRET).0, 1);
}

#[test]
fn who_may_only_read_gives_nothing_to_others() {
    let server = RedisServer::start();
    let (guest, here, there) = (project(&server, "read_only = true\n"), project(&server, ""), project(&server, ""));
    assert_eq!(run(&guest, SECRET).0, 1);
    assert_eq!(run(&here, SECRET).0, 1, "the guest's result is not there");
    guest.write("in.txt", "abc");
    std::fs::remove_dir_all(guest.path(".segno/cache")).unwrap();
    assert_eq!(run(&guest, SECRET).0, 1, "but the guest has what others made");
    assert_eq!(run(&there, SECRET).0, 0);
}

#[test]
fn a_server_that_is_gone_or_does_not_answer_stops_nobody() {
    let mut server = RedisServer::start();
    let project = project(&server, "");
    server.pause();
    let begun = Instant::now();
    let (count, _, ran) = run(&project, SECRET);
    assert_eq!(count, 1);
    assert!(ran.err.contains("shared cache"), "it is said: {}", ran.err);
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    server.kill();
    assert!(doctor(&project).contains("shared cache"), "{}", doctor(&project));
    assert!(!doctor(&project).contains("answers within"), "{}", doctor(&project));
    project.write("in.txt", "xyz");
    assert_eq!(run(&project, SECRET).1, "XYZ");
}

#[test]
fn a_secret_that_is_not_set_is_told_and_stops_nobody() {
    let server = RedisServer::start();
    let project = project(&server, "");
    let (count, _, ran) = run(&project, "");
    assert_eq!(count, 1);
    assert!(ran.err.contains("the variable SECRET for the shared cache is not set"), "{}", ran.err);
}
