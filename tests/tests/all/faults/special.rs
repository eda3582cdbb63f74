//! The faults that take more than an answer: no server, no name, no TLS,
//! other servers, credentials that change.

use std::time::Duration;

use chatwire::ErrorKind::{Connect, Credentials, LimitExceeded, Status, Timeout};
use chatwire::{ChatRequest, Limit, ProviderExt, ProviderOptions, TimeoutPhase, provider};
use chatwire_mock::{
    AiEngineMock, Answer, AnyMock, AuraMock, Bundle, Gate, MagickPenMock, MagickPenMockBuilder,
    MockServer,
};
use futures::future::BoxFuture;

use super::place::{Asked, Place};
use super::run::{Cell, Scene, Stage, limits, strike};
use super::table::own_reply;
use super::want::{Want, fails, ok};

/// The first request of each provider.
const FIRST: [Place; 4] = [
    Place::MagickPenBundle,
    Place::AiEngineSession,
    Place::AuraChat,
    Place::AuraModels,
];

fn cell<F>(fault: &'static str, place: Place, want: Want, set: F) -> Cell
where
    F: FnOnce() -> BoxFuture<'static, Stage> + Send + 'static,
{
    Cell {
        fault,
        place,
        scene: Scene::Set(Box::new(set)),
        want: want.at(place),
    }
}

/// All cells.
pub(crate) fn cells() -> Vec<Cell> {
    let mut cells = unreachable();
    cells.extend(elsewhere());
    cells.extend(bundles());
    cells.extend(nonces());
    cells.extend(recoveries());
    cells
}

/// A stage whose server has this address, and needs nothing to live.
fn at(place: Place, url: &str, http: chatwire::HttpConfig) -> BoxFuture<'static, Stage> {
    let client = place.client(url, http);
    Box::pin(async move { Stage::new(client, ()) })
}

fn unreachable() -> Vec<Cell> {
    let mut cells = Vec::new();
    for place in FIRST {
        let no_connection = || fails(Connect).retryable(true).words("cannot connect");
        cells.push(cell(
            "connection refused",
            place,
            no_connection(),
            move || {
                Box::pin(async move {
                    let server = MockServer::start().await.unwrap();
                    server.stop().await;
                    Stage::new(place.client(&server.url(), limits()), ())
                })
            },
        ));
        cells.push(cell("DNS failure", place, no_connection(), move || {
            at(place, "http://nobody.invalid", limits())
        }));
        cells.push(cell("TLS failure", place, no_connection(), move || {
            Box::pin(async move {
                let server = MockServer::start().await.unwrap();
                let url = server.url().replace("http://", "https://");
                Stage::new(place.client(&url, limits()), server)
            })
        }));
        // The handshake belongs to the connection.
        let short = Duration::from_secs(2);
        let stalled = fails(Timeout(TimeoutPhase::Connect))
            .at_least(short)
            .words("2 s");
        cells.push(cell("TLS never answered", place, stalled, move || {
            Box::pin(async move {
                let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
                let url = format!("https://{}", listener.local_addr().unwrap());
                Stage::new(
                    place.client(&url, limits().with_connect_timeout(short)),
                    listener,
                )
            })
        }));
        cells.push(cell(
            "https without a name that fits",
            place,
            no_connection(),
            move || at(place, "https://127.0.0.1:1", limits()),
        ));
    }
    for place in Place::CHATS {
        // Once the credentials are known, the server goes away.
        let gone = fails(Connect).retryable(true);
        cells.push(cell("connection refused later", place, gone, move || {
            Box::pin(async move {
                let mock = place.mock().await;
                let client = place.client(&mock.url(), limits());
                client.reply(&ChatRequest::new("hi")).await.unwrap();
                mock.stop().await;
                Stage::new(client, ())
            })
        }));
    }
    // Where questions go to a server of their own.
    for (fault, api) in [
        ("DNS failure of the API", "http://nobody.invalid"),
        ("connection refused by the API", "http://127.0.0.1:1"),
    ] {
        cells.push(cell(
            fault,
            Place::MagickPenAsk,
            fails(Connect),
            move || {
                Box::pin(async move {
                    let mock = MagickPenMock::start().await.unwrap();
                    let options = ProviderOptions::new()
                        .with_base_url(mock.url())
                        .with_http(limits())
                        .with_setting("api_url", api);
                    Stage::new(provider("magickpen", options).unwrap(), mock)
                })
            },
        ));
    }
    cells
}

