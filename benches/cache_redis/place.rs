//! The socket on which clients look for the server, and who answers there.

use crate::babbler::{Babbler, Manners};
use crate::server::RedisServer;

pub(crate) struct Place {
    server: RedisServer,
    babbler: Option<Babbler>,
}

impl Place {
    /// Starts an empty server.
    pub(crate) fn new() -> Place {
        Place { server: RedisServer::start(), babbler: None }
    }

    pub(crate) fn url(&self) -> String {
        self.server.url()
    }

    pub(crate) fn kill(&mut self) {
        self.server.kill();
    }

    pub(crate) fn pause(&mut self) {
        self.server.pause();
    }

    pub(crate) fn resume(&mut self) {
        self.server.resume();
    }

    /// Ends who is there, and starts an empty server.
    pub(crate) fn restart(&mut self) {
        self.babbler = None;
        self.server.restart();
    }

    /// Ends the server, and lets somebody speak nonsense in its place.
    pub(crate) fn babble(&mut self, manners: Manners, answer: &[u8]) {
        self.server.kill();
        self.babbler = Some(Babbler::start(&self.server.socket(), manners, answer.to_vec()));
    }

    /// Returns how much the server has.
    pub(crate) fn entries(&self) -> u64 {
        self.server.say(&["DBSIZE"])
    }
}
