//! The site: its routes, and what each answers.

use std::sync::Mutex;

use serde_json::{Value, json};

use super::access::{Access, Visitor, cookie_name};
use super::events::{self, Context};
use super::files::Files;
use super::options::{Options, Permalinks};
use super::pages;
use super::php_json;
use super::php_value::is_truthy;
use super::question::{Reader, Refusal, shortcut_id};
use super::received::{AiEngineReceived, ReceivedImage};
use super::reply::AiReply;
use super::user::SiteUser;
use super::wordpress::{
    REJECTED, critical_error, failure, forbidden, invalid_json, json, no_route, not_logged_in,
};
use crate::answers::Answer;
use crate::memory::Memory;
use crate::protocol::{Protocol, Response};
use crate::server::{Pacing, RecordedRequest};
use crate::sync::lock;

const START_SESSION: &str = "/mwai/v1/start_session";
const SUBMIT: &str = "/mwai-ui/v1/chats/submit";
const UPLOAD: &str = "/mwai-ui/v1/files/upload";
const ME: &str = "/wp/v2/users/me";
const OVER_LIMIT: &str = "You have reached the limit (check the Insights Tab > Limits > Guests).";

/// The protocol of WordPress sites with the AI Engine plugin, see
/// [`AiEngineMock`](crate::AiEngineMock).
#[derive(Debug)]
pub struct AiEngineProtocol {
    options: Options,
    access: Access,
    files: Files,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    received: Memory<AiEngineReceived>,
    /// How many questions guests asked.
    questions: u64,
}

impl Protocol for AiEngineProtocol {
    const PROVIDER: &'static str = "chatgpt4online";
    type Reply = AiReply;

    fn is_chat(request: &RecordedRequest) -> bool {
        let route = request.query("rest_route");
        request.path().ends_with(SUBMIT) || route.as_deref() == Some(SUBMIT)
    }

    fn respond(&self, request: &RecordedRequest) -> Response<AiReply> {
        match self.route(request) {
            Some(route) => self.rest(&route, request),
            None => Response::Answer(self.page(request)),
        }
    }

    fn write(&self, reply: &AiReply, request: &RecordedRequest, pacing: &Pacing) -> Answer {
        let version = self.options.version;
        let visitor = self.access.visitor(request, &self.options).ok();
        let is_owner = visitor.as_ref().is_some_and(Visitor::is_owner);
        let context = Context {
            version,
            new_token: visitor.and_then(|visitor| visitor.new_token),
            response_id: version
                .has_full_usage()
                .then_some("resp_a6d87eaee26c4841882e05f5e3f7e3e9"),
            masks_faults: version.marks_limits() && !is_owner,
            shortcuts: self.shortcuts(),
            pacing: *pacing,
        };
        let streams = request
            .json()
            .is_ok_and(|body| body.get("stream").is_some_and(is_truthy));
        let answer = if streams {
            reply.streamed(&context)
        } else {
            reply.whole(&context)
        };
        if version.has_sessions() && request.cookie("mwai_session_id").is_none() {
            answer.header("Set-Cookie", session_cookie("6b006a247df3c"))
        } else {
            answer
        }
    }

    fn complete(&self, answer: Answer, request: &RecordedRequest) -> Answer {
        let root = match self.options.permalinks {
            Permalinks::Pretty => "wp-json/",
            Permalinks::Plain => "index.php?rest_route=/",
            Permalinks::PlainRootOnly => "?rest_route=/",
        };
        let link = format!("<{}/{root}>; rel=\"https://api.w.org/\"", self.url(request));
        let answer = answer.default_header("Link", link);
        if self.route(request).is_none() {
            return answer;
        }
        match self.access.visitor(request, &self.options) {
            Ok(visitor) if visitor.gets_nonce => {
                answer.default_header("X-WP-Nonce", self.access.nonce(visitor.user))
            }
            _ => answer,
        }
    }

    fn failure(message: &str) -> Answer {
        AiReply::new().model_error(message).answer()
    }

    fn late_error(message: &str) -> Option<String> {
        Some(super::events::error(message, false))
    }

    fn directory(&self) -> &str {
        &self.options.directory
    }

