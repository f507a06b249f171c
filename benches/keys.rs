//! The key of 1,000 files that nobody touched, beside reading and hashing them all; of 10,000, beside asking the system
//! for each and nothing more; and what a change costs among 100,000 keys.

use std::fs::{self, File};
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, SystemTime};

use criterion::Criterion;
use segno_bench::{Work, compare, per_step};
use segno_cache::{CLOCK_TICK, Dependency, Dependents, Digest, Files, Key, Options, Store};

const FILES: usize = 1_000;
const BYTES: usize = 1_024;
const MANY_FILES: usize = 10_000;
const FILES_A_FOLDER: usize = 100;
const KEYS: usize = 100_000;

fn main() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder on the disk that is built on");
    write_files(folder.path()).expect("the disk takes the files");
    let store = Store::open(&folder.path().join(".cache"), Options::default()).expect("a new store opens");
    let files = Files::open(folder.path(), &store).expect("the folder is there");
    key(&files);
    let warm = files.reads();
    let remembered = || _ = black_box(key(&files));
    let read_all = || _ = black_box(hash(folder.path()));

    let mut criterion = Criterion::default().sample_size(20).configure_from_args();
    let mut group = criterion.benchmark_group("1,000 files of 1 KB");
    group.warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(3));
    group.bench_function("segno key, warm", |bencher| bencher.iter(remembered));
    group.bench_function("read and BLAKE3", |bencher| bencher.iter(read_all));
    group.finish();
    criterion.final_summary();
    compare(Work::new("key of untouched files", remembered), Work::new("read and BLAKE3", read_all), None);
    assert_eq!(files.reads(), warm, "untouched files are not read");
    many_files();
    many_keys();
}

/// The second fingerprint of many files, in the same process and in the next one, beside the bare calls.
fn many_files() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder on the disk that is built on");
    let paths: Vec<_> = (0..MANY_FILES)
        .map(|number| folder.path().join(format!("src/part{:03}/file{number:05}.rs", number / FILES_A_FOLDER)))
        .collect();
    for path in &paths {
        fs::create_dir_all(path.parent().expect("it has a folder")).expect("the disk takes the folder");
        fs::write(path, path.as_os_str().as_encoded_bytes()).expect("the disk takes the file");
    }
    std::thread::sleep(CLOCK_TICK * 2);
    let store = Store::open(&folder.path().join(".cache"), Options::default()).expect("a new store opens");
    let open = || Files::open(folder.path(), &store).expect("the folder is there");
    let fingerprint = |files: &Files| {
        let manifest = files.manifest(&["src/**/*.rs".into()]).expect("the glob is good");
        assert_eq!(manifest.entries().len(), MANY_FILES, "all files are found");
        _ = black_box(manifest.digest());
    };
    let stats = || paths.iter().for_each(|path| _ = black_box(fs::metadata(path).expect("the file is there")));
    let files = open();
    fingerprint(&files);
    files.flush().expect("the store takes what was hashed");
    let warm = files.reads();
    let again = Work::new("second fingerprint of 10,000 files", || fingerprint(&files));
    compare(again, Work::new("10,000 bare stats", stats), Some(1.5));
    let next = Work::new("first fingerprint of the next process", || fingerprint(&open()));
    compare(next, Work::new("10,000 bare stats", stats), None);
    assert_eq!(files.reads(), warm, "untouched files are not read");
}

/// What a change of one file costs among many keys, each with a file of its own, a glob and a variable of all.
fn many_keys() {
    let dependents = Dependents::new(KEYS);
    let record = |number: usize| {
        let folder = number / FILES_A_FOLDER;
        let own = Dependency::files([format!("src/part{folder}/file{number}.rs")]);
        let part = Dependency::files([format!("docs/part{folder}/*.md")]);
        dependents.record(number, None, &[own, part, Dependency::env("LANG")]);
    };
    let all = Work::new("recording one of 100,000 keys", || (0..KEYS).for_each(record));
    per_step(all, KEYS, Duration::from_micros(10));
    let mut number = 0;
    let one = Work::new("a change of one file among 100,000 keys", || {
        for _ in 0..FILES {
            number = (number + 7_919) % KEYS;
            let path = format!("src/part{}/file{number}.rs", number / FILES_A_FOLDER);
            assert_eq!(dependents.file_changed(&path), [number]);
            record(number);
        }
    });
    per_step(one, FILES, Duration::from_micros(50));
    let everything = Work::new("a change that 100,000 keys depend on", || {
        assert_eq!(dependents.changed(&Dependency::env("LANG")).len(), KEYS);
        (0..KEYS).for_each(record);
    });
    per_step(everything, KEYS, Duration::from_micros(10));
}

/// Writes the files, older than the clock's tick: a file as young as that is read again, by rule.
fn write_files(folder: &Path) -> std::io::Result<()> {
    fs::create_dir(folder.join("src"))?;
    for number in 0..FILES {
        let text = format!("{number:05}").repeat(BYTES / 5);
        fs::write(path(folder, number), text)?;
        File::options()
            .write(true)
            .open(path(folder, number))?
            .set_modified(SystemTime::now() - Duration::from_secs(60))?;
    }
    // The time of the last change of a file's facts is the kernel's and cannot be set back.
    std::thread::sleep(CLOCK_TICK * 2);
    Ok(())
}

fn path(folder: &Path, number: usize) -> std::path::PathBuf {
    folder.join(format!("src/file{number:04}.txt"))
}

fn key(files: &Files) -> Digest {
    let manifest = files.manifest(&["src/*.txt".into()]).expect("the glob is good");
    assert_eq!(manifest.entries().len(), FILES, "all files are found");
    let mut builder = Key::builder("command");
    builder.text("command", "wc -w src/*.txt").files("src/*.txt", &manifest);
    builder.finish().digest()
}

fn hash(folder: &Path) -> blake3::Hash {
    let mut all = blake3::Hasher::new();
    for number in 0..FILES {
        let bytes = fs::read(path(folder, number)).expect("the file was written above");
        all.update(blake3::hash(&bytes).as_bytes());
    }
    all.finalize()
}
