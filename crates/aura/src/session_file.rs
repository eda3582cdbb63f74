use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use chatwire_core::{Error, ErrorKind};

use crate::BrowserSession;

/// Where a session is kept between runs, so that a browser is not needed every
/// time. On Unix only its owner may read it.
#[derive(Debug, Clone)]
pub(crate) struct SessionFile(PathBuf);

impl SessionFile {
    pub(crate) fn new(path: PathBuf) -> SessionFile {
        SessionFile(path)
    }

    /// The session in the file, if there is a file.
    pub(crate) fn load(&self) -> Result<Option<BrowserSession>, Error> {
        let named = |error: Error| error.with_context(&format!("in {}", self.0.display()));
        match fs::read_to_string(&self.0) {
            Ok(json) => BrowserSession::from_json(&json).map(Some).map_err(named),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.failed("read", error)),
        }
    }

    /// Puts a session into the file, whole or not at all.
    pub(crate) fn save(&self, session: &BrowserSession) -> Result<(), Error> {
        let mut name = self.0.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}.new", std::process::id()));
        let fresh = self.0.with_file_name(name);
        let written = write_private(&fresh, session.to_json().as_bytes())
            .and_then(|()| fs::rename(&fresh, &self.0));
        written.map_err(|error| {
            let _ = fs::remove_file(&fresh);
            self.failed("written", error)
        })
    }

    /// The error for a file that should be there and is not.
    pub(crate) fn missing(&self) -> Error {
        self.failed("read", io::ErrorKind::NotFound.into())
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
