//! A cache in memory into a snapshot and out of it.

use std::cmp::Reverse;
use std::hash::{BuildHasher, Hash};
use std::path::Path;
use std::time::SystemTime;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::file::{self, Read, Recovery, Restoration};
use super::lines::{Line, Stored};
use crate::memory::Copied;
use crate::{Cache, Error};

/// Where the events of this room come from.
const TARGET: &str = "segno_cache::snapshot";

impl<K: Hash + Eq + Clone, V: Clone, S: BuildHasher> Cache<K, V, S> {
    /// Writes all entries whose time is not over into a file, each with what is left of its time, and returns how many
    /// there are. The file takes the place of an older one only when it is whole.
    ///
    /// Fails if the file cannot be written, or a key or a value not as JSON.
    ///
    /// ```
    /// use segno_cache::{Cache, Recovery};
    /// use std::time::SystemTime;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("users.snapshot");
    /// let users = Cache::<String, u32>::new(100);
    /// users.insert("ada".into(), 36);
    /// assert_eq!(users.write_snapshot(&path, SystemTime::now())?, 1);
    ///
    /// let users = Cache::<String, u32>::new(100);
    /// assert!(matches!(users.restore(&path, SystemTime::now())?, Recovery::Restored(_)));
    /// assert_eq!(users.get("ada"), Some(36));
    /// # Ok(())
    /// # }
    /// ```
    pub fn write_snapshot(&self, path: &Path, now: SystemTime) -> Result<usize, Error>
    where
        K: Serialize,
        V: Serialize,
    {
        let lines = self.copies().map(|Copied { key, value, terms, uses }| {
            let terms = Stored::of(terms);
            Line { key, value, uses, terms }
        });
        let entries = file::write(path, now, lines)?;
        tracing::info!(target: TARGET, entries, path = %path.display(), "a snapshot is written");
        Ok(entries)
    }

    /// Puts in what a snapshot holds. If the cache has no room for all of it, that is what was used most. What is there
    /// already under a key stays. The time that has passed since counts to the time to live of each entry.
    ///
    /// Fails if there is a file that cannot be read. That it is damaged or too new is no failure: the cache begins with
    /// nothing, as it would without.
    pub fn restore(&self, path: &Path, now: SystemTime) -> Result<Recovery, Error>
    where
        K: DeserializeOwned,
        V: DeserializeOwned,
    {
        let recovery = match file::read::<K, V>(path, now)? {
            Read::Not(recovery) => recovery,
            Read::Whole { lines, unreadable, passed } => {
                let all = lines.len();
                let alive: Vec<Copied<K, V>> = lines.into_iter().filter_map(|line| line.after(passed)).collect();
                let (alive_count, entries) = (alive.len(), self.put_back(alive));
                let (expired, left) = (all - alive_count, alive_count - entries);
                Recovery::Restored(Restoration { entries, expired, unreadable, left })
            }
        };
        tracing::info!(target: TARGET, path = %path.display(), ?recovery, "a snapshot is restored");
        Ok(recovery)
    }