/// Redirects to another server, which must not see the request.
fn elsewhere() -> Vec<Cell> {
    let mut cells = Vec::new();
    for (fault, status) in [
        ("301 across origins", 301),
        ("302 across origins", 302),
        ("303 across origins", 303),
        ("307 across origins", 307),
        ("308 across origins", 308),
    ] {
        for place in [
            Place::MagickPenAsk,
            Place::AiEngineSubmit,
            Place::AuraChat,
            Place::MagickPenBundle,
            Place::MagickPenFront,
            Place::AiEngineSession,
            Place::AuraModels,
            Place::AiSdkChat,
        ] {
            let want = fails(Status)
                .status(status)
                .words("base URL")
                .retryable(false);
            cells.push(cell(fault, place, want, move || {
                Box::pin(async move {
                    let mock = place.mock().await;
                    let other = MockServer::start().await.unwrap();
                    let to = format!("{}/elsewhere", other.url());
                    let respond = move |_: &Asked<'_>| Answer::redirect(status, &to);
                    strike(&mock, place, respond, &Gate::new());
                    let client = place.client(&mock.url(), limits());
                    let stranger = other.clone();
                    Stage::new(client, (mock, other)).after(move || {
                        match stranger.requests().len() {
                            0 => Ok(()),
                            seen => Err(format!("{seen} requests reached the other server")),
                        }
                    })
                })
            }));
        }
    }
    cells
}

/// A stage with a mock of its own kind of bundle.
fn with_bundle(place: Place, builder: MagickPenMockBuilder) -> BoxFuture<'static, Stage> {
    Box::pin(async move {
        let mock = builder.start().await.unwrap();
        let client = place.client(&mock.url(), limits());
        Stage::new(client, mock)
    })
}

const MB_50: usize = 50 * 1024 * 1024;

