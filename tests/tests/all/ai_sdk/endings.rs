//! How answers end, in each version and protocol: whole, or with the error that
//! the protocol can tell.

use chatwire::ai_sdk::AiSdk;
use chatwire::{ChatRequest, ErrorKind, ProviderExt as _};
use chatwire_mock::{AiSdkMock, AiSdkReply, AiSdkStream, AiSdkVersion, Answer, Ending};

/// What comes out: the text, and the reason or the kind of the error.
async fn ask(mock: &AiSdkMock) -> (String, Result<String, ErrorKind>) {
    let provider = AiSdk::builder().base_url(mock.url()).build().unwrap();
    match provider.reply(&ChatRequest::new("Q")).await {
        Ok(reply) => (reply.text, Ok(reply.reason.to_string())),
        Err(failed) => (failed.text, Err(failed.error.kind())),
    }
}

#[tokio::test]
async fn every_version_and_protocol_ends_as_section_8_has_it() {
    use AiSdkStream::{Data, Text, Ui};
    use ErrorKind::{Interrupted, Refused, Truncated};
    let half = || AiSdkReply::new("Half an answer");
    for version in AiSdkVersion::ALL {
        for stream in [Ui, Data, Text] {
            if (stream == Ui && version < AiSdkVersion::V5)
                || (stream == Data && version > AiSdkVersion::V4)
            {
                continue;
            }
            let mock = AiSdkMock::builder()
                .version(version)
                .stream(stream)
                .start()
                .await
                .unwrap();
            let is_old = version < AiSdkVersion::V5;
            // A text stream tells nothing but the connection's end.
            let told = |kind: ErrorKind| match stream {
                Text => Ok("eof".to_owned()),
                _ => Err(kind),
            };
            let whole = |reason: &str| match stream {
                Text => Ok("eof".to_owned()),
                _ => Ok(reason.to_owned()),
            };
            let cases = [
                ("whole", half(), whole("stop")),
                ("length", half().with_reason("length"), whole("length")),
                (
                    "error",
                    half().with_error("the model is lost"),
                    match (stream, version) {
                        (Text, AiSdkVersion::V3) => Err(Interrupted),
                        _ => told(Refused),
                    },
                ),
                (
                    "abort",
                    half().aborted(),
                    match (stream, is_old) {
                        (Data, _) | (Text, true) => Err(Interrupted),
                        _ => told(Truncated),
                    },
                ),
                (
                    "without its end",
                    half().without_end(),
                    match (stream, version) {
                        // Versions that mark no start of a step cannot be told
                        // from parts written by hand.
                        (Data, AiSdkVersion::V3) => Ok("eof".to_owned()),
                        _ => told(Truncated),
                    },
                ),
                ("cut", half().cut(), Err(Interrupted)),
            ];
            for (case, reply, want) in cases {
                mock.reply(reply);
                let got = ask(&mock).await;
                let want = ("Half an answer".to_owned(), want);
                assert_eq!(got, want, "{version:?} {stream:?} {case}");
            }
        }
    }
}

/// What broke after the end of the answer, or did not end, does not count.
#[tokio::test]
async fn a_complete_answer_survives_the_end_of_its_connection() {
    let ui = "data: {\"type\":\"text-delta\",\"id\":\"t\",\"delta\":\"Hi\"}\n\n\
              data: {\"type\":\"finish\",\"finishReason\":\"stop\"}\n\n";
    let data = "f:{\"messageId\":\"m\"}\n0:\"Hi\"\ne:{\"finishReason\":\"stop\"}\nd:{\"finishReason\":\"stop\"}\n";
    let mock = AiSdkMock::start().await.unwrap();
    for (mark, body) in [
        ("x-vercel-ai-ui-message-stream", ui),
        ("x-vercel-ai-data-stream", data),
    ] {
        for ending in [Ending::Clean, Ending::Truncate, Ending::Stall] {
            mock.answer(
                Answer::status(200)
                    .header(mark, "v1")
                    .piece(body)
                    .ending(ending),
            );
            let got = ask(&mock).await;
            assert_eq!(
                got,
                ("Hi".to_owned(), Ok("stop".to_owned())),
                "{mark} {ending:?}"
            );
        }
    }
}

