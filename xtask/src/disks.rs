//! The tests of logs on a disk that runs full: each mounts a small disk for itself. Leaves to the tests how they do so.
//!
//! A machine that lets nobody mount one is told by its name. In CI it must: see `ready`.

use std::process::{Command, Stdio};

use crate::gate::{Outcome, SKIPPED, cargo};
use crate::tools::{self, Missing, Tool};

/// What mounts a disk that nobody else sees.
const UNSHARE: Tool<'static> = Tool { program: "unshare", packages: &["util-linux"] };

const TEST: &str = "test --package segno-logging --all-features --quiet --test full_disk";

/// With it the tests fail where they would pass themselves over.
const NEEDED: &str = "SEGNO_LOGGING_NEEDS_DISKS";

/// Mounts a disk as the tests do, and lets it go with the process.
const MOUNT: &str = "mount -t tmpfs -o size=1m none /mnt";

/// Makes sure that disks can be had. Where this is called, as in CI, nothing may be skipped.
pub fn ready() -> Result<(), Missing> {
    tools::ensure(&UNSHARE)?;
    match mounts(UNSHARE.program) {
        true => Ok(()),
        false => Err(Missing::part(
            "a disk for a test alone",
            "the system mounts none",
            "Let the gates run where `unshare --map-root-user --mount` may mount a tmpfs",
        )),
    }
}

/// Runs the tests where disks can be had.
pub fn run() -> Outcome {
    match mounts(UNSHARE.program) {
        true => cargo(TEST).with(NEEDED, "1").run(),
        false => Ok(format!("{SKIPPED}full_disk: {} mounts no tmpfs on this machine\n", UNSHARE.program)),
    }
}

fn mounts(program: &str) -> bool {
    let status = Command::new(program)
        .args(["--map-root-user", "--mount", "sh", "-c", MOUNT])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    status.is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tests_and_the_variable_that_they_heed_are_there() {
        let test = std::fs::read_to_string(crate::root().join("crates/logging/tests/full_disk.rs")).unwrap();
        assert!(test.contains(&format!("\"{NEEDED}\"")) && test.contains(UNSHARE.program));
    }

    #[test]
    fn who_cannot_mount_is_told_so() {
        assert!(!mounts("no-such-program") && !mounts("false"));
        assert!(mounts("true"));
    }
}
