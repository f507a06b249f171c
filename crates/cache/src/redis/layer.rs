//! What is asked of the server and how its answers are read. How a question gets there and back is `round`'s.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ::redis::{Pipeline, Value};

use super::hearing::Hearing;
use super::link::{Limits, Link};
use super::names::{Generation, Names};
use super::options::RedisOptions;
use super::round::round;
use super::sweep::Broom;
use super::trouble::{NAME, Trouble, answered, bytes, done};
use crate::Digest;
use crate::layer::{Answer, Layer, LayerError, Outdated};

/// So often a question is asked again because the namespace was cleared meanwhile.
const MAX_TRIES: usize = 4;

/// What is kept longer than this is kept for ever: a hundred years, in milliseconds.
const EVER: u128 = 100 * 365 * 24 * 3_600 * 1_000;

/// A key for a check does not live longer, should the check be broken off.
const CHECK_MILLIS: u64 = 60_000;

/// Keeps values on a Redis server (6.0 or newer), which several machines share.
///
/// One connection serves everybody, and questions that are asked at the same time travel together. It is made with the
/// first question and made anew in the background when it is lost; meanwhile every question fails at once. What other
/// processes change is told to [`watch`](Layer::watch)ers; what is changed through this layer is not told to its own, so
/// each joined cache has a `RedisLayer` of its own.
///
/// Clearing takes one command, however much there is. What it leaves behind is removed in the background.
///
/// ```
/// use segno_cache::{RedisLayer, RedisOptions};
///
/// let options = RedisOptions { namespace: "team-a".into(), ..RedisOptions::default() };
/// let layer = RedisLayer::open(&options)?;
/// # Ok::<(), segno_cache::LayerError>(())
/// ```
pub struct RedisLayer {
    link: Arc<Link>,
    names: Names,
    hearing: Arc<Hearing>,
    broom: Broom,
    pipeline: usize,
}

impl RedisLayer {
    /// Checks the options. The server is not asked before the first question.
    ///
    /// # Errors
    ///
    /// [`LayerError::Refused`] when an option cannot be used; the address is not shown.
    pub fn open(options: &RedisOptions) -> Result<RedisLayer, LayerError> {
        let (names, client) = (options.names()?, options.client()?);
        let hearing = Arc::new(Hearing::new());
        let limits = Limits { connect: options.connect_limit, response: options.response_limit };
        let link = Arc::new(Link::new(client, names.clone(), Arc::clone(&hearing), limits));
        Ok(RedisLayer { link, names, hearing, broom: Broom::default(), pipeline: options.pipeline.max(1) })
    }

    async fn fetch_some(&self, keys: &[Digest]) -> Result<Vec<Option<Vec<u8>>>, Trouble> {
        let answers = self
            .ask(|pipeline, generation| {
                pipeline.cmd("MGET").arg(self.entries(generation, keys));
            })
            .await?;
        let Some(answers) = answers else { return Ok(vec![None; keys.len()]) };
        match answered(answers.into_iter().next())? {
            Value::Array(values) if values.len() == keys.len() => values.into_iter().map(bytes).collect(),
            _ => Err(Trouble::Strange),
        }
    }

    async fn keep_one(&self, key: &Digest, value: &[u8], live: Live) -> Result<(), Trouble> {
        let mut stray = None;
        for _ in 0..MAX_TRIES {
            let generation = match self.hearing.generation() {
                Some(generation) => generation,
                None => self.begin().await?,
            };
            let mut pipeline = Pipeline::new();
            pipeline.cmd("GET").arg(self.names.generation());
            let set = pipeline.cmd("SET").arg(self.names.entry(generation, key)).arg(value);
            if let Live::Millis(millis) = live {
                set.arg("PX").arg(millis);
            }
            // It was written under a generation that had ended.
            if let Some(stray) = stray.take() {
                pipeline.cmd("UNLINK").arg(self.names.entry(stray, key));
            }
            let mut answers = round(&self.link, &pipeline).await?.into_iter();
            let current = read_generation(answers.next())?;
            done(answers.next())?;
            self.hearing.learn(current);
            if current == Some(generation) {
                return Ok(());
            }
            stray = Some(generation);
        }
        Err(Trouble::Restless)
    }

