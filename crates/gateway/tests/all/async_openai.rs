//! The async-openai client.

use crate::support::*;
use async_openai::Client;
use async_openai::config::OpenAIConfig;
use async_openai::error::OpenAIError;
use async_openai::middleware::ReqwestService;
use async_openai::types::chat::{
    ChatCompletionRequestUserMessageArgs, CreateChatCompletionRequest,
    CreateChatCompletionRequestArgs, FinishReason as Reason,
};
use chatwire_core::{Error, ErrorKind, Finish, FinishReason, ReplyEvent, TimeoutPhase, Usage};
use futures::StreamExt as _;

const UNICODE: &str = "Grüße, 世界 🙂 👩‍👩‍👧 \"\\\n";

fn client(server: &Server) -> Client<OpenAIConfig> {
    // With the whole workspace, reqwest is built to take its TLS from the
    // program. Whoever comes first has set it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let config = OpenAIConfig::new()
        .with_api_base(server.url("/v1"))
        .with_api_key("anything");
    // Its own repetitions, which nothing switches off, stay out of the tests.
    Client::with_config(config).with_http_service(ReqwestService::new(reqwest::Client::new()))
}

fn request(model: &str) -> CreateChatCompletionRequest {
    let message = ChatCompletionRequestUserMessageArgs::default()
        .content("Hi")
        .build()
        .unwrap();
    CreateChatCompletionRequestArgs::default()
        .model(model)
        .messages([message.into()])
        .build()
        .unwrap()
}

fn counted() -> Vec<Event> {
    let usage = Usage::new()
        .with_prompt_tokens(Some(1))
        .with_completion_tokens(Some(2));
    let end = Finish::new(FinishReason::Stop).with_usage(Some(usage));
    vec![text("Hello: "), text(UNICODE), Ok(ReplyEvent::Finish(end))]
}

#[tokio::test]
async fn a_whole_answer() {
    let server = start(home(says(counted()))).await;
    let answer = client(&server)
        .chat()
        .create(request("home/m"))
        .await
        .unwrap();
    let choice = &answer.choices[0];
    assert_eq!(
        choice.message.content.as_deref(),
        Some(format!("Hello: {UNICODE}").as_str())
    );
    assert_eq!(choice.finish_reason, Some(Reason::Stop));
    assert_eq!(answer.usage.unwrap().total_tokens, 3);
    assert_eq!(answer.model, "home/m");
}

#[tokio::test]
async fn a_streamed_answer() {
    let server = start(home(says(counted()))).await;
    let mut stream = client(&server)
        .chat()
        .create_stream(request("m"))
        .await
        .unwrap();
    let (mut whole, mut reasons) = (String::new(), Vec::new());
    while let Some(chunk) = stream.next().await {
        for choice in chunk.unwrap().choices {
            whole.push_str(&choice.delta.content.unwrap_or_default());
            reasons.extend(choice.finish_reason);
        }
    }
    assert_eq!(whole, format!("Hello: {UNICODE}"));
    assert_eq!(reasons, [Reason::Stop]);
}

#[tokio::test]
async fn errors() {
    for (kind, status, code) in [
        (ErrorKind::InvalidRequest, 400, "invalid_request"),
        (ErrorKind::ContextLength, 400, "context_length_exceeded"),
        (ErrorKind::UnsupportedModel, 404, "model_not_found"),
        (ErrorKind::RateLimited, 429, "rate_limit_exceeded"),
        (ErrorKind::Credentials, 502, "provider_credentials"),
        (ErrorKind::Blocked, 502, "provider_blocked"),
        (
            ErrorKind::Timeout(TimeoutPhase::Head),
            504,
            "provider_timeout",
        ),
    ] {
        let server = start(home(fails(Error::new(kind, "the reason")))).await;
        let mut request = request("home/m");
        let whole = client(&server).chat().create(request.clone()).await;
        let OpenAIError::ApiError(error) = whole.unwrap_err() else {
            panic!("not an error of the API")
        };
        assert_eq!(error.status_code.as_u16(), status);
        // Of 5xx errors it keeps the body as it came.
        assert!(format!("{error:?}").contains(code), "{error:?}");
        assert!(error.api_error.message.contains("the reason"));
        request.stream = Some(true);
        let begun = client(&server).chat().create_stream(request).await;
        let failed = match begun {
            Err(_) => true,
            Ok(mut stream) => stream.next().await.is_some_and(|chunk| chunk.is_err()),
        };
        assert!(failed, "{kind:?}");
    }
}

#[tokio::test]
async fn a_fault_after_the_first_text_is_an_error() {
    let broken = Err(Error::new(ErrorKind::Interrupted, "the connection broke"));
    let server = start(home(says(vec![text("a"), broken]))).await;
    let mut stream = client(&server)
        .chat()
        .create_stream(request("m"))
        .await
        .unwrap();
    let (mut whole, mut failed) = (String::new(), false);
    while let Some(chunk) = stream.next().await {
        match chunk {
            Ok(chunk) => {
                for choice in chunk.choices {
                    whole.push_str(&choice.delta.content.unwrap_or_default());
                    assert_eq!(choice.finish_reason, None);
                }
            }
            Err(_) => {
                failed = true;
                break;
            }
        }
    }
    assert_eq!((whole.as_str(), failed), ("a", true));
}

#[tokio::test]
async fn early_close() {
    let endless = scripted(|_| async {
        let events = futures::stream::unfold((), |()| async {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            Some((text("on "), ()))
        });
        Ok(chatwire_core::ReplyStream::from_events(events))
    });
    let server = start(home(endless)).await;
    let mut stream = client(&server)
        .chat()
        .create_stream(request("m"))
        .await
        .unwrap();
    for _ in 0..3 {
        stream.next().await.unwrap().unwrap();
    }
    drop(stream);
    let gone = "chatwire_cancelled_total{endpoint=\"home\"} 1";
    let began = std::time::Instant::now();
    while !server.get("/metrics").await.body.contains(gone) {
        assert!(
            began.elapsed() < std::time::Duration::from_secs(1),
            "still asked"
        );
    }
}
