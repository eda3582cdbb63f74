use super::url::{RequestUrl, SHOWN};
use crate::error::{Error, ErrorKind};
use crate::text::shorten;

/// Words in an address that make it one to log in at.
const LOGIN: [&str; 12] = [
    "login",
    "signin",
    "logon",
    "sso",
    "saml",
    "saml2",
    "oauth",
    "oauth2",
    "oidc",
    "cas",
    "auth",
    "authorize",
];

/// Returns whether an address looks like one to log in at.
pub(super) fn is_login(url: &RequestUrl) -> bool {
    let host = url.0.host_str().unwrap_or_default();
    // Of the host only its first name: `auth.example.org`.
    let host = host.split('.').next().unwrap_or_default();
    has_login(host) || has_login(url.path())
}

fn has_login(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    let mut before = "";
    text.split(|c: char| !c.is_ascii_alphanumeric())
        .any(|word| {
            let before = std::mem::replace(&mut before, word);
            LOGIN.contains(&word) || (word == "in" && matches!(before, "log" | "sign"))
        })
}

/// The error for a redirect that is not followed.
pub(super) fn refused(from: &RequestUrl, to: &RequestUrl, status: u16) -> Error {
    let error = if is_login(to) && !is_login(from) {
        Error::new(
            ErrorKind::Credentials,
            format!(
                "{from} redirects to a login, {to}: give the session of a browser that is logged \
                 in, or its cookie"
            ),
        )
    } else {
        let difference = match difference(from, to) {
            Some(difference) => format!(" ({difference})"),
            None => String::new(),
        };
        let advice = match from.base_at(to) {
            Some(base) => format!(
                "if that is the server you mean, set {} as the base URL",
                shorten(&base.as_text(), SHOWN)
            ),
            None => "it leads to something else; is the base URL right?".to_owned(),
        };
        Error::new(
            ErrorKind::Status,
            format!("{from} redirects to {to}{difference}, which is not followed: {advice}"),
        )
    };
    error.with_status(status)
}

/// In what the server of an address differs from that of the other.
fn difference(from: &RequestUrl, to: &RequestUrl) -> Option<String> {
    let (from, to) = (&from.0, &to.0);
    let (old, new) = (from.host_str()?, to.host_str()?);
    if old == new && from.scheme() != to.scheme() {
        return Some(format!("{} instead of {}", to.scheme(), from.scheme()));
    }
    let scheme = match from.scheme() == to.scheme() {
        true => String::new(),
        false => format!(", and {} instead of {}", to.scheme(), from.scheme()),
    };
    if new.strip_prefix("www.") == Some(old) {
        return Some(format!("the name with www.{scheme}"));
    }
    if old.strip_prefix("www.") == Some(new) {
        return Some(format!("the name without www.{scheme}"));
    }
    if old != new {
        return Some("another server".to_owned());
    }
    (from.port() != to.port()).then(|| "another port".to_owned())
}

#[cfg(test)]
mod tests {
    use super::has_login;

    #[test]
    fn logins() {
        for (path, expected) in [
            ("/login", true),
            ("/wp-login.php", true),
            ("/users/sign_in", true),
            ("/auth/signin", true),
            ("/api/auth/callback", true),
            ("/SSO/start", true),
            ("/log-in/", true),
            ("/author/jane", false),
            ("/blogindex", false),
            ("/castle", false),
            ("/sign", false),
            ("/api/chat", false),
            ("", false),
        ] {
            assert_eq!(has_login(path), expected, "{path}");
        }
    }
}