    async fn forget_some(&self, keys: &[Digest]) -> Result<(), Trouble> {
        let answers = self
            .ask(|pipeline, generation| {
                pipeline.cmd("UNLINK").arg(self.entries(generation, keys));
            })
            .await?;
        match answers {
            Some(answers) => done(answers.into_iter().next()),
            None => Ok(()),
        }
    }

    async fn clear_all(&self) -> Result<(), Trouble> {
        let mut pipeline = Pipeline::new();
        pipeline.cmd("UNLINK").arg(self.names.generation());
        done(round(&self.link, &pipeline).await?.into_iter().next())?;
        self.hearing.learn(None);
        self.broom.sweep(&self.link, &self.names);
        Ok(())
    }

    async fn check_all(&self) -> Result<(), Trouble> {
        let (key, value) = (self.names.check(), Generation::random().to_string());
        let mut pipeline = Pipeline::new();
        pipeline.cmd("GET").arg(self.names.generation());
        pipeline.cmd("SET").arg(&key).arg(&value).arg("PX").arg(CHECK_MILLIS);
        pipeline.cmd("GET").arg(&key);
        pipeline.cmd("UNLINK").arg(&key);
        let mut answers = round(&self.link, &pipeline).await?.into_iter();
        read_generation(answers.next())?;
        done(answers.next())?;
        match bytes(answered(answers.next())?)? {
            Some(found) if found == value.as_bytes() => done(answers.next()),
            _ => Err(Trouble::Strange),
        }
    }

    /// Asks under the generation that is current, and returns the answers, or nothing if nothing was kept since the
    /// namespace was cleared.
    async fn ask(&self, build: impl Fn(&mut Pipeline, Generation)) -> Result<Option<Vec<Value>>, Trouble> {
        for _ in 0..MAX_TRIES {
            let known = self.hearing.generation();
            let mut pipeline = Pipeline::new();
            pipeline.cmd("GET").arg(self.names.generation());
            if let Some(generation) = known {
                build(&mut pipeline, generation);
            }
            let mut answers = round(&self.link, &pipeline).await?.into_iter();
            let current = read_generation(answers.next())?;
            self.hearing.learn(current);
            match current {
                None => return Ok(None),
                Some(_) if current == known => return Ok(Some(answers.collect())),
                Some(_) => {}
            }
        }
        Err(Trouble::Restless)
    }

    /// Begins a generation, or joins the one that another has begun.
    async fn begin(&self) -> Result<Generation, Trouble> {
        let mut pipeline = Pipeline::new();
        pipeline.cmd("SET").arg(self.names.generation()).arg(Generation::random().to_string()).arg("NX");
        pipeline.cmd("GET").arg(self.names.generation());
        let mut answers = round(&self.link, &pipeline).await?.into_iter();
        let set = answered(answers.next());
        // A server that is full refuses also what is there already; then there is no need to write.
        match read_generation(answers.next())? {
            Some(generation) => Ok(generation),
            None => Err(set.err().unwrap_or(Trouble::Restless)),
        }
    }

    /// Says what went wrong in a layer's words. A strange answer may be one to another question: then the connection is of
    /// no use any more.
    fn answer<'a, T: 'a>(&'a self, work: impl Future<Output = Result<T, Trouble>> + Send + 'a) -> Answer<'a, T> {
        Box::pin(async move {
            work.await.map_err(|trouble| {
                if matches!(trouble, Trouble::Strange) {
                    self.link.doubt();
                }
                LayerError::from(trouble)
            })
        })
    }

    fn entries(&self, generation: Generation, keys: &[Digest]) -> Vec<String> {
        keys.iter().map(|key| self.names.entry(generation, key)).collect()
    }
}

impl Layer for RedisLayer {
    fn name(&self) -> &str {
        NAME
    }