    fn secrets(&self) -> Vec<String> {
        let users = self.options.users.iter().map(Some);
        let all = std::iter::once(None).chain(users);
        all.map(|user| self.access.nonce(user)).collect()
    }

    /// There is a new nonce, and the one before is no longer accepted.
    fn expire_credentials(&self) {
        self.access.expire();
    }

    fn credential_fetches(&self) -> usize {
        self.access.sessions()
    }
}

impl AiEngineProtocol {
    pub(crate) fn new(options: Options) -> Self {
        Self {
            options,
            access: Access::default(),
            files: Files::default(),
            state: Mutex::default(),
        }
    }

    pub(crate) fn access(&self) -> &Access {
        &self.access
    }

    pub(crate) fn user(&self, name: &str) -> Option<&SiteUser> {
        self.options.users.iter().find(|user| user.name == name)
    }

    pub(crate) fn cookie_name(&self) -> String {
        cookie_name(&self.options)
    }

    pub(crate) fn uploads(&self) -> usize {
        self.files.count()
    }

    pub(crate) fn received(&self) -> Vec<AiEngineReceived> {
        lock(&self.state).received.to_vec()
    }

    /// The site's address, as the visitor wrote it.
    fn url(&self, request: &RecordedRequest) -> String {
        let host = request.header("host").unwrap_or("localhost");
        format!("http://{host}{}", self.options.directory)
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
        let Some(path) = request.path().strip_prefix(&self.options.directory) else {
            return pages::ordinary(404);
        };
        if path == "/wp-admin/admin-ajax.php" {
            return self.ajax(request);
        }
        if let Some(file) = self.files.at(path) {
            return file;
        }
        // With plain permalinks, every unknown path below the site is the front page.
        let is_front = matches!(path, "" | "/" | "/index.php")
            || self.options.permalinks != Permalinks::Pretty;
        let asked = if is_front { "/" } else { path };
        if asked == self.options.bot_page && self.options.has_chatbots {
            let user = self.access.logged_in(request, &self.options);
            let shown = user.is_some() || self.options.version.shows_nonce_to_guests();
            let nonce = shown.then(|| self.access.nonce(user));
            return pages::with_bots(&self.options, &self.url(request), nonce.as_deref());
        }
        pages::ordinary(if is_front { 200 } else { 404 })
    }

    /// The nonce of a user who is logged in, as the site's own pages fetch it.
    fn ajax(&self, request: &RecordedRequest) -> Answer {
        let is_nonce = request.query("action").as_deref() == Some("rest-nonce");
        match self.access.logged_in(request, &self.options) {
            Some(user) if is_nonce => Answer::html(200, self.access.nonce(Some(user))),
            _ => Answer::html(400, "0"),
        }
    }

    fn rest(&self, route: &str, request: &RecordedRequest) -> Response<AiReply> {
        // WordPress looks at who asks before it looks at the route.
        let visitor = match self.access.visitor(request, &self.options) {
            Ok(visitor) => visitor,
            Err(denial) => return Response::Answer(denial.answer()),
        };
        let is_post = request.method == "POST";
        let version = self.options.version;
        let answer = match route {
            START_SESSION if is_post && version.has_start_session() => {
                self.start_session(request, &visitor)
            }
            SUBMIT if is_post && self.options.has_chatbots => {
                return self.submit(request, &visitor);
            }
            UPLOAD if is_post && self.options.has_chatbots => {
                if version.needs_nonce() && !visitor.has_nonce {
                    forbidden(visitor.user.is_some())
                } else {
                    self.files.upload(request, version, &self.url(request))
                }
            }
            ME if request.method == "GET" => match visitor.user {
                Some(user) => json(
                    200,
                    format!("{{\"name\":{}}}", php_json::string(&user.name)),
                ),
                None => not_logged_in(),
            },
            _ => no_route(),
        };
        Response::Answer(answer)
    }

