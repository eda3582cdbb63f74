//! No secret in any text of an error.

use std::error::Error as _;
use std::fmt;

use chatwire_core::provider_kit::{BaseUrl, HttpClient, HttpRequest, Redactor};
use chatwire_core::{Error, ErrorKind, HttpConfig, Secret};

/// An error as a library may write one.
#[derive(Debug)]
#[allow(dead_code)] // Read by its derived Debug alone.
struct Foreign(String);

impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a harmless line")
    }
}

impl std::error::Error for Foreign {}

/// Everything a program could print of an error.
fn all_of(error: &Error) -> String {
    let mut all = format!(
        "{error} {error:?} {error:#?} {} {:?}",
        error.message(),
        error.excerpt()
    );
    let mut cause = error.source();
    while let Some(source) = cause {
        all.push_str(&format!("{source} {source:?}"));
        cause = source.source();
    }
    for attempt in error.attempts() {
        all.push_str(&all_of(attempt));
    }
    all
}

#[test]
fn secrets_are_taken_out_of_errors() {
    let secret = "n0nce-abcdef";
    let say = |text: &str| Error::new(ErrorKind::Refused, text);
    let padding = "x".repeat(Error::EXCERPT_MAX - 12);
    let cases: Vec<(&str, Error)> = vec![
        ("message", say("the nonce n0nce-abcdef is old")),
        ("twice", say("n0nce-abcdefn0nce-abcdef")),
        ("excerpt", say("no").with_excerpt("<p>n0nce-abcdef</p>")),
        (
            "excerpt, cut within it",
            say("no").with_excerpt(&format!("{padding}{secret} and more")),
        ),
        (
            "attempt",
            say("no").with_attempts(vec![say("n0nce-abcdef").with_excerpt(secret)]),
        ),
        (
            "attempt of an attempt",
            say("no").with_attempts(vec![say("no").with_attempts(vec![say(secret)])]),
        ),
        (
            "source",
            say("no").with_source(Foreign(format!("said {secret}"))),
        ),
        (
            "source of a source",
            say("no").with_source(say("inner").with_source(Foreign(secret.into()))),
        ),
        (
            "source of an attempt",
            say("no").with_attempts(vec![say("x").with_source(Foreign(secret.into()))]),
        ),
    ];
    let redactor = Redactor::new();
    redactor.add(&Secret::new(secret));
    for (name, error) in cases {
        assert!(
            all_of(&error).contains("n0nce-ab"),
            "{name}: the case shows nothing"
        );
        let shown = all_of(&redactor.error(error));
        assert!(!shown.contains("n0nce-ab"), "{name}: {shown}");
    }
}

#[test]
fn the_rest_stays() {
    let redactor = Redactor::new();
    redactor.add(&Secret::new("hidden-value"));
    redactor.add(&Secret::new("abc"));
    let error = Error::new(ErrorKind::Refused, "abc, hidden-value, hidden")
        .with_excerpt("hidden")
        .with_status(403)
        .with_source(Foreign("harmless".into()));
    let error = redactor.error(error);
    // Texts below four characters are in every other word.
    assert_eq!(error.message(), "abc, [redacted], hidden");
    assert_eq!(error.status(), Some(403));
    assert!(error.source().is_some());
}

#[test]
fn one_secret_within_another() {
    for order in [["longer-secret", "longer"], ["longer", "longer-secret"]] {
        let redactor = Redactor::new();
        for secret in order {
            redactor.add(&Secret::new(secret));
        }
        let error = redactor.error(Error::new(ErrorKind::Refused, "longer-secret longer"));
        assert_eq!(error.message(), "[redacted] [redacted]", "{order:?}");
    }
}

#[test]
fn clones_share_what_they_learn() {
    let redactor = Redactor::new();
    let clone = redactor.clone();
    redactor.add(&Secret::new("later-one"));
    let error = clone.error(Error::new(ErrorKind::Refused, "later-one"));
    assert_eq!(error.message(), "[redacted]");
}

/// A nonce is learnt twice a day, for months; the password is configured once.
#[test]
fn what_was_configured_is_never_forgotten() {
    let config = HttpConfig::new()
        .with_proxy("http://bob:pr0xy-password@127.0.0.1:9")
        .with_header("authorization", "Bearer t0ken-of-bob")
        .with_header("cookie", "id=c00kie-of-bob; theme=dark");
    let http = HttpClient::new("box", config).unwrap();
    for number in 0..1000 {
        http.redactor().add(&Secret::new(format!("nonce-{number}")));
    }
    let words = "pr0xy-password t0ken-of-bob c00kie-of-bob nonce-999";
    let error = http.redactor().error(Error::new(ErrorKind::Refused, words));
    assert_eq!(
        error.message(),
        "[redacted] [redacted] [redacted] [redacted]"
    );
}

#[test]
fn secrets_do_not_print() {
    let secret = Secret::new("s3cret-value");
    let base =
        BaseUrl::parse("http://bob:s3cret-value@example.org/a?".trim_end_matches('?')).unwrap();
    let url = base.join("/b?key=s3cret-value").unwrap();
    let config = HttpConfig::new()
        .with_proxy("http://bob:s3cret-value@127.0.0.1:9")
        .with_header("x-key", "s3cret-value");
    let http = HttpClient::new("box", config.clone()).unwrap();
    let request = HttpRequest::post(url.clone())
        .header(
            http::header::COOKIE,
            http::HeaderValue::from_static("s3cret-value"),
        )
        .body("s3cret-value");
    let shown = format!(
        "{secret:?} {base:?} {base} {url:?} {url} {config:?} {http:?} {request:?} {:?}",
        http.redactor()
    );
    assert!(!shown.contains("s3cret"), "{shown}");
    assert!(shown.contains("http://example.org/a/b"), "{shown}");
}

#[test]
fn header_values() {
    let value = Secret::new("n0nce").header_value("the nonce").unwrap();
    assert!(value.is_sensitive());
    assert_eq!(value.to_str().unwrap(), "n0nce");
    for bad in ["a\nb", "a\r\nset-cookie: x", "a\0b", "\u{7f}"] {
        let error = Secret::new(bad).header_value("the nonce").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Credentials);
        assert!(error.message().contains("the nonce"), "{error}");
        assert!(!all_of(&error).contains(bad), "{error:?}");
    }
}
