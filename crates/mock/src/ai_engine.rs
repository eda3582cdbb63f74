//! A WordPress site with the AI Engine plugin.

use std::net::{Ipv4Addr, SocketAddr};
use std::ops::Deref;
use std::sync::{Arc, Mutex};

use serde_json::{Map, Value};

use crate::ReceivedMessage;
use crate::ai_reply::{AiReply, Extras, error_event, failure};
use crate::answer::Answer;
use crate::md5_hex::md5_hex;
use crate::php_json;
use crate::request::RecordedRequest;
use crate::script::Script;
use crate::server::MockServer;
use crate::sync::lock;

const REJECTED: &str = "Sorry, your query has been rejected.";
const START_SESSION: &str = "/mwai/v1/start_session";
const SUBMIT: &str = "/mwai-ui/v1/chats/submit";
const PAGE: &str = "<!DOCTYPE html>\n<html><head><title>A web site</title></head><body><p>An ordinary HTML page, not the REST API.</p></body></html>\n";
/// The bot's `textInputMaxLength` and its number of messages.
const MAX_INPUT: usize = 512;
const MAX_MESSAGES: usize = 15;

/// Where the site's REST API answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Permalinks {
    /// At `/wp-json/…`, `/index.php?rest_route=…` and `/?rest_route=…`.
    #[default]
    Pretty,
    /// Only at `/index.php?rest_route=…` and `/?rest_route=…`; `/wp-json/…` is answered with
    /// status 200 and the front page.
    Plain,
    /// Only at `/?rest_route=…`; the other two are answered with status 200 and the front page.
    PlainRootOnly,
}

/// Which version of the plugin is played.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum PluginVersion {
    /// 1.9.99: needs no nonce, but refuses a wrong one; the system prompt's key is `context`.
    V1_9_99,
    /// 2.3.5: no `start_session`; the nonce stands in a page. Counts bytes.
    V2_3_5,
    /// 2.4.9: `start_session`, but no cookie and no `new_token`.
    V2_4_9,
    /// 3.6.2.
    #[default]
    V3_6_2,
}

/// What reached the model behind an [`AiEngineMock`] for one request.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct AiReceived {
    /// The system prompt: the request's, or the bot's own.
    pub instructions: String,
    /// The history that was forwarded, without the new message.
    pub messages: Vec<ReceivedMessage>,
    /// The new message, trimmed.
    pub new_message: String,
    /// The model, where the request named one that the site has.
    pub model: Option<String>,
    /// The temperature, clamped to 0–1, where the request had one.
    pub temperature: Option<f64>,
    /// The limit on the reply, where the request had one.
    pub max_tokens: Option<u64>,
    /// Whether the request asked for a stream.
    pub stream: bool,
    /// The whole body.
    pub body: Value,
}

/// A mock of a WordPress site with the AI Engine plugin.
///
/// It has the site's pages, `start_session` with its nonces, and `chats/submit` with the checks of
/// the real plugin. The default reply is `This is the AI Engine mock. You asked: <newMessage>`,
/// streamed word by word, or whole where the request asks for no stream.
///
/// Every answer to a request with a valid nonce gets the nonce header, and every answer the `Link`
/// to the REST API, unless a scripted one has such a header already.
///
/// Some bots drop system messages from the history; here the bot `custom` does, and `default`
/// does not.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use chatwire_mock::{AiEngineMock, AiReply, Permalinks};
///
/// let mock = AiEngineMock::builder()
///     .directory("/blog")
///     .permalinks(Permalinks::Plain)
///     .start()
///     .await?;
/// mock.reply(AiReply::new().delta("Hi").delta(" there ").end("Hi there"));
/// mock.expire_nonce();
/// assert!(mock.base_url().ends_with("/blog"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct AiEngineMock {
    server: MockServer,
    site: Arc<Site>,
}

/// Options of an [`AiEngineMock`].
#[derive(Clone, Debug)]
#[must_use]
pub struct AiEngineBuilder {
    addr: SocketAddr,
    options: Options,
}

