//! Makes sure that a program which the gates need is there, installing it where that is allowed.
//! Leaves to `ci` which programs these are.

use std::env;
use std::fmt;
use std::process::{Command, Stdio};

/// A program and the Debian packages that bring it.
pub struct Tool<'t> {
    pub program: &'t str,
    pub packages: &'t [&'t str],
}

/// A program that is not there, or something else that tests need. On a developer's machine as in CI the gates do not start
/// then: a gate that is skipped would look green.
#[derive(Debug, PartialEq)]
pub struct Missing {
    part: String,
    reason: &'static str,
    advice: String,
}

impl fmt::Display for Missing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Missing { part, reason, advice } = self;
        write!(formatter, "{part} is missing and {reason}. {advice}.")
    }
}

impl Missing {
    /// Says which program is missing, and why it could not be had.
    pub fn of(tool: &Tool<'_>, reason: &'static str) -> Missing {
        Missing::part(tool.program, reason, format!("Install the package {}", tool.packages.join(" ")))
    }

    /// Says what is missing that no package brings, and what to do about it.
    pub fn part(part: &str, reason: &'static str, advice: impl Into<String>) -> Missing {
        Missing { part: part.to_owned(), reason, advice: advice.into() }
    }
}

/// Installs the program when it is missing, we are root, and this is a Debian.
pub fn ensure(tool: &Tool<'_>) -> Result<(), Missing> {
    match on_path(tool.program) {
        true => Ok(()),
        false => install(tool),
    }
}

/// Installs the program when we are root, and this is a Debian.
pub fn install(tool: &Tool<'_>) -> Result<(), Missing> {
    let install = || {
        succeeds("apt-get", &["update"])
            && succeeds("apt-get", &[&["install", "-y", "--no-install-recommends"], tool.packages].concat())
    };
    provide(tool, on_path("apt-get"), is_root(), install)
}

fn provide(tool: &Tool<'_>, has_apt: bool, is_root: bool, install: impl FnOnce() -> bool) -> Result<(), Missing> {
    let reason = match (has_apt, is_root) {
        (false, _) => "there is no apt-get to install it",
        (true, false) => "only root may install it",
        (true, true) if install() => return Ok(()),
        (true, true) => "apt-get could not install it",
    };
    Err(Missing::of(tool, reason))
}

/// Says whether a program can be called by its name.
pub fn on_path(program: &str) -> bool {
    let folders = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&folders).any(|folder| folder.join(program).is_file())
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n")
}

fn succeeds(program: &str, arguments: &[&str]) -> bool {
    let status = Command::new(program)
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive")
        // In the runlevel of maintenance no package starts its server: tests start their own.
        .env("RUNLEVEL", "1")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status();
    status.is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What comes of a missing program on a machine that has apt-get, root and a network, or not.
    fn check(has_apt: bool, is_root: bool, installs: bool, expected: &str) {
        let tool = Tool { program: "cc", packages: &["gcc", "libc6-dev"] };
        let found = match provide(&tool, has_apt, is_root, || installs) {
            Ok(()) => "there".to_owned(),
            Err(missing) => missing.to_string(),
        };
        assert_eq!(found, expected);
    }

    #[test]
    fn root_on_debian_gets_the_program() {
        check(true, true, true, "there");
    }

    #[test]
    fn everybody_else_is_told_the_packages() {
        let packages = "Install the package gcc libc6-dev.";
        check(true, true, false, &format!("cc is missing and apt-get could not install it. {packages}"));
        check(true, false, true, &format!("cc is missing and only root may install it. {packages}"));
        check(false, true, true, &format!("cc is missing and there is no apt-get to install it. {packages}"));
    }

    #[test]
    fn a_program_on_the_path_is_found() {
        assert!(on_path("sh"));
        assert!(!on_path("no-such-program"));
    }
}
