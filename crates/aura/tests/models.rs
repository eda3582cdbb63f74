//! The list of models that a server gives.

// A panic is how a test fails, also in its helpers.
#![allow(clippy::unwrap_used)]

use chatwire_aura::{Aura, ChatRequest, ErrorKind, Provider, ProviderExt};
use wiremock::matchers::{body_json, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

#[tokio::test]
async fn lists_are_read_or_refused() {
    // (status, body, ids with names, or the kind of the error)
    type Models = &'static [(&'static str, &'static str)];
    let cases: &[(u16, &str, Result<Models, ErrorKind>)] = &[
        (
            200,
            r#"[{"id":"gpt-4","name":"GPT-4"},{"id":"other","more":1}]"#,
            Ok(&[("gpt-4", "GPT-4"), ("other", "other")]),
        ),
        // Relatives list ids alone, and one wrong entry is one model less.
        (
            200,
            r#"["a",{"id":5},null,{"id":"b","name":7},{"id":"c","name":null}]"#,
            Ok(&[("a", "a"), ("c", "c")]),
        ),
        (200, "[]", Ok(&[])),
        (200, "[7]", Err(ErrorKind::Protocol)),
        (200, "{}", Err(ErrorKind::Protocol)),
        (200, "<html></html>", Err(ErrorKind::Blocked)),
        (200, "", Err(ErrorKind::Protocol)),
        (200, r#"[{"name":"no id"}]"#, Err(ErrorKind::Protocol)),
        (401, "", Err(ErrorKind::Credentials)),
        (
            403,
            "<!DOCTYPE html><title>Wait</title>",
            Err(ErrorKind::Blocked),
        ),
        (404, "", Err(ErrorKind::Status)),
        (429, "", Err(ErrorKind::RateLimited)),
        (500, "Error", Err(ErrorKind::Status)),
    ];
    for (status, body, expected) in cases {
        let server = MockServer::start().await;
        Mock::given(method("POST"))
            .and(path("/api/models"))
            .and(body_json(serde_json::json!({"key": ""})))
            .respond_with(ResponseTemplate::new(*status).set_body_string(*body))
            .expect(1)
            .mount(&server)
            .await;
        let client = Aura::builder().base_url(server.uri()).build().unwrap();
        let models = client.models().await;
        let found: Result<Vec<(&str, &str)>, ErrorKind> = match &models {
            Ok(models) => Ok(models
                .iter()
                .map(|model| (model.id.as_str(), model.name.as_str()))
                .collect()),
            Err(error) => Err(error.kind()),
        };
        assert_eq!(
            found,
            expected.map(<[_]>::to_vec),
            "{status} {body}: {models:?}"
        );
    }
}

#[tokio::test]
async fn a_server_without_a_list_answers_all_the_same() {
    for status in [401, 403, 404, 405, 500] {
        let server = MockServer::start().await;
        Mock::given(path("/api/models"))
            .respond_with(ResponseTemplate::new(status))
            .mount(&server)
            .await;
        Mock::given(path("/api/chat"))
            .respond_with(ResponseTemplate::new(200).set_body_string("an answer"))
            .mount(&server)
            .await;
        let client = Aura::new(server.uri()).unwrap();
        let reply = client.reply(&ChatRequest::new("hi")).await;
        assert_eq!(reply.unwrap().text, "an answer", "{status}");
    }
}