#[derive(Clone, Debug)]
struct Options {
    directory: String,
    permalinks: Permalinks,
    version: PluginVersion,
    nonce_page: String,
    models: Vec<String>,
    bots: Vec<String>,
}

#[derive(Debug)]
struct Site {
    options: Options,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    generation: u64,
    /// The oldest generation that is still accepted.
    accepted_from: u64,
    sessions: u64,
    received: Vec<AiReceived>,
}

/// What a request's nonce is worth.
enum Nonce {
    Missing,
    Invalid,
    Valid { new_token: Option<String> },
}

impl AiEngineMock {
    /// The system prompt of the mock's bots.
    pub const DEFAULT_INSTRUCTIONS: &'static str =
        "Converse as if you were an AI assistant. Be friendly, creative.";

    /// Starts a site with plugin 3.6.2 on a free port of the loopback interface.
    ///
    /// # Errors
    ///
    /// When no port can be had.
    pub async fn start() -> std::io::Result<Self> {
        Self::builder().start().await
    }

    /// Options, to start with [`AiEngineBuilder::start`].
    pub fn builder() -> AiEngineBuilder {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        AiEngineBuilder {
            addr: (Ipv4Addr::LOCALHOST, 0).into(),
            options: Options {
                directory: String::new(),
                permalinks: Permalinks::Pretty,
                version: PluginVersion::V3_6_2,
                nonce_page: "/".to_owned(),
                models: owned(&["gpt-5.5", "gpt-4o", "gpt-4o-mini", "gpt-4", "gpt-3.5-turbo"]),
                bots: owned(&["default", "custom"]),
            },
        }
    }

    /// The site's base address, with its directory, without a slash at its end.
    pub fn base_url(&self) -> String {
        format!("{}{}", self.server.url(), self.site.options.directory)
    }

    /// Queues this reply for the next chat request that is in order, streamed or whole as that
    /// request asks, with the headers that the site adds.
    pub fn reply(&self, reply: AiReply) -> &Self {
        let site = Arc::clone(&self.site);
        self.server.push(Arc::new(move |request, script| {
            site.render(&reply, request, script)
        }));
        self
    }

    /// A new nonce; the one before is no longer accepted.
    pub fn expire_nonce(&self) {
        let mut state = lock(&self.site.state);
        state.generation += 1;
        state.accepted_from = state.generation;
    }

    /// A new nonce; the one before is ageing: still accepted, but answered with the new one.
    pub fn age_nonce(&self) {
        let mut state = lock(&self.site.state);
        state.accepted_from = state.generation;
        state.generation += 1;
    }

    /// The nonce that the site gives out now.
    pub fn nonce(&self) -> String {
        nonce(lock(&self.site.state).generation)
    }

    /// How many sessions were started.
    pub fn sessions_started(&self) -> u64 {
        lock(&self.site.state).sessions
    }

    /// What reached the model so far, one entry for every chat request that was in order.
    pub fn received(&self) -> Vec<AiReceived> {
        lock(&self.site.state).received.clone()
    }
}

impl Deref for AiEngineMock {
    type Target = MockServer;

    fn deref(&self) -> &MockServer {
        &self.server
    }
}

impl AiEngineBuilder {
    /// The address to listen on.
    pub fn addr(mut self, addr: SocketAddr) -> Self {
        self.addr = addr;
        self
    }

    /// The directory that the site is in, such as `/blog`.
    pub fn directory(mut self, directory: &str) -> Self {
        let directory = directory.trim_matches('/');
        self.options.directory = match directory {
            "" => String::new(),
            directory => format!("/{directory}"),
        };
        self
    }

    /// Where the REST API answers.
    pub fn permalinks(mut self, permalinks: Permalinks) -> Self {
        self.options.permalinks = permalinks;
        self
    }

    /// The plugin's version.
    pub fn version(mut self, version: PluginVersion) -> Self {
        self.options.version = version;
        self
    }

    /// The page with the chatbot, below the site's directory; `/`, the front page, unless set.
    pub fn nonce_page(mut self, path: impl Into<String>) -> Self {
        self.options.nonce_page = path.into();
        self
    }

