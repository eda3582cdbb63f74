//! MagickPen: the site with its bundle, and the API.

use std::collections::HashSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::Deref;
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::json;

use crate::answer::{Answer, Framing};
use crate::md5_hex::md5_hex;
use crate::request::RecordedRequest;
use crate::script::Script;
use crate::server::MockServer;
use crate::sync::lock;

const SALT: &str = "TGDBU9zCgM";
const ACCEPT: &str = "application/json, text/plain, */*";
/// How far a request's clock may be off.
const MAX_SKEW_MS: u128 = 5 * 60 * 1000;

/// What the site's JavaScript bundle looks like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Bundle {
    /// As last seen: `"X-API-Secret":"…"` and `secret:"…"`.
    #[default]
    Latest,
    /// An older one: a blank after `secret:`, and an API secret that is more than a word.
    Spaced,
    /// Without `secret`.
    WithoutSecret,
    /// Without `X-API-Secret`.
    WithoutApiSecret,
    /// With neither.
    WithoutBoth,
    /// With the secrets behind this many bytes of other code.
    Huge(usize),
}

/// A mock of MagickPen: the front page and the bundle with the secrets, and `POST /ask`, which
/// checks headers, secrets, signature and body.
///
/// The default reply is `This is the MagickPen mock. You asked: <query>`. A request that is not in
/// order is answered with 400, 401 or 403 and a JSON message that says what is wrong with it.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use chatwire_mock::MagickPenMock;
///
/// // The address that clients know by heart is gone: they have to find the new one.
/// let mock = MagickPenMock::builder().hash("0c1d2e3f").start().await?;
/// mock.reply("Hello there");
/// mock.rotate_secrets();
/// assert_eq!(mock.credential_fetches(), 0);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct MagickPenMock {
    server: MockServer,
    site: Arc<Site>,
}

/// Options of a [`MagickPenMock`].
#[derive(Clone, Debug)]
#[must_use]
pub struct MagickPenBuilder {
    addr: SocketAddr,
    hash: String,
    bundle: Bundle,
    origin: Option<String>,
}

#[derive(Debug)]
struct Site {
    bundle: Bundle,
    origin: Option<String>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    hash: String,
    generation: u64,
    fetches: usize,
    seen: HashSet<(String, String)>,
}

