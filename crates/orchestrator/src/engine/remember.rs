//! The cache as the engine uses it: asked in batches before steps run, told of results after. It never fails a run.

use std::cell::OnceCell;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use segno_cache::{
    Change, Digest, Files, Key, Lookup, Manifest, MissReason, NewEntry, Options, OutputFile, Outputs, Store,
};
use segno_errors::{Fault, Kind};
use serde::{Deserialize, Serialize};

use super::prepare::{self, FileSource, Prepared, Remembered, Seen, Wanted};
use super::world::{Asked, Dispatch};
use crate::journal::Blobs;
use crate::model::{Reply, Source};
use crate::plan::{Cache, Plan};
use crate::spec::CacheLimits;

/// How many questions are made ready at once.
const PREPARED_AT_ONCE: usize = 64;

/// Texts that were made in another way are not taken for today's.
const TEXT_FORMAT: &str = "2";

/// Reads variables of the environment that steps name for their key; given by the application.
pub type ReadVariable = dyn Fn(&str) -> Option<String> + Send + Sync;

/// Remembered results of a project.
#[derive(Clone)]
pub struct Memory {
    store: Store,
    files: Arc<Files>,
    variable: Arc<ReadVariable>,
    /// What is stored is not looked at.
    is_refreshing: bool,
}

/// What is stored under a key.
#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    reply: Reply,
    outputs: Vec<OutputFile>,
    took_ms: u64,
}

impl std::fmt::Debug for Memory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Memory")
    }
}

impl Memory {
    /// Opens the memory of the project at `root`, kept in `folder`.
    ///
    /// # Errors
    /// When the folder cannot be used.
    pub fn open(root: &Path, folder: &Path, variable: Arc<ReadVariable>) -> Result<Memory, Fault> {
        Memory::within(root, folder, CacheLimits::default(), variable)
    }

    /// Does the same and keeps it within limits.
    ///
    /// # Errors
    /// When the folder cannot be used.
    pub fn within(
        root: &Path,
        folder: &Path,
        limits: CacheLimits,
        variable: Arc<ReadVariable>,
    ) -> Result<Memory, Fault> {
        let preset = Options::default();
        let max_bytes = limits.max_size.unwrap_or(preset.max_bytes);
        let options = Options { max_bytes, max_age: limits.max_age, ..preset };
        let store = Store::open(folder, options).map_err(cache_fault)?;
        let files = Files::open(root, &store).map_err(cache_fault)?;
        Ok(Memory { store, files: Arc::new(files), variable, is_refreshing: false })
    }

    /// Returns a memory that finds nothing and keeps what is new.
    #[must_use]
    pub fn refreshing(self) -> Memory {
        Memory { is_refreshing: true, ..self }
    }

    /// Lists the project's files that match a glob.
    ///
    /// # Errors
    /// When the glob is not one of the project.
    pub fn list(&self, glob: &str) -> Result<Vec<String>, String> {
        self.files.list(&[glob.to_owned()]).map_err(|error| plainly(&error))
    }

    /// Shows what is remembered, as the texts that are stored.
    ///
    /// # Errors
    /// When the cache cannot be read.
    pub fn texts(&self, see: &mut dyn FnMut(&str)) -> Result<(), Fault> {
        self.store.each_value(&mut |value| see(&String::from_utf8_lossy(value))).map_err(cache_fault)
    }

    /// Returns a text that is remembered by what it was made from, or makes it and remembers it.
    ///
    /// # Errors
    /// When it cannot be made. That it cannot be remembered is no error.
    pub fn text<E>(
        &self,
        subject: &str,
        made_from: &[(&str, String)],
        make: impl FnOnce() -> Result<String, E>,
    ) -> Result<String, E> {
        if let Some(text) = self.recall(made_from) {
            return Ok(text);
        }
        let text = make()?;
        self.keep(subject, made_from, &text);
        Ok(text)
    }

    /// Returns a text that is remembered by what it was made from.
    pub fn recall(&self, made_from: &[(&str, String)]) -> Option<String> {
        let found = self.store.fetch(&[text_key(made_from).digest()], SystemTime::now()).ok()?.pop();
        match found {
            Some(Lookup::Hit(hit)) => String::from_utf8(hit.value.to_vec()).ok(),
            _ => None,
        }
    }

    /// Remembers a text by what it was made from. That it cannot be is no error.
    pub fn keep(&self, subject: &str, made_from: &[(&str, String)], text: &str) {
        let key = text_key(made_from);
        let entry = NewEntry { value: text.as_bytes(), ..NewEntry::of(&key, subject, SystemTime::now()) };
        if let Err(error) = self.store.store(entry) {
            tracing::warn!(subject, %error, "a text is not remembered");
        }
    }

    /// Writes down what was learnt about files, so that the next run need not read them again.
    pub fn flush(&self) {
        if let Err(error) = self.files.flush() {
            tracing::warn!(%error, "what is known about files could not be kept");
        }
    }

