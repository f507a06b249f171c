//! The one connection that everybody shares: made in the background, watched, and made anew when it is lost. While there is
//! none, whoever asks is told so at once.

use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use ::redis::aio::MultiplexedConnection;
use ::redis::{AsyncConnectionConfig, Client, PushInfo, Value, cmd};
use tokio::runtime::Handle;
use tokio::sync::{Notify, watch};
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep, timeout};

use super::hearing::{Heard, Hearing};
use super::names::{Generation, Names};
use super::pauses::{Pauses, spread};
use super::trouble::{Trouble, gone};

/// A connection that nobody uses is tried so often. So old may a value in memory be when others change it while the way to
/// the server is broken without a word, besides the limit of the answer.
const HEARTBEAT: Duration = Duration::from_secs(1);

pub(super) struct Link {
    shared: Arc<Shared>,
    task: Mutex<Option<AbortHandle>>,
}

struct Shared {
    client: Client,
    names: Names,
    hearing: Arc<Hearing>,
    limits: Limits,
    state: watch::Sender<State>,
}

/// How long is waited.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) connect: Duration,
    pub(super) response: Duration,
}

#[derive(Clone)]
enum State {
    /// The first attempt is under way; it is worth waiting for.
    Begun,
    Up(Line),
    Down(Trouble),
}

/// A connection and its pulse.
#[derive(Clone)]
pub(super) struct Line {
    pub(super) connection: MultiplexedConnection,
    pulse: Arc<Pulse>,
}

/// What is known of one connection's health.
#[derive(Default)]
struct Pulse {
    doubt: Notify,
    is_over: AtomicBool,
}

impl Link {
    pub(super) fn new(client: Client, names: Names, hearing: Arc<Hearing>, limits: Limits) -> Link {
        let state = watch::Sender::new(State::Begun);
        Link { shared: Arc::new(Shared { client, names, hearing, limits, state }), task: Mutex::default() }
    }

    pub(super) fn limits(&self) -> Limits {
        self.shared.limits
    }

    /// Returns the connection, or at once why there is none.
    pub(super) async fn line(&self) -> Result<Line, Trouble> {
        self.tend()?;
        let mut states = self.shared.state.subscribe();
        let limit = self.shared.limits.connect;
        let state = match timeout(limit, states.wait_for(|state| !matches!(state, State::Begun))).await {
            Ok(Ok(state)) => state.clone(),
            Ok(Err(_)) => return Err(gone()),
            Err(_) => return Err(Trouble::Slow(limit)),
        };
        match state {
            State::Up(line) => Ok(line),
            State::Down(trouble) => Err(trouble),
            State::Begun => Err(gone()),
        }
    }

    /// Has the connection tried, if there is one.
    pub(super) fn doubt(&self) {
        if let State::Up(line) = &*self.shared.state.borrow() {
            line.doubt();
        }
    }

    /// Gives the connection up, so that the next one is made with what has changed since.
    pub(super) fn renew(&self) {
        if let State::Up(line) = &*self.shared.state.borrow() {
            line.end();
        }
    }

    /// Starts the task that cares for the connection, unless it runs. One whose runtime has gone is started again.
    fn tend(&self) -> Result<(), Trouble> {
        let mut task = self.task.lock().unwrap_or_else(PoisonError::into_inner);
        if task.as_ref().is_some_and(|task| !task.is_finished()) {
            return Ok(());
        }
        let runtime = Handle::try_current().map_err(|_| Trouble::Nowhere)?;
        self.shared.state.send_replace(State::Begun);
        *task = Some(runtime.spawn(care(Arc::clone(&self.shared))).abort_handle());
        Ok(())
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        let task = self.task.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(task) = task {
            task.abort();
        }
    }
}

impl Line {
    /// Has the connection tried: an answer did not come.
    pub(super) fn doubt(&self) {
        self.pulse.doubt.notify_one();
    }

    fn end(&self) {
        self.pulse.is_over.store(true, SeqCst);
        self.doubt();
    }
}

