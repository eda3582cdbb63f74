//! A recording as it is written down.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chatwire_core::provider_kit::Redactor;
use chatwire_mock::RecordedRequest;
use serde_json::{Value, json};

use super::secrets::{self, Found};

/// What came for one request.
#[derive(Debug)]
pub(super) struct Exchange {
    pub(super) request: RecordedRequest,
    pub(super) status: u16,
    pub(super) reason: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) framing: &'static str,
    /// The pieces, and when each came, in milliseconds after the request.
    pub(super) pieces: Vec<(f64, Vec<u8>)>,
    pub(super) ended: &'static str,
}

impl Exchange {
    /// The recording, without secrets.
    pub(super) fn recording(&self, redactor: &Redactor) -> String {
        let sent: Vec<(String, String)> = self
            .request
            .headers
            .iter()
            .map(|(name, value)| (name.clone(), String::from_utf8_lossy(value).into_owned()))
            .collect();
        let body: Vec<&[u8]> = self
            .pieces
            .iter()
            .map(|(_, piece)| piece.as_slice())
            .collect();
        let mut found = Found::default();
        for (name, value) in sent.iter().chain(&self.headers) {
            found.header(name, value);
        }
        found.parameters(&self.request.target);
        let asked = self.request.text();
        found.parameters(&asked);
        found.members(&asked);
        found.members(&String::from_utf8_lossy(&body.concat()));
        found.tell(redactor);

        let pairs = |headers: &[(String, String)]| {
            let pair = |(name, value): &(String, String)| {
                json!([name, secrets::header(name, value, redactor)])
            };
            headers.iter().map(pair).collect::<Vec<Value>>()
        };
        let pieces: Vec<Value> = secrets::pieces(&body, redactor)
            .into_iter()
            .zip(&self.pieces)
            .map(|(piece, (time, _))| match String::from_utf8(piece) {
                Ok(text) => json!({"t_ms": time, "text": text}),
                Err(error) => json!({"t_ms": time, "b64": STANDARD.encode(error.as_bytes())}),
            })
            .collect();
        let recording = json!({
            "notes": "recorded by chatwire mock --record, secrets taken out",
            "request": self.asked(&pairs(&sent), redactor),
            "response": {
                "status": self.status,
                "reason": redactor.text(&self.reason),
                "headers": pairs(&self.headers),
                "framing": self.framing,
                "body": pieces,
                "ended": self.ended,
            },
        });
        format!("{recording:#}\n")
    }

    fn asked(&self, headers: &[Value], redactor: &Redactor) -> Value {
        let body = secrets::pieces(&[&self.request.body], redactor).concat();
        let (name, body) = match String::from_utf8(body) {
            Ok(text) => match serde_json::from_str::<Value>(&text) {
                Ok(value) => ("json", value),
                Err(_) => ("text", json!(text)),
            },
            Err(error) => ("body_b64", json!(STANDARD.encode(error.as_bytes()))),
        };
        json!({
            "method": self.request.method,
            "path": redactor.text(&self.request.target),
            "headers": headers,
            name: body,
        })
    }
}