    fn fetch<'a>(&'a self, key: &'a Digest) -> Answer<'a, Option<Vec<u8>>> {
        self.answer(async move { Ok(self.fetch_some(std::slice::from_ref(key)).await?.into_iter().next().flatten()) })
    }

    fn fetch_many<'a>(&'a self, keys: &'a [Digest]) -> Answer<'a, Vec<Option<Vec<u8>>>> {
        self.answer(async move {
            let mut found = Vec::with_capacity(keys.len());
            for some in keys.chunks(self.pipeline) {
                found.append(&mut self.fetch_some(some).await?);
            }
            Ok(found)
        })
    }

    fn keep<'a>(&'a self, key: &'a Digest, bytes: &'a [u8], time_to_live: Option<Duration>) -> Answer<'a, ()> {
        self.answer(async move {
            match Live::of(time_to_live) {
                Live::Over => self.forget_some(std::slice::from_ref(key)).await,
                live => self.keep_one(key, bytes, live).await,
            }
        })
    }

    fn forget<'a>(&'a self, keys: &'a [Digest]) -> Answer<'a, ()> {
        self.answer(async move {
            for some in keys.chunks(self.pipeline) {
                self.forget_some(some).await?;
            }
            Ok(())
        })
    }

    fn clear(&self) -> Answer<'_, ()> {
        self.answer(self.clear_all())
    }

    fn check(&self) -> Answer<'_, ()> {
        self.answer(self.check_all())
    }

    fn watch(&self, told: Outdated) {
        self.hearing.join(told);
        self.link.renew();
    }
}

impl fmt::Debug for RedisLayer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("RedisLayer").field("names", &self.names).finish_non_exhaustive()
    }
}

/// How long an entry lives, in the server's unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Live {
    Over,
    Millis(u64),
    Ever,
}

impl Live {
    /// A part of a millisecond is a whole one: the server knows no less.
    fn of(time: Option<Duration>) -> Live {
        match time {
            None => Live::Ever,
            Some(Duration::ZERO) => Live::Over,
            Some(time) if time.as_millis() > EVER => Live::Ever,
            Some(time) => Live::Millis(time.as_micros().div_ceil(1_000).max(1) as u64),
        }
    }
}

fn read_generation(answer: Option<Value>) -> Result<Option<Generation>, Trouble> {
    match bytes(answered(answer)?)? {
        Some(word) => Generation::read(&word).map(Some).ok_or(Trouble::Foreign),
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lives_are_whole_milliseconds_and_end() {
        let of = |time| Live::of(Some(time));
        assert_eq!(Live::of(None), Live::Ever);
        assert_eq!(of(Duration::ZERO), Live::Over);
        assert_eq!(of(Duration::from_nanos(1)), Live::Millis(1));
        assert_eq!(of(Duration::from_micros(1_001)), Live::Millis(2));
        assert_eq!(of(Duration::from_secs(3)), Live::Millis(3_000));
        assert_eq!(of(Duration::MAX), Live::Ever);
    }

    #[test]
    fn a_generation_that_somebody_else_wrote_is_foreign() {
        let read = |text: &str| read_generation(Some(::redis::parse_redis_value(text.as_bytes()).unwrap()));
        assert!(matches!(read("$-1\r\n"), Ok(None)));
        assert!(matches!(read("$16\r\n0123456789abcdef\r\n"), Ok(Some(_))));
        assert!(matches!(read("$3\r\n123\r\n"), Err(Trouble::Foreign)));
        assert!(matches!(read("+OK\r\n"), Err(Trouble::Strange)));
        assert!(matches!(read("-WRONGTYPE x\r\n"), Err(Trouble::Server(_))));
    }

    #[test]
    fn without_a_runtime_every_question_fails() {
        let layer = RedisLayer::open(&RedisOptions::default()).unwrap();
        let (key, mut context) = (Digest::of(b"a"), std::task::Context::from_waker(std::task::Waker::noop()));
        let std::task::Poll::Ready(Err(error)) = layer.fetch(&key).as_mut().poll(&mut context) else {
            panic!("it must not wait");
        };
        assert_eq!(error.to_string(), "the layer redis failed");
    }
}
