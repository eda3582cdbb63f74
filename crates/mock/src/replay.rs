//! A server that plays recordings.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Mutex;

use tokio::net::ToSocketAddrs;

use serde_json::value::RawValue;

use crate::answers::{Answer, RecordingError};
use crate::server::{MockServer, RecordedRequest};
use crate::sync::lock;

/// The largest file that is read, and all of them together.
const MAX_FILE: u64 = 64 * 1024 * 1024;
const MAX_BYTES: u64 = 256 * 1024 * 1024;
/// How many recordings there may be.
const MAX_FILES: usize = 10_000;

/// Headers that the server writes itself.
const FRAMING: [&str; 4] = [
    "connection",
    "content-length",
    "keep-alive",
    "transfer-encoding",
];

/// Recordings of a real server, to be served again.
///
/// A request gets the next recording of its method and path, in the order of the files' names,
/// and after the last the first again. Other requests get status 404 and words that say so.
///
/// ```
/// use chatwire_mock::Replay;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut replay = Replay::new();
/// replay.add(r#"{"request": {"method": "GET", "path": "/hello"}, "response": {
///     "status": 200, "headers": [], "framing": "chunked",
///     "body": [{"t_ms": 0, "text": "Hi"}, {"t_ms": 40, "text": " there"}], "ended": "clean"}}"#)?;
/// // At the recorded pace; 2.0 is twice as fast.
/// let server = replay.serve("127.0.0.1:0", 1.0).await?;
/// # let _ = server.url();
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Replay {
    /// The recordings of each method and path.
    recordings: BTreeMap<(String, String), Vec<String>>,
    bytes: u64,
}

impl Replay {
    /// Creates one without recordings.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a recording, after the others of its method and path. Its form is that of
    /// [`Answer::from_recording`], with the `method` and `path` of its `request`.
    ///
    /// # Errors
    ///
    /// Returns an error if the text is not a recording.
    pub fn add(&mut self, recording: &str) -> Result<(), RecordingError> {
        // Fails now, and not when it is asked for.
        Answer::from_recording(recording)?;
        let wrong = |what: &str| RecordingError::new(what);
        let parts: BTreeMap<String, Box<RawValue>> =
            serde_json::from_str(recording).map_err(|_| wrong("not a JSON object"))?;
        let request = parts.get("request").ok_or_else(|| wrong("no request"))?;
        let request: BTreeMap<String, Box<RawValue>> = serde_json::from_str(request.get())
            .map_err(|_| wrong("the request is not an object"))?;
        let text = |name: &str| {
            let value = request.get(name)?;
            serde_json::from_str::<String>(value.get()).ok()
        };
        let method = text("method").ok_or_else(|| wrong("no method"))?;
        let path = text("path").ok_or_else(|| wrong("no path"))?;
        let path = path.split('?').next().unwrap_or_default().to_owned();
        self.bytes = self.bytes.saturating_add(recording.len() as u64);
        let known = self.recordings.entry((method, path)).or_default();
        known.push(recording.to_owned());
        Ok(())
    }

    /// Reads the recordings of a folder: its files whose names end in `.json`, in the order of
    /// the names. Files over 64 MiB are refused, as are more than 256 MiB or 10,000 files.
    ///
    /// # Errors
    ///
    /// Returns an error if the folder or a file cannot be read, or if a file is not a recording.
    pub fn read_dir(folder: &Path) -> io::Result<Self> {
        let mut paths = Vec::new();
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.extension().is_some_and(|end| end == "json") {
                paths.push(path);
            }
            if paths.len() > MAX_FILES {
                let why = format!("more than {MAX_FILES} recordings");
                return Err(io::Error::other(why));
            }
        }
        paths.sort();
        let mut replay = Self::new();
        for path in paths {
            let wrong = |why: String| io::Error::other(format!("{}: {why}", path.display()));
            let size = std::fs::metadata(&path)?.len();
            if size > MAX_FILE || replay.bytes.saturating_add(size) > MAX_BYTES {
                return Err(wrong("too much to be held in memory".to_owned()));
            }
            let text = std::fs::read_to_string(&path).map_err(|error| wrong(error.to_string()))?;
            replay
                .add(&text)
                .map_err(|error| wrong(error.to_string()))?;
        }
        Ok(replay)
    }

    /// Returns the number of recordings.
    pub fn len(&self) -> usize {
        self.recordings.values().map(Vec::len).sum()
    }

    /// Whether there are no recordings.
    pub fn is_empty(&self) -> bool {
        self.recordings.is_empty()
    }

    /// Starts a server that plays the recordings on this address. Pauses are divided by `speed`;
    /// 0 leaves them out.
    ///
    /// # Errors
    ///
    /// Returns an error if the address cannot be bound.
    pub async fn serve(self, addr: impl ToSocketAddrs, speed: f64) -> io::Result<MockServer> {
        let server = MockServer::bind(addr).await?;
        // Read now, and not for each request.
        let answers: BTreeMap<(String, String), Vec<Answer>> = self
            .recordings
            .into_iter()
            .map(|(key, all)| (key, all.iter().map(|one| answer(one, speed)).collect()))
            .collect();
        let played: Mutex<BTreeMap<(String, String), usize>> = Mutex::default();
        server.answer_with(move |request: &RecordedRequest| {
            let key = (request.method.clone(), request.path().to_owned());
            let Some(answers) = answers.get(&key) else {
                let (method, path) = key;
                let why = format!("There is no recording of {method} {path}.\n");
                return Some(Answer::text([why]).with_status(404));
            };
            let mut played = lock(&played);
            let count = played.entry(key).or_default();
            let answer = answers.get(*count % answers.len().max(1))?;
            *count = count.wrapping_add(1);
            Some(answer.clone())
        });
        Ok(server)
    }
}

/// The recorded answer. It was read once before, to see whether it can be.
fn answer(recording: &str, speed: f64) -> Answer {
    let played = match speed > 0.0 {
        true => Answer::from_recording_at(recording, speed),
        false => Answer::from_recording(recording),
    };
    let mut answer = played.unwrap_or_else(|_| Answer::status(500));
    let is_framing = |name: &str| FRAMING.iter().any(|known| name.eq_ignore_ascii_case(known));
    answer.headers.retain(|(name, _)| !is_framing(name));
    answer
}
