//! Recordings of real servers, served again.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use serde_json::value::RawValue;

use super::answer::{Answer, Framing};
use super::ending::Ending;
use super::reason;

/// Why a recording cannot be served.
#[derive(Debug, thiserror::Error)]
#[error("not a recording: {what}")]
pub struct RecordingError {
    what: String,
}

impl RecordingError {
    pub(crate) fn new(what: impl Into<String>) -> Self {
        Self { what: what.into() }
    }
}

impl Answer {
    /// Creates the recorded answer, piece by piece, without the pauses between the pieces.
    ///
    /// A recording is a JSON object whose `response` has `status`, `reason`, `headers` (pairs),
    /// `framing` (`chunked`, `content-length`, `close` or `none`), `body` (pieces, each with
    /// `text` or `b64`, and `t_ms`) and `ended` (`clean`, `truncated`, `reset`, `timeout` or
    /// `aborted-by-client`; the last two [stall](Ending::Stall)). Everything else is
    /// ignored, and need not even be valid text.
    ///
    /// ```
    /// let answer = chatwire_mock::Answer::from_recording(r#"{"response": {
    ///     "status": 500, "reason": "café", "headers": [["content-type", "text/plain"]],
    ///     "framing": "chunked", "body": [{"t_ms": 12.5, "text": "Error"}], "ended": "clean"
    /// }}"#)?;
    /// # Ok::<(), chatwire_mock::RecordingError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error if the text is not such an object.
    pub fn from_recording(recording: &str) -> Result<Self, RecordingError> {
        load(recording, None)
    }

    /// Like [`from_recording`](Self::from_recording), but with the recorded pauses.
    ///
    /// # Errors
    ///
    /// Returns an error if the text is not a recording.
    pub fn from_recording_timed(recording: &str) -> Result<Self, RecordingError> {
        load(recording, Some(1.0))
    }

    /// Like [`from_recording`](Self::from_recording), but with the recorded pauses divided by
    /// `speed`.
    ///
    /// # Errors
    ///
    /// Returns an error if the text is not a recording.
    pub fn from_recording_at(recording: &str, speed: f64) -> Result<Self, RecordingError> {
        load(recording, Some(speed))
    }
}

fn load(recording: &str, speed: Option<f64>) -> Result<Answer, RecordingError> {
    // Only the response is parsed: requests may hold what is not valid JSON text.
    let parts: BTreeMap<String, Box<RawValue>> =
        serde_json::from_str(recording).map_err(|error| RecordingError::new(error.to_string()))?;
    let response = parts
        .get("response")
        .ok_or_else(|| RecordingError::new("no response"))?;
    let response: Value = serde_json::from_str(response.get())
        .map_err(|error| RecordingError::new(error.to_string()))?;

    let status = response
        .get("status")
        .and_then(Value::as_u64)
        .and_then(|status| u16::try_from(status).ok())
        .ok_or_else(|| RecordingError::new("no status"))?;
    let mut answer = Answer::status(status);
    if let Some(reason) = response.get("reason").and_then(Value::as_str) {
        let reason =
            reason::latin1(reason).ok_or_else(|| RecordingError::new("reason is not Latin-1"))?;
        answer = answer.reason(reason);
    }
    for pair in items(&response, "headers") {
        let (Some(name), Some(value)) = (string(pair.get(0)), string(pair.get(1))) else {
            return Err(RecordingError::new("a header is not a pair"));
        };
        let value = reason::latin1(value).unwrap_or_else(|| value.as_bytes().to_vec());
        answer = answer.header(name, value);
    }
    answer = answer.framing(match string(response.get("framing")) {
        Some("chunked") => Framing::Chunked,
        Some("content-length") => Framing::ContentLength,
        Some("close") => Framing::Close,
        Some("none") => Framing::None,
        other => return Err(RecordingError::new(format!("framing {other:?}"))),
    });
    let mut clock = 0.0;
    for piece in items(&response, "body") {
        if let (Some(speed), Some(time)) = (speed, piece.get("t_ms").and_then(Value::as_f64)) {
            let pause = Duration::try_from_secs_f64((time - clock) / 1000.0 / speed);
            answer = answer.delay(pause.unwrap_or_default());
            clock = time;
        }
        answer = match (string(piece.get("text")), string(piece.get("b64"))) {
            (Some(text), _) => answer.piece(text),
            (None, Some(base64)) => answer.piece(
                STANDARD
                    .decode(base64)
                    .map_err(|_| RecordingError::new("a piece's base64"))?,
            ),
            (None, None) => return Err(RecordingError::new("a piece without text or b64")),
        };
    }
    if speed.is_some() {
        answer = answer.head_with_first_piece();
    }
    Ok(answer.ending(match string(response.get("ended")) {
        Some("clean") => Ending::Clean,
        Some("truncated") => Ending::Truncate,
        Some("reset") => Ending::Reset,
        Some("timeout" | "aborted-by-client") => Ending::Stall,
        other => return Err(RecordingError::new(format!("ended {other:?}"))),
    }))
}

fn items<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value
        .get(key)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

fn string(value: Option<&Value>) -> Option<&str> {
    value.and_then(Value::as_str)
}
