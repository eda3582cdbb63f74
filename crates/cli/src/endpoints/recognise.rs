//! Which kind of server an address is that was given without one.

use std::time::Duration;

use chatwire::HttpConfig;
use chatwire_core::provider_kit::{BaseUrl, HttpClient, HttpRequest, HttpResponse};

/// How long an answer is waited for, at most.
const PATIENCE: Duration = Duration::from_secs(5);

/// What an address may end in that was copied from a browser.
const ROUTES: [&str; 10] = [
    "/api/chat",
    "/api/models",
    "/api",
    "/wp-json/*",
    "/wp-admin/*",
    "/wp-content/*",
    "/wp-includes/*",
    "/wp-login.php",
    "/xmlrpc.php",
    "/index.php",
];

/// The kind of the server at this address, found out with at most two requests;
/// `None` if it is none of those that can be told.
pub(super) async fn recognise(
    base_url: &str,
    http: HttpConfig,
    timeout: Option<Duration>,
) -> Option<&'static str> {
    let base = BaseUrl::pasted(Some(base_url), &ROUTES).ok()?;
    let patience = timeout.map_or(PATIENCE, |limit| limit.min(PATIENCE));
    let http = http
        .with_first_byte_timeout(patience)
        .with_total_timeout(patience);
    let client = HttpClient::new("chatwire", http).ok()?;
    // A question without messages: no server asks its model for it, and each
    // kind refuses it in its own way.
    let chat = HttpRequest::post(base.join("/api/chat").ok()?)
        .without_redirects()
        .json(&serde_json::json!({}))
        .ok()?;
    let mut answer = client.send(chat).await.ok()?;
    // An answer that streams is told by its head.
    let body = match answer.status() {
        400.. => answer.read_excerpt().await,
        _ => String::new(),
    };
    if let Some(kind) = by_answer(&answer, &body) {
        return Some(kind);
    }
    let api = HttpRequest::get(base.join("/wp-json/mwai-ui/v1").ok()?);
    let mut answer = client.send(api).await.ok()?;
    let is_json = is_json(&answer) && answer.is_success();
    (is_json && answer.read_excerpt().await.contains("mwai-ui")).then_some("chatgpt4online")
}

/// The kind by what a route at `/api/chat` says to a body without messages.
fn by_answer(answer: &HttpResponse, body: &str) -> Option<&'static str> {
    let marks = [
        "x-vercel-ai-ui-message-stream",
        "x-vercel-ai-data-stream",
        "x-experimental-stream-data",
    ];
    if marks.iter().any(|mark| answer.header(mark).is_some()) {
        return Some("ai-sdk");
    }
    match (answer.status(), body.trim()) {
        // Chatbot-UI and openchat-ui tell their errors in the reason phrase.
        (500, "Error") => Some("aura"),
        // A route that throws: Next.js, Hono, Express.
        (500, "" | "Internal Server Error") => Some("ai-sdk"),
        (500, page) if page.contains("<pre>Internal Server Error</pre>") => Some("ai-sdk"),
        // The ai-chatbot template, and apps that check their body.
        (400 | 401 | 403 | 422, _) if is_json(answer) => Some("ai-sdk"),
        // A login: Chatbot-UI has none of its own.
        (307, _) => Some("ai-sdk"),
        _ => None,
    }
}

fn is_json(answer: &HttpResponse) -> bool {
    let kind = answer.header("content-type").unwrap_or_default();
    kind.starts_with("application/json")
}
