//! Finds or installs what coverage needs: cargo-llvm-cov, and tools of the LLVM that this rustc was built with.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::tools::{self, Tool};

/// The version that is installed when none is there.
const CARGO_LLVM_COV: &str = "cargo-llvm-cov@0.9.1";

/// The two programs that read what instrumented tests leave behind.
#[derive(Clone, Debug)]
pub struct Llvm {
    pub cov: PathBuf,
    pub profdata: PathBuf,
}

/// Finds LLVM's tools: named by the variables `LLVM_COV` and `LLVM_PROFDATA`, rustup's own, or Debian's of the same version.
/// An older LLVM does not understand the counters of a newer one.
pub fn llvm() -> Result<Llvm, String> {
    let named = |name: &str| std::env::var_os(name).map(PathBuf::from);
    if let (Some(cov), Some(profdata)) = (named("LLVM_COV"), named("LLVM_PROFDATA")) {
        return Ok(Llvm { cov, profdata });
    }
    let said = printed("rustc", &["-vV"])?;
    let version = major(&said).ok_or("rustc does not say which LLVM it was built with")?;
    let host = said.lines().find_map(|line| line.strip_prefix("host: ")).unwrap_or_default();
    let sysroot = printed("rustc", &["--print", "sysroot"])?;
    let rustup = Path::new(sysroot.trim()).join("lib/rustlib").join(host).join("bin");
    if let Some(llvm) = tools_in(&rustup) {
        return Ok(llvm);
    }
    let debian = PathBuf::from(format!("/usr/lib/llvm-{version}/bin"));
    if let Some(llvm) = tools_in(&debian) {
        return Ok(llvm);
    }
    let (program, package) = (format!("llvm-profdata-{version}"), format!("llvm-{version}"));
    tools::ensure(&Tool { program: &program, packages: &[&package] }).map_err(|missing| {
        format!(
            "{missing}\nrustup's tools do as well: rustup component add llvm-tools; or set LLVM_COV and LLVM_PROFDATA."
        )
    })?;
    tools_in(&debian).ok_or_else(|| format!("{package} is installed, but {} has no tools", debian.display()))
}

/// Returns the folder that holds cargo-llvm-cov, which is built there when it is nowhere on the path.
pub fn cargo_llvm_cov(target: &Path) -> Result<PathBuf, String> {
    let tools = target.join("tools");
    let folder = tools.join("bin");
    if tools::on_path("cargo-llvm-cov") || folder.join("cargo-llvm-cov").is_file() {
        return Ok(folder);
    }
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command.args(["install", "--locked", CARGO_LLVM_COV, "--root"]).arg(&tools).stdin(Stdio::null());
    match command.status() {
        Ok(status) if status.success() => Ok(folder),
        Ok(_) => Err(format!("cargo cannot install {CARGO_LLVM_COV}")),
        Err(error) => Err(format!("cannot run cargo: {error}")),
    }
}

fn tools_in(folder: &Path) -> Option<Llvm> {
    let llvm = Llvm { cov: folder.join("llvm-cov"), profdata: folder.join("llvm-profdata") };
    (llvm.cov.is_file() && llvm.profdata.is_file()).then_some(llvm)
}

/// Reads the version of LLVM from what `rustc -vV` says.
fn major(said: &str) -> Option<u32> {
    let version = said.lines().find_map(|line| line.strip_prefix("LLVM version: "))?;
    version.split('.').next()?.parse().ok()
}

fn printed(program: &str, arguments: &[&str]) -> Result<String, String> {
    let output = Command::new(program).args(arguments).current_dir(crate::root()).output();
    let output = output.map_err(|error| format!("cannot run {program}: {error}"))?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_of_llvm_is_read_from_rustc() {
        assert_eq!(major("rustc 1.95.0\nhost: x\nLLVM version: 22.1.2\n"), Some(22));
        assert_eq!(major("rustc 1.95.0\n"), None);
    }
}
