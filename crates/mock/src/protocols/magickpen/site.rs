//! The site and its API: their routes, and the checks of a request to the API.

use std::sync::Mutex;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::json;

use super::bundle::{Bundle, bundle, front_page, script_file};
use super::signature::signature as sign;
use crate::answers::Answer;
use crate::md5_hex::md5_hex;
use crate::memory::Memory;
use crate::protocol::{Protocol, Response};
use crate::server::{Pacing, RecordedRequest};
use crate::sync::lock;

const ACCEPT: &str = "application/json, text/plain, */*";
/// How far a request's clock may be off.
const MAX_SKEW_MS: u128 = 5 * 60 * 1000;

/// The protocol of MagickPen, see [`MagickPenMock`](crate::MagickPenMock).
#[derive(Debug)]
pub struct MagickPenProtocol {
    bundle: Bundle,
    origin: Option<String>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    hash: String,
    generation: u64,
    fetches: usize,
    /// The signatures that were used.
    used: Memory<String>,
}

/// Why a request is refused.
struct Refusal(u16, &'static str);

impl Protocol for MagickPenProtocol {
    const PROVIDER: &'static str = "magickpen";
    const HAS_END_MARK: bool = false;
    type Reply = String;

    fn is_chat(request: &RecordedRequest) -> bool {
        request.path() == "/ask"
    }

    fn respond(&self, request: &RecordedRequest) -> Response<String> {
        if !Self::is_chat(request) {
            return Response::Answer(self.page(request));
        }
        match self.check(request) {
            Ok(query) => Response::Reply(format!("This is the MagickPen mock. You asked: {query}")),
            Err(Refusal(status, message)) => {
                let body = json!({"statusCode": status, "message": message});
                Response::Answer(Answer::json(body).with_status(status))
            }
        }
    }

    fn write(&self, text: &String, _: &RecordedRequest, pacing: &Pacing) -> Answer {
        pacing
            .steps(pacing.split(text))
            .into_iter()
            .fold(Answer::text::<[&str; 0]>([]), Answer::step)
    }

    fn failure(message: &str) -> Answer {
        Answer::json(json!({"statusCode": 500, "message": message})).with_status(500)
    }

    fn secrets(&self) -> Vec<String> {
        let (secret, api_secret) = self.current_secrets();
        vec![secret, api_secret]
    }

    /// The bundle has new secrets at once, and the old are refused with 403.
    fn expire_credentials(&self) {
        lock(&self.state).generation += 1;
    }

    fn credential_fetches(&self) -> usize {
        lock(&self.state).fetches
    }
}

impl MagickPenProtocol {
    pub(crate) fn new(hash: String, bundle: Bundle, origin: Option<String>) -> Self {
        Self {
            bundle,
            origin,
            state: Mutex::new(State {
                hash,
                generation: 0,
                fetches: 0,
                used: Memory::default(),
            }),
        }
    }

    pub(crate) fn redeploy(&self, hash: String) {
        let mut state = lock(&self.state);
        state.hash = hash;
        state.generation += 1;
    }

    /// `secret` and `X-API-Secret`.
    pub(crate) fn current_secrets(&self) -> (String, String) {
        let generation = lock(&self.state).generation;
        let mut secret = md5_hex(&format!("secret {generation}"));
        secret.truncate(10);
        let mut api_secret = md5_hex(&format!("api secret {generation}"));
        api_secret.truncate(16);
        if self.bundle == Bundle::Spaced {
            api_secret.push_str("-x/y+z=");
        }
        (secret, api_secret)
    }

    /// Whether this signature was not used before. Only the last thousand are remembered.
    fn is_first_use(&self, signature: &str) -> bool {
        let used = &mut lock(&self.state).used;
        let is_first = used.iter().all(|known| known != signature);
        if is_first {
            used.push(signature.to_owned(), signature.len());
        }
        is_first
    }

    fn page(&self, request: &RecordedRequest) -> Answer {
        let path = request.path();
        let hash = lock(&self.state).hash.clone();
        if request.method != "GET" && request.method != "HEAD" {
            Answer::html(405, "<h1>Method Not Allowed</h1>")
        } else if path == "/" {
            Answer::html(200, front_page(&hash))
        } else if path == format!("/_nuxt/{hash}.js") {
            lock(&self.state).fetches += 1;
            let (secret, api_secret) = self.current_secrets();
            script_file(bundle(self.bundle, &secret, &api_secret))
        } else if path == "/_nuxt/runtime.4f1c2a.js" || path == "/_nuxt/vendors.9e8d7c.js" {
            script_file("(window.webpackJsonp=window.webpackJsonp||[]).push([[0],{}]);".to_owned())
        } else {
            Answer::html(
                404,
                "<!DOCTYPE html><html><head><title>This page could not be found</title></head></html>",
            )
        }
    }

    /// The query, where everything about the request is right.
    fn check(&self, request: &RecordedRequest) -> Result<String, Refusal> {
        let header = |name| request.header(name);
        if request.method != "POST" {
            return Err(Refusal(405, "Method Not Allowed"));
        }
        if !header("content-type").is_some_and(|kind| kind.starts_with("application/json")) {
            return Err(Refusal(400, "content-type is not application/json"));
        }
        if header("accept") != Some(ACCEPT) {
            return Err(Refusal(400, "unexpected accept"));
        }
        let own = format!("http://{}", header("host").unwrap_or_default());
        let origin = self.origin.as_ref().unwrap_or(&own);
        if header("origin") != Some(origin) {
            return Err(Refusal(403, "origin is not the site"));
        }
        if header("referer").and_then(|referer| referer.strip_suffix('/')) != Some(origin) {
            return Err(Refusal(403, "referer is not the site"));
        }

        let nonce = header("nonce").ok_or(Refusal(401, "nonce is missing"))?;
        let timestamp = header("timestamp").ok_or(Refusal(401, "timestamp is missing"))?;
        let signature = header("signature").ok_or(Refusal(401, "signature is missing"))?;
        let fraction = nonce.starts_with(|first: char| first.is_ascii_digit())
            && nonce
                .parse::<f64>()
                .is_ok_and(|value| (0.0..1.0).contains(&value));
        if !fraction {
            return Err(Refusal(401, "nonce is not a decimal fraction in [0, 1)"));
        }
        let sent = timestamp
            .parse::<u128>()
            .map_err(|_| Refusal(401, "timestamp is not in milliseconds"))?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        if now.is_ok_and(|now| now.as_millis().abs_diff(sent) > MAX_SKEW_MS) {
            return Err(Refusal(401, "timestamp is not within five minutes"));
        }
        if signature != sign(timestamp, nonce) {
            return Err(Refusal(401, "signature does not match"));
        }

        let (secret, api_secret) = self.current_secrets();
        let sent_secret = header("secret").ok_or(Refusal(401, "secret is missing"))?;
        let sent_api = header("x-api-secret").ok_or(Refusal(401, "x-api-secret is missing"))?;
        if sent_secret != secret {
            return Err(Refusal(403, "secret is wrong"));
        }
        if sent_api != api_secret {
            return Err(Refusal(403, "x-api-secret is wrong"));
        }

        let body = request
            .json()
            .map_err(|_| Refusal(400, "body is not JSON"))?;
        let field = |name| body.get(name).and_then(|value| value.as_str());
        let query = field("query")
            .filter(|query| !query.is_empty())
            .ok_or(Refusal(400, "query is missing"))?;
        if field("turnstileResponse") != Some("") {
            return Err(Refusal(400, "turnstileResponse is not empty text"));
        }
        if field("action") != Some("verify") {
            return Err(Refusal(400, "action is not verify"));
        }
        if !self.is_first_use(signature) {
            return Err(Refusal(401, "signature was used before"));
        }
        Ok(query.to_owned())
    }
}
