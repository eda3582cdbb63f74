//! Files that hold what a person wrote: for their owner alone, and whole or not
//! at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy as _;

/// How many names are tried for the file that is written first.
const MAX_NAMES: u32 = 100;

/// Whether there is anything of this name, also a link that leads nowhere.
pub(crate) fn is_taken(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

/// Writes a file that only its owner can read. What was there before stays until
/// the new content is on the disk. A device, a pipe or a folder is not replaced.
pub(crate) fn write_private(path: &Path, content: &[u8]) -> io::Result<()> {
    if fs::metadata(path).is_ok_and(|found| !found.is_file()) {
        return Err(io::Error::other("it is not a regular file"));
    }
    let (mut file, beside) = create_beside(path)?;
    let written = file
        .write_all(content)
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        let _ = fs::remove_file(&beside);
    }
    written
}

/// Creates a file in the same folder. Its name is short, whatever that of the other.
fn create_beside(path: &Path) -> io::Result<(File, PathBuf)> {
    if path.file_name().is_none() {
        return Err(io::Error::other("it has no file name"));
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let mut last = io::Error::from(io::ErrorKind::AlreadyExists);
    for number in 0..MAX_NAMES {
        let beside = path.with_file_name(format!(".chatwire-{}-{number}", std::process::id()));
        match options.open(&beside) {
            Ok(file) => return Ok((file, beside)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => last = error,
            Err(error) => return Err(error),
        }
    }
    Err(last)
}

/// Makes a folder that only its owner can read, if there is none.
pub(crate) fn private_folder(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    if let Some(parent) = folder.parent() {
        fs::create_dir_all(parent)?;
    }
    create_private(folder)
}

#[cfg(unix)]
fn create_private(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;

    fs::DirBuilder::new().mode(0o700).create(folder)
}

/// The folders of a person are private already.
#[cfg(not(unix))]
fn create_private(folder: &Path) -> io::Result<()> {
    fs::create_dir(folder)
}

/// Where the program keeps what it remembers: in the folder for the state of
/// programs, or for their data where there is none.
pub(crate) fn state_folder() -> Option<PathBuf> {
    let folders = etcetera::choose_base_strategy().ok()?;
    let folder = folders.state_dir().unwrap_or_else(|| folders.data_dir());
    Some(folder.join("chatwire"))
}

/// A path as a person types it: `~` is their home.
pub(crate) fn typed_path(text: &str) -> PathBuf {
    let home = || etcetera::home_dir().ok();
    match text.strip_prefix('~') {
        Some("") => home().unwrap_or_else(|| text.into()),
        Some(rest) if rest.starts_with(['/', std::path::MAIN_SEPARATOR]) => match home() {
            Some(home) => home.join(rest.trim_start_matches(['/', std::path::MAIN_SEPARATOR])),
            None => text.into(),
        },
        _ => text.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        let home = etcetera::home_dir().unwrap();
        for (text, path) in [
            ("~/a/b.json", home.join("a/b.json")),
            ("~", home),
            ("~other/a", "~other/a".into()),
            ("a/~", "a/~".into()),
        ] {
            assert_eq!(typed_path(text), path);
        }
    }

    #[test]
    fn whole_or_not_at_all() {
        let folder = std::env::temp_dir().join(format!("chatwire-files-{}", std::process::id()));
        private_folder(&folder).unwrap();
        let file = folder.join("a.json");
        write_private(&file, b"one").unwrap();
        write_private(&file, b"two").unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"two");
        // As long as names can be.
        let long = folder.join("a".repeat(255));
        write_private(&long, b"long").unwrap();
        fs::remove_file(&long).unwrap();
        // A folder is in the way: nothing is left beside it.
        fs::create_dir_all(folder.join("b/c")).unwrap();
        assert!(is_taken(&file) && is_taken(&folder.join("b")) && !is_taken(&folder.join("d")));
        write_private(&folder.join("b"), b"three").unwrap_err();
        let left: Vec<_> = fs::read_dir(&folder).unwrap().collect();
        assert_eq!(left.len(), 2, "{left:?}");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!((mode(&folder), mode(&file)), (0o700, 0o600));
        }
        fs::remove_dir_all(&folder).unwrap();
    }
}