    /// Asks for a batch of tasks. `restore` says whether missing output files of hits are written again.
    pub(crate) fn ask(
        &self,
        plan: &Plan,
        dispatches: Vec<Dispatch>,
        blobs: &Blobs,
        now: SystemTime,
        restore: bool,
    ) -> Vec<(Dispatch, Asked)> {
        let tree = OnceCell::new();
        let mut asked = Vec::with_capacity(dispatches.len());
        let mut rest = dispatches.into_iter().peekable();
        while rest.peek().is_some() {
            // What a question is made of is ten times as large as its answer, so not all are held at once.
            let some: Vec<Dispatch> = rest.by_ref().take(PREPARED_AT_ONCE).collect();
            let prepared: Vec<_> = some.iter().map(|dispatch| self.prepare(plan, dispatch, &tree)).collect();
            let keys = prepared.iter().flatten().filter_map(|prepared| prepared.remembered.as_ref());
            let digests: Vec<_> = keys.map(|remembered| remembered.key.digest()).collect();
            let mut answers = self.fetch(&digests, now).into_iter();
            asked.extend(some.into_iter().zip(prepared).map(|(dispatch, prepared)| {
                let asked = match prepared {
                    Err(fault) => Asked::Broken(fault),
                    Ok(prepared) => {
                        let answer = prepared.remembered.as_ref().and_then(|_| answers.next());
                        self.answer(prepared, answer, blobs, restore)
                    }
                };
                (dispatch, asked)
            }));
        }
        asked
    }

    fn fetch(&self, digests: &[Digest], now: SystemTime) -> Vec<Lookup> {
        if self.is_refreshing {
            return digests.iter().map(|_| Lookup::Miss(MissReason::Absent)).collect();
        }
        self.store.fetch(digests, now).unwrap_or_else(|error| {
            tracing::warn!(%error, "the cache cannot be read; steps run as if nothing were remembered");
            digests.iter().map(|_| Lookup::Miss(MissReason::Absent)).collect()
        })
    }

    fn answer(&self, prepared: Prepared, answer: Option<Lookup>, blobs: &Blobs, restore: bool) -> Asked {
        let because = match (answer, &prepared.remembered) {
            (Some(Lookup::Hit(hit)), Some(remembered)) => match self.hit(&hit.value, remembered, blobs, restore) {
                Ok(asked) => return asked,
                Err(reason) => vec![reason],
            },
            (Some(Lookup::Miss(reason)), Some(remembered)) => self.because(&reason, remembered),
            _ => Vec::new(),
        };
        Asked::Miss { prepared: Arc::new(prepared), because }
    }

    fn hit(&self, value: &[u8], remembered: &Remembered, blobs: &Blobs, restore: bool) -> Result<Asked, String> {
        let entry: Entry =
            serde_json::from_slice(value).map_err(|_| "the stored result is not understood".to_owned())?;
        if !blobs.hold(&entry.reply) {
            return Err("its stored output is gone".into());
        }
        let mut restored = Vec::new();
        if restore && !entry.outputs.is_empty() {
            let result = Outputs::restore(&self.files, &self.store, &entry.outputs);
            restored =
                result.map_err(|error| format!("its output files cannot be restored: {}", plainly(&error)))?.restored;
        }
        let key = remembered.key.digest().to_string();
        let took = Duration::from_millis(entry.took_ms);
        Ok(Asked::Hit { reply: Box::new(entry.reply), source: Source::Cache { key, restored }, took })
    }

    /// Says in sentences why nothing was found.
    fn because(&self, reason: &MissReason, remembered: &Remembered) -> Vec<String> {
        match reason {
            MissReason::Expired { since } => {
                let age =
                    humantime::format_duration(Duration::from_secs(since.elapsed().unwrap_or_default().as_secs()));
                vec![format!("the stored result expired {age} ago")]
            }
            MissReason::Damaged(what) => vec![format!("the stored result is damaged ({what})")],
            MissReason::Absent if self.is_refreshing => vec!["what is stored was not to be used".into()],
            MissReason::Absent => match self.explain(remembered) {
                Ok(changes) => changes.iter().filter(|change| is_said(change)).map(ToString::to_string).collect(),
                Err(error) => vec![format!("what changed cannot be told: {}", plainly(&error))],
            },
        }
    }

    fn explain(&self, remembered: &Remembered) -> CacheResult<Vec<Change>> {
        self.store.explain(&remembered.subject, &remembered.key, &remembered.manifests())
    }

    /// Renders a task and makes its key. `tree` is shared by all tasks that are asked for at one moment.
    fn prepare(&self, plan: &Plan, dispatch: &Dispatch, tree: &OnceCell<Manifest>) -> Result<Prepared, Fault> {
        let node = plan.node(dispatch.node);
        let task = node.task().ok_or_else(|| Fault::new(Kind::Internal, "only tasks are remembered"))?;
        let way = task.alternative(dispatch.call);
        let seen = Seen::of(&dispatch.scope);
        let request = prepare::request_of(&way.call, &seen)?;
        let Some(cache) = &way.cache else { return Ok(Prepared { request, remembered: None }) };
        let wanted = prepare::wanted(way, &seen)?;
        let files = self.files_of(cache, &wanted, tree).map_err(cache_fault)?;
        let env: Vec<_> = cache.env.iter().map(|name| (name.clone(), (self.variable)(name))).collect();
        let key = prepare::key(&request, &wanted, &files, &env);
        let subject = prepare::subject(&plan.name, dispatch.address.step.as_str(), &dispatch.items);
        let remembered = Remembered { key, subject, files, ttl: cache.ttl, outputs: wanted.outputs };
        Ok(Prepared { request, remembered: Some(remembered) })
    }