fn bundles() -> Vec<Cell> {
    let place = Place::MagickPenBundle;
    let missing = |words| fails(Credentials).words(words).retryable(false);
    let too_large = || fails(LimitExceeded(Limit::Page)).words("8388608");
    let mut cells = Vec::new();
    for (fault, bundle, want) in [
        (
            "a bundle without secrets",
            Bundle::WithoutBoth,
            missing("X-API-Secret and secret not found"),
        ),
        (
            "a bundle without the secret",
            Bundle::WithoutSecret,
            missing(": secret not found"),
        ),
        (
            "a bundle without the API secret",
            Bundle::WithoutApiSecret,
            missing(": X-API-Secret not found"),
        ),
        ("a bundle of 50 MB", Bundle::Huge(MB_50), too_large()),
        (
            "a bundle of 4 MB",
            Bundle::Huge(4 << 20),
            ok(own_reply(place)),
        ),
        ("an older bundle", Bundle::Spaced, ok(own_reply(place))),
    ] {
        cells.push(cell(fault, place, want, move || {
            with_bundle(place, MagickPenMock::builder().bundle(bundle))
        }));
    }
    // The same in a bundle that has moved, found from the front page.
    let front = Place::MagickPenFront;
    for (fault, bundle, want) in [
        (
            "a moved bundle without secrets",
            Bundle::WithoutBoth,
            missing("X-API-Secret and secret not found"),
        ),
        ("a moved bundle of 50 MB", Bundle::Huge(MB_50), too_large()),
        ("a moved bundle", Bundle::Latest, ok(own_reply(front))),
    ] {
        cells.push(cell(fault, front, want, move || {
            let moved = MagickPenMock::builder().hash("0a1b2c3d4e5f6071");
            with_bundle(front, moved.bundle(bundle))
        }));
    }
    // The others have no bundle; what they read whole is as bounded.
    for place in [Place::AiEngineSession, Place::AuraModels, front] {
        cells.push(cell("a document of 50 MB", place, too_large(), move || {
            Box::pin(async move {
                let mock = place.mock().await;
                let respond = |_: &Asked<'_>| Answer::status(200).repeat(" ".repeat(1 << 20), 50);
                strike(&mock, place, respond, &Gate::new());
                let client = place.client(&mock.url(), limits());
                Stage::new(client, mock)
            })
        }));
    }
    for (fault, secret) in [
        ("a bundle secret with a line end", "a\\r\\nb\r\nx: y"),
        ("a bundle secret that is not ASCII", "geheim-ü"),
        ("a bundle secret with a control character", "a\u{1}b"),
    ] {
        cells.push(cell(fault, place, missing("secret"), move || {
            Box::pin(async move {
                let mock = place.mock().await;
                let body = format!(r#"{{"X-API-Secret":"{secret}",secret:"{secret}"}}"#);
                let respond = move |_: &Asked<'_>| Answer::stream([&body]);
                strike(&mock, place, respond, &Gate::new());
                let client = place.client(&mock.url(), limits());
                let server = (*mock).clone();
                Stage::new(client, mock).after(move || match server.requests_to("/ask") {
                    0 => Ok(()),
                    asked => Err(format!("{asked} questions were sent with it")),
                })
            })
        }));
    }
    cells
}

/// Bad credentials are not kept: once the server has good ones, all is well.
fn recoveries() -> Vec<Cell> {
    let mut cells = Vec::new();
    for (fault, place, first) in [
        (
            "a bundle that is put right",
            Place::MagickPenBundle,
            "{\"X-API-Secret\":\"a\u{1}b\",secret:\"ü\"}",
        ),
        (
            "a front page that is put right",
            Place::MagickPenFront,
            "<html></html>",
        ),
        (
            "a session that is put right",
            Place::AiEngineSession,
            r#"{"success":true,"restNonce":"a b"}"#,
        ),
    ] {
        cells.push(cell(fault, place, ok(own_reply(place)), move || {
            Box::pin(async move {
                let mock = place.mock().await;
                let right = Gate::new();
                let put_right = right.clone();
                mock.answer_with(move |request| {
                    let wrong = place.is(request) && !right.is_open();
                    wrong.then(|| Answer::stream([first]))
                });
                let client = place.client(&mock.url(), limits());
                let error = client.reply(&ChatRequest::new("hi")).await.unwrap_err();
                assert_eq!(error.error.kind(), Credentials);
                put_right.open();
                Stage::new(client, mock)
            })
        }));
    }
    cells
}

/// Asks once, so that the credentials are known, then changes them.
fn after_one(
    place: Place,
    change: fn(&AnyMock),
    check: fn(&AnyMock) -> Result<(), String>,
) -> BoxFuture<'static, Stage> {
    Box::pin(async move {
        let mock = place.mock().await;
        let client = place.client(&mock.url(), limits());
        client.reply(&ChatRequest::new("hi")).await.unwrap();
        change(&mock);
        let checked = mock.clone();
        Stage::new(client, mock).after(move || check(&checked))
    })
}

fn expect_fetches(mock: &AnyMock, count: usize) -> Result<(), String> {
    match mock.credential_fetches() {
        fetches if fetches == count => Ok(()),
        fetches => Err(format!("{fetches} fetches, not {count}")),
    }
}

