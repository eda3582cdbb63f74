use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use chatwire_core::{Error, ErrorKind};
use url::Url;

use crate::import::{Format, import};
use crate::session::BrowserSession;

/// The largest file that is read, in bytes: HAR files are large.
const MAX_FILE: u64 = 256 * 1024 * 1024;

/// Where a session is kept between runs, so that a browser is not needed each
/// time. On Unix only its owner may read it.
#[derive(Debug, Clone)]
pub(crate) struct SessionFile(PathBuf);

impl SessionFile {
    pub(crate) fn new(path: PathBuf) -> SessionFile {
        SessionFile(path)
    }

    /// The session in the file for the server with this base URL, or `None` if
    /// there is no file.
    pub(crate) fn load(&self, base: &Url) -> Result<Option<(BrowserSession, Format)>, Error> {
        let text = match self.read() {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(self.failed("read", error)),
        };
        import(&text, base)
            .map(Some)
            .map_err(|error| error.with_context(&format!("in {}", self.0.display())))
    }

    fn read(&self) -> io::Result<String> {
        let metadata = fs::metadata(&self.0)?;
        // A pipe would have to be waited for.
        if !metadata.is_file() {
            return Err(io::Error::other("it is not a regular file"));
        }
        self.check_permissions(&metadata)?;
        let limit = MAX_FILE / 1024 / 1024;
        let too_large = || io::Error::other(format!("it is larger than the limit of {limit} MiB"));
        if metadata.len() > MAX_FILE {
            return Err(too_large());
        }
        let mut bytes = Vec::new();
        let mut file = fs::File::open(&self.0)?.take(MAX_FILE + 1);
        file.read_to_end(&mut bytes)?;
        if file.limit() == 0 {
            return Err(too_large());
        }
        text(bytes)
    }

    /// A user who can write the file decides what is sent to the server, and
    /// one who can read it has the session.
    #[cfg(unix)]
    fn check_permissions(&self, metadata: &fs::Metadata) -> io::Result<()> {
        use std::os::unix::fs::PermissionsExt as _;

        let mode = metadata.permissions().mode();
        if mode & 0o022 != 0 {
            return Err(io::Error::other(
                "others may write it; `chmod 600` makes it yours alone",
            ));
        }
        if mode & 0o044 != 0 {
            tracing::warn!(
                "others may read the session file {}; `chmod 600` makes it yours alone",
                self.0.display()
            );
        }
        Ok(())
    }

    #[cfg(not(unix))]
    fn check_permissions(&self, _: &fs::Metadata) -> io::Result<()> {
        Ok(())
    }

    /// Replaces the file by this session, whole or not at all.
    pub(crate) fn save(&self, session: &BrowserSession) -> Result<(), Error> {
        // A link stays one.
        let path = fs::canonicalize(&self.0).unwrap_or_else(|_| self.0.clone());
        replace(&path, session.to_json().as_bytes()).map_err(|error| self.failed("written", error))
    }

    /// The error for a file that should be there and is not.
    pub(crate) fn missing(&self) -> Error {
        Error::new(
            ErrorKind::InvalidRequest,
            format!(
                "there is no session file {}, and no browser to get a session from",
                self.0.display()
            ),
        )
    }

    /// The error for a session that is not written into a file that another
    /// program made.
    pub(crate) fn foreign(&self, format: Format) -> Error {
        Error::new(
            ErrorKind::InvalidRequest,
            format!(
                "the session file {} is left as it is, because it is a {}: \
                 name another file to keep the browser's new session",
                self.0.display(),
                format.name()
            ),
        )
    }

    fn failed(&self, what: &str, error: io::Error) -> Error {
        Error::new(
            ErrorKind::InvalidRequest,
            format!(
                "the session file {} cannot be {what}: {error}",
                self.0.display()
            ),
        )
        .with_source(error)
    }
}

/// The text of a file in UTF-8, or in UTF-16 with a mark, as some shells on Windows
/// write what they are sent.
fn text(bytes: Vec<u8>) -> io::Result<String> {
    let invalid = || io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8 text");
    let (rest, is_little): (&[u8], bool) = match bytes.as_slice() {
        [0xff, 0xfe, rest @ ..] => (rest, true),
        [0xfe, 0xff, rest @ ..] => (rest, false),
        _ => return String::from_utf8(bytes).map_err(|_| invalid()),
    };
    let (pairs, odd) = rest.as_chunks::<2>();
    let unit = |pair: &[u8; 2]| match is_little {
        true => u16::from_le_bytes(*pair),
        false => u16::from_be_bytes(*pair),
    };
    let units: Vec<u16> = pairs.iter().map(unit).collect();
    match odd {
        [] => String::from_utf16(&units).map_err(|_| invalid()),
        _ => Err(invalid()),
    }
}

/// Puts a new file that only its owner may read in the place of the old one.
fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}-{number}.new", std::process::id()));
    let new = path.with_file_name(name);
    let written = write_private(&new, content).and_then(|()| fs::rename(&new, path));
    if written.is_err() {
        let _ = fs::remove_file(&new);
    }
    written
}

fn write_private(path: &Path, content: &[u8]) -> io::Result<()> {
    // What an earlier try may have left would keep its permissions.
    let _ = fs::remove_file(path);
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(content)?;
    file.sync_all()
}
