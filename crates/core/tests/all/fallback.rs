//! Several providers as one.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chatwire_core::{
    ChatRequest, Error, ErrorKind, Fallback, ModelInfo, Provider, ProviderExt as _, ReplyEvent,
    Retry, Tool, ToolChoice,
};

use crate::scripted::{Act, Scripted, fail};

fn ask() -> ChatRequest {
    ChatRequest::new("Hi")
}

fn one(name: &str, act: Act) -> Scripted {
    Scripted::new(name, [act])
}

/// The providers as one, and each of them.
fn of(providers: Vec<Scripted>) -> (Fallback, Vec<Arc<Scripted>>) {
    let each: Vec<Arc<Scripted>> = providers.into_iter().map(Arc::new).collect();
    let all = each.iter().map(|one| one.clone() as Arc<dyn Provider>);
    (Fallback::new(all.collect()), each)
}

#[tokio::test(start_paused = true)]
async fn who_is_asked_and_who_answers() {
    use ErrorKind::{AllFailed, Connect, Interrupted, InvalidRequest, Refused, UnsupportedModel};
    type Outcome = Result<(&'static str, &'static str), (ErrorKind, &'static [ErrorKind])>;
    let warm = |one: Scripted| one.with(|info| info.capabilities.temperature = Some(0.0..=1.0));
    let any = |one: Scripted| one.with(|info| info.any_model = true);
    // name, providers, request, who answered and with which model, or the error
    // and its attempts, and how often each was asked
    type Case = (
        &'static str,
        Vec<Scripted>,
        ChatRequest,
        Outcome,
        &'static [usize],
    );
    let cases: Vec<Case> = vec![
        (
            "the first answers",
            vec![one("a", Act::Say("x")), one("b", Act::Say("x"))],
            ask(),
            Ok(("a", "a-model")),
            &[1, 0],
        ),
        (
            "the second answers",
            vec![one("a", fail(Connect)), one("b", Act::Say("x"))],
            ask(),
            Ok(("b", "b-model")),
            &[1, 1],
        ),
        (
            "any error is a reason",
            vec![
                one("a", fail(Refused)),
                one("b", fail(InvalidRequest)),
                one("c", Act::Say("x")),
            ],
            ask(),
            Ok(("c", "c-model")),
            &[1, 1, 1],
        ),
        (
            "also after notes",
            vec![
                one("a", Act::NoteThenFail(Error::new(Connect, ""))),
                one("b", Act::Say("x")),
            ],
            ask(),
            Ok(("b", "b-model")),
            &[1, 1],
        ),
        (
            "not after text",
            vec![
                one("a", Act::SayThenFail("half", Error::new(Interrupted, ""))),
                one("b", Act::Say("x")),
            ],
            ask(),
            Err((Interrupted, &[])),
            &[1, 0],
        ),
        (
            "all fail",
            vec![one("a", fail(Connect)), one("b", fail(Refused))],
            ask(),
            Err((AllFailed, &[Connect, Refused])),
            &[1, 1],
        ),
        (
            "the only one fails",
            vec![one("a", fail(Connect))],
            ask(),
            Err((Connect, &[])),
            &[1],
        ),
        ("nobody", vec![], ask(), Err((InvalidRequest, &[])), &[]),
        (
            "a request that is wrong for all",
            vec![one("a", Act::Say("x")), one("b", Act::Say("x"))],
            ChatRequest::new(""),
            Err((InvalidRequest, &[])),
            &[0, 0],
        ),
        (
            "the model chooses",
            vec![one("a", Act::Say("x")), one("b", Act::Say("x"))],
            ask().with_model("b-model"),
            Ok(("b", "b-model")),
            &[0, 1],
        ),
        (
            "any model",
            vec![one("a", Act::Say("x")), any(one("b", Act::Say("x")))],
            ask().with_model("z"),
            Ok(("b", "z")),
            &[0, 1],
        ),
        (
            "a model of nobody",
            vec![one("a", Act::Say("x")), one("b", Act::Say("x"))],
            ask().with_model("z"),
            Err((UnsupportedModel, &[UnsupportedModel, UnsupportedModel])),
            &[0, 0],
        ),
        (
            "a parameter chooses",
            vec![one("a", Act::Say("x")), warm(one("b", Act::Say("x")))],
            ask().with_temperature(0.5),
            Ok(("b", "b-model")),
            &[0, 1],
        ),
        (
            "a parameter of nobody",
            vec![one("a", Act::Say("x")), one("b", Act::Say("x"))],
            ask().with_max_tokens(5),
            Err((InvalidRequest, &[InvalidRequest, InvalidRequest])),
            &[0, 0],
        ),
        (
            "skipped for different reasons",
            vec![one("a", Act::Say("x")), warm(one("b", Act::Say("x")))],
            ask().with_temperature(0.5).with_model("a-model"),
            Err((InvalidRequest, &[InvalidRequest, UnsupportedModel])),
            &[0, 0],
        ),
        (
            "one skipped, one failed",
            vec![one("a", Act::Say("x")), warm(one("b", fail(Connect)))],
            ask().with_temperature(0.5),
            Err((AllFailed, &[InvalidRequest, Connect])),
            &[0, 1],
        ),
    ];
    for (name, providers, request, expected, asked) in cases {
        let (fallback, each) = of(providers);
        let result = fallback.reply(&request).await;
        let times: Vec<usize> = each.iter().map(|one| one.times_asked()).collect();
        assert_eq!(times, asked, "{name}");
        match (result, expected) {
            (Ok(reply), Ok(expected)) => {
                assert_eq!(
                    (reply.provider.as_str(), reply.model.as_str()),
                    expected,
                    "{name}"
                );
            }
            (Err(incomplete), Err((kind, attempts))) => {
                let error = incomplete.error;
                assert_eq!(error.kind(), kind, "{name}: {error}");
                let kinds: Vec<ErrorKind> = error.attempts().iter().map(Error::kind).collect();
                assert_eq!(kinds, attempts, "{name}: {error}");
                let names = error.attempts().iter().zip(["a", "b"]);
                assert!(
                    names
                        .into_iter()
                        .all(|(error, name)| error.provider() == Some(name)),
                    "{name}: {error}"
                );
            }
            (result, expected) => panic!("{name}: {result:?}, expected {expected:?}"),
        }
    }
}

#[tokio::test]
async fn the_choice_is_visible_before_the_end() {
    let (fallback, _) = of(vec![
        one("a", fail(ErrorKind::Connect)),
        one("b", Act::Note("x")),
    ]);
    let mut reply = fallback.stream(&ask()).await.unwrap();
    assert_eq!((reply.provider(), reply.model()), ("b", "b-model"));
    assert!(matches!(
        reply.next().await,
        Some(Ok(ReplyEvent::Progress { .. }))
    ));
    assert_eq!(reply.collect().await.unwrap().text, "x");
}

#[tokio::test]
async fn when_trying_again_can_help() {
    let waiting = |seconds| {
        Act::Fail(
            Error::new(ErrorKind::RateLimited, "")
                .with_retry_after(Some(Duration::from_secs(seconds))),
        )
    };
    let refused = || fail(ErrorKind::Refused);
    // what they do, whether trying again can help, and after how many seconds
    let cases = [
        ([refused(), refused()], false, None),
        ([refused(), fail(ErrorKind::Connect)], true, None),
        ([refused(), waiting(5)], true, Some(5)),
        ([waiting(7), waiting(5)], true, Some(5)),
        // The one that asks for no wait can be asked at once.
        ([waiting(7), fail(ErrorKind::Connect)], true, None),
    ];
    for ([a, b], retryable, wait) in cases {
        let (fallback, _) = of(vec![one("a", a.clone()), one("b", b.clone())]);
        let error = fallback.reply(&ask()).await.unwrap_err().error;
        assert_eq!(error.kind(), ErrorKind::AllFailed);
        assert_eq!(error.is_retryable(), retryable, "{a:?} {b:?}");
        assert_eq!(
            error.retry_after(),
            wait.map(Duration::from_secs),
            "{a:?} {b:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn retry_around_fallback_around_retry() {
    let flaky = Scripted::new(
        "a",
        [
            fail(ErrorKind::Connect),
            fail(ErrorKind::Connect),
            fail(ErrorKind::Connect),
            Act::Say("x"),
        ],
    );
    let flaky = Arc::new(Retry::new(flaky).with_attempts(2));
    let down = Arc::new(one("b", fail(ErrorKind::Refused)));
    let all = Retry::new(Fallback::new(vec![flaky.clone(), down.clone()]));
    assert_eq!(all.reply(&ask()).await.unwrap().provider, "a");
    assert_eq!((flaky.inner().times_asked(), down.times_asked()), (4, 1));
}

#[tokio::test]
async fn a_shuffled_order() {
    let names: Vec<String> = (0..5).map(|number| number.to_string()).collect();
    let providers = || names.iter().map(|name| one(name, Act::Say("x"))).collect();
    // By chance alone, one of five is first a hundred times with the
    // probability of one to 10^69.
    let mut first = HashSet::new();
    let (fallback, _) = of(providers());
    let fallback = fallback.with_shuffle(true);
    for _ in 0..100 {
        first.insert(fallback.reply(&ask()).await.unwrap().provider);
    }
    assert!(first.len() > 1);
    // All of them are asked, each once.
    let (fallback, each) = of(names
        .iter()
        .map(|name| one(name, fail(ErrorKind::Refused)))
        .collect());
    let error = fallback
        .with_shuffle(true)
        .reply(&ask())
        .await
        .unwrap_err()
        .error;
    assert_eq!(error.attempts().len(), 5);
    assert!(each.iter().all(|one| one.times_asked() == 1));
}

#[test]
fn info() {
    let (fallback, _) = of(vec![
        one("a", Act::Say("x")).with(|info| {
            info.capabilities.streaming = true;
            info.capabilities.temperature = Some(0.0..=1.0);
        }),
        one("b", Act::Say("x")).with(|info| {
            info.models
                .push(ModelInfo::new("a-model").with_name("another name"));
            info.capabilities.max_tokens = true;
            info.capabilities.temperature = Some(0.5..=2.0);
        }),
    ]);
    let info = fallback.info();
    assert_eq!(
        (info.name.as_str(), info.base_url.as_str()),
        ("fallback", "")
    );
    let ids: Vec<&str> = info.models.iter().map(|model| model.id.as_str()).collect();
    assert_eq!(ids, ["a-model", "b-model"]);
    assert_eq!(info.models[0].name, "a-model");
    assert_eq!(info.default_model, "a-model");
    assert_eq!(
        info.capabilities.names(),
        ["streaming", "temperature", "max_tokens"]
    );
    assert_eq!(info.capabilities.temperature, Some(0.0..=2.0));
    assert!(!info.any_model);
    assert_eq!(fallback.providers().len(), 2);
    assert!(of(vec![]).0.info().models.is_empty());
}

#[tokio::test]
async fn models() {
    let down = || Err(Error::new(ErrorKind::Connect, "down"));
    let listing = |name: &str, models| Scripted::new(name, []).listing(models);
    let (fallback, _) = of(vec![
        listing("a", Ok(&["x", "y"])),
        listing("b", down()),
        listing("c", Ok(&["y", "z"])),
    ]);
    let models = fallback.models().await.unwrap();
    let ids: Vec<&str> = models.iter().map(|model| model.id.as_str()).collect();
    assert_eq!(ids, ["x", "y", "z"]);

    let (fallback, _) = of(vec![listing("a", down()), listing("b", down())]);
    let error = fallback.models().await.unwrap_err();
    assert_eq!(
        (error.kind(), error.attempts().len()),
        (ErrorKind::AllFailed, 2)
    );
    assert!(error.is_retryable());
    assert_eq!(
        of(vec![]).0.models().await.unwrap_err().kind(),
        ErrorKind::InvalidRequest
    );
}

/// Parameters are left out for providers that do not honour them, and kept for
/// those that do.
#[tokio::test(start_paused = true)]
async fn requests_are_adapted_to_each_provider() {
    let warm = |one: Scripted| one.with(|info| info.capabilities.temperature = Some(0.0..=1.0));
    for (temperature, expected) in [(0.5, Some(0.5)), (1.5, None)] {
        let providers = vec![
            one("a", fail(ErrorKind::Connect)),
            warm(one("b", Act::Say("x"))),
        ];
        let (all, each) = of(providers);
        let request = ask().with_temperature(temperature).with_max_tokens(9);
        let reply = all.with_adapted_requests(true).reply(&request).await;
        assert_eq!(reply.unwrap().provider, "b");
        let asked: Vec<_> = each.iter().map(|one| one.last_request()).collect();
        assert_eq!(asked[0].temperature(), None);
        assert_eq!(asked[1].temperature(), expected);
        assert!(asked.iter().all(|request| request.max_tokens().is_none()));
    }
}

/// Tools are left out only where the model need not call one.
#[tokio::test(start_paused = true)]
async fn tools_are_left_out_where_they_may_be() {
    let able = |one: Scripted| one.with(|info| info.capabilities.tools = true);
    for (choice, expected) in [(ToolChoice::Auto, "a"), (ToolChoice::Required, "b")] {
        let (all, each) = of(vec![one("a", Act::Say("x")), able(one("b", Act::Say("x")))]);
        let tool = Tool::new("t", serde_json::json!({}));
        let request = ask().with_tools([tool]).with_tool_choice(choice);
        let reply = all.with_adapted_requests(true).reply(&request).await;
        assert_eq!(reply.unwrap().provider, expected);
        let asked = each.iter().find(|one| one.info().name == expected).unwrap();
        let tools = asked.last_request().tools().len();
        assert_eq!(tools, usize::from(expected == "b"));
    }
}

#[tokio::test(start_paused = true)]
async fn the_hook_sees_who_was_asked_and_failed() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    let providers = vec![
        one("a", Act::Panic),
        // Does not have the model, so it is not asked.
        one("b", Act::Say("x")),
        one("c", fail(ErrorKind::Refused)),
    ];
    let any = |one: Scripted| one.with(|info| info.any_model = info.name != "b");
    let (all, _) = of(providers.into_iter().map(any).collect());
    let all = all.with_catch_panics(true).on_failure(move |attempt| {
        let (name, kind) = (&attempt.provider.name, attempt.error.kind().as_str());
        let line = format!("{} {name} {kind} {:?}", attempt.number, attempt.next_in);
        log.lock().unwrap().push(line);
    });
    let error = all.reply(&ask().with_model("z")).await.unwrap_err().error;
    assert_eq!(error.kind(), ErrorKind::AllFailed);
    assert_eq!(
        *seen.lock().unwrap(),
        ["1 a panicked Some(0ns)", "2 c refused None"]
    );
}
