//! What openchat-ui, Chatbot-UI and their relatives make of what is sent to them.

use chatwire::aura::{Aura, AuraBuilder, Server};
use chatwire::{
    ChatRequest, ErrorKind, FinishReason, Image, Message, Messages, Provider as _, ProviderExt as _,
};
use chatwire_mock::{Answer, AuraFlavour, AuraMock};
use serde_json::json;

use AuraFlavour::{ChatbotOllama, ChatbotUi, LlamaEdge, OpenChatUi};

async fn server(flavour: AuraFlavour) -> AuraMock {
    AuraMock::builder().flavour(flavour).start().await.unwrap()
}

fn client(mock: &AuraMock, flavour: AuraFlavour) -> AuraBuilder {
    let server = match flavour {
        ChatbotOllama => Server::ChatbotOllama,
        _ => Server::ChatbotUi,
    };
    Aura::builder().base_url(mock.url()).server(server)
}

#[tokio::test]
async fn every_relative_is_asked_and_understood() {
    // (server, the model that its list chooses, what it says about the end)
    for (flavour, model, reason) in [
        (OpenChatUi, "openchat_3.6", FinishReason::Eof),
        (ChatbotUi, "gpt-3.5-turbo", FinishReason::Eof),
        (LlamaEdge, "Llama-3-8B-Chat", FinishReason::Stop),
        (ChatbotOllama, "llama3:8b", FinishReason::Eof),
    ] {
        let mock = server(flavour).await;
        let client = client(&mock, flavour).build().unwrap();
        let talk = Messages::new()
            .system("Be brief.")
            .user("Hi")
            .assistant("Hello!")
            .user("Why?");
        let reply = client.reply(&ChatRequest::new(talk)).await.unwrap();
        assert_eq!(reply.model, model, "{flavour:?}");
        assert_eq!(reply.reason, reason, "{flavour:?}");
        let received = mock.received().pop().unwrap();
        assert_eq!(received.model, model, "{flavour:?}");
        assert_eq!(received.prompt, "Be brief.", "{flavour:?}");
        let said: Vec<(&str, &str)> = received
            .messages
            .iter()
            .map(|message| (&*message.role, &*message.content))
            .collect();
        let one = "User: Hi\nAssistant: Hello!\nUser: Why?\nAssistant:";
        let (expected, asked): (&[_], _) = match flavour {
            ChatbotOllama => (&[("user", one)], one),
            _ => (
                &[("user", "Hi"), ("assistant", "Hello!"), ("user", "Why?")],
                "Why?",
            ),
        };
        assert_eq!(said, expected, "{flavour:?}");
        let text = format!("This is the Aura mock. You asked: {asked}");
        assert_eq!(reply.text, text, "{flavour:?}");
        // The list is remembered.
        client.reply(&ChatRequest::new("hi")).await.unwrap();
        assert_eq!(mock.requests().len(), 3, "{flavour:?}");
    }
}

/// A proxy guesses the type of an answer that has none.
#[tokio::test]
async fn a_guessed_content_type_changes_nothing() {
    for flavour in [OpenChatUi, ChatbotUi, LlamaEdge, ChatbotOllama] {
        for content_type in [
            "text/html",
            "text/html; charset=utf-8",
            "text/plain",
            "application/json",
            "text/event-stream",
            "application/octet-stream",
        ] {
            let builder = AuraMock::builder().flavour(flavour);
            let mock = builder.content_type(content_type).start().await.unwrap();
            let client = client(&mock, flavour).build().unwrap();
            let reply = client.reply(&ChatRequest::new("hi")).await.unwrap();
            let case = format!("{flavour:?} {content_type}");
            assert_eq!(reply.text, "This is the Aura mock. You asked: hi", "{case}");
            let markup = "<b>Hello</b> <!doctype html>";
            mock.reply(markup);
            let reply = client.reply(&ChatRequest::new("hi")).await.unwrap();
            assert_eq!(reply.text, markup, "{case}");
        }
    }
}