    /// Looks at the files that a step depends on.
    fn files_of(&self, cache: &Cache, wanted: &Wanted, tree: &OnceCell<Manifest>) -> CacheResult<Sources> {
        let mut files = Vec::new();
        if cache.work_tree {
            if tree.get().is_none() {
                // The first task of the batch looks; a later one finds it here.
                _ = tree.set(self.files.work_tree()?);
            }
            let tree = tree.get().cloned().unwrap_or_else(|| Manifest::new(Vec::new()));
            files.push((FileSource::WorkTree, tree.without(&wanted.outputs)?));
        }
        if !wanted.files.is_empty() {
            let source = FileSource::Globs(wanted.files.clone());
            files.push((source.clone(), self.look(&source, &wanted.outputs)?));
        }
        Ok(files)
    }

    /// Lists the files of a source with their contents, less those that the step makes itself.
    fn look(&self, source: &FileSource, outputs: &[String]) -> CacheResult<Manifest> {
        let manifest = match source {
            FileSource::WorkTree => self.files.work_tree()?,
            FileSource::Globs(globs) => self.files.manifest(globs)?,
        };
        if outputs.is_empty() { Ok(manifest) } else { manifest.without(outputs) }
    }

    /// Remembers a result, or says why it cannot be. The run goes on either way.
    pub(crate) fn store(
        &self,
        remembered: &Remembered,
        reply: &Reply,
        took: Duration,
        now: SystemTime,
    ) -> Option<String> {
        let refused = self.try_store(remembered, reply, took, now).unwrap_or_else(|error| Some(plainly(&error)));
        if let Some(reason) = &refused {
            tracing::warn!(subject = remembered.subject, reason, "a result is not remembered");
        }
        refused
    }

    fn try_store(
        &self,
        remembered: &Remembered,
        reply: &Reply,
        took: Duration,
        now: SystemTime,
    ) -> CacheResult<Option<String>> {
        if let Some(change) = self.disturbed(remembered)? {
            return Ok(Some(format!("while it ran, {change}: declare what it makes as 'outputs'")));
        }
        let outputs = match remembered.outputs.is_empty() {
            true => Vec::new(),
            false => Outputs::capture(&self.files, &self.store, &remembered.outputs)?,
        };
        let objects: Vec<_> = outputs.iter().map(|output| output.digest).collect();
        let took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        let entry = Entry { reply: reply.clone(), outputs, took_ms };
        let value = serde_json::to_vec(&entry).unwrap_or_default();
        let Remembered { key, subject, ttl, .. } = remembered;
        let manifests = remembered.manifests();
        let entry = NewEntry {
            value: &value,
            ttl: *ttl,
            manifests: &manifests,
            objects: &objects,
            ..NewEntry::of(key, subject, now)
        };
        self.store.store(entry).map(|()| None)
    }

    /// Says what changed in the files behind a key while the step ran. A step that writes what it depends on is not
    /// remembered: a hit would leave out the writing.
    fn disturbed(&self, remembered: &Remembered) -> CacheResult<Option<String>> {
        for (source, before) in &remembered.files {
            let after = self.look(source, &remembered.outputs)?;
            if after.digest() != before.digest() {
                let key = |manifest: &Manifest| {
                    let mut key = Key::builder("files");
                    key.files(source.name(), manifest);
                    key.finish()
                };
                let find =
                    |digest: &Digest| [before, &after].into_iter().find(|found| found.digest() == *digest).cloned();
                let changes = Change::between(&key(before), &key(&after), find);
                return Ok(changes.first().map(ToString::to_string));
            }
        }
        Ok(None)
    }
}

fn text_key(made_from: &[(&str, String)]) -> Key {
    let mut key = Key::builder("text");
    key.text("version", env!("CARGO_PKG_VERSION")).text("format", TEXT_FORMAT);
    for (name, part) in made_from {
        key.text((*name).to_owned(), part);
    }
    key.finish()
}

/// The files behind a key.
type Sources = Vec<(FileSource, Manifest)>;

/// What the cache gives back.
type CacheResult<T> = Result<T, segno_cache::Error>;

/// Parts that only tell calls apart say nothing to a person beside the command itself.
fn is_said(change: &Change) -> bool {
    !matches!(change, Change::Text { name, .. } if name == "arguments")
}

fn plainly(error: &segno_cache::Error) -> String {
    use std::error::Error as _;
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

fn cache_fault(error: segno_cache::Error) -> Fault {
    Fault::new(Kind::Cache, plainly(&error)).operation("cache")
}