/// Makes one connection after the other, each when the one before is lost.
async fn care(shared: Arc<Shared>) {
    let mut pauses = Pauses::default();
    loop {
        let mut lived = Duration::ZERO;
        let trouble = match shared.connect().await {
            Ok(line) => {
                let begun = Instant::now();
                shared.change(State::Up(line.clone()));
                let trouble = watch_over(line, shared.limits.response).await;
                lived = begun.elapsed();
                trouble
            }
            Err(trouble) => trouble,
        };
        tracing::debug!(?trouble, "there is no connection to redis");
        shared.change(State::Down(trouble));
        sleep(spread(pauses.after(lived))).await;
    }
}

/// Returns when the connection is lost, with the reason.
async fn watch_over(line: Line, limit: Duration) -> Trouble {
    let Line { mut connection, pulse } = line;
    loop {
        // Without anybody's doubt it is tried all the same, after a while: a way that is broken does not say so.
        let _ = timeout(HEARTBEAT, pulse.doubt.notified()).await;
        if pulse.is_over.load(SeqCst) {
            return gone();
        }
        match timeout(limit, ping(&mut connection)).await {
            Ok(Ok(())) => {}
            Ok(Err(trouble)) => return trouble,
            Err(_) => return Trouble::Slow(limit),
        }
    }
}

/// Tries whether the server answers, and answers this and nothing that was asked before.
async fn ping(connection: &mut MultiplexedConnection) -> Result<(), Trouble> {
    let word = Generation::random().to_string();
    let heard: Value = cmd("PING").arg(&word).query_async(connection).await?;
    match heard {
        Value::BulkString(heard) if heard == word.as_bytes() => Ok(()),
        _ => Err(Trouble::Strange),
    }
}

impl Shared {
    async fn connect(self: &Arc<Self>) -> Result<Line, Trouble> {
        let limit = self.limits.connect;
        match timeout(limit, self.open()).await {
            Ok(line) => line,
            Err(_) => Err(Trouble::Slow(limit)),
        }
    }

    /// Opens a connection, on which the server tells what others change if somebody wants to know.
    async fn open(self: &Arc<Self>) -> Result<Line, Trouble> {
        let pulse = Arc::new(Pulse::default());
        let (weak, its) = (Arc::downgrade(self), Arc::clone(&pulse));
        let config = AsyncConnectionConfig::new()
            // The limits stand around all of this.
            .set_connection_timeout(None)
            .set_response_timeout(None)
            .set_push_sender(move |push| {
                hear(&weak, &its, &push);
                Ok::<(), Infallible>(())
            });
        let mut connection = self.client.get_multiplexed_async_connection_with_config(&config).await?;
        if self.hearing.is_wanted() {
            // By prefix, and not by what was read: a memory also holds what was only written through this connection.
            let mut track = cmd("CLIENT");
            track.arg("TRACKING").arg("ON").arg("BCAST").arg("PREFIX").arg(self.names.prefix()).arg("NOLOOP");
            track.exec_async(&mut connection).await?;
        }
        ping(&mut connection).await?;
        Ok(Line { connection, pulse })
    }

    /// Changes the state. Between two connections nobody tells what changed, so anything may have.
    fn change(&self, state: State) {
        let was_up = matches!(*self.state.borrow(), State::Up(_));
        let is_up = matches!(state, State::Up(_));
        if was_up || is_up {
            self.hearing.tell(None);
        }
        self.state.send_replace(state);
    }
}

/// Passes on what the server tells, in the order of its answers: before a later answer is given to whoever asked.
fn hear(shared: &Weak<Shared>, pulse: &Pulse, push: &PushInfo) {
    let Some(shared) = shared.upgrade() else { return };
    match shared.hearing.read(&shared.names, push) {
        Heard::End => {
            pulse.is_over.store(true, SeqCst);
            pulse.doubt.notify_one();
        }
        Heard::Everything => shared.hearing.tell(None),
        Heard::Keys(keys) if keys.is_empty() => {}
        Heard::Keys(keys) => shared.hearing.tell(Some(&keys)),
    }
}
