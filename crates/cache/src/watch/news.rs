//! What an event of the system means for the project. Rather too much than too little.

use std::path::Path;

use notify::event::{AccessKind, AccessMode, CreateKind, EventKind, ModifyKind, RemoveKind};

/// Something that changed, by its path in the project.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum News {
    /// A file, or something that was one; it may stand for a folder's own rights too.
    File(String),
    /// Anything in a folder, or something that came or went.
    Folder(String),
    /// What git says of the head.
    Head,
    /// What git tracks.
    Tracked,
}

/// Returns whether an event can be of a change: most are of files that are only read.
pub(super) fn is_change(kind: &EventKind) -> bool {
    match kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => true,
        EventKind::Access(_) => false,
        _ => true,
    }
}

/// Returns whether an event can say that what was under a path is not there any more, or another one is.
pub(super) fn may_be_gone(kind: &EventKind) -> bool {
    matches!(kind, EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(_)) | EventKind::Any | EventKind::Other)
}

/// Reads one path of an event.
pub(super) fn news(kind: &EventKind, path: &Path, root: &Path, git: &[impl AsRef<Path>]) -> Option<News> {
    if let Some(news) = git.iter().find_map(|folder| of_git(path.strip_prefix(folder.as_ref()).ok()?)) {
        return Some(news);
    }
    let relative = path.strip_prefix(root).ok()?;
    let Some(relative) = relative.to_str() else {
        // A name that is no text makes its folder one that cannot be listed.
        let folder = relative.parent().and_then(Path::to_str).unwrap_or("");
        return Some(News::Folder(folder.to_owned()));
    };
    if relative == ".git" {
        return Some(News::Head);
    }
    if relative.split('/').any(crate::files::is_never) {
        return None;
    }
    let relative = relative.to_owned();
    match kind {
        EventKind::Access(_)
        | EventKind::Modify(ModifyKind::Data(_) | ModifyKind::Metadata(_))
        | EventKind::Create(CreateKind::File)
        | EventKind::Remove(RemoveKind::File) => Some(News::File(relative)),
        _ => Some(News::Folder(relative)),
    }
}

/// Reads a path within git's own folder.
fn of_git(path: &Path) -> Option<News> {
    let path = path.to_str()?;
    let name = path.rsplit('/').next()?;
    match path {
        _ if name.ends_with(".lock") => None,
        "index" | "info/exclude" | "config" => Some(News::Tracked),
        "" | "HEAD" | "packed-refs" | "info" => Some(News::Head),
        _ if path.starts_with("refs") || path.starts_with("reftable") => Some(News::Head),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use notify::event::{DataChange, RenameMode};

    use super::*;

    fn check(kind: EventKind, path: &str, expected: &str) {
        let said = match news(&kind, Path::new(path), Path::new("/p"), &[Path::new("/p/.git")]) {
            Some(news) => format!("{news:?}"),
            None => "nothing".to_owned(),
        };
        assert_eq!(said, expected, "{kind:?} {path}");
    }

    #[test]
    fn an_event_means_a_file_a_folder_git_or_nothing() {
        let written = EventKind::Modify(ModifyKind::Data(DataChange::Any));
        check(written, "/p/src/a", "File(\"src/a\")");
        check(EventKind::Create(CreateKind::File), "/p/a", "File(\"a\")");
        check(EventKind::Create(CreateKind::Folder), "/p/src", "Folder(\"src\")");
        check(EventKind::Remove(RemoveKind::Other), "/p/a", "Folder(\"a\")");
        check(EventKind::Modify(ModifyKind::Name(RenameMode::From)), "/p/a", "Folder(\"a\")");
        check(EventKind::Modify(ModifyKind::Name(RenameMode::From)), "/p", "Folder(\"\")");
        check(EventKind::Any, "/p/a", "Folder(\"a\")");
        check(written, "/p/.segno/cache/index.db", "nothing");
        check(written, "/elsewhere/a", "nothing");
        check(written, "/p/.git/HEAD", "Head");
        check(written, "/p/.git/refs/heads/main", "Head");
        check(written, "/p/.git/refs/heads/main.lock", "nothing");
        check(written, "/p/.git/index", "Tracked");
        check(written, "/p/.git/objects/aa/bb", "nothing");
        check(EventKind::Create(CreateKind::Folder), "/p/.git", "Head");
    }

    #[test]
    fn a_file_that_is_only_read_is_no_change() {
        assert!(!is_change(&EventKind::Access(AccessKind::Open(AccessMode::Any))));
        assert!(!is_change(&EventKind::Access(AccessKind::Close(AccessMode::Read))));
        assert!(is_change(&EventKind::Access(AccessKind::Close(AccessMode::Write))));
        assert!(is_change(&EventKind::Any));
    }
}
