//! A thousand replies at once through one client.

use std::sync::Arc;
use std::time::Duration;

use chatwire::HttpConfig;
use chatwire::{ChatRequest, ProviderOptions, ReplyEvent, provider};
use chatwire_mock::{
    AiReply, AiSdkReply, AiSdkStream, AiSdkVersion, Answer, AnyMock, Gate, MockServer,
};
use futures::future::join_all;

const COUNT: usize = 1000;

/// What the reply to a question must be: its own bytes, cut within characters.
fn text_for(question: &str) -> String {
    (0..20).map(|n| format!("{question} · {n} ü👩‍👩‍👧; ")).collect()
}

/// Answers each question with its own text: a first piece, and the rest when
/// the gate opens.
fn respond(server: &MockServer, name: &str, gate: &Gate) {
    let (gate, events, parts) = (gate.clone(), name == "chatgpt4online", name == "ai-sdk");
    server.answer_with(move |request| {
        let body = request.json().ok()?;
        let asked = body
            .get("query")
            .or_else(|| body.get("newMessage"))
            .or_else(|| body.pointer("/messages/0/content"))?;
        let text = text_for(asked.as_str()?);
        if parts {
            let (first, rest) = text.split_at(9);
            let reply = AiSdkReply::new(first).wait(&gate);
            let pieces: Vec<char> = rest.chars().collect();
            let reply = pieces.chunks(7).fold(reply, |reply, piece| {
                reply.with_text(String::from_iter(piece))
            });
            return Some(reply.answer(AiSdkVersion::V4, AiSdkStream::Data));
        }
        if events {
            let (first, rest) = text.split_at(9);
            let reply = AiReply::new().delta(first).wait(&gate);
            let pieces: Vec<char> = rest.chars().collect();
            let reply = pieces
                .chunks(7)
                .fold(reply, |reply, piece| reply.delta(String::from_iter(piece)));
            return Some(reply.end(text.trim()).answer());
        }
        let (first, rest) = text.as_bytes().split_at(9);
        let answer = Answer::stream([first]).wait(&gate);
        Some(rest.chunks(7).fold(answer, Answer::piece))
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_thousand_replies_at_once() {
    // Client and server are one process here: two sockets a reply.
    rlimit::increase_nofile_limit(8192).unwrap();
    for name in AnyMock::PROVIDERS {
        let mock = AnyMock::by_name(name).await.unwrap();
        mock.remember(2 * COUNT, 64 * 1024 * 1024);
        let gate = Gate::new();
        respond(&mock, name, &gate);
        let wide = Duration::from_secs(60);
        let http = HttpConfig::new()
            .with_connect_timeout(wide)
            .with_first_byte_timeout(wide);
        let options = ProviderOptions::new()
            .with_base_url(mock.url())
            .with_http(http);
        let client = provider(name, options).unwrap();
        let begun = Arc::new(tokio::sync::Barrier::new(COUNT + 1));
        let replies = (0..COUNT).map(|n| {
            let (client, begun) = (client.clone(), begun.clone());
            tokio::spawn(async move {
                let question = format!("number {n:04}");
                let request = ChatRequest::new(&*question);
                let mut stream = client.stream(&request).await.unwrap();
                let ReplyEvent::Text(mut text) = stream.next().await.unwrap().unwrap() else {
                    panic!("no text");
                };
                begun.wait().await;
                while let Some(event) = stream.next().await {
                    if let ReplyEvent::Text(piece) = event.unwrap() {
                        text.push_str(&piece);
                    }
                }
                assert_eq!(text, text_for(&question));
            })
        });
        let replies: Vec<_> = replies.collect();
        tokio::time::timeout(wide, begun.wait())
            .await
            .expect("all replies to begin");
        assert!(mock.open_connections() >= COUNT, "{name}");
        gate.open();
        for reply in join_all(replies).await {
            reply.unwrap();
        }
        let fetches = usize::from(!["aura", "ai-sdk"].contains(&name));
        assert_eq!(mock.credential_fetches(), fetches, "{name}");
        // All of them share what is fetched before: credentials, or a list of models.
        let lists = usize::from(name == "aura");
        assert_eq!(mock.requests().len(), COUNT + fetches + lists, "{name}");
    }
}