    fn start_session(&self, request: &RecordedRequest, visitor: &Visitor<'_>) -> Answer {
        let fresh = self.access.start_session();
        let has_sessions = self.options.version.has_sessions();
        let known = request.cookie("mwai_session_id").filter(|_| has_sessions);
        let session = match known {
            Some(known) => known,
            None if has_sessions => &fresh,
            None => "N/A",
        };
        let nonce = self.access.nonce(visitor.user);
        let token = visitor.new_token.as_ref();
        let token = token
            .map(|token| format!(",\"new_token\":{}", php_json::string(token)))
            .unwrap_or_default();
        let answer = json(
            200,
            format!(
                "{{\"success\":true,\"sessionId\":{},\"restNonce\":\"{nonce}\"{token}}}",
                php_json::string(session)
            ),
        );
        if session == fresh {
            answer
                .header("Cache-Control", "no-store, no-cache, must-revalidate")
                .header("Set-Cookie", session_cookie(session))
        } else {
            answer
        }
    }

    fn submit(&self, request: &RecordedRequest, visitor: &Visitor<'_>) -> Response<AiReply> {
        let refuse = |status, message| {
            let token = visitor.new_token.as_deref();
            Response::Answer(json(status, failure(message, token)))
        };
        let is_json = request.header("content-type").is_some_and(|kind| {
            kind.trim()
                .to_ascii_lowercase()
                .starts_with("application/json")
        });
        let body = if is_json && !request.body.is_empty() {
            match request.json() {
                Ok(body) => body,
                Err(problem) => return Response::Answer(invalid_json(request, &problem)),
            }
        } else {
            Value::Null
        };
        // A nonce in the query tells WordPress who asks, but the plugin wants the header.
        if self.options.version.needs_nonce() && !visitor.has_nonce {
            return Response::Answer(forbidden(visitor.user.is_some()));
        }
        let Value::Object(body) = body else {
            return refuse(403, REJECTED);
        };
        let reader = Reader {
            options: &self.options,
            files: &self.files,
            user: visitor.user,
            body: &body,
        };
        let received = match reader.read() {
            Ok(received) => received,
            Err(Refusal::Rejected(status, message)) => return refuse(status, message),
            Err(Refusal::Critical) => return Response::Answer(critical_error()),
            Err(Refusal::Failed(message)) => {
                return self.refused(AiReply::new().error(message), request);
            }
            Err(Refusal::Thrown(message)) if body.get("stream").is_some_and(is_truthy) => {
                return Response::Answer(json(200, events::error(&message, false)));
            }
            Err(Refusal::Thrown(message)) => return refuse(500, &message),
        };
        if visitor.user.is_none() && !self.count_question() {
            return self.refused(AiReply::new().over_limit(OVER_LIMIT), request);
        }
        let text = format!(
            "This is the AI Engine mock. You asked: {}{}",
            received.question,
            images_in_words(&received.images)
        );
        let size = received.size();
        lock(&self.state).received.push(received, size);
        Response::Reply(AiReply::text(text))
    }

    /// A reply that no script replaces.
    fn refused(&self, reply: AiReply, request: &RecordedRequest) -> Response<AiReply> {
        Response::Answer(self.write(&reply, request, &Pacing::default()))
    }

    /// Counts a guest's question, unless it is over the limit.
    fn count_question(&self) -> bool {
        let mut state = lock(&self.state);
        let is_allowed = self
            .options
            .question_limit
            .is_none_or(|limit| state.questions < limit);
        state.questions += u64::from(is_allowed);
        is_allowed
    }

    fn shortcuts(&self) -> Option<Value> {
        let hides = self.options.version.hides_shortcuts();
        let shortcuts: Vec<Value> = self
            .options
            .shortcuts
            .iter()
            .map(|(label, message)| {
                let data = if hides {
                    json!({"label": label, "variant": "info", "shortcutId": shortcut_id(label)})
                } else {
                    json!({"label": label, "variant": "info", "message": message})
                };
                json!({"type": "message", "data": data})
            })
            .collect();
        (!shortcuts.is_empty()).then(|| shortcuts.into())
    }
}

/// What the mock's own answer says of the images that came with a question.
fn images_in_words(images: &[ReceivedImage]) -> String {
    let all: Vec<String> = images
        .iter()
        .map(|image| format!("{} of {} bytes", image.media_type, image.data.len()))
        .collect();
    match all.as_slice() {
        [] => String::new(),
        all => format!(" (with {})", all.join(", ")),
    }
}

fn session_cookie(session: &str) -> String {
    format!("mwai_session_id={session}; path=/; HttpOnly")
}