    /// Adds a model that the site has.
    pub fn model(mut self, model: impl Into<String>) -> Self {
        self.options.models.push(model.into());
        self
    }

    /// Adds a bot that the site has.
    pub fn bot(mut self, bot: impl Into<String>) -> Self {
        self.options.bots.push(bot.into());
        self
    }

    /// Starts the site.
    ///
    /// # Errors
    ///
    /// When the address cannot be had.
    pub async fn start(self) -> std::io::Result<AiEngineMock> {
        let site = Arc::new(Site {
            options: self.options,
            state: Mutex::default(),
        });
        let handler = {
            let site = Arc::clone(&site);
            move |request: &RecordedRequest, script: &Script| site.respond(request, script)
        };
        let server = MockServer::serve(self.addr, Arc::new(handler)).await?;
        Ok(AiEngineMock { server, site })
    }
}

impl Site {
    fn respond(&self, request: &RecordedRequest, script: &Script) -> Answer {
        let answer = match self.route(request) {
            Some(route) => self.rest(&route, request, script),
            None => self.page(request),
        };
        let host = request.header("host").unwrap_or("localhost");
        let directory = &self.options.directory;
        let root = match self.options.permalinks {
            Permalinks::Pretty => "wp-json/",
            Permalinks::Plain => "index.php?rest_route=/",
            Permalinks::PlainRootOnly => "?rest_route=/",
        };
        answer.default_header(
            "Link",
            format!("<http://{host}{directory}/{root}>; rel=\"https://api.w.org/\""),
        )
    }

    /// The REST route that a request is for, if it reaches the REST API at all.
    fn route(&self, request: &RecordedRequest) -> Option<String> {
        let path = request.path().strip_prefix(&self.options.directory)?;
        let permalinks = self.options.permalinks;
        if let (Some(route), Permalinks::Pretty) = (path.strip_prefix("/wp-json"), permalinks) {
            return Some(route.to_owned());
        }
        let answers = match path {
            "/" | "" => true,
            "/index.php" => permalinks != Permalinks::PlainRootOnly,
            _ => false,
        };
        answers.then(|| request.query("rest_route")).flatten()
    }

    fn page(&self, request: &RecordedRequest) -> Answer {
        let path = request.path().strip_prefix(&self.options.directory);
        let front = match path {
            Some("" | "/" | "/index.php") => true,
            // With plain permalinks, every unknown path below the site is the front page.
            Some(_) => self.options.permalinks != Permalinks::Pretty,
            None => false,
        };
        let asked = path.map(|path| if front { "/" } else { path });
        if asked == Some(self.options.nonce_page.as_str()) {
            let given = match self.options.version {
                PluginVersion::V2_3_5 => php_json::string(&nonce(lock(&self.state).generation)),
                _ => "null".to_owned(),
            };
            let host = request.header("host").unwrap_or("localhost");
            let rest = format!("http://{host}{}/wp-json", self.options.directory);
            let system = format!(
                "{{\"botId\":\"default\",\"customId\":null,\"userData\":null,\"sessionId\":\"N\\/A\",\"restNonce\":{given},\"contextId\":4,\"pluginUrl\":{},\"restUrl\":{},\"stream\":true}}",
                php_json::string("http://example.org/wp-content/plugins/ai-engine/"),
                php_json::string(&rest),
            );
            let system = system.replace('&', "&amp;").replace('"', "&quot;");
            return Answer::html(
                200,
                format!(
                    "<!DOCTYPE html>\n<html><head><title>A chat</title></head><body><div class='mwai-chatbot-container' data-params='{{&quot;aiName&quot;:&quot;AI: &quot;}}' data-system='{system}' data-theme='{{}}'></div></body></html>\n"
                ),
            );
        }
        Answer::html(if front { 200 } else { 404 }, PAGE)
    }