fn nonces() -> Vec<Cell> {
    let mut cells = Vec::new();
    for place in [Place::MagickPenAsk, Place::AiEngineSubmit] {
        cells.push(cell(
            "nonce refused once",
            place,
            ok(own_reply(place)),
            move || {
                after_one(place, AnyMock::expire_credentials, |mock| {
                    expect_fetches(mock, 2)
                })
            },
        ));
        let refused = fails(Credentials).status(403).retryable(false);
        cells.push(cell("nonce refused for ever", place, refused, move || {
            Box::pin(async move {
                let mock = place.mock().await;
                // What is asked for credentials changes them before they are used.
                let changing = mock.clone();
                mock.answer_with(move |request| {
                    if place.is(request) {
                        changing.expire_credentials();
                    }
                    None
                });
                let client = place.client(&mock.url(), limits());
                let seen = mock.clone();
                Stage::new(client, mock).after(move || {
                    let asked = seen.requests();
                    let asked = asked.iter().filter(|request| place.is(request)).count();
                    match asked {
                        2 => expect_fetches(&seen, 2),
                        asked => Err(format!("asked {asked} times")),
                    }
                })
            })
        }));
        let many = ok(own_reply(place));
        cells.push(cell(
            "100 callers while the nonce is unknown",
            place,
            many,
            move || {
                Box::pin(async move {
                    let mock = place.mock().await;
                    let client = place.client(&mock.url(), limits());
                    let seen = mock.clone();
                    Stage::new(client, mock)
                        .callers(100)
                        .after(move || expect_fetches(&seen, 1))
                })
            },
        ));
        cells.push(cell(
            "100 callers while the nonce is refused",
            place,
            ok(own_reply(place)),
            move || {
                Box::pin(async move {
                    let stage = after_one(place, AnyMock::expire_credentials, |mock| {
                        expect_fetches(mock, 2)
                    });
                    stage.await.callers(100)
                })
            },
        ));
        cells.push(cell(
            "100 callers while none can be had",
            place,
            fails(Status).status(503),
            move || {
                Box::pin(async move {
                    let mock = place.mock().await;
                    let late = Duration::from_millis(300);
                    let answer = Answer::status(503).delay(late).piece("later");
                    let answer = answer.head_with_first_piece();
                    mock.answer_with(move |request| (!place.is(request)).then(|| answer.clone()));
                    let client = place.client(&mock.url(), limits());
                    Stage::new(client, mock).callers(100)
                })
            },
        ));
    }
    cells.push(cell(
        "the bundle changes between requests",
        Place::MagickPenBundle,
        ok(own_reply(Place::MagickPenBundle)),
        || {
            after_one(
                Place::MagickPenAsk,
                |mock| match mock {
                    AnyMock::MagickPen(mock) => mock.redeploy("ffeeddccbbaa99887766"),
                    other => panic!("{other:?}"),
                },
                |mock| expect_fetches(mock, 2),
            )
        },
    ));
    cells.push(cell(
        "the nonce ages between requests",
        Place::AiEngineSession,
        ok(own_reply(Place::AiEngineSession)),
        || {
            after_one(
                Place::AiEngineSubmit,
                |mock| match mock {
                    AnyMock::AiEngine(mock) => mock.age_nonce(),
                    other => panic!("{other:?}"),
                },
                |mock| expect_fetches(mock, 1),
            )
        },
    ));
    for (fault, nonce) in [
        ("a nonce with a line end", "a\\r\\nx-evil: 1"),
        ("a nonce that is not ASCII", "nönce12345"),
        ("a nonce with a control character", "a\\u0001b"),
        ("a nonce of a megabyte", LONG),
    ] {
        let want = fails(Credentials).words("nonce");
        cells.push(cell(fault, Place::AiEngineSession, want, move || {
            Box::pin(async move {
                let nonce = if nonce == LONG {
                    "a".repeat(1 << 20)
                } else {
                    nonce.to_owned()
                };
                let mock = AiEngineMock::start().await.unwrap();
                let body = format!(r#"{{"success":true,"restNonce":"{nonce}"}}"#);
                let place = Place::AiEngineSession;
                let site = AnyMock::AiEngine(mock.clone());
                strike(
                    &site,
                    place,
                    move |_: &Asked<'_>| Answer::json(&body),
                    &Gate::new(),
                );
                let client = place.client(&mock.url(), limits());
                let seen = mock.clone();
                Stage::new(client, mock).after(move || {
                    let asked = seen.requests();
                    match asked
                        .iter()
                        .filter(|request| Place::AiEngineSubmit.is(request))
                        .count()
                    {
                        0 => Ok(()),
                        asked => Err(format!("{asked} questions were sent with it")),
                    }
                })
            })
        }));
    }
    // Aura has no nonce; a key that the server refuses stays refused.
    cells.push(cell(
        "a key refused for ever",
        Place::AuraChat,
        fails(Credentials).status(500),
        || {
            Box::pin(async {
                let mock = AuraMock::start().await.unwrap();
                mock.answer_always(AuraMock::failure("Incorrect API key provided: sk-1***2"));
                let client = Place::AuraChat.client(&mock.url(), limits());
                let seen = mock.clone();
                Stage::new(client, mock).after(move || {
                    let asked = seen.requests();
                    let questions = asked.iter().filter(|it| Place::AuraChat.is(it));
                    match questions.count() {
                        1 => Ok(()),
                        asked => Err(format!("asked {asked} times")),
                    }
                })
            })
        },
    ));
    cells
}

/// Stands for a nonce that is too long to write down.
const LONG: &str = "long";
