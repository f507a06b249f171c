//! How a run is told to stop: first gently, then at once.

use tokio::sync::watch;

/// Why an attempt must end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stopped {
    /// Its own time is over.
    TimedOut,
    /// The run stops: end soon.
    Gently,
    /// The run stops: end now.
    AtOnce,
}

/// What agents listen to. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Stop {
    level: watch::Receiver<Option<Stopped>>,
}

/// What stops a run. Each call goes one level further.
#[derive(Clone, Debug)]
pub struct StopHandle {
    level: watch::Sender<Option<Stopped>>,
}

impl StopHandle {
    /// Makes a handle and what listens to it.
    pub fn new() -> (StopHandle, Stop) {
        let (sender, receiver) = watch::channel(None);
        (StopHandle { level: sender }, Stop { level: receiver })
    }

    /// Asks for the end: gently at first, at once when asked again.
    pub fn stop(&self) {
        self.level.send_modify(|level| {
            *level = Some(match level {
                None => Stopped::Gently,
                Some(_) => Stopped::AtOnce,
            });
        });
    }

    /// Asks for the end gently, however often it is asked.
    pub fn stop_gently(&self) {
        self.level.send_modify(|level| *level = (*level).max(Some(Stopped::Gently)));
    }

    /// Asks for the end at once.
    pub fn stop_at_once(&self) {
        self.level.send_replace(Some(Stopped::AtOnce));
    }
}

impl Stop {
    /// Returns a stop that never comes.
    pub fn never() -> Stop {
        StopHandle::new().1
    }

    /// Says how far the run is told to stop.
    pub fn now(&self) -> Option<Stopped> {
        *self.level.borrow()
    }

    /// Resolves when the run is told to stop.
    pub async fn wait(&self) -> Stopped {
        self.wait_beyond(None).await
    }

    /// Resolves when the run is told to end at once.
    pub async fn wait_at_once(&self) {
        self.wait_beyond(Some(Stopped::Gently)).await;
    }

    async fn wait_beyond(&self, level: Option<Stopped>) -> Stopped {
        let mut receiver = self.level.clone();
        let reached = receiver.wait_for(|now| *now > level).await.map(|now| now.unwrap_or(Stopped::Gently));
        match reached {
            Ok(reached) => reached,
            // Nobody is left who could stop it.
            Err(_) => std::future::pending().await,
        }
    }
}