#[tokio::test]
async fn the_list_decides_where_no_model_is_named() {
    let list = |models: &[&str]| {
        let models: Vec<_> = models.iter().map(|id| json!({"id": id})).collect();
        Answer::json(serde_json::Value::from(models).to_string())
    };
    // (the answer to the request for the list, the model that is asked)
    for (answer, model) in [
        (list(&["a", "openchat_3.6"]), "openchat_3.6"),
        (list(&["gpt-4", "gpt-3.5-turbo"]), "gpt-3.5-turbo"),
        (list(&["x", "y"]), "x"),
        (list(&[]), "openchat_3.6"),
        (Answer::status(404), "openchat_3.6"),
        (Answer::status(500).piece("Error"), "openchat_3.6"),
        (Answer::html(200, "<html></html>"), "openchat_3.6"),
        (Answer::json("{}"), "openchat_3.6"),
        (Answer::text(["so far, ", "and on"]), "openchat_3.6"),
        (Answer::status(429), "openchat_3.6"),
        (Answer::text(["[", "{"]), "openchat_3.6"),
    ] {
        let mock = server(ChatbotUi).await;
        let listed = answer.clone();
        mock.answer_with(move |request| (request.path() == "/api/models").then(|| listed.clone()));
        let client = client(&mock, ChatbotUi).build().unwrap();
        client.reply(&ChatRequest::new("hi")).await.unwrap();
        assert_eq!(mock.received().pop().unwrap().model, model, "{answer:?}");
        // A model that is named needs no list.
        let before = mock.requests().len();
        let named = ChatRequest::new("hi").with_model("gpt-4");
        client.reply(&named).await.unwrap();
        assert_eq!(mock.requests().len(), before + 1);
        let received = mock.received().pop().unwrap();
        assert_eq!(received.model, "gpt-4");
    }
    // So does one that is configured.
    let mock = server(ChatbotUi).await;
    let client = client(&mock, ChatbotUi).model("gpt-4").build().unwrap();
    client.reply(&ChatRequest::new("hi")).await.unwrap();
    assert_eq!(mock.requests().len(), 1);
}

#[tokio::test]
async fn a_model_that_is_refused_is_told() {
    // (server, its model, why it fails, words of the error)
    for (flavour, model, cause, words) in [
        (
            OpenChatUi,
            Some("gpt-9"),
            None,
            "it lists openchat_3.6, openchat_v3.2_mistral",
        ),
        (
            ChatbotUi,
            Some("gpt-9"),
            Some("The model `gpt-9` does not exist"),
            "does not exist",
        ),
        (
            ChatbotOllama,
            Some("gpt-9"),
            None,
            "model 'gpt-9' not found, try pulling it first (Check if Ollama",
        ),
        (
            ChatbotUi,
            None,
            Some("The model `gpt-3.5-turbo` does not exist"),
            "does not exist",
        ),
    ] {
        let mock = server(flavour).await;
        if let Some(cause) = cause {
            mock.fail(cause);
        }
        let client = client(&mock, flavour).build().unwrap();
        let mut request = ChatRequest::new("hi");
        if let Some(model) = model {
            request = request.with_model(model);
        }
        let error = client.stream(&request).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnsupportedModel, "{error}");
        assert!(!error.is_retryable(), "{error}");
        assert!(error.to_string().contains(words), "{error}");
    }
    // The server has other models now: the list is fetched again.
    let mock = server(ChatbotUi).await;
    let client = client(&mock, ChatbotUi).build().unwrap();
    client.reply(&ChatRequest::new("hi")).await.unwrap();
    mock.answer_with(|request| {
        (request.path() == "/api/models").then(|| Answer::json(r#"[{"id":"new"}]"#))
    });
    mock.fail("The model `gpt-3.5-turbo` does not exist");
    let reply = client.reply(&ChatRequest::new("hi")).await.unwrap();
    assert_eq!(reply.model, "new");
}

#[tokio::test]
async fn chatbot_ollama_takes_images_and_no_more_than_it_reads() {
    let mock = server(ChatbotOllama).await;
    let image = || Image::new("image/png", *b"\x89PNG");
    let seen = Message::user("What is this?").with_part(image());
    let ollama = client(&mock, ChatbotOllama).build().unwrap();
    ollama.reply(&ChatRequest::new(seen.clone())).await.unwrap();
    let received = mock.received().pop().unwrap();
    assert_eq!(received.images, ["iVBORw=="]);
    assert_eq!(received.messages[0].content, "What is this?");
    assert_eq!(received.temperature, json!(0.5));
    // Chatbot-UI takes none.
    let mock = server(ChatbotUi).await;
    let plain = client(&mock, ChatbotUi).build().unwrap();
    let error = plain.stream(&ChatRequest::new(seen)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    for builder in [
        client(&mock, ChatbotOllama).token_limit(100),
        client(&mock, ChatbotOllama).key("sk-secret"),
    ] {
        let error = builder.build().unwrap_err();
        assert!(error.to_string().contains("chatbot-ollama"), "{error}");
        assert!(!format!("{error:?}").contains("sk-"), "{error:?}");
    }
    assert_eq!(mock.requests().len(), 0);
}
