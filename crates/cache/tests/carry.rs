//! A result carried from one store to another: whole, or not at all.

#![cfg(feature = "disk")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

mod support;

use std::time::Duration;

use segno_cache::{Bundle, Digest, Error, Key, Lookup, Manifest, NewEntry, Store};
use support::{answer, now, objects, open, put};
use tempfile::TempDir;

/// Stores a result with a manifest and two objects, one of them too large for the index.
fn fill(store: &Store, value: &[u8], ttl: Option<Duration>) -> (Key, Manifest) {
    let manifest = Manifest::new(vec![("src/a.rs".into(), Digest::of(b"a"))]);
    let mut key = Key::builder("test");
    key.text("command", "make").files("files", &manifest);
    let key = key.finish();
    let made = [store.put_object(b"small").unwrap(), store.put_object(&[7; 40_000]).unwrap()];
    let manifests = [manifest.clone()];
    let entry = NewEntry::of(&key, "flow/make", now());
    store.store(NewEntry { value, ttl, manifests: &manifests, objects: &made, ..entry }).unwrap();
    (key, manifest)
}

#[test]
fn a_carried_result_can_do_all_that_it_could_at_home() {
    for value in [&b"value"[..], &[1; 50_000]] {
        let (home, away) = (TempDir::new().unwrap(), TempDir::new().unwrap());
        let (home, away) = (open(&home), open(&away));
        let (key, manifest) = fill(&home, value, Some(Duration::from_secs(60)));
        let bundle = home.bundle("flow/make", now()).unwrap().unwrap();
        assert_eq!(bundle.objects.len(), 2, "the value itself is no object of its own");
        let later = now() + Duration::from_secs(10);
        assert!(away.unbundle(&Bundle::decode(&bundle.encode()).unwrap(), later).unwrap());

        let Lookup::Hit(hit) = away.fetch(&[key.digest()], later).unwrap().remove(0) else { panic!("it is not there") };
        assert_eq!(hit.value, value);
        assert_eq!(away.read_object(&Digest::of(&[7; 40_000])).unwrap(), [7; 40_000]);
        assert_eq!(away.read_object(&Digest::of(b"small")).unwrap(), b"small");
        assert_eq!(away.manifest(&manifest.digest()).unwrap(), Some(manifest));
        let expired = now() + Duration::from_secs(61);
        assert!(matches!(away.fetch(&[key.digest()], expired).unwrap()[0], Lookup::Miss(_)), "its time goes on");
    }
}

#[test]
fn what_has_expired_on_the_way_is_not_stored() {
    let (home, away) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let (home, away) = (open(&home), open(&away));
    fill(&home, b"value", Some(Duration::from_secs(60)));
    let bundle = home.bundle("flow/make", now()).unwrap().unwrap();
    assert!(!away.unbundle(&bundle, now() + Duration::from_secs(60)).unwrap());
    assert_eq!(away.subjects().unwrap(), Vec::<String>::new());
    assert_eq!(home.bundle("flow/make", now() + Duration::from_secs(60)).unwrap(), None);
}

#[test]
fn a_result_of_which_something_is_gone_is_not_carried() {
    let home = TempDir::new().unwrap();
    let home = open(&home);
    fill(&home, b"value", None);
    std::fs::remove_file(&objects(&home)[0]).unwrap();
    for _ in 0..2 {
        assert_eq!(home.bundle("flow/make", now()).unwrap(), None, "nor when it was taken out since");
    }
    assert_eq!(home.bundle("flow/other", now()).unwrap(), None);
    put(&home, "flow/other", b"value", now());
    assert_eq!(answer(&home, "flow/other", now()), "hit 5");
    assert!(home.bundle("flow/other", now()).unwrap().is_some(), "the others are");
}

#[test]
fn to_be_carried_is_no_use() {
    let home = TempDir::new().unwrap();
    let home = open(&home);
    fill(&home, b"value", None);
    let seen = |at| (home.census(at).unwrap().tally, home.list().unwrap());
    let later = now() + Duration::from_secs(24 * 3_600);
    let before = seen(later);
    assert!(home.bundle("flow/make", later).unwrap().is_some());
    assert_eq!(seen(later), before);
}

#[test]
fn a_carried_result_is_as_old_as_it_was() {
    let (home, away) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let (home, away) = (open(&home), open(&away));
    let (key, _) = fill(&home, b"value", Some(Duration::from_secs(60)));
    let (bundle, later) = (home.bundle("flow/make", now()).unwrap().unwrap(), now() + Duration::from_secs(10));
    for _ in 0..2 {
        assert!(away.unbundle(&bundle, later).unwrap());
        let listed = away.list().unwrap().remove(0);
        assert_eq!((listed.stored_at, listed.used_at), (now(), later), "used now, or it would be the first to go");
        assert_eq!(listed.expires_at, home.list().unwrap()[0].expires_at);
    }
    let ahead = Bundle { stored_at: later + Duration::from_secs(5), ..bundle };
    assert!(away.unbundle(&ahead, later).unwrap());
    let Lookup::Hit(hit) = away.fetch(&[key.digest()], later).unwrap().remove(0) else { panic!("it is not there") };
    assert_eq!(hit.stored_at, later, "a clock that is ahead is not believed");
}

#[test]
fn what_was_stored_here_later_stays_the_last() {
    let (home, away) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let (home, away) = (open(&home), open(&away));
    let (old, _) = fill(&home, b"value", None);
    let (bundle, later) = (home.bundle("flow/make", now()).unwrap().unwrap(), now() + Duration::from_secs(10));
    let ours = support::key("ours");
    away.store(NewEntry { value: b"ours", ..NewEntry::of(&ours, "flow/make", later) }).unwrap();
    assert!(away.unbundle(&bundle, later).unwrap());
    assert_eq!(away.latest("flow/make").unwrap(), Some(ours));
    assert!(matches!(away.fetch(&[old.digest()], later).unwrap()[0], Lookup::Hit(_)), "it is there all the same");

    away.store(NewEntry { value: b"newer", ..NewEntry::of(&old, "flow/make", later) }).unwrap();
    assert!(away.unbundle(&bundle, later).unwrap());
    let Lookup::Hit(hit) = away.fetch(&[old.digest()], later).unwrap().remove(0) else { panic!("it is not there") };
    assert_eq!((&hit.value[..], hit.stored_at), (&b"newer"[..], later));
}

#[test]
fn what_is_too_large_is_not_even_read() {
    let home = TempDir::new().unwrap();
    let home = open(&home);
    fill(&home, b"value", None);
    // A file that is gone would be missed by who reads it.
    std::fs::remove_file(&objects(&home)[0]).unwrap();
    let Err(Error::TooLarge { name, bytes, max_bytes: 40_000 }) = home.bundle_within("flow/make", now(), 40_000) else {
        panic!("it is not refused");
    };
    assert!(name == "flow/make" && (40_000..42_000).contains(&bytes), "{name} {bytes}");
    assert_eq!(home.bundle_within("flow/make", now(), bytes).unwrap(), None);
}