    fn nonce_of(&self, request: &RecordedRequest) -> Nonce {
        let in_query = request.query("_wpnonce");
        let Some(given) = request.header("x-wp-nonce").or(in_query.as_deref()) else {
            return Nonce::Missing;
        };
        let state = lock(&self.state);
        if given == nonce(state.generation) {
            Nonce::Valid { new_token: None }
        } else if (state.accepted_from..state.generation).any(|old| nonce(old) == given) {
            Nonce::Valid {
                new_token: Some(nonce(state.generation)),
            }
        } else {
            Nonce::Invalid
        }
    }

    fn new_token(&self, request: &RecordedRequest) -> Option<String> {
        match self.nonce_of(request) {
            Nonce::Valid { new_token } if self.options.version >= PluginVersion::V3_6_2 => {
                new_token
            }
            _ => None,
        }
    }

    fn rest(&self, route: &str, request: &RecordedRequest, script: &Script) -> Answer {
        // WordPress checks the nonce before it looks at the route.
        let known = match self.nonce_of(request) {
            Nonce::Invalid => {
                return error(403, "rest_cookie_invalid_nonce", "Cookie check failed", "")
                    .header("Cache-Control", "no-cache, must-revalidate, max-age=0");
            }
            Nonce::Missing => false,
            Nonce::Valid { .. } => true,
        };
        let version = self.options.version;
        let post = request.method == "POST";
        let answer = match route {
            START_SESSION if post && version >= PluginVersion::V2_4_9 => {
                self.start_session(request)
            }
            SUBMIT if post => self.submit(request, script),
            _ => error(
                404,
                "rest_no_route",
                "No route was found matching the URL and request method.",
                "",
            ),
        };
        if known {
            answer.default_header("X-WP-Nonce", nonce(lock(&self.state).generation))
        } else {
            answer
        }
    }

    fn start_session(&self, request: &RecordedRequest) -> Answer {
        let (given, number) = {
            let mut state = lock(&self.state);
            state.sessions += 1;
            (nonce(state.generation), state.sessions)
        };
        let modern = self.options.version >= PluginVersion::V3_6_2;
        let fresh = format!("6b0069dabf{number:03x}");
        let session = match (modern, request.cookie("mwai_session_id")) {
            (false, _) => "N/A",
            (true, Some(known)) => known,
            (true, None) => &fresh,
        };
        let token = self
            .new_token(request)
            .map(|token| format!(",\"new_token\":{}", php_json::string(&token)))
            .unwrap_or_default();
        let answer = json(
            200,
            format!(
                "{{\"success\":true,\"sessionId\":{},\"restNonce\":\"{given}\"{token}}}",
                php_json::string(session)
            ),
        );
        if modern && session == fresh {
            answer
                .header("Cache-Control", "no-store, no-cache, must-revalidate")
                .header("Set-Cookie", session_cookie(session))
        } else {
            answer
        }
    }

    fn submit(&self, request: &RecordedRequest, script: &Script) -> Answer {
        let rejected = || json(403, failure(REJECTED, self.new_token(request).as_deref()));
        let is_json = request.header("content-type").is_some_and(|kind| {
            kind.trim()
                .to_ascii_lowercase()
                .starts_with("application/json")
        });
        let body = if is_json && !request.body.is_empty() {
            match request.json() {
                Ok(body) => Some(body),
                Err(problem) => return invalid_json(request, &problem),
            }
        } else {
            None
        };
        if matches!(self.nonce_of(request), Nonce::Missing)
            || request.header("x-wp-nonce").is_none()
        {
            // A nonce in the query tells WordPress who asks, but the plugin wants the header.
            if self.options.version > PluginVersion::V1_9_99 {
                return error(
                    401,
                    "rest_forbidden",
                    "Sorry, you are not allowed to do that.",
                    "",
                );
            }
        }
        let Some(Value::Object(body)) = body else {
            return rejected();
        };
        match self.read(body) {
            Ok(received) => {
                let question = received.new_message.clone();
                lock(&self.state).received.push(received);
                script.next(request).unwrap_or_else(|| {
                    self.render(&default_reply(script, &question), request, script)
                })
            }
            Err(Problem::Rejected) => rejected(),
            Err(Problem::Critical) => critical_error(),
            Err(Problem::TooLong { stream: true }) => json(200, error_event(REJECTED)),
            Err(Problem::TooLong { stream: false }) => {
                json(500, failure(REJECTED, self.new_token(request).as_deref()))
            }
            Err(Problem::Model(message)) => {
                self.render(&AiReply::new().error(message), request, script)
            }
        }
    }