#[tokio::test]
async fn what_comes_beside_the_text_arrives() {
    let mock = AiSdkMock::start().await.unwrap();
    let reply = AiSdkReply::new("Let me look.")
        .with_reasoning("Hm.")
        .with_tool("weather", r#"{"city":"Oslo"}"#, r#"{"degrees":7}"#)
        .with_step()
        .with_source("https://example.org", "Ex")
        .with_file("image/png", "AA==")
        .with_data("title", r#""A title""#)
        .with_metadata(r#"{"usage":{"inputTokens":3,"outputTokens":4}}"#)
        .with_deltas([r#""It is \ud83d""#, r#""\ude00.""#]);
    mock.reply(reply);
    let provider = AiSdk::builder().base_url(mock.url()).build().unwrap();
    let reply = provider.reply(&ChatRequest::new("Q")).await.unwrap();
    assert_eq!(reply.text, "Let me look.\n\nIt is 😀.");
    assert_eq!(reply.images, ["data:image/png;base64,AA=="]);
    assert_eq!(reply.usage.unwrap().total_tokens, Some(7));
    let names: Vec<&str> = reply
        .extras
        .iter()
        .map(|extra| extra.name.as_str())
        .collect();
    assert_eq!(names, ["data-title", "metadata"]);
    mock.reply(
        AiSdkReply::new("Wrong")
            .with_reset_step()
            .with_text("Right"),
    );
    let reply = provider.reply(&ChatRequest::new("Q")).await.unwrap();
    assert_eq!(reply.text, "Right");
    mock.reply(AiSdkReply::new("").with_client_tool("askUser", "{}"));
    let error = provider
        .reply(&ChatRequest::new("Q"))
        .await
        .unwrap_err()
        .error;
    assert!(error.to_string().contains("askUser"), "{error}");
}

#[tokio::test]
async fn statuses_and_silence_say_what_is_wrong() {
    let mock = AiSdkMock::start().await.unwrap();
    let json = |status: u16, body: &str| Answer::json(body).with_status(status);
    let table = [
        (Answer::status(500), ErrorKind::Status, "its route threw"),
        (Answer::status(405), ErrorKind::Status, "takes no POST"),
        (
            Answer::html(404, "<!DOCTYPE html><html><body>404</body></html>"),
            ErrorKind::Status,
            "another path",
        ),
        (
            Answer::html(413, "<html><title>Error</title>"),
            ErrorKind::ContextLength,
            "larger than the server takes",
        ),
        (
            json(
                401,
                r#"{"code":"unauthorized:chat","message":"You need to sign in"}"#,
            ),
            ErrorKind::Credentials,
            "sign in",
        ),
        (
            json(403, r#"{"error":"Forbidden"}"#),
            ErrorKind::Credentials,
            "Forbidden",
        ),
        (
            json(
                429,
                r#"{"code":"rate_limit:chat","message":"You have exceeded your maximum number of messages for the day."}"#,
            ),
            ErrorKind::RateLimited,
            "maximum number",
        ),
        (
            json(
                400,
                r#"{"code":"bad_request:api","message":"The request couldn't be processed."}"#,
            ),
            ErrorKind::Refused,
            "couldn't be processed",
        ),
        (
            json(
                503,
                r#"{"code":"offline:chat","message":"We're having trouble sending your message."}"#,
            ),
            ErrorKind::Refused,
            "having trouble",
        ),
        (
            Answer::text(["Too many requests"]).with_status(429),
            ErrorKind::RateLimited,
            "oo many requests",
        ),
        (
            Answer::text(["Unauthorized"]).with_status(401),
            ErrorKind::Credentials,
            "Unauthorized",
        ),
        (
            AiSdkMock::failure("model overloaded"),
            ErrorKind::Refused,
            "model overloaded",
        ),
        (
            AiSdkMock::failure("An error occurred."),
            ErrorKind::Refused,
            "hides why",
        ),
        (Answer::text([""]), ErrorKind::Protocol, "empty"),
        (
            Answer::json(r#"{"error":"No API key configured"}"#),
            ErrorKind::Refused,
            "No API key",
        ),
        (
            Answer::html(200, "<!doctype html><title>Sign in</title>"),
            ErrorKind::Blocked,
            "Sign in",
        ),
    ];
    let provider = AiSdk::builder().base_url(mock.url()).build().unwrap();
    for (answer, kind, words) in table {
        mock.answer(answer);
        let error = provider
            .reply(&ChatRequest::new("Q"))
            .await
            .unwrap_err()
            .error;
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(words), "{error}");
    }
}
