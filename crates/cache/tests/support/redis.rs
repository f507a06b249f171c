//! A Redis of a test's own, on a private socket in a temporary folder; it can be stopped, killed and started again.

use std::path::PathBuf;

use tempfile::TempDir;

use self::process::Process;

#[path = "process.rs"]
mod process;

/// An empty server. It is stopped, and its folder removed, when this is dropped.
#[derive(Debug)]
pub(crate) struct RedisServer {
    // Before the folder: fields are dropped in their order.
    process: Option<Process>,
    folder: TempDir,
    options: Vec<&'static str>,
}

impl RedisServer {
    pub(crate) fn start() -> RedisServer {
        RedisServer::start_with(&[])
    }

    /// Starts a server with more options than a test's server has anyway.
    pub(crate) fn start_with(options: &[&'static str]) -> RedisServer {
        let mut server = RedisServer::absent();
        server.options = options.to_vec();
        server.restart();
        server
    }

    /// Returns the place for a server that does not run.
    pub(crate) fn absent() -> RedisServer {
        RedisServer { process: None, folder: tempfile::tempdir().unwrap(), options: Vec::new() }
    }

    /// Returns the address by which clients find the server, also one that is started later.
    pub(crate) fn url(&self) -> String {
        format!("redis+unix://{}", self.socket().display())
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.path().join("socket")
    }

    /// Starts the server anew, with nothing in it.
    pub(crate) fn restart(&mut self) {
        self.kill();
        let mut command = process::command("redis-server", None);
        command.args([
            "--port",
            "0",
            "--save",
            "",
            "--appendonly",
            "no",
            "--daemonize",
            "no",
            "--unixsocketperm",
            "700",
        ]);
        command.arg("--dir").arg(self.folder.path()).arg("--unixsocket").arg(self.socket());
        command.args(&self.options);
        // One that is stopped hears nothing else.
        self.process = Some(Process::start(command, "ready to accept connections", "KILL"));
    }

    /// Ends the server as a crash would; does nothing to one that does not run.
    pub(crate) fn kill(&mut self) {
        self.process = None;
    }

    /// Has the server do nothing, with its connections open.
    pub(crate) fn pause(&self) {
        self.running().signal("STOP");
    }

    pub(crate) fn resume(&self) {
        self.running().signal("CONT");
    }

    /// Says something to the server directly, and returns its answer.
    pub(crate) fn say<T: redis::FromRedisValue>(&self, words: &[&str]) -> T {
        let mut connection = redis::Client::open(self.url()).unwrap().get_connection().unwrap();
        let (name, arguments) = words.split_first().unwrap();
        redis::cmd(name).arg(arguments).query(&mut connection).unwrap()
    }

    fn running(&self) -> &Process {
        self.process.as_ref().expect("the server runs")
    }
}
