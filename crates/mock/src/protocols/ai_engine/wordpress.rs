//! Answers of WordPress itself, and of the plugin where it answers in JSON.

use super::php_json;
use crate::answers::Answer;
use crate::server::RecordedRequest;

/// What the plugin says to a request that it does not take, without saying why.
pub(crate) const REJECTED: &str = "Sorry, your query has been rejected.";

pub(crate) fn json(status: u16, body: String) -> Answer {
    Answer::status(status)
        .header("Content-Type", "application/json; charset=UTF-8")
        .piece(body)
}

/// An error of WordPress itself.
pub(crate) fn error(status: u16, code: &str, message: &str) -> Answer {
    error_with(status, code, message, "")
}

fn error_with(status: u16, code: &str, message: &str, more: &str) -> Answer {
    json(
        status,
        format!(
            "{{\"code\":\"{code}\",\"message\":{},\"data\":{{\"status\":{status}{more}}}}}",
            php_json::string(message)
        ),
    )
}

pub(crate) fn no_route() -> Answer {
    let message = "No route was found matching the URL and request method.";
    error(404, "rest_no_route", message)
}

pub(crate) fn not_logged_in() -> Answer {
    let message = "You are not currently logged in.";
    error(401, "rest_not_logged_in", message)
}

pub(crate) fn invalid_nonce() -> Answer {
    error(403, "rest_cookie_invalid_nonce", "Cookie check failed")
        .header("Cache-Control", "no-cache, must-revalidate, max-age=0")
}

/// What WordPress answers where a permission is missing: 401 to guests, 403 to users.
pub(crate) fn forbidden(is_user: bool) -> Answer {
    let status = if is_user { 403 } else { 401 };
    let message = "Sorry, you are not allowed to do that.";
    error(status, "rest_forbidden", message)
}

/// The plugin throws, and nothing catches it.
pub(crate) fn critical_error() -> Answer {
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

pub(crate) fn invalid_json(request: &RecordedRequest, problem: &serde_json::Error) -> Answer {
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
    error_with(
        400,
        "rest_invalid_json",
        "Invalid JSON body passed.",
        &format!(",\"json_error_code\":{code},\"json_error_message\":\"{message}\""),
    )
}

/// The plugin's own JSON error.
pub(crate) fn failure(message: &str, new_token: Option<&str>) -> String {
    failure_with(message, new_token, "")
}

pub(crate) fn failure_with(message: &str, new_token: Option<&str>, more: &str) -> String {
    let token = new_token
        .map(|token| format!(",\"new_token\":{}", php_json::string(token)))
        .unwrap_or_default();
    format!(
        "{{\"success\":false,\"message\":{}{more}{token}}}",
        php_json::string(message)
    )
}
