//! The key of 1,000 files that nobody touched, beside reading and hashing them all.

use std::fs::{self, File};
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, SystemTime};

use criterion::Criterion;
use segno_bench::{Work, compare};
use segno_cache::{CLOCK_TICK, Digest, Files, Key, Options, Store};

const FILES: usize = 1_000;
const BYTES: usize = 1_024;

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
