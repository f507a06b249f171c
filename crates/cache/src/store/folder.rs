//! The store's folder: made for its owner only, and refused if somebody else could change what is in it.

use std::fs::DirBuilder;
use std::path::Path;

use crate::Error;

/// Makes the folder, or checks the one that is there.
///
/// A link to a folder is followed if this user or the system made it: then the folder that it leads to counts.
pub(super) fn prepare(dir: &Path) -> Result<(), Error> {
    if !dir.is_dir() {
        make(dir)?;
    }
    #[cfg(unix)]
    check(dir)?;
    Ok(())
}

fn make(dir: &Path) -> Result<(), Error> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    if let Some(parent) = dir.parent() {
        builder.create(parent).map_err(Error::io("make the folder", parent))?;
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(dir).map_err(Error::io("make the folder", dir))
}

/// Others who may write here could put values of theirs in the place of ours; that they may read is the user's choice.
#[cfg(unix)]
fn check(dir: &Path) -> Result<(), Error> {
    use std::os::unix::fs::MetadataExt;
    let user = rustix::process::geteuid().as_raw();
    let refuse = |reason: String, hint| Err(Error::Folder { path: dir.to_owned(), reason, hint });
    let link = dir.symlink_metadata().map_err(Error::io("look at", dir))?;
    if link.is_symlink() && link.uid() != user && link.uid() != 0 {
        let reason = format!("is a link that user {} made", link.uid());
        return refuse(reason, "name the folder itself");
    }
    let folder = dir.metadata().map_err(Error::io("look at", dir))?;
    if folder.uid() != user {
        let reason = format!("belongs to user {}, and this is user {user}", folder.uid());
        return refuse(reason, "use a folder of your own");
    }
    if folder.mode() & 0o022 != 0 {
        let reason = format!("can be written by others (mode {:o})", folder.mode() & 0o7777);
        return refuse(reason, "take that right away with `chmod go-w`");
    }
    Ok(())
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};

    use super::*;

    /// Makes a folder, changes it, and asks whether it may be used.
    fn check(change: impl Fn(&Path), expected: &str) {
        let parent = tempfile::tempdir().unwrap();
        let dir = parent.path().join("cache");
        fs::create_dir(&dir).unwrap();
        fs::set_permissions(&dir, Permissions::from_mode(0o755)).unwrap();
        change(&dir);
        let verdict = prepare(&dir).map_or_else(|error| error.to_string(), |()| "used".into());
        assert_eq!(verdict.replace(&dir.display().to_string(), "DIR"), expected);
    }

    fn to_mode(mode: u32) -> impl Fn(&Path) {
        move |dir| fs::set_permissions(dir, Permissions::from_mode(mode)).unwrap()
    }

    #[test]
    fn a_folder_that_others_may_write_is_refused_and_one_that_they_may_read_is_not() {
        check(to_mode(0o700), "used");
        check(to_mode(0o755), "used");
        let hint = "take that right away with `chmod go-w`";
        check(to_mode(0o777), &format!("the cache folder DIR can be written by others (mode 777); {hint}"));
        check(to_mode(0o1770), &format!("the cache folder DIR can be written by others (mode 1770); {hint}"));
    }

    #[test]
    fn a_folder_of_somebody_else_is_refused() {
        let user = rustix::process::geteuid().as_raw();
        if user == 0 {
            let reason = "belongs to user 4321, and this is user 0; use a folder of your own";
            check(|dir| chown(dir, Some(4321), None).unwrap(), &format!("the cache folder DIR {reason}"));
        }
        // Nobody but root owns the root of all.
        let root = prepare(Path::new("/"));
        assert_eq!(root.is_err(), user != 0 || Path::new("/").metadata().unwrap().mode() & 0o022 != 0, "{root:?}");
    }

    #[test]
    fn a_link_is_followed_if_it_is_ones_own() {
        let elsewhere = tempfile::tempdir().unwrap();
        let link = |dir: &Path| {
            fs::remove_dir(dir).unwrap();
            symlink(elsewhere.path(), dir).unwrap();
        };
        check(link, "used");
        to_mode(0o777)(elsewhere.path());
        let hint = "take that right away with `chmod go-w`";
        check(link, &format!("the cache folder DIR can be written by others (mode 777); {hint}"));
        to_mode(0o700)(elsewhere.path());
        if rustix::process::geteuid().is_root() {
            let theirs = |dir: &Path| {
                link(dir);
                std::os::unix::fs::lchown(dir, Some(4321), None).unwrap();
            };
            check(theirs, "the cache folder DIR is a link that user 4321 made; name the folder itself");
        }
    }

    #[test]
    fn a_link_that_leads_nowhere_is_an_error() {
        let parent = tempfile::tempdir().unwrap();
        symlink(parent.path().join("gone"), parent.path().join("cache")).unwrap();
        let error = prepare(&parent.path().join("cache")).unwrap_err();
        assert!(error.to_string().starts_with("cannot make the folder "), "{error}");
    }
}
