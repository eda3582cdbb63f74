//! Files that decide where secrets go, or have them.

#[cfg(unix)]
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::Path;
#[cfg(unix)]
use std::path::PathBuf;
#[cfg(unix)]
use std::sync::{Mutex, PoisonError};

/// The largest file that is read, in bytes.
const MAX_FILE: u64 = 16 * 1024 * 1024;

/// Reads a file with a secret, such as a key.
///
/// On Unix a file that others may write is refused: whoever writes it decides
/// what is sent. If others may read it, a warning says so.
///
/// # Errors
///
/// Why it cannot be read.
pub fn read_secret(path: &Path) -> Result<String, String> {
    let text = read(path)?;
    warn_if_readable(path);
    text_of(text, path)
}

/// Reads a configuration file, if it exists. On Unix one that others may write is
/// refused.
///
/// # Errors
///
/// Why it cannot be read.
pub fn read_config(path: &Path) -> Result<Option<String>, String> {
    match fs::metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        _ => text_of(read(path)?, path).map(Some),
    }
}

/// Reads a file with certificates that are to be trusted. On Unix one that
/// others may write is refused.
///
/// # Errors
///
/// Why it cannot be read.
pub fn read_certificates(path: &Path) -> Result<Vec<u8>, String> {
    read(path)
}

/// Warns, once, if others may read a file that has a secret. There is nothing to
/// warn of outside Unix.
pub fn warn_if_readable(path: &Path) {
    #[cfg(unix)]
    if let Ok(metadata) = fs::metadata(path)
        && metadata.is_file()
        && mode(&metadata) & 0o044 != 0
        && is_new(path)
    {
        tracing::warn!(
            "others may read {}, which has a secret; `chmod 600` makes it yours alone",
            path.display()
        );
    }
    #[cfg(not(unix))]
    let _ = path;
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    let failed =
        |why: &dyn std::fmt::Display| format!("the file {} cannot be read: {why}", path.display());
    let file = File::open(path).map_err(|error| failed(&error))?;
    let metadata = file.metadata().map_err(|error| failed(&error))?;
    #[cfg(unix)]
    // A pipe or a terminal is nobody else's, whatever its mode says.
    if metadata.is_file() && mode(&metadata) & 0o022 != 0 {
        return Err(failed(
            &"others may write it; `chmod 600` makes it yours alone",
        ));
    }
    if metadata.is_dir() {
        return Err(failed(&"it is a directory"));
    }
    let mut content = Vec::new();
    let mut limited = file.take(MAX_FILE + 1);
    limited
        .read_to_end(&mut content)
        .map_err(|error| failed(&error))?;
    if limited.limit() == 0 {
        let limit = MAX_FILE / 1024 / 1024;
        return Err(failed(&format!(
            "it is larger than the limit of {limit} MiB"
        )));
    }
    Ok(content)
}

fn text_of(content: Vec<u8>, path: &Path) -> Result<String, String> {
    String::from_utf8(content).map_err(|_| {
        format!(
            "the file {} cannot be read: it is not UTF-8",
            path.display()
        )
    })
}

/// Whether nobody was warned of the file yet.
#[cfg(unix)]
fn is_new(path: &Path) -> bool {
    static WARNED: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());
    let mut warned = WARNED.lock().unwrap_or_else(PoisonError::into_inner);
    warned.insert(path.to_owned())
}

#[cfg(unix)]
fn mode(metadata: &fs::Metadata) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;

    metadata.permissions().mode()
}