    /// What reaches the model, where the body is in order.
    fn read(&self, body: Map<String, Value>) -> Result<AiReceived, Problem> {
        let version = self.options.version;
        let text = |key: &str| body.get(key).and_then(Value::as_str);
        let stream = body.get("stream").is_some_and(is_truthy);
        let bot = text("botId").unwrap_or_default();
        let custom = text("customId").unwrap_or_default();
        if bot.is_empty() && custom.is_empty() {
            return Err(Problem::Rejected);
        }
        let known = self.options.bots.iter().any(|known| known == bot);
        if version < PluginVersion::V3_6_2 && custom.is_empty() && !known {
            return Err(Problem::Rejected);
        }
        let new_message = match body.get("newMessage") {
            None | Some(Value::Null) => "",
            Some(Value::String(message)) => message.trim(),
            Some(_) => return Err(Problem::Critical),
        };
        // What PHP takes for empty; the latest version looks at the text itself.
        let zero = new_message == "0" && version < PluginVersion::V3_6_2;
        if new_message.is_empty() || zero {
            return Err(Problem::Rejected);
        }
        let length = match version {
            PluginVersion::V1_9_99 => 0,
            PluginVersion::V2_3_5 => new_message.len(),
            _ => new_message.chars().count(),
        };
        if length > MAX_INPUT {
            return Err(Problem::TooLong { stream });
        }

        let model = match text("model").filter(|model| !model.is_empty()) {
            None => None,
            Some(model) if self.options.models.iter().any(|known| known == model) => {
                Some(model.to_owned())
            }
            Some(model) => match version {
                PluginVersion::V3_6_2 => {
                    return Err(Problem::Model(format!(
                        "The model '{model}' is not available."
                    )));
                }
                PluginVersion::V1_9_99 => {
                    return Err(Problem::Model(
                        "From OpenAI: Error unknown_url: Unknown request URL: POST /v1/completions"
                            .to_owned(),
                    ));
                }
                _ => None,
            },
        };
        let prompt_key = match version {
            PluginVersion::V1_9_99 => "context",
            _ => "instructions",
        };
        let instructions = match text(prompt_key).filter(|text| !text.is_empty()) {
            Some(given) => decode_entities(given),
            None => AiEngineMock::DEFAULT_INSTRUCTIONS.to_owned(),
        };
        let messages = self.history(&body, bot)?;
        Ok(AiReceived {
            instructions,
            messages,
            new_message: new_message.to_owned(),
            model,
            temperature: number(&body, "temperature").map(|value| value.clamp(0.0, 1.0)),
            max_tokens: number(&body, "maxTokens").map(|value| value as u64),
            stream,
            body: Value::Object(body),
        })
    }

    fn history(
        &self,
        body: &Map<String, Value>,
        bot: &str,
    ) -> Result<Vec<ReceivedMessage>, Problem> {
        let version = self.options.version;
        let continued = body.get("previousResponseId").is_some_and(is_truthy);
        if continued && version >= PluginVersion::V3_6_2 {
            return Ok(Vec::new());
        }
        let given = match body.get("messages") {
            None | Some(Value::Null) => return Ok(Vec::new()),
            Some(Value::Array(given)) => given,
            Some(_) => return Err(Problem::Critical),
        };
        let drops_system = version == PluginVersion::V1_9_99 || bot == "custom";
        let mut messages = Vec::new();
        for entry in given {
            let entry = entry.as_object().ok_or(Problem::Critical)?;
            let text = |key| entry.get(key).and_then(Value::as_str).unwrap_or_default();
            if drops_system && text("role") == "system" {
                continue;
            }
            messages.push(ReceivedMessage {
                role: text("role").to_owned(),
                content: match entry.get("content") {
                    Some(parts @ Value::Array(_)) => parts.to_string(),
                    _ => text("content").to_owned(),
                },
            });
        }
        // The first message and the last ones.
        let limit = number(body, "maxMessages").map_or(MAX_MESSAGES, |limit| limit as usize);
        if messages.len() > limit + 1 {
            messages.drain(1..messages.len() - limit);
        }
        Ok(messages)
    }

