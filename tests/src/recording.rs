use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::Value;

/// One answer of a real server, and what asked for it.
#[derive(Debug)]
pub struct Recording {
    /// The file's name without its ending.
    pub name: String,
    /// The file itself.
    pub json: String,
    /// The path that was asked.
    pub path: String,
    /// What was asked, if it was JSON.
    pub request: Value,
    /// The content type and the bytes of what was asked, where it was no JSON.
    pub upload: Option<(String, Vec<u8>)>,
    /// What reached the model behind the server, one entry for each time.
    pub model_received: Vec<Value>,
    /// What was answered.
    pub response: Response,
    /// What the plugin's own browser code shows for it: a reply or an error.
    pub official: Option<Result<String, String>>,
}

/// A recorded response.
#[derive(Debug)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The reason phrase.
    pub reason: String,
    /// The headers that matter.
    pub headers: Vec<(String, String)>,
    /// The pieces in which the body came.
    pub pieces: Vec<Vec<u8>>,
    /// How it ended.
    pub ended: Ended,
}

/// How a recorded response ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ended {
    /// As HTTP says it should.
    Clean,
    /// Closed before the body was complete.
    Truncated,
    /// Reset by the server.
    Reset,
    /// Still open and silent when the recorder gave up.
    Timeout,
    /// Given up by the recorder.
    AbortedByClient,
}

impl Response {
    /// The whole body.
    pub fn body(&self) -> Vec<u8> {
        self.pieces.concat()
    }

    /// A header, by its name in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(header, _)| header.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

/// All recordings of a folder of `tests/recordings`, by name.
///
/// # Errors
///
/// Says which file cannot be read, and why.
pub fn all(folder: &str) -> Result<Vec<Recording>, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("recordings")
        .join(folder);
    let files = std::fs::read_dir(&folder).map_err(|error| format!("{folder:?}: {error}"))?;
    let mut recordings = Vec::new();
    for file in files {
        let path = file.map_err(|error| error.to_string())?.path();
        if path.extension().is_some_and(|ending| ending == "json") {
            recordings.push(read(&path).map_err(|error| format!("{path:?}: {error}"))?);
        }
    }
    recordings.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(recordings)
}

fn read(path: &Path) -> Result<Recording, String> {
    #[derive(Deserialize)]
    struct File {
        request: WireRequest,
        response: WireResponse,
        official_client: Option<Official>,
        model_received: Option<Vec<Value>>,
    }
    #[derive(Deserialize)]
    struct WireRequest {
        path: String,
        #[serde(default)]
        headers: Vec<(String, String)>,
        body_b64: Option<String>,
        #[serde(default)]
        json: Value,
    }
    #[derive(Deserialize)]
    struct WireResponse {
        status: u16,
        reason: Option<String>,
        headers: Vec<(String, String)>,
        body: Vec<Piece>,
        ended: Ended,
    }
    #[derive(Deserialize)]
    struct Piece {
        text: Option<String>,
        b64: Option<String>,
    }
    #[derive(Deserialize)]
    struct Official {
        reply: Option<String>,
        error: Option<String>,
    }
    let json = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
    let file: File =
        serde_json::from_str(&without_lone_surrogates(&json)).map_err(|error| error.to_string())?;
    let pieces = file
        .response
        .body
        .into_iter()
        .map(|piece| match (piece.text, piece.b64) {
            (Some(text), _) => Ok(text.into_bytes()),
            (None, Some(b64)) => STANDARD.decode(b64).map_err(|error| error.to_string()),
            (None, None) => Err("a piece without text or b64".to_owned()),
        })
        .collect::<Result<_, String>>()?;
    let upload = match file.request.body_b64 {
        Some(b64) => {
            let mut headers = file.request.headers.into_iter();
            let kind = headers.find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
            let body = STANDARD.decode(b64).map_err(|error| error.to_string())?;
            Some((kind.unwrap_or_default().1, body))
        }
        None => None,
    };
    let official = file.official_client.and_then(|official| {
        let error = official.error.map(Err);
        official.reply.map(Ok).or(error)
    });
    Ok(Recording {
        name: path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned(),
        json,
        path: file.request.path,
        request: file.request.json,
        upload,
        model_received: file.model_received.unwrap_or_default(),
        response: Response {
            status: file.response.status,
            reason: file.response.reason.unwrap_or_default(),
            headers: file.response.headers,
            pieces,
            ended: file.response.ended,
        },
        official,
    })
}

/// One request has half a surrogate pair in it, which Rust's texts cannot hold;
/// what it was answered does not depend on it.
fn without_lone_surrogates(json: &str) -> String {
    let mut clean = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        clean.push_str(before);
        let is_half = escape.starts_with("\\ud") && is_surrogate(escape);
        let is_high = matches!(escape.as_bytes().get(3), Some(b'8'..=b'9' | b'a'..=b'b'));
        let is_pair = is_half && is_high && escape.get(6..9) == Some("\\ud");
        let length = match (is_pair, is_half) {
            (true, _) => 12,
            (false, true) => 6,
            // An escaped backslash must not be taken for the start of an escape.
            (false, false) => 2,
        };
        let (escape, after) = escape.split_at(length.min(escape.len()));
        clean.push_str(match is_half && !is_pair {
            true => "\\ufffd",
            false => escape,
        });
        rest = after;
    }
    clean.push_str(rest);
    clean
}

/// Whether `\ud…` is half of a pair, and no Hangul syllable.
fn is_surrogate(escape: &str) -> bool {
    matches!(escape.as_bytes().get(3), Some(b'8'..=b'9' | b'a'..=b'f'))
}
