//! A server that takes connections and speaks nonsense on them, on the socket where a Redis was or will be.

use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

/// How a real server greets: the answers to `HELLO 3` and to what a client says of itself.
const GREETING: &[u8] = b"%1\r\n+proto\r\n:3\r\n+OK\r\n+OK\r\n";

/// How far a server behaves before it speaks nonsense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manners {
    /// Not at all.
    None,
    /// It greets.
    Greets,
    /// It greets, and answers the first ping too.
    Echoes,
}

/// A server that says the same whatever it is asked, until it is dropped.
#[derive(Debug)]
pub(crate) struct Babbler {
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    socket: PathBuf,
}

impl Babbler {
    pub(crate) fn start(socket: &Path, manners: Manners, answer: Vec<u8>) -> Babbler {
        // A server that was killed has left its socket behind.
        match std::fs::remove_file(socket) {
            Err(error) if error.kind() != ErrorKind::NotFound => panic!("{error}"),
            _ => {}
        }
        let listener = UnixListener::bind(socket).unwrap();
        let is_over = Arc::new(AtomicBool::new(false));
        let over = Arc::clone(&is_over);
        let thread = thread::spawn(move || {
            for stream in listener.incoming() {
                if over.load(Ordering::SeqCst) {
                    return;
                }
                let (stream, answer) = (stream.unwrap(), answer.clone());
                thread::spawn(move || babble(stream, manners, &answer));
            }
        });
        Babbler { is_over, thread: Some(thread), socket: socket.to_owned() }
    }
}

impl Drop for Babbler {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
        // Only a caller wakes it.
        drop(UnixStream::connect(&self.socket));
        self.thread.take().unwrap().join().unwrap();
        std::fs::remove_file(&self.socket).unwrap();
    }
}

fn babble(mut stream: UnixStream, manners: Manners, answer: &[u8]) {
    let (mut heard, mut has_echoed) = ([0; 65_536], false);
    for turn in 0.. {
        let Ok(length @ 1..) = stream.read(&mut heard) else { return };
        let heard = &heard[..length];
        let says = match manners {
            Manners::Greets | Manners::Echoes if turn == 0 => GREETING.to_vec(),
            Manners::Echoes if says_word(heard, b"TRACKING") => b"+OK\r\n".to_vec(),
            Manners::Echoes if !has_echoed && says_word(heard, b"PING") => {
                has_echoed = true;
                echo(heard)
            }
            _ => answer.to_vec(),
        };
        if stream.write_all(&says).is_err() {
            return;
        }
    }
}

fn says_word(heard: &[u8], word: &[u8]) -> bool {
    heard.windows(word.len()).any(|part| part == word)
}

/// Answers a ping: with the word that it brings, which is its end.
fn echo(ping: &[u8]) -> Vec<u8> {
    let word = &ping[ping.len() - "0123456789abcdef\r\n".len()..];
    [b"$16\r\n", word].concat()
}