    /// Puts in what there is room for, what was used most last: by then a policy has seen the others.
    fn put_back(&self, mut entries: Vec<Copied<K, V>>) -> usize {
        entries.sort_by_key(|copied| Reverse(copied.uses));
        let mut room = self.capacity().saturating_sub(self.len() as u64);
        let mut weight = self.max_weight().saturating_sub(self.weight());
        let fits = |copied: &Copied<K, V>| {
            let own = u64::from(copied.terms.weight.unwrap_or(1));
            let is_fitting = room > 0 && own <= weight && !self.contains(&copied.key);
            (room, weight) = if is_fitting { (room - 1, weight - own) } else { (room, weight) };
            is_fitting
        };
        let mut chosen: Vec<Copied<K, V>> = entries.into_iter().filter(fits).collect();
        chosen.reverse();
        // Somebody may have put a newer value in since it was looked for.
        let put = |copied: Copied<K, V>| self.insert_older(copied.key, copied.value, copied.terms);
        chosen.into_iter().map(put).filter(|is_put| *is_put).count()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fs;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::sync::{Arc, OnceLock};
    use std::time::Duration;

    use tempfile::TempDir;

    use super::*;
    use crate::{Terms, Ticker};

    type Words = Cache<String, u32>;

    const NOON: SystemTime = SystemTime::UNIX_EPOCH;

    fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    /// A cache with one entry for ever, one for a minute with tags, and one that was used twice.
    fn filled() -> Words {
        let words = Words::new(10);
        words.insert("always".into(), 1);
        let terms = Terms {
            time_to_live: Some(seconds(60)),
            tags: vec!["t".into()],
            cost: Some(seconds(1)),
            stale: Some(seconds(5)),
            ..Terms::default()
        };
        words.insert_with("minute".into(), 2, terms);
        words.insert("often".into(), 3);
        (0..2).for_each(|_| assert_eq!(words.get("often"), Some(3)));
        words
    }

    fn written(words: &Words) -> (TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("words");
        words.write_snapshot(&path, NOON).unwrap();
        (folder, path)
    }

    fn restored(words: &Words, path: &Path, now: SystemTime) -> Restoration {
        match words.restore(path, now).unwrap() {
            Recovery::Restored(restoration) => restoration,
            other => panic!("{other:?}"),
        }
    }

    fn held(words: &Words) -> BTreeMap<String, u32> {
        words.iter().collect()
    }

    #[test]
    fn what_was_written_is_there_again_with_its_terms() {
        let (_folder, path) = written(&filled());
        let elapsed = Arc::new(AtomicU64::new(0));
        let ticked = Arc::clone(&elapsed);
        let ticker = Ticker::from_fn(move || seconds(ticked.load(Ordering::Relaxed)));
        let words: Words = Cache::builder().capacity(10).ticker(ticker).build();
        // A quarter of a minute lies between the two processes.
        assert_eq!(restored(&words, &path, NOON + seconds(15)).entries, 3);
        assert_eq!(held(&words), held(&filled()));
        elapsed.store(44, Ordering::Relaxed);
        assert!(words.contains("minute"));
        elapsed.store(45, Ordering::Relaxed);
        assert!(!words.contains("minute") && words.contains("always"));
    }

    #[test]
    fn tags_and_costs_come_back() {
        let (_folder, path) = written(&filled());
        let words = Words::new(10);
        restored(&words, &path, NOON);
        let minute = words.copies().find(|copied| copied.key == "minute").unwrap();
        let Terms { cost, stale, time_to_live, .. } = minute.terms;
        assert!(cost.unwrap().abs_diff(seconds(1)) < Duration::from_millis(100), "{cost:?}");
        assert_eq!(stale, Some(seconds(5)));
        assert!(time_to_live.unwrap() <= seconds(60));
        assert_eq!(words.invalidate_tag("t"), 1);
    }

    fn check(now: SystemTime, capacity: u64, expected: (usize, usize, usize), there: &[&str]) {
        let (_folder, path) = written(&filled());
        let words = Words::new(capacity);
        let Restoration { entries, expired, left, .. } = restored(&words, &path, now);
        assert_eq!((entries, expired, left), expected);
        assert_eq!(words.len(), there.len());
        assert!(there.iter().all(|key| words.contains(*key)), "{there:?}");
    }

    #[test]
    fn what_is_put_in_while_it_is_restored_stays() {
        let (_folder, path) = written(&filled());
        let (newer, asked) = (Arc::new(OnceLock::<Words>::new()), AtomicU64::new(0));
        let putting = Arc::clone(&newer);
        // Asked before an entry is put in: somebody else is quicker.
        let weigher = move |key: &String, _: &u32| {
            if key != "always" && asked.fetch_add(1, Ordering::Relaxed) == 0 {
                putting.get().unwrap().insert("always".into(), 100);
            }
            1
        };
        let words: Words = Cache::builder().capacity(10).weigher(weigher).build();
        newer.set(words.clone()).unwrap();
        let Restoration { entries, left, .. } = restored(&words, &path, NOON);
        assert_eq!((words.peek("always"), words.len()), (Some(100), 3));
        assert_eq!((entries, left), (2, 1));
    }

    #[test]
    fn the_time_in_between_counts() {
        check(NOON + seconds(59), 10, (3, 0, 0), &["always", "minute", "often"]);
        check(NOON + seconds(60), 10, (2, 1, 0), &["always", "often"]);
        // A clock that was set back lets nothing expire, and nothing live longer than was left.
        check(NOON - seconds(999), 10, (3, 0, 0), &["always", "minute", "often"]);
    }

    #[test]
    fn a_smaller_cache_gets_what_was_used_most() {
        check(NOON, 1, (1, 0, 2), &["often"]);
        check(NOON, 0, (0, 0, 3), &[]);
    }

    #[test]
    fn what_is_there_already_stays() {
        let (_folder, path) = written(&filled());
        let words = Words::new(10);
        words.insert("often".into(), 99);
        let Restoration { entries, left, .. } = restored(&words, &path, NOON);
        assert_eq!((entries, left, words.get("often")), (2, 1, Some(99)));
    }

    /// Changes the file, and restores.
    fn check_file(change: impl Fn(&str) -> String, expected: Recovery) {
        let (_folder, path) = written(&filled());
        let text = change(&fs::read_to_string(&path).unwrap());
        fs::write(&path, &text).unwrap();
        let words = Words::new(10);
        assert_eq!(words.restore(&path, NOON).unwrap(), expected, "{text}");
        let is_whole = matches!(expected, Recovery::Restored(_));
        assert!(is_whole || words.is_empty());
        assert_eq!(fs::read_to_string(&path).unwrap(), text, "what cannot be used is left as it is");
    }

    #[test]
    fn a_file_that_is_not_whole_is_not_used() {
        let cut = |lines: usize| move |text: &str| text.split_inclusive('\n').take(lines).collect::<String>();
        check_file(cut(0), Recovery::Damaged("it is no snapshot"));
        check_file(cut(1), Recovery::Damaged("it is cut off"));
        check_file(cut(3), Recovery::Damaged("it is cut off"));
        check_file(|text| text.replace("often", "oftem"), Recovery::Damaged("its checksum is wrong"));
        check_file(|text| text.replacen("\n", "\n\n", 2), Recovery::Damaged("its checksum is wrong"));
        check_file(|text| text.repeat(2), Recovery::Damaged("its checksum is wrong"));
        check_file(|_| "x".repeat(10_000), Recovery::Damaged("it is no snapshot"));
        check_file(|text| text.replace("\"format\":1", "\"format\":2"), Recovery::Newer(2));
    }

    #[test]
    fn no_byte_can_be_changed_unseen() {
        let (_folder, path) = written(&filled());
        let bytes = fs::read(&path).unwrap();
        for place in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[place] ^= 1;
            fs::write(&path, &changed).unwrap();
            let words = Words::new(10);
            let recovery = words.restore(&path, NOON).unwrap();
            assert!(!matches!(recovery, Recovery::Restored(_)) && words.is_empty(), "{place}: {recovery:?}");
        }
    }

