//! What is refused before anything is sent, and in which words.

use chatwire_core::{
    Capabilities, ChatRequest, ErrorKind, Image, Message, Messages, ModelInfo, Parameter,
    ProviderInfo, Role,
};

fn ask() -> ChatRequest {
    ChatRequest::new("Hi")
}

fn from_json(json: &str) -> ChatRequest {
    ChatRequest::new(serde_json::from_str::<Messages>(json).unwrap())
}

#[test]
fn valid_requests() {
    let cases = [
        ("one question", ask()),
        (
            "with everything",
            ask()
                .with_model("m")
                .with_temperature(1.0)
                .with_max_tokens(1),
        ),
        ("the ends of the range", ask().with_temperature(0.0)),
        ("the ends of the range", ask().with_temperature(2.0)),
        (
            "ends with the model's own words",
            ChatRequest::new(Messages::new().user("u").assistant("a")),
        ),
        (
            "a blank message before the last",
            ChatRequest::new(Messages::new().system(" ").user("u")),
        ),
    ];
    for (name, request) in cases {
        assert!(
            request.validate().is_ok(),
            "{name}: {:?}",
            request.validate()
        );
    }
}

#[test]
fn invalid_requests() {
    let cases: Vec<(ChatRequest, &[&str])> = vec![
        (ChatRequest::default(), &["empty"]),
        (
            ChatRequest::new(Messages::new()),
            &["empty", "user message"],
        ),
        (
            ChatRequest::new(Messages::new().system("s")),
            &["no user message"],
        ),
        (
            ChatRequest::new(
                Messages::new().with_message(Message::new(Role::Other("USER".into()), "x")),
            ),
            &["no user message"],
        ),
        (ChatRequest::new(""), &["blank", "number 1", "user"]),
        (ChatRequest::new(" \n\t\u{a0}\u{1f}"), &["blank"]),
        (
            ChatRequest::new(Messages::new().user("u").assistant(" ")),
            &["blank", "number 2", "assistant"],
        ),
        (
            from_json(r#"[{"role":"user","content":[{"type":"image_url"}]}]"#),
            &["number 1", "\"image_url\"", "no backend"],
        ),
        (
            from_json(
                r#"[{"role":"user","content":[{"type":"a"},{"type":"b"},"x"]},{"role":"user","content":"y"}]"#,
            ),
            &["number 1", "\"a\""],
        ),
        (
            ask().with_temperature(-0.1),
            &["temperature", "-0.1", "0 and 2"],
        ),
        (ask().with_temperature(2.1), &["temperature", "2.1"]),
        (ask().with_temperature(f32::NAN), &["temperature", "NaN"]),
        (
            ask().with_temperature(f32::INFINITY),
            &["temperature", "inf"],
        ),
        (ask().with_max_tokens(0), &["max_tokens", "0"]),
    ];
    for (request, words) in cases {
        let error = request.validate().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{request:?}");
        assert!(!error.is_retryable(), "{request:?}");
        for word in words {
            assert!(
                error.message().contains(word),
                "{request:?}: {:?} does not say {word:?}",
                error.message()
            );
        }
    }
}

fn info() -> ProviderInfo {
    let mut info = ProviderInfo::new("box", "http://127.0.0.1:1", "one");
    info.models
        .push(ModelInfo::new("two").with_name("Number Two"));
    info
}

fn with_temperature(mut info: ProviderInfo) -> ProviderInfo {
    info.capabilities.temperature = Some(0.0..=1.0);
    info
}

fn with_max_tokens(mut info: ProviderInfo) -> ProviderInfo {
    info.capabilities.max_tokens = true;
    info
}

fn with_any_model(mut info: ProviderInfo) -> ProviderInfo {
    info.any_model = true;
    info
}

fn with_images(mut info: ProviderInfo) -> ProviderInfo {
    info.capabilities.images = true;
    info
}

fn with_options(mut info: ProviderInfo) -> ProviderInfo {
    info.request_options = vec!["conversation_id".into(), "session".into()];
    info
}

fn with_image() -> ChatRequest {
    ChatRequest::new(Message::user("Hi").with_part(Image::new("image/png", *b"x")))
}

#[test]
fn what_is_set_can_be_asked() {
    let request = ask()
        .with_option("session", "old")
        .with_option("session", "new")
        .with_conversation_id("c");
    assert_eq!(request.option("session"), Some("new"));
    assert_eq!(request.option("file"), None);
    assert_eq!(request.conversation_id(), Some("c"));
    let all: Vec<_> = request.options().collect();
    assert_eq!(all, [("conversation_id", "c"), ("session", "new")]);
    assert_eq!(ask().conversation_id(), None);
    let shown = format!("{:?}", ask().with_option("session", "s3cret"));
    assert!(
        shown.contains("session") && !shown.contains("s3cret"),
        "{shown}"
    );
}

#[test]
fn what_a_provider_can_do() {
    type Refused = Option<(ErrorKind, &'static [&'static str])>;
    use ErrorKind::{InvalidRequest, UnsupportedModel};
    let cases: Vec<(&str, ProviderInfo, ChatRequest, Refused)> = vec![
        ("plain", info(), ask(), None),
        ("the default model", info(), ask().with_model("one"), None),
        ("another known model", info(), ask().with_model("two"), None),
        (
            "a model's name is not its id",
            info(),
            ask().with_model("Number Two"),
            Some((UnsupportedModel, &["Number Two", "one, two", "box"])),
        ),
        (
            "an unknown model",
            info(),
            ask().with_model("three"),
            Some((UnsupportedModel, &["\"three\"", "one, two"])),
        ),
        (
            "any model",
            with_any_model(info()),
            ask().with_model("three"),
            None,
        ),
        (
            "no model is not any model",
            with_any_model(info()),
            ask().with_model(" "),
            Some((UnsupportedModel, &["\" \""])),
        ),
        (
            "temperature, not taken",
            info(),
            ask().with_temperature(0.5),
            Some((InvalidRequest, &["temperature", "leave it out", "box"])),
        ),
        (
            "temperature, taken",
            with_temperature(info()),
            ask().with_temperature(1.0),
            None,
        ),
        (
            "temperature, beyond",
            with_temperature(info()),
            ask().with_temperature(1.5),
            Some((InvalidRequest, &["temperature 1.5", "0 and 1"])),
        ),
        (
            "max_tokens, not taken",
            info(),
            ask().with_max_tokens(5),
            Some((InvalidRequest, &["max_tokens", "leave it out"])),
        ),
        (
            "max_tokens, taken",
            with_max_tokens(info()),
            ask().with_max_tokens(5),
            None,
        ),
        (
            "an image, not taken",
            info(),
            with_image(),
            Some((InvalidRequest, &["number 1", "image", "takes none"])),
        ),
        ("an image, taken", with_images(info()), with_image(), None),
        (
            "an option, none known",
            info(),
            ask().with_option("session", "s3cret"),
            Some((InvalidRequest, &["\"session\"", "this backend has none"])),
        ),
        (
            "an option, others known",
            with_options(info()),
            ask().with_option("file", "s3cret"),
            Some((
                InvalidRequest,
                &["\"file\"", "known: conversation_id, session"],
            )),
        ),
        (
            "options, known",
            with_options(info()),
            ask().with_option("session", "s").with_conversation_id("c"),
            None,
        ),
        (
            "a conversation, not known",
            info(),
            ask().with_conversation_id("s3cret"),
            Some((InvalidRequest, &["\"conversation_id\""])),
        ),
        (
            "an invalid request",
            info(),
            ChatRequest::new(""),
            Some((InvalidRequest, &["box", "blank"])),
        ),
    ];
    for (name, info, request, refused) in cases {
        match (info.check(&request), refused) {
            (Ok(()), None) => {}
            (Err(error), Some((kind, words))) => {
                assert_eq!(error.kind(), kind, "{name}");
                assert_eq!(error.provider(), Some("box"), "{name}");
                for word in words {
                    assert!(
                        error.to_string().contains(word),
                        "{name}: {error} does not say {word:?}"
                    );
                }
                assert!(!error.to_string().contains("s3cret"), "{name}: {error}");
            }
            (result, refused) => panic!("{name}: {result:?}, expected {refused:?}"),
        }
    }
}

#[test]
fn what_is_taken_out_is_no_longer_refused() {
    let request = ask()
        .with_model("three")
        .with_temperature(1.5)
        .with_max_tokens(5);
    assert_eq!(
        info().unsupported(&request),
        [Parameter::Temperature, Parameter::MaxTokens]
    );
    let adapted = info()
        .unsupported(&request)
        .into_iter()
        .chain([Parameter::Model])
        .fold(request, ChatRequest::without);
    assert_eq!(adapted, ask());
    assert!(info().check(&adapted).is_ok());
}

#[test]
fn capabilities_as_words() {
    assert_eq!(Capabilities::default().names(), Vec::<&str>::new());
    let info = with_max_tokens(with_temperature(info()));
    assert_eq!(info.capabilities.names(), ["temperature", "max_tokens"]);
}
