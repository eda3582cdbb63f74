//! `ask --dry-run`: the requests that would be sent, without sending them.
//!
//! The provider asks its own mock, and what the mock saw is shown with the
//! addresses of the real server. That the mock accepts the requests is part of
//! the proof.

use std::fmt::Write as _;

use chatwire::structured::Structured;
use chatwire::{ChatRequest, ProviderExt as _, Secret};
use chatwire_core::provider_kit::{BaseUrl, Redactor};
use chatwire_mock::RecordedRequest;

use crate::endpoints::{Part, start_mock};
use crate::failure::Failure;

const REDACTED: &str = "[redacted]";

/// The headers whose values are shown; all others may be secrets.
const SHOWN: &[&str] = &[
    "accept",
    "accept-encoding",
    "accept-language",
    "connection",
    "content-length",
    "content-type",
    "dnt",
    "host",
    "nonce",
    "origin",
    "priority",
    "referer",
    "sec-ch-ua",
    "sec-ch-ua-mobile",
    "sec-ch-ua-platform",
    "sec-fetch-dest",
    "sec-fetch-mode",
    "sec-fetch-site",
    "timestamp",
    "transfer-encoding",
    "user-agent",
];

/// The requests that would be sent to this server, as text.
pub(super) async fn show(part: &Part, request: &ChatRequest) -> Result<String, Failure> {
    let mock = start_mock(part.kind.name).await?;
    let real = match &part.endpoint.base_url {
        Some(url) => url,
        // The address of the mock server.
        None => &part.provider.info().base_url,
    };
    let real = BaseUrl::parse(real)?;
    let mut endpoint = part.endpoint.clone();
    let mut api = real.clone();
    if part.kind.name == "magickpen" {
        // The API can be elsewhere; here, one mock is both.
        let mut set = endpoint.options.iter();
        if let Some((_, url)) = set.find(|(key, _)| key == "api_url") {
            api = BaseUrl::parse(url.expose())?;
        }
        endpoint.options.retain(|(key, _)| key != "api_url");
    }
    endpoint.base_url = Some(mock.base_url());
    endpoint.http = endpoint.http.without_proxy();
    // The first question for an answer by a schema, too.
    let provider = Structured::new(endpoint.provider()?).with_repairs(0);
    // Whether the mock accepts the request matters only if nothing was sent.
    let reply = provider.reply(request).await;
    let requests = mock.requests();
    if let (Err(failed), true) = (reply, requests.is_empty()) {
        return Err(failed.error.into());
    }
    let secrets = secrets(part, request);
    // Every header that the user set may be a secret.
    let own: Vec<&str> = part.endpoint.http.header_names().collect();
    let mut text = String::new();
    for recorded in requests {
        let base = if recorded.path() == "/ask" {
            &api
        } else {
            &real
        };
        write_request(&mut text, &recorded, &own, &mock.base_url(), &real, base);
    }
    Ok(secrets.text(&text).into_owned())
}

/// What is set and may be secret, wherever the requests have it.
fn secrets(part: &Part, request: &ChatRequest) -> Redactor {
    let secrets = Redactor::new();
    let is_secret = |name: &str| {
        part.kind
            .setting(name)
            .is_some_and(|setting| setting.secret)
    };
    for (name, value) in &part.endpoint.options {
        if is_secret(name) {
            secrets.keep(value);
        }
    }
    for (name, value) in request.options() {
        if is_secret(name) {
            secrets.keep(&Secret::new(value));
        }
    }
    secrets
}

fn write_request(
    text: &mut String,
    recorded: &RecordedRequest,
    own: &[&str],
    mock: &str,
    site: &BaseUrl,
    base: &BaseUrl,
) {
    let mock_host = mock.trim_start_matches("http://");
    // Writing to a text cannot fail.
    let _ = writeln!(text, "{} {base}{}", recorded.method, recorded.target);
    for (name, value) in &recorded.headers {
        let value = String::from_utf8_lossy(value);
        let is_own = own.iter().any(|own| own.eq_ignore_ascii_case(name));
        let shown = if is_own || !SHOWN.contains(&name.to_ascii_lowercase().as_str()) {
            REDACTED.to_owned()
        } else if name.eq_ignore_ascii_case("host") {
            let origin = base.origin();
            origin.split("://").nth(1).unwrap_or_default().to_owned()
        } else if name.eq_ignore_ascii_case("origin") {
            site.origin()
        } else if value.contains(mock_host) {
            value.replace(mock, &site.as_text())
        } else {
            value.into_owned()
        };
        let _ = writeln!(text, "{name}: {shown}");
    }
    let body = recorded.text();
    if !body.is_empty() {
        let _ = writeln!(text, "\n{}", redacted_body(&body));
    }
    text.push('\n');
}

/// The body, with its secrets redacted.
fn redacted_body(body: &str) -> String {
    let Ok(serde_json::Value::Object(members)) = serde_json::from_str(body) else {
        return body.to_owned();
    };
    let mut shown = body.to_owned();
    for name in ["key", "session"] {
        let secret = members.get(name).and_then(|value| value.as_str());
        if let Some(secret) = secret.filter(|secret| !secret.is_empty()) {
            let secret = serde_json::Value::from(secret).to_string();
            shown = shown.replace(
                &format!("\"{name}\":{secret}"),
                &format!("\"{name}\":\"{REDACTED}\""),
            );
        }
    }
    shown
}
