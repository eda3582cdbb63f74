//! A server built with the AI SDK behind the gateway: what a client of the
//! OpenAI API is answered, in each protocol, streamed and not.

use std::future::pending;
use std::sync::Arc;

use chatwire::HttpConfig;
use chatwire::ai_sdk::AiSdk;
use chatwire_core::provider_kit::{BaseUrl, HttpClient, HttpRequest};
use chatwire_gateway::Gateway;
use chatwire_mock::{AiSdkMock, AiSdkReply, AiSdkStream, AiSdkVersion};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// Serves the mock as the model `home`; the address of the gateway.
async fn gateway(mock: &AiSdkMock) -> String {
    let provider = AiSdk::builder().base_url(mock.url()).build().unwrap();
    let gateway = Gateway::builder().endpoint("home", Arc::new(provider));
    let gateway = gateway.build().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(gateway.serve(listener, pending()));
    url
}

/// The status and the body of the response to a question.
async fn ask(url: &str, is_streamed: bool) -> (u16, String) {
    let client = HttpClient::new("test", HttpConfig::new()).unwrap();
    let url = BaseUrl::parse(url).unwrap();
    let body = json!({
        "model": "home",
        "stream": is_streamed,
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Q"},
        ],
    });
    let request = HttpRequest::post(url.join("/v1/chat/completions").unwrap());
    let response = client.send(request.json(&body).unwrap()).await.unwrap();
    let status = response.status();
    let body = response.into_bytes().await.unwrap();
    (status, String::from_utf8(body).unwrap())
}

/// What a client takes from the events: the text, why it ended, the code of the
/// error, and whether the stream says that it is complete.
fn streamed(body: &str) -> (String, Option<String>, Option<String>, bool) {
    let (mut text, mut reason, mut code, mut is_done) = (String::new(), None, None, false);
    for event in body.lines().filter_map(|line| line.strip_prefix("data: ")) {
        if event == "[DONE]" {
            is_done = true;
            continue;
        }
        let event: Value = serde_json::from_str(event).unwrap();
        let choice = &event["choices"][0];
        text.push_str(choice["delta"]["content"].as_str().unwrap_or_default());
        reason = choice["finish_reason"]
            .as_str()
            .map_or(reason, |it| Some(it.to_owned()));
        code = event["error"]["code"]
            .as_str()
            .map_or(code, |it| Some(it.to_owned()));
    }
    (text, reason, code, is_done)
}

#[tokio::test]
async fn answers_and_errors_reach_clients_of_the_gateway() {
    use AiSdkStream::{Data, Text, Ui};
    use AiSdkVersion::{V3, V4, V5, V7};
    let half = || AiSdkReply::new("Half an answer");
    let protocols = [(V3, Data), (V4, Data), (V5, Ui), (V7, Ui), (V7, Text)];
    for (version, stream) in protocols {
        // (reply, why it ended, the status of the whole answer's response)
        let mut cases = vec![
            (half(), Some("stop"), 200),
            (half().with_reasoning("Let me think."), Some("stop"), 200),
        ];
        if stream != Text {
            cases.extend([
                (half().with_reason("length"), Some("length"), 200),
                (half().with_error("the model is lost"), None, 502),
                (half().aborted(), None, 502),
            ]);
        }
        cases.push((half().cut(), None, 502));
        for (reply, reason, status) in cases {
            let mock = AiSdkMock::builder().version(version).stream(stream);
            let mock = mock.start().await.unwrap();
            let case = format!("{version:?} {stream:?} {reply:?}");
            mock.reply(reply.clone()).reply(reply);
            let url = gateway(&mock).await;

            let (whole_status, body) = ask(&url, false).await;
            assert_eq!(whole_status, status, "{case}: {body}");
            let whole: Value = serde_json::from_str(&body).unwrap();
            let choice = &whole["choices"][0];
            assert_eq!(choice["finish_reason"].as_str(), reason, "{case}: {body}");
            let content = reason.map(|_| "Half an answer");
            assert_eq!(choice["message"]["content"].as_str(), content, "{case}");

            let (_, body) = ask(&url, true).await;
            let (text, ended, code, is_done) = streamed(&body);
            assert_eq!(text, "Half an answer", "{case}: {body}");
            assert_eq!(ended.as_deref(), reason, "{case}: {body}");
            assert_eq!(code.is_none(), reason.is_some(), "{case}: {body}");
            assert_eq!(is_done, reason.is_some(), "{case}: {body}");

            // The system message reached the model, in front of the question.
            let received = mock.received();
            let asked = received.first().unwrap().messages.first().unwrap();
            assert_eq!(asked.content, "Be brief.\n\nQ", "{case}");
        }
    }
}