    fn render(&self, reply: &AiReply, request: &RecordedRequest, script: &Script) -> Answer {
        let modern = self.options.version >= PluginVersion::V3_6_2;
        let extras = Extras {
            new_token: self.new_token(request),
            response_id: modern.then(|| "resp_a6d87eaee26c4841882e05f5e3f7e3e9".to_owned()),
            old: self.options.version == PluginVersion::V1_9_99,
            delay: script.delay(),
        };
        let stream = request
            .json()
            .is_ok_and(|body| body.get("stream").is_some_and(is_truthy));
        let answer = if stream {
            reply.streamed(&extras)
        } else {
            reply.whole(&extras)
        };
        if modern && request.cookie("mwai_session_id").is_none() {
            answer.header("Set-Cookie", session_cookie("6b006a247df3c"))
        } else {
            answer
        }
    }
}

/// Why a body is refused.
enum Problem {
    Rejected,
    TooLong {
        stream: bool,
    },
    /// The plugin throws where nobody catches.
    Critical,
    /// An error of the query itself, reported like one of the model's.
    Model(String),
}

fn default_reply(script: &Script, question: &str) -> AiReply {
    let text = format!("This is the AI Engine mock. You asked: {question}");
    script
        .split(&text)
        .into_iter()
        .fold(AiReply::new(), AiReply::delta)
        .end(text.trim())
}

fn session_cookie(session: &str) -> String {
    format!("mwai_session_id={session}; path=/; HttpOnly")
}

/// Ten hexadecimal digits, as WordPress makes them.
fn nonce(generation: u64) -> String {
    let mut nonce = md5_hex(&format!("nonce {generation}"));
    nonce.truncate(10);
    nonce
}

fn is_truthy(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty() && text != "0",
        Value::Array(items) => !items.is_empty(),
        Value::Bool(true) | Value::Object(_) => true,
    }
}

/// A number, also one that is written as text.
fn number(body: &Map<String, Value>, key: &str) -> Option<f64> {
    match body.get(key)? {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

fn decode_entities(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#039;", "'")
        .replace("&#39;", "'")
        .replace("&amp;", "&")
}

fn json(status: u16, body: String) -> Answer {
    Answer::status(status)
        .header("Content-Type", "application/json; charset=UTF-8")
        .piece(body)
}

/// An error of WordPress itself.
fn error(status: u16, code: &str, message: &str, more: &str) -> Answer {
    json(
        status,
        format!(
            "{{\"code\":\"{code}\",\"message\":{},\"data\":{{\"status\":{status}{more}}}}}",
            php_json::string(message)
        ),
    )
}

fn critical_error() -> Answer {
    let message = "<p>There has been a critical error on this website.</p><p><a href=\"https://wordpress.org/support/article/faq-troubleshooting/\">Learn more about troubleshooting WordPress.</a></p>";
    json(
        500,
        format!(
            "{{\"code\":\"internal_server_error\",\"message\":{},\"data\":{{\"status\":500}},\"additional_errors\":[]}}",
            php_json::string(message)
        ),
    )
    .header("Cache-Control", "no-cache, must-revalidate, max-age=0")
}

fn invalid_json(request: &RecordedRequest, problem: &serde_json::Error) -> Answer {
    let (code, message) = if std::str::from_utf8(&request.body).is_err() {
        (
            5,
            "Malformed UTF-8 characters, possibly incorrectly encoded",
        )
    } else if problem.to_string().contains("surrogate")
        || problem.to_string().contains("hex escape")
    {
        (10, "Single unpaired UTF-16 surrogate in unicode escape")
    } else {
        (4, "Syntax error")
    };
    error(
        400,
        "rest_invalid_json",
        "Invalid JSON body passed.",
        &format!(",\"json_error_code\":{code},\"json_error_message\":\"{message}\""),
    )
}
