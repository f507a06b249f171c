//! A PostgreSQL of a test's own, on a private socket in a temporary folder.

use std::env;
use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

use self::process::Process;

#[path = "process.rs"]
mod process;

/// Where Debian keeps the servers of all versions.
const DEBIAN: &str = "/usr/lib/postgresql";

/// A server with an empty database. It is stopped, and its folder removed, when this is dropped.
#[derive(Debug)]
pub(crate) struct PostgresServer {
    // Before the folder: fields are dropped in their order.
    _process: Process,
    folder: TempDir,
}

impl PostgresServer {
    /// Makes a database and starts a server for it; that takes about a second.
    pub(crate) fn start() -> PostgresServer {
        let folder = tempfile::tempdir().unwrap();
        let user = servant(folder.path());
        let cluster = folder.path().join("cluster");
        let mut initdb = process::command(&program("initdb"), user);
        initdb.args(["--username", "postgres", "--auth", "trust", "--encoding", "UTF8", "--locale", "C", "--no-sync"]);
        succeeded(initdb.arg("--pgdata").arg(&cluster));
        let mut postgres = process::command(&program("postgres"), user);
        postgres.args(["-c", "listen_addresses=", "-c", "fsync=off"]);
        postgres.arg("-k").arg(folder.path()).arg("-D").arg(&cluster);
        // On this signal it ends at once, and takes its children along.
        let process = Process::start(postgres, "database system is ready to accept connections", "QUIT");
        PostgresServer { _process: process, folder }
    }

    /// Returns the settings by which `tokio-postgres` and `psql` find the server.
    pub(crate) fn settings(&self) -> String {
        format!("host={} user=postgres dbname=postgres", self.folder.path().display())
    }
}

/// Returns under whose name the server must run, and gives the folder to him: root is refused by PostgreSQL.
fn servant(folder: &Path) -> Option<&'static str> {
    let own = fs::metadata(folder).unwrap().uid();
    if own != 0 {
        return None;
    }
    let name = ["postgres", "nobody"].into_iter().find(|name| id(&["-u", name]).is_some());
    let name = name.expect("root needs a user `postgres` or `nobody` to run PostgreSQL");
    chown(folder, id(&["-u", name]), id(&["-g", name])).unwrap();
    Some(name)
}

fn id(arguments: &[&str]) -> Option<u32> {
    let output = Command::new("id").args(arguments).output().unwrap();
    String::from_utf8_lossy(&output.stdout).trim().parse().ok()
}

fn succeeded(command: &mut Command) {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let said = [stdout, stderr].concat();
    assert!(status.success(), "{command:?}\n{}", String::from_utf8_lossy(&said));
}

/// Returns the program's path: one that can be called by its name, or Debian's of the newest version.
fn program(name: &str) -> String {
    let called = env::var_os("PATH").unwrap_or_default();
    let called = env::split_paths(&called).map(|folder| folder.join(name)).find(|path| path.is_file());
    called.or_else(|| debian(name)).map_or(name.to_owned(), |path| path.display().to_string())
}

fn debian(name: &str) -> Option<PathBuf> {
    let version = |path: &Path| path.file_name().and_then(|name| name.to_str()?.parse::<u32>().ok());
    let folders = fs::read_dir(DEBIAN).into_iter().flatten().flatten().map(|entry| entry.path());
    let newest = folders.filter(|path| path.join("bin").join(name).is_file()).max_by_key(|path| version(path))?;
    Some(newest.join("bin").join(name))
}
