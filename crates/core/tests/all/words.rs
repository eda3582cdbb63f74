//! What is read from the words of a backend.

use std::time::{Duration, UNIX_EPOCH};

use chatwire_core::ErrorKind;
use chatwire_core::provider_kit::refusal::{
    JUDGED, from_words, is_temporary, json_in, kind_from_words, message_in_json, wait_from_header,
    wait_from_words,
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
        // Waiting a moment does not bring back a quota that is used up…
        (
            "You exceeded your current quota, please check your plan",
            None,
        ),
        ("Quota exceeded.", None),
        // …unless it is one for each minute.
        (
            "Quota exceeded for requests per minute, retry in 20s",
            Some(RateLimited),
        ),
        ("input length limit exceeded", Some(ContextLength)),
        ("Prompt token limit exceeded", Some(ContextLength)),
        ("Your message is too long.", Some(ContextLength)),
        ("the maximum length is 512", Some(ContextLength)),
        // Waiting makes no file smaller…
        ("File size limit exceeded", None),
        ("upload limit reached", None),
        ("character limit exceeded", None),
        ("Time limit exceeded", None),
        // …and fills no account.
        ("insufficient_quota", None),
        ("Your credit balance is too low", None),
        ("Monthly limit reached", None),
        ("Usage limit reached for this plan", None),
        ("billing hard limit has been reached", None),
        ("Message limit reached", Some(RateLimited)),
        ("Daily request limit exceeded", Some(RateLimited)),
        ("limit exceeded", Some(RateLimited)),
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
        assert_eq!(is_temporary(words), expected, "{words:?}");
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
            wait_from_header(value, now),
            seconds.map(Duration::from_secs),
            "{value:?}"
        );
    }
    // The clock has fractions of a second, and the wait is told to people.
    let now = now + Duration::from_millis(300);
    for (value, seconds) in [
        ("Sun, 06 Nov 1994 08:50:37 GMT", 60),
        ("Sun, 06 Nov 1994 08:49:38 GMT", 1),
        ("Sun, 06 Nov 1994 08:49:37 GMT", 0),
    ] {
        let wait = Duration::from_secs(seconds);
        assert_eq!(wait_from_header(value, now), Some(wait), "{value:?}");
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
        (r#"{"errors":[{"status":"500","detail":"no"}]}"#, Some("no")),
        (r#"{"errors":["no","more"]}"#, Some("no")),
        (
            r#"{"detail":[{"loc":["body","messages"],"msg":"no","type":"missing"}]}"#,
            Some("no"),
        ),
        (r#"{"error":{"error":{"message":"no"}}}"#, Some("no")),
        (r#"{"error":[{"code":5,"message":"no"}]}"#, Some("no")),
        (
            r#"{"error":{"issues":[{"path":[],"message":"no"}]}}"#,
            Some("no"),
        ),
        (r#"{"success":false,"msg":"no"}"#, Some("no")),
        (
            r#"{"error":{"code":5},"error_description":"no"}"#,
            Some("no"),
        ),
        (r#"{"errors":[],"detail":{}}"#, None),
        (r#"{"message":""}"#, None),
        (r#"{"error":{}}"#, None),
        (r#"{"error":{"message":null}}"#, None),
        (r#"{"ok":true}"#, None),
        (r#"["no"]"#, None),
        (r#""no""#, None),
        ("null", None),
        ("no", None),
        ("", None),
        (r#"{"detail":"no"}"#, Some("no")),
        // PHP writes its warnings into the answer.
        (r#"{"message":"no"} trailing"#, Some("no")),
        (
            "<br />\n<b>Warning</b>: {closure} in x.php\n{\"message\":\"no\"}",
            Some("no"),
        ),
        ("{\"a\":1}{\"message\":\"no\"}", Some("no")),
        ("{{\"message\":\"no\"}", Some("no")),
        ("<!doctype html><script>{\"message\":\"no\"}</script>", None),
    ];
    for (body, message) in cases {
        assert_eq!(message_in_json(body).as_deref(), message, "{body}");
    }
}

#[test]
fn refusals_in_words() {
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
        // As the gateway of a model says it, on an account that is empty.
        (
            "You exceeded your current quota, try again",
            Refused,
            false,
            "You exceeded your current quota, try again",
        ),
        // Whose key it is that is wrong, the words do not say.
        ("Incorrect API key", Refused, false, "Incorrect API key"),
    ];
    for (words, kind, retryable, message) in cases {
        let error = from_words(words);
        assert_eq!(error.kind(), kind, "{words}");
        assert_eq!(error.is_retryable(), retryable, "{words}");
        assert_eq!(error.message(), message, "{words}");
    }
    let waiting = from_words("Rate limit reached, try again in 2s");
    assert_eq!(waiting.retry_after(), Some(Duration::from_secs(2)));
    assert!(from_words(&"é".repeat(5000)).message().len() <= 2000);
}

/// An object that starts late, after a lot that is none, is not looked for.
#[test]
fn noise_is_judged_to_a_limit() {
    let object = r#"{"message":"no"}"#;
    for noise in ["x", "{", "{ ", "{}", "é", "{\"a\":", "[{", "\"", "\\\""] {
        let short = format!("{}{object}", noise.repeat(100));
        assert_eq!(message_in_json(&short).as_deref(), Some("no"), "{noise:?}");
        let long = format!("{}{object}", noise.repeat(JUDGED));
        assert_eq!(message_in_json(&long), None, "{noise:?}");
    }
    // An object itself may be long.
    let long = format!("Notice\n{{\"message\":\"{}\"}}", "y".repeat(2 * JUDGED));
    assert_eq!(message_in_json(&long).unwrap().len(), 2 * JUDGED);
}

/// Twice as much takes about twice as long, whatever it is; quadratic work
/// would take hours here.
#[test]
fn reading_takes_linear_time() {
    let started = std::time::Instant::now();
    for pattern in [
        "{",
        "{\"",
        "{\"a",
        "{\"a\":",
        "{\"a\":{\"a\":",
        "{\"a\":1,",
        "{\"a\":\"{",
        "[{\"a\":[",
        "{}",
        "<a",
        "<a b=\"",
        "<!--",
        "<title>",
        "&amp",
        "try again in 1s",
        "retry after 9",
        "\u{feff}",
        "\0",
    ] {
        let text = pattern.repeat(256 * 1024 / pattern.len());
        assert!(json_in(&text, |value: &serde_json::Value| value["x"] == 1).is_none());
        message_in_json(&text);
        kind_from_words(&text);
        wait_from_words(&text);
        from_words(&text);
    }
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
}