    /// A file of the first format, as it was written.
    #[test]
    fn the_snapshot_of_yesterday_is_read_today() {
        let yesterday = concat!(
            r#"{"kind":"segno-cache snapshot","format":1,"written_at":0}"#,
            "\n",
            r#"{"k":"a","v":1,"u":7,"t":{"left":{"secs":60,"nanos":0},"tags":["t"],"pinned":true}}"#,
            "\n",
            r#"{"k":"b","v":2}"#,
            "\n",
        );
        let checksum = crate::Digest::of(yesterday.as_bytes());
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("words");
        fs::write(&path, format!("{yesterday}{{\"entries\":2,\"checksum\":\"{checksum}\"}}\n")).unwrap();
        let words = Words::new(10);
        assert_eq!(restored(&words, &path, NOON).entries, 2);
        assert_eq!((words.get("a"), words.get("b"), words.invalidate_tag("t")), (Some(1), Some(2), 1));
    }

    #[test]
    fn values_of_another_type_are_told_and_left_out() {
        let (_folder, path) = written(&filled());
        let texts = Cache::<String, String>::new(10);
        let Recovery::Restored(Restoration { entries, unreadable, .. }) = texts.restore(&path, NOON).unwrap() else {
            panic!("the file is whole");
        };
        assert_eq!((entries, unreadable), (0, 3));
    }

    #[test]
    fn without_a_file_there_is_nothing_and_without_a_folder_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let words = Words::new(10);
        assert_eq!(words.restore(&folder.path().join("none"), NOON).unwrap(), Recovery::Missing);
        let error = words.write_snapshot(&folder.path().join("none/words"), NOON).unwrap_err();
        assert!(error.to_string().starts_with("cannot write a snapshot in "), "{error}");
        assert!(matches!(words.restore(folder.path(), NOON), Err(Error::Io { .. })));
    }
}
