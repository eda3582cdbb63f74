//! What is read from the words of a backend.

use std::time::{Duration, UNIX_EPOCH};

use chatwire_core::ErrorKind;
use chatwire_core::provider_kit::refusal::{
    kind_from_words, message_of_json, refusal, retry_after, sounds_temporary, wait_from_words,
};

#[test]
fn kinds() {
    use ErrorKind::{ContextLength, Credentials, RateLimited};
    let cases = [
        (
            "This model's maximum context length is 4097 tokens. However, your messages resulted in 5000 tokens.",
            Some(ContextLength),
        ),
        ("context_length_exceeded", Some(ContextLength)),
        (
            "Please reduce the length of the messages.",
            Some(ContextLength),
        ),
        (
            "Rate limit reached for gpt-4o in organization org-x on tokens per min",
            Some(RateLimited),
        ),
        ("RATE_LIMIT_EXCEEDED", Some(RateLimited)),
        ("Too Many Requests", Some(RateLimited)),
        (
            "You exceeded your current quota, please check your plan",
            Some(RateLimited),
        ),
        ("You have reached the limit.", Some(RateLimited)),
        ("Incorrect API key provided: sk-…", Some(Credentials)),
        ("401 Unauthorized", Some(Credentials)),
        // Both: a shorter question would help, waiting would not.
        (
            "Rate limit: too many tokens, reduce the length",
            Some(ContextLength),
        ),
        ("Sorry, your query has been rejected.", None),
        ("", None),
    ];
    for (words, kind) in cases {
        assert_eq!(kind_from_words(words), kind, "{words:?}");
    }
}

#[test]
fn temporary() {
    let cases = [
        (
            "That model is currently overloaded with other requests.",
            true,
        ),
        ("Please TRY AGAIN later.", true),
        ("cURL error 28: Operation timed out", true),
        (
            "The server had an error while processing your request",
            true,
        ),
        ("Briefly unavailable for scheduled maintenance.", true),
        ("Sorry, your query has been rejected.", false),
        ("", false),
    ];
    for (words, expected) in cases {
        assert_eq!(sounds_temporary(words), expected, "{words:?}");
    }
}

#[test]
fn waits() {
    let cases = [
        ("Please try again in 20s.", Some(20_000)),
        ("Please try again in 800ms. Visit", Some(800)),
        ("try again in 1m2.5s", Some(62_500)),
        ("Try again in 6m0s", Some(360_000)),
        ("try again in 1m 30s", Some(90_000)),
        ("try again in 2 minutes 5 seconds", Some(125_000)),
        ("Retry after 20 seconds", Some(20_000)),
        ("retry in 2 minutes", Some(120_000)),
        ("retry after 1 hour", Some(3_600_000)),
        ("try again in 0s", Some(0)),
        ("try again in 24h", Some(86_400_000)),
        // Without a unit, or as words, it is anyone's guess.
        ("try again in 20", None),
        ("try again in a few seconds", None),
        ("try again in 5 parsecs", None),
        ("try again in -5s", None),
        ("try again in 1.2.3s", None),
        ("try again in 99999999999999999999999999h", None),
        ("try again in ", None),
        ("try again later", None),
        ("", None),
    ];
    for (words, millis) in cases {
        assert_eq!(
            wait_from_words(words),
            millis.map(Duration::from_millis),
            "{words:?}"
        );
    }
}

#[test]
fn retry_after_headers() {
    let now = UNIX_EPOCH + Duration::from_secs(784_111_777); // Sun, 06 Nov 1994 08:49:37 GMT
    let cases = [
        ("0", Some(0)),
        ("120", Some(120)),
        (" 120 ", Some(120)),
        ("Sun, 06 Nov 1994 08:50:37 GMT", Some(60)),
        ("Sunday, 06-Nov-94 08:50:37 GMT", Some(60)),
        ("Sun Nov  6 08:50:37 1994", Some(60)),
        ("Sun, 06 Nov 1994 08:49:37 GMT", Some(0)),
        ("Tue, 06 Nov 1984 08:49:37 GMT", Some(0)),
        ("-1", None),
        ("1.5", None),
        ("soon", None),
        ("", None),
        ("99999999999999999999999999", None),
    ];
    for (value, seconds) in cases {
        assert_eq!(
            retry_after(value, now),
            seconds.map(Duration::from_secs),
            "{value:?}"
        );
    }
}

#[test]
fn messages_of_json_errors() {
    let cases = [
        (r#"{"message":"no"}"#, Some("no")),
        (r#"{"error":"no"}"#, Some("no")),
        (
            r#"{"error":{"message":"no","type":"x","code":null}}"#,
            Some("no"),
        ),
        (r#"{"message":"no","error":true}"#, Some("no")),
        (r#"{"message":"no","error":{"code":5}}"#, Some("no")),
        (r#"{"error":404,"message":"no"}"#, Some("no")),
        (r#"{"message":null,"error":"no"}"#, Some("no")),
        (r#"{"message":"","error":"no"}"#, Some("no")),
        (r#"{"message":["x"],"error":"no"}"#, Some("no")),
        (
            r#"{"code":"rest_no_route","message":"No route","data":{"status":404}}"#,
            Some("No route"),
        ),
        ("\u{feff}\n {\"message\":\"no\"}\n", Some("no")),
        (r#"{"message":""}"#, None),
        (r#"{"error":{}}"#, None),
        (r#"{"error":{"message":null}}"#, None),
        (r#"{"ok":true}"#, None),
        (r#"["no"]"#, None),
        (r#""no""#, None),
        ("null", None),
        ("no", None),
        ("", None),
        (r#"{"message":"no"} trailing"#, None),
    ];
    for (body, message) in cases {
        assert_eq!(message_of_json(body).as_deref(), message, "{body}");
    }
}

#[test]
fn refusals() {
    use ErrorKind::{ContextLength, RateLimited, Refused};
    // words, kind, retryable, message
    let cases = [
        ("No.", Refused, false, "No."),
        ("<p>No <b>way</b>.</p>", Refused, false, "No way."),
        ("", Refused, false, "the backend refused without a word"),
        ("<br>", Refused, false, "the backend refused without a word"),
        (
            "Overloaded, try again",
            Refused,
            true,
            "Overloaded, try again",
        ),
        (
            "Rate limit reached",
            RateLimited,
            true,
            "Rate limit reached",
        ),
        (
            "Maximum context length, try again",
            ContextLength,
            false,
            "Maximum context length, try again",
        ),
        // Whose key it is that is wrong, the words do not say.
        ("Incorrect API key", Refused, false, "Incorrect API key"),
    ];
    for (words, kind, retryable, message) in cases {
        let error = refusal(words);
        assert_eq!(error.kind(), kind, "{words}");
        assert_eq!(error.is_retryable(), retryable, "{words}");
        assert_eq!(error.message(), message, "{words}");
    }
    let waiting = refusal("Rate limit reached, try again in 2s");
    assert_eq!(waiting.retry_after(), Some(Duration::from_secs(2)));
    assert!(refusal(&"é".repeat(5000)).message().len() <= 2000);
}
