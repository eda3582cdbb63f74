//! What to do about a failure.

use chatwire::{Error, ErrorKind};

use crate::endpoints::Part;

/// What to do about an error.
pub(super) fn advice(part: &Part, error: &Error) -> Option<String> {
    let advice = match error.kind() {
        ErrorKind::Credentials => match part.kind.name {
            "chatgpt4online" => {
                "the site gives guests no access: is its chatbot public, and the address that of \
                 the site itself? nonce_page names a page with the chatbot"
            }
            "ai-sdk" => {
                "the app wants a login: give its cookie with --header, or the session of a browser \
                 with --session-file"
            }
            "aura" => "the server wants a key or a session: set the option key, or a Cookie header",
            _ => "the secrets are not where they are looked for: is this a MagickPen server?",
        },
        ErrorKind::Blocked => {
            "a page for people instead of an answer: a login, a firewall, or another kind of \
             server; a Cookie header can carry a session"
        }
        ErrorKind::RateLimited => "wait, or ask less often",
        ErrorKind::Status if error.status() == Some(404) => {
            "the server has no such address: is it another kind of server, or in a sub-directory?"
        }
        ErrorKind::Timeout(_) => "the server takes too long: its model may be down",
        ErrorKind::Connect if error.proxy().is_some() => {
            "no answer through the proxy: is its address right, and does it let you reach the \
             server? --proxy off asks without it"
        }
        ErrorKind::Connect => "the server closed the connection: see its log",
        ErrorKind::Protocol => "the server speaks another protocol: is the provider the right one?",
        ErrorKind::Truncated | ErrorKind::Interrupted => "the server broke off: see its log",
        _ => return None,
    };
    Some(advice.to_owned())
}