/// Why a request is refused.
struct Refusal(u16, &'static str);

impl MagickPenMock {
    /// The bundle's last known hash, which is the mock's default.
    pub const LAST_KNOWN_HASH: &'static str = "bf709a9ce19f14e18116";

    /// Starts a mock on a free port of the loopback interface.
    ///
    /// # Errors
    ///
    /// When no port can be had.
    pub async fn start() -> std::io::Result<Self> {
        Self::builder().start().await
    }

    /// Options, to start with [`MagickPenBuilder::start`].
    pub fn builder() -> MagickPenBuilder {
        MagickPenBuilder {
            addr: (Ipv4Addr::LOCALHOST, 0).into(),
            hash: Self::LAST_KNOWN_HASH.to_owned(),
            bundle: Bundle::Latest,
            origin: None,
        }
    }

    /// Queues this text as the next reply, in pieces as the script says.
    pub fn reply(&self, text: impl Into<String>) -> &Self {
        let text = text.into();
        self.server
            .push(Arc::new(move |_, script| reply(script, &text)));
        self
    }

    /// Replaces the secrets: the bundle has the new ones at once, the old are refused with 403.
    pub fn rotate_secrets(&self) {
        lock(&self.site.state).generation += 1;
    }

    /// A new deployment: the bundle moves to another hash and has new secrets.
    pub fn redeploy(&self, hash: impl Into<String>) {
        let mut state = lock(&self.site.state);
        state.hash = hash.into();
        state.generation += 1;
    }

    /// How often the bundle was fetched.
    pub fn credential_fetches(&self) -> usize {
        lock(&self.site.state).fetches
    }

    /// The value of `secret` in the bundle now.
    pub fn secret(&self) -> String {
        self.site.secrets().0
    }

    /// The value of `X-API-Secret` in the bundle now.
    pub fn api_secret(&self) -> String {
        self.site.secrets().1
    }

    /// The signature that belongs to this timestamp and nonce.
    pub fn signature(timestamp: &str, nonce: &str) -> String {
        let mut parts = [SALT, timestamp, nonce];
        parts.sort_unstable();
        md5_hex(&parts.concat())
    }
}

impl Deref for MagickPenMock {
    type Target = MockServer;

    fn deref(&self) -> &MockServer {
        &self.server
    }
}

impl MagickPenBuilder {
    /// The address to listen on.
    pub fn addr(mut self, addr: SocketAddr) -> Self {
        self.addr = addr;
        self
    }

    /// The bundle's hash, part of its path `/_nuxt/<hash>.js`. Every other path there is 404.
    pub fn hash(mut self, hash: impl Into<String>) -> Self {
        self.hash = hash.into();
        self
    }

    /// What the bundle looks like.
    pub fn bundle(mut self, bundle: Bundle) -> Self {
        self.bundle = bundle;
        self
    }

    /// The site that requests to the API must name as their origin, without a slash at its end,
    /// where the mock plays the API alone. Otherwise it is the address that the request went to.
    pub fn origin(mut self, site: impl Into<String>) -> Self {
        self.origin = Some(site.into());
        self
    }

    /// Starts the mock.
    ///
    /// # Errors
    ///
    /// When the address cannot be had.
    pub async fn start(self) -> std::io::Result<MagickPenMock> {
        let site = Arc::new(Site {
            bundle: self.bundle,
            origin: self.origin,
            state: Mutex::new(State {
                hash: self.hash,
                generation: 0,
                fetches: 0,
                seen: HashSet::new(),
            }),
        });
        let handler = {
            let site = Arc::clone(&site);
            move |request: &RecordedRequest, script: &Script| site.respond(request, script)
        };
        let server = MockServer::serve(self.addr, Arc::new(handler)).await?;
        Ok(MagickPenMock { server, site })
    }
}

impl Site {
    /// `secret` and `X-API-Secret`.
    fn secrets(&self) -> (String, String) {
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

    fn respond(&self, request: &RecordedRequest, script: &Script) -> Answer {
        let path = request.path();
        if path == "/ask" {
            return match self.check(request) {
                Ok(query) => script.next(request).unwrap_or_else(|| {
                    reply(
                        script,
                        &format!("This is the MagickPen mock. You asked: {query}"),
                    )
                }),
                Err(Refusal(status, message)) => {
                    let body = json!({"statusCode": status, "message": message});
                    Answer::json(body).with_status(status)
                }
            };
        }
        let hash = lock(&self.state).hash.clone();
        if request.method != "GET" && request.method != "HEAD" {
            Answer::html(405, "<h1>Method Not Allowed</h1>")
        } else if path == "/" {
            Answer::html(200, front_page(&hash))
        } else if path == format!("/_nuxt/{hash}.js") {
            lock(&self.state).fetches += 1;
            let (secret, api_secret) = self.secrets();
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
        if signature != MagickPenMock::signature(timestamp, nonce) {
            return Err(Refusal(401, "signature does not match"));
        }

        let (secret, api_secret) = self.secrets();
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
        let pair = (nonce.to_owned(), timestamp.to_owned());
        if !lock(&self.state).seen.insert(pair) {
            return Err(Refusal(401, "signature was used before"));
        }
        Ok(query.to_owned())
    }
}

fn reply(script: &Script, text: &str) -> Answer {
    let mut answer = Answer::status(200).header("content-type", "text/plain; charset=utf-8");
    answer.steps = script.steps(script.split(text));
    answer
}

fn script_file(code: String) -> Answer {
    Answer::status(200)
        .header("content-type", "application/javascript; charset=UTF-8")
        .header("cache-control", "public, max-age=31536000")
        .framing(Framing::ContentLength)
        .piece(code)
}

/// The page names scripts of other sites too, and the bundle last: a client has to choose.
fn front_page(hash: &str) -> String {
    format!(
        r#"<!doctype html>
<html lang="en"><head><title>MagickPen</title><meta charset="utf-8">
<link rel="preload" href="/_nuxt/css/3a2b1c0.css" as="style">
<link rel="preload" href="/_nuxt/runtime.4f1c2a.js" as="script"><link rel="preload" as="script" href="/_nuxt/{hash}.js">
<script async src="https://challenges.cloudflare.invalid/turnstile/v0/api.js"></script>
</head><body><div id="__nuxt"></div><script>window.__NUXT__={{config:{{}}}};</script>
<script src="/_nuxt/runtime.4f1c2a.js" defer></script><script src="/_nuxt/vendors.9e8d7c.js" defer></script><script src="/_nuxt/{hash}.js" defer></script></body></html>
"#
    )
}

fn bundle(kind: Bundle, secret: &str, api_secret: &str) -> String {
    let blank = if kind == Bundle::Spaced { " " } else { "" };
    let secret = match kind {
        Bundle::WithoutSecret | Bundle::WithoutBoth => String::new(),
        _ => format!(r#",secret:{blank}"{secret}""#),
    };
    let api_secret = match kind {
        Bundle::WithoutApiSecret | Bundle::WithoutBoth => String::new(),
        _ => format!(r#","X-API-Secret":"{api_secret}""#),
    };
    let padding = match kind {
        Bundle::Huge(bytes) => "var _=0;".repeat(bytes.div_ceil(8)),
        _ => String::new(),
    };
    format!(
        r#"(window.webpackJsonp=window.webpackJsonp||[]).push([[7],{{412:function(e,t,n){{"use strict";{padding}var r=n(8),o=n(93),c=Date.now().toString(),l=Math.random().toString();t.a={{post:function(e,t){{return r.a.post(e,t,{{headers:{{"Content-Type":"application/json"{api_secret},nonce:l,timestamp:c{secret},signature:o(["{SALT}",c,l].sort().join(""))}}}})}}}}}}}},[[412,0,1]]]);"#
    )
}

#[cfg(test)]
mod tests {
    use super::MagickPenMock;

    #[test]
    fn signatures() {
        for (timestamp, nonce, md5) in [
            (
                "1729445594000",
                "0.8444218515250481",
                "2cc3cd40e4c20f5ab0e7772602b01c55",
            ),
            (
                "1729445594000",
                "5.960464477539063e-08",
                "95bb2f7384e923c5f7ce9b817656b20f",
            ),
            ("999", "0.1", "8b9db7e134353a83c177cbb2420a549b"),
        ] {
            assert_eq!(MagickPenMock::signature(timestamp, nonce), md5, "{nonce}");
        }
    }
}
