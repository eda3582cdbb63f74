//! Limits that hold whatever a server sends to get around them.

use std::time::{Duration, Instant};

use chatwire::chatgpt4online::AiEngineDecoder;
use chatwire_core::provider_kit::{BaseUrl, HttpClient, HttpRequest};
use chatwire_core::{Error, ErrorKind, HttpConfig, Limit, Reply, TimeoutPhase};
use chatwire_mock::{Answer, Ending, MockServer};

async fn reply(answer: Answer, config: HttpConfig) -> Result<Reply, Error> {
    let server = MockServer::start().await.unwrap();
    server.answer_always(answer);
    let http = HttpClient::new("box", config.without_proxy()).unwrap();
    let url = BaseUrl::parse(&server.url()).unwrap().join("/").unwrap();
    let response = http.send(HttpRequest::post(url)).await?;
    let decoder = AiEngineDecoder::new(http.max_event());
    let reply = response.into_reply(decoder, "model").await?;
    reply.collect().await.map_err(Error::from)
}

fn live(subtype: &str, text: &str) -> String {
    format!("data: {{\"type\":\"live\",\"subtype\":\"{subtype}\",\"data\":\"{text}\"}}\n\n")
}

const END: &str =
    "data: {\"type\":\"end\",\"data\":\"{\\\"success\\\":true,\\\"reply\\\":\\\"Hello\\\"}\"}\n\n";

/// Only a text is a text: notes, reasoning and signs of life are none.
#[tokio::test]
async fn the_first_text_is_waited_for_until_the_limit() {
    let piece = Duration::from_millis(50);
    let endless = |piece_text: &str| {
        (0..400).fold(Answer::status(200), |answer, _| {
            answer.piece(piece_text).delay(piece)
        })
    };
    let limit = Duration::from_millis(600);
    for signs in [
        ": keepalive\n\n".to_owned(),
        "\n".to_owned(),
        "data: {}\n\n".to_owned(),
        live("status", "Generating response..."),
        live("thinking", "Hm"),
        live("content", ""),
        live("tool_call", "search"),
        "<b>Warning</b>: x\n".to_owned(),
    ] {
        let started = Instant::now();
        let config = HttpConfig::new().with_first_byte_timeout(limit);
        let error = reply(endless(&signs), config).await.unwrap_err();
        let text = ErrorKind::Timeout(TimeoutPhase::FirstText);
        assert_eq!(error.kind(), text, "{signs:?}: {error}");
        assert!(error.to_string().contains("0.6 s"), "{error}");
        assert!(started.elapsed() < Duration::from_secs(15), "{signs:?}");
    }
    // After the first text they may go on.
    let slow = (0..20).fold(
        Answer::status(200).piece(live("content", "Hello")),
        |answer, _| answer.piece(live("status", "working")).delay(piece),
    );
    let config = HttpConfig::new().with_first_byte_timeout(limit);
    let answered = reply(slow.piece(END), config).await.unwrap();
    assert_eq!(answered.text, "Hello");
}

#[tokio::test]
async fn there_is_an_end_of_notes() {
    let notes = |subtype: &str, count: usize| live(subtype, "x").repeat(count);
    let whole = |start: String| Answer::status(200).piece(start).piece(END);
    for (start, expected) in [
        (notes("status", 1000), Ok("Hello")),
        (notes("status", 1001), Err(Limit::Notes)),
        (
            notes("status", 500) + &notes("tool_call", 501),
            Err(Limit::Notes),
        ),
        (notes("content", 1) + &notes("odd", 1001), Err(Limit::Notes)),
        // Reasoning comes in as many pieces as a text does…
        (notes("thinking", 5000), Ok("Hello")),
        // …and may be as long.
        (
            live("thinking", &"x".repeat(900)).repeat(200),
            Err(Limit::Reply),
        ),
        (live("content", "").repeat(5000), Err(Limit::Reply)),
    ] {
        let begin: String = start.chars().take(60).collect();
        let config = HttpConfig::new().with_max_reply(128 * 1024);
        match (reply(whole(start), config).await, expected) {
            (Ok(reply), Ok(text)) => assert_eq!(reply.text, text),
            (Err(error), Err(limit)) => {
                assert_eq!(
                    error.kind(),
                    ErrorKind::LimitExceeded(limit),
                    "{begin}: {error}"
                );
            }
            (got, expected) => panic!("{begin}: {got:?}, expected {expected:?}"),
        }
    }
    let endless = Answer::status(200)
        .piece(live("status", "x").repeat(1001))
        .ending(Ending::Stall);
    let error = reply(endless, HttpConfig::new()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LimitExceeded(Limit::Notes));
}

/// What a server calls its models.
#[tokio::test]
async fn lists_of_models_are_bounded() {
    use chatwire_core::Provider as _;

    let listed = async |list: String| {
        let server = MockServer::start().await.unwrap();
        server.answer_always(Answer::status(200).piece(list));
        let http = HttpConfig::new().without_proxy();
        let aura = chatwire::aura::Aura::builder()
            .base_url(server.url())
            .http(http);
        aura.build().unwrap().models().await.unwrap()
    };
    let model = |id: &str, name: &str| serde_json::json!({"id": id, "name": name});
    let list = |models: Vec<serde_json::Value>| serde_json::Value::from(models).to_string();
    let long = "x".repeat(257);
    // id, whether it is listed
    let cases = [
        ("gpt-4", true),
        ("模型", true),
        (&long[1..], true),
        (&long, false),
        (&"x".repeat(70_000), false),
        ("", false),
        (" ", false),
        ("a\u{1b}[2Jb", false),
        ("a\nb", false),
        ("a\0", false),
        ("a\u{85}", false),
        ("a\u{7f}", false),
    ];
    for (id, expected) in cases {
        let models = listed(list(vec![model(id, "Name"), model("last", "Last")])).await;
        let ids: Vec<&str> = models.iter().map(|model| model.id.as_str()).collect();
        let wanted: Vec<&str> = expected.then_some(id).into_iter().chain(["last"]).collect();
        assert_eq!(ids, wanted);
    }
    let models = listed(list(vec![model("a", &"é".repeat(70_000))])).await;
    assert!(models[0].name.len() <= 256 && models[0].name.ends_with('…'));
    let many = (0..12_000).map(|number| model(&number.to_string(), "n"));
    let models = listed(list(many.collect())).await;
    assert_eq!((models.len(), models[9_999].id.as_str()), (10_000, "9999"));
}
