//! The faults that one answer can have.
//!
//! Each row has a cell for every request of every provider, in this order:
//! the questions of MagickPen, AI Engine and Aura; then MagickPen's bundle and
//! front page, AI Engine's session, Aura's list of models.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use chatwire::ErrorKind::{
    Blocked, Connect, Credentials, Interrupted, LimitExceeded, Protocol, RateLimited, Refused,
    Status, Timeout, Truncated,
};
use chatwire::HttpConfig;
use chatwire::{Limit, TimeoutPhase};
use chatwire_mock::{Answer, Ending, Framing, HeadFault};

use super::ai_sdk;
use super::place::{Asked, Place, end, event, fixed};
use super::run::{Cell, Respond, Scene};
use super::want::{Want, breaks, fails, ok};

/// The order of the cells in a row.
const PLACES: [Place; 7] = [
    Place::MagickPenAsk,
    Place::AiEngineSubmit,
    Place::AuraChat,
    Place::MagickPenBundle,
    Place::MagickPenFront,
    Place::AiEngineSession,
    Place::AuraModels,
];

/// The limit in the cells that wait for one to pass.
const SHORT: Duration = Duration::from_secs(2);

/// A limit that rings only after something else has come: long enough for a
/// machine under load to bring that.
const WIDE: Duration = Duration::from_secs(10);

const MIB: usize = 1024 * 1024;

struct Rows(Vec<Cell>);

impl Rows {
    fn row(
        &mut self,
        fault: &'static str,
        respond: impl Fn(&Asked<'_>) -> Answer + Send + Sync + 'static,
        wants: [Want; 7],
    ) {
        self.row_with(fault, |http| http, respond, wants);
    }

    fn row_with(
        &mut self,
        fault: &'static str,
        limits: fn(HttpConfig) -> HttpConfig,
        respond: impl Fn(&Asked<'_>) -> Answer + Send + Sync + 'static,
        wants: [Want; 7],
    ) {
        let respond: Respond = Arc::new(respond);
        let sdk = match wants[1].clone() {
            // What the mock says by itself.
            want if want.is_own(Place::AiEngineSubmit) => ok(own_reply(Place::AiSdkChat)),
            want => ai_sdk::want(fault, want),
        };
        for (place, want) in PLACES.into_iter().zip(wants) {
            self.0.push(Cell {
                fault,
                place,
                scene: Scene::Answer(respond.clone(), limits),
                want: want.at(place),
            });
        }
        self.0.push(Cell {
            fault,
            place: Place::AiSdkChat,
            scene: Scene::Answer(respond, limits),
            want: sdk,
        });
    }
}

/// The same everywhere.
fn all(want: Want) -> [Want; 7] {
    std::array::from_fn(|_| want.clone())
}

/// One for the questions, one for the rest.
fn both(chats: Want, rest: Want) -> [Want; 7] {
    std::array::from_fn(|n| if n < 3 { chats.clone() } else { rest.clone() })
}

/// Whole replies: this text to the questions, and where the fault spoilt
/// nothing before them, what the mock says by itself.
fn fine(text: &str) -> [Want; 7] {
    PLACES.map(|place| match place {
        place if place.is_chat() => ok(text),
        Place::AuraModels => ok(""),
        place => ok(own_reply(place)),
    })
}

/// What the mock says by itself.
pub(crate) fn own_reply(place: Place) -> &'static str {
    match place.provider() {
        "magickpen" => "This is the MagickPen mock. You asked: hi",
        "chatgpt4online" => "This is the AI Engine mock. You asked: hi",
        "ai-sdk" => "This is the AI SDK mock. You asked: hi",
        _ => "This is the Aura mock. You asked: hi",
    }
}

/// All cells.
pub(crate) fn cells() -> Vec<Cell> {
    let mut rows = Rows(Vec::new());
    silence(&mut rows);
    broken_connections(&mut rows);
    ends(&mut rows);
    wrong_bodies(&mut rows);
    floods(&mut rows);
    redirects(&mut rows);
    statuses(&mut rows);
    json(&mut rows);
    rows.0
}

fn silence(rows: &mut Rows) {
    let short_first: fn(HttpConfig) -> HttpConfig = |http| http.with_first_byte_timeout(SHORT);
    let wide_first: fn(HttpConfig) -> HttpConfig = |http| http.with_first_byte_timeout(WIDE);
    let wide_idle: fn(HttpConfig) -> HttpConfig = |http| http.with_idle_timeout(WIDE);
    rows.row_with(
        "accepted and never answered",
        short_first,
        |_| Answer::fault(HeadFault::StallBeforeHead),
        all(fails(Timeout(TimeoutPhase::Head))
            .at_least(SHORT)
            .retryable(true)
            .words("2 s")),
    );
    rows.row_with(
        "head but no body",
        wide_first,
        |_| Answer::status(200).ending(Ending::Stall),
        all(fails(Timeout(TimeoutPhase::FirstByte))
            .at_least(WIDE)
            .words("10 s")),
    );
    rows.row_with(
        "half a head, then silence",
        short_first,
        |_| {
            Answer::fault(HeadFault::RawHead("HTTP/1.1 200 OK\r\nserv".into()))
                .framing(Framing::Close)
                .ending(Ending::Stall)
        },
        all(fails(Timeout(TimeoutPhase::Head)).at_least(SHORT)),
    );
    rows.row_with(
        "silence after some text",
        wide_idle,
        |asked| asked.begun("half of ").ending(Ending::Stall),
        both(
            breaks(Timeout(TimeoutPhase::Idle), "half of ")
                .at_least(WIDE)
                .words("10 s"),
            fails(Timeout(TimeoutPhase::Idle)).at_least(WIDE),
        ),
    );
    rows.row_with(
        "an error status, then silence",
        |http| http.with_idle_timeout(SHORT),
        |asked| {
            asked
                .page(502)
                .framing(Framing::Chunked)
                .ending(Ending::Stall)
        },
        // What has come of the page is enough.
        all(fails(Status).status(502).retryable(true)),
    );
    rows.row_with(
        "text without end, slower than any silence",
        |http| http.with_total_timeout(SHORT),
        |asked| {
            let piece = asked.more("x");
            let slow = (0..200).fold(asked.begun("x"), |answer, _| {
                answer.delay(Duration::from_millis(100)).piece(&piece)
            });
            slow.ending(Ending::Stall)
        },
        both(
            fails(Timeout(TimeoutPhase::Total))
                .repeated("x", 100)
                .at_least(SHORT)
                .retryable(false)
                .words("2 s"),
            fails(Timeout(TimeoutPhase::Total)).at_least(SHORT),
        ),
    );
}

fn broken_connections(rows: &mut Rows) {
    let no_answer = || all(fails(Connect).retryable(true));
    rows.row(
        "closed before the head",
        |_| Answer::fault(HeadFault::CloseBeforeHead),
        no_answer(),
    );
    rows.row(
        "reset before the head",
        |_| Answer::fault(HeadFault::ResetBeforeHead),
        no_answer(),
    );
    rows.row(
        "closed in the head",
        |asked| asked.begun("x").head_fault(HeadFault::CutHead(30)),
        no_answer(),
    );
    rows.row(
        "reset in the head",
        |asked| asked.begun("x").head_fault(HeadFault::ResetMidHead(30)),
        no_answer(),
    );
    rows.row(
        "not HTTP at all",
        |_| Answer::raw("SSH-2.0-OpenSSH_9.6\r\n"),
        all(fails(Protocol).retryable(false)),
    );
    let broken = || {
        both(
            breaks(Interrupted, "half of ").retryable(true),
            fails(Interrupted).retryable(true),
        )
    };
    // The gate holds the end back until the text before it has arrived.
    rows.row(
        "closed in the text",
        |asked| {
            asked
                .begun("half of ")
                .wait(asked.gate)
                .ending(Ending::Truncate)
        },
        broken(),
    );
    rows.row(
        "reset in the text",
        |asked| {
            asked
                .begun("half of ")
                .wait(asked.gate)
                .ending(Ending::Reset)
        },
        broken(),
    );
    for (fault, ending) in [
        ("closed within a character", Ending::Truncate),
        ("reset within a character", Ending::Reset),
    ] {
        rows.row(
            fault,
            move |asked| {
                let cut = asked.more("ü!");
                let at = cut.iter().position(|byte| *byte == 0xc3).unwrap_or(2) + 1;
                asked
                    .begun("half of ")
                    .piece(&cut[..at])
                    .wait(asked.gate)
                    .ending(ending)
            },
            broken(),
        );
    }
    for (fault, ending) in [
        ("closed within an event", Ending::Truncate),
        ("reset within an event", Ending::Reset),
    ] {
        rows.row(
            fault,
            move |asked| {
                let cut = match asked.place {
                    Place::AiEngineSubmit => &event("never seen")[..30],
                    // Without events, there is nothing to be within.
                    _ => b"",
                };
                asked
                    .begun("half of ")
                    .piece(cut)
                    .wait(asked.gate)
                    .ending(ending)
            },
            broken(),
        );
    }
    rows.row(
        "body shorter than its length",
        |asked| {
            asked
                .begun("half of ")
                .wait(asked.gate)
                .framing(Framing::ContentLengthOf(100_000))
                .ending(Ending::Truncate)
        },
        broken(),
    );
    let m = breaks(Interrupted, "whole");
    let (a, cut) = (m.clone(), fails(Interrupted));
    rows.row(
        "final chunk missing",
        |asked| {
            Answer::stream([asked.body("whole")])
                .wait(asked.gate)
                .ending(Ending::Truncate)
        },
        // Its end mark says that AI Engine's answer is whole.
        [
            m,
            ok("whole"),
            a,
            cut.clone(),
            cut.clone(),
            cut.clone(),
            cut,
        ],
    );
    rows.row(
        "broken chunk length",
        |asked| {
            let text = asked.more("half of ");
            let label = match asked.place {
                Place::AiSdkChat => "content-type: text/event-stream\r\n",
                _ => "",
            };
            let start = format!(
                "HTTP/1.1 200 OK\r\n{label}transfer-encoding: chunked\r\n\r\n{:x}\r\n",
                text.len()
            );
            Answer::raw(start)
                .piece(text)
                .piece("\r\n")
                .wait(asked.gate)
                .piece("zz\r\n")
        },
        broken(),
    );
}

fn ends(rows: &mut Rows) {
    let [m, _, a, ..] = fine("half of ");
    rows.row(
        "clean end without an end mark",
        |asked| asked.begun("half of "),
        [
            // Plain text has no end mark: a cut that HTTP calls clean looks whole.
            m,
            breaks(Truncated, "half of ").retryable(true),
            a,
            // Half a script or list is one without its secrets or its end.
            fails(Credentials),
            fails(Credentials),
            fails(Credentials),
            fails(Protocol),
        ],
    );
    let [m, _, a, ..] = fine("half of ");
    rows.row(
        "clean end within a line",
        |asked| match asked.place {
            Place::AiEngineSubmit => Answer::stream([event("half of ").trim_ascii_end()]),
            _ => asked.begun("half of "),
        },
        [
            m,
            breaks(Truncated, "half of "),
            a,
            fails(Credentials),
            fails(Credentials),
            fails(Credentials),
            fails(Protocol),
        ],
    );
    let [m, _, a, ..] = fine("half of \u{fffd}");
    rows.row(
        "clean end within a character",
        |asked| {
            let cut = asked.more("ü!");
            let at = cut.iter().position(|byte| *byte == 0xc3).unwrap_or(2) + 1;
            asked.begun("half of ").piece(&cut[..at])
        },
        [
            m,
            breaks(Truncated, "half of "),
            a,
            fails(Credentials),
            fails(Credentials),
            fails(Credentials),
            fails(Protocol),
        ],
    );
    let empty = || {
        [
            fails(Protocol).words("empty"),
            fails(Protocol).words("empty"),
            fails(Protocol).words("empty"),
            fails(Credentials).words("secret"),
            fails(Credentials).words("secret"),
            fails(Credentials).words("nonce"),
            fails(Protocol),
        ]
    };
    rows.row("empty 200", |_| fixed(""), empty());
    rows.row("empty 200 in chunks", |_| Answer::status(200), empty());
    rows.row(
        "204 without content",
        |_| Answer::status(204).framing(Framing::None),
        empty(),
    );
    rows.row(
        "the connection's end as the body's",
        |asked| Answer::stream([asked.body("whole")]).framing(Framing::Close),
        fine("whole"),
    );
}

fn wrong_bodies(rows: &mut Rows) {
    rows.row(
        "HTML with 200",
        |asked| asked.page(200),
        [
            fails(Blocked).status(200),
            fails(Blocked).status(200),
            fails(Blocked).status(200),
            fails(Credentials),
            fails(Credentials),
            fails(Blocked),
            fails(Blocked),
        ],
    );
    rows.row(
        "JSON instead of events",
        |asked| match asked.place {
            place if place.is_chat() => Answer::json(r#"{"success":true,"reply":"whole"}"#),
            _ => Answer::json(asked.body("")),
        },
        {
            let [_, c, _, rest @ ..] = fine("whole");
            let [mb, mf, cs, am] = rest;
            // Plain text that calls itself JSON is no answer.
            [fails(Protocol), c, fails(Protocol), mb, mf, cs, am]
        },
    );
    rows.row(
        "a refusal in JSON instead of an answer",
        |_| Answer::json(r#"{"success":false,"message":"No, thank you."}"#),
        [
            fails(Refused).status(200).words("No, thank you."),
            fails(Refused).status(200).words("No, thank you."),
            fails(Refused).status(200).words("No, thank you."),
            fails(Credentials),
            fails(Credentials),
            fails(Credentials).words("No, thank you."),
            fails(Refused).words("No, thank you."),
        ],
    );
    rows.row(
        "events labelled as JSON",
        |asked| fixed(asked.body("whole")).header("content-type", "application/json"),
        {
            // Aura's servers send no type, so that a proxy may have guessed it.
            let [_, rest @ ..] = fine("whole");
            let [c, a, mb, mf, cs, am] = rest;
            [fails(Protocol), c, a, mb, mf, cs, am]
        },
    );
    const WARNING: &str = "<br />\n<b>Warning</b>:  Undefined {key} in <b>/x.php</b><br />\n";
    const NOTICE: &str = "\nNotice: Trying to access {\"array\"} in /x.php on line 9\n";
    rows.row(
        "PHP warnings before the answer",
        |asked| Answer::stream([WARNING, NOTICE, &asked.body("whole")]),
        {
            let [_, c, _, mb, mf, cs, _] = fine("whole");
            let all_of_it = ok(&format!("{WARNING}{NOTICE}whole"));
            [all_of_it.clone(), c, all_of_it, mb, mf, cs, fails(Protocol)]
        },
    );
    rows.row(
        "PHP warnings within the answer",
        |asked| match asked.place {
            Place::AiEngineSubmit => Answer::stream([event("wh"), event("ole")])
                .piece(WARNING)
                .piece(NOTICE)
                .piece(event(" thing"))
                .piece(NOTICE)
                .piece(end()),
            Place::AiSdkChat => Answer::stream([ai_sdk::event("wh"), ai_sdk::event("ole")])
                .piece(WARNING)
                .piece(NOTICE)
                .piece(ai_sdk::event(" thing"))
                .piece(NOTICE)
                .piece(ai_sdk::end()),
            place if place.is_chat() => Answer::stream(["whole", NOTICE, " thing"]),
            _ => Answer::stream([NOTICE, &asked.body(""), NOTICE]),
        },
        {
            let [_, c, _, mb, mf, cs, _] = fine("whole thing");
            let all_of_it = ok(&format!("whole{NOTICE} thing"));
            [all_of_it.clone(), c, all_of_it, mb, mf, cs, fails(Protocol)]
        },
    );
    rows.row(
        "PHP warnings after the answer",
        |asked| Answer::stream([&asked.body("whole"), WARNING, NOTICE]),
        {
            let [_, c, _, mb, mf, cs, _] = fine("whole");
            let all_of_it = ok(&format!("whole{WARNING}{NOTICE}"));
            [all_of_it.clone(), c, all_of_it, mb, mf, cs, fails(Protocol)]
        },
    );
    rows.row(
        "claims gzip and is not",
        |asked| fixed(asked.body("whole")).header("content-encoding", "gzip"),
        fine("whole"),
    );
    rows.row(
        "is gzip without being asked",
        |_| {
            // "half" compressed.
            let gzip = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xcbH\xccI\x03\x00\x9f\xe3\xbe\x81\x04\x00\x00\x00";
            fixed(gzip).header("content-encoding", "gzip")
        },
        all(fails(Protocol).words("compressed")),
    );
    rows.row(
        "bytes that are no text",
        |asked| match asked.place {
            Place::AiEngineSubmit => Answer::stream([
                b"data: {\"type\":\"live\",\"data\":\"a\xffb\"}\n".as_slice(),
                end().as_bytes(),
            ]),
            Place::AiSdkChat => Answer::stream([
                b"data: {\"type\":\"text-delta\",\"delta\":\"a\xffb\"}\n\n".as_slice(),
                ai_sdk::end().as_bytes(),
            ]),
            place if place.is_chat() => Answer::stream([b"a\xffb"]),
            _ => Answer::stream([b"\xff\xfe\x00{".as_slice()]),
        },
        {
            let [m, c, a, ..] = fine("a\u{fffd}b");
            [
                m,
                c,
                a,
                fails(Credentials),
                fails(Credentials),
                fails(Credentials),
                fails(Protocol),
            ]
        },
    );
}

fn floods(rows: &mut Rows) {
    let reply_limit: fn(HttpConfig) -> HttpConfig = |http| http.with_max_reply(MIB);
    let too_long = fails(LimitExceeded(Limit::Reply))
        .repeated("x", MIB)
        .words("1048576");
    let page = fails(LimitExceeded(Limit::Page)).words("8388608");
    let piece = "x".repeat(64 * 1024);
    let line = piece.clone();
    rows.row_with(
        "a line of a gigabyte",
        |http| http.with_max_reply(MIB).with_max_event(MIB / 2),
        move |asked| {
            let start = if matches!(asked.place, Place::AiEngineSubmit | Place::AiSdkChat) {
                "data: "
            } else {
                ""
            };
            Answer::stream([start]).repeat(&line, 16 * 1024)
        },
        [
            too_long.clone(),
            fails(LimitExceeded(Limit::Event)).words("524288"),
            too_long.clone(),
            page.clone(),
            page.clone(),
            page.clone(),
            page.clone(),
        ],
    );
    rows.row_with(
        "empty events without end",
        reply_limit,
        |asked| match asked.place {
            Place::AiEngineSubmit => Answer::status(200).repeat("data: {}\n\n".repeat(4096), None),
            // Without events, blank lines are the nearest to it, and they are text.
            _ => Answer::status(200).repeat("\n\n".repeat(16 * 1024), None),
        },
        [
            too_long.clone().repeated("\n", MIB),
            fails(LimitExceeded(Limit::Reply)).words("1048576"),
            too_long.clone().repeated("\n", MIB),
            page.clone(),
            page.clone(),
            page.clone(),
            page.clone(),
        ],
    );
    rows.row_with(
        "comments without end",
        reply_limit,
        |_| Answer::status(200).repeat(": keepalive\n\n".repeat(4096), None),
        [
            too_long.clone().repeated(": keepalive\n\n", MIB),
            fails(LimitExceeded(Limit::Reply)).words("1048576"),
            too_long.clone().repeated(": keepalive\n\n", MIB),
            page.clone(),
            page.clone(),
            page.clone(),
            page.clone(),
        ],
    );
    rows.row_with(
        "a reply without end",
        reply_limit,
        move |asked| Answer::status(200).repeat(asked.more(&piece), None),
        [
            too_long.clone(),
            too_long.clone(),
            too_long,
            page.clone(),
            page.clone(),
            page.clone(),
            page,
        ],
    );
    rows.row(
        "an error page without end",
        |_| {
            Answer::html(500, "x")
                .framing(Framing::Chunked)
                .repeat("y".repeat(4096), None)
        },
        all(fails(Status).status(500)),
    );
}

fn redirects(rows: &mut Rows) {
    for (fault, status) in [
        ("301 within the origin", 301),
        ("302 within the origin", 302),
        ("307 within the origin", 307),
        ("308 within the origin", 308),
    ] {
        rows.row(
            fault,
            move |asked| Answer::redirect(status, asked.moved()),
            fine("moved"),
        );
    }
    // A POST that asks for "see other" would become a GET.
    rows.row(
        "303 within the origin",
        |asked| Answer::redirect(303, asked.moved()),
        {
            let [_, _, _, mb, mf, ..] = fine("");
            let refused = fails(Status).status(303);
            [
                refused.clone(),
                refused.clone(),
                refused.clone(),
                mb,
                mf,
                refused.clone(),
                refused,
            ]
        },
    );
    rows.row(
        "a redirect to itself",
        |asked| Answer::redirect(307, &asked.request.target),
        all(fails(Status).words("redirects")),
    );
    rows.row(
        "a redirect to nowhere",
        |_| Answer::status(302).framing(Framing::None),
        all(fails(Status).status(302)),
    );
}

fn statuses(rows: &mut Rows) {
    let status = |status: u16| fails(Status).status(status);
    rows.row("400", |asked| asked.page(400), {
        let session = fails(Blocked);
        let [m, c, a, mb, mf, _, am] = all(status(400).retryable(false));
        [m, c, a, mb, mf, session, am]
    });
    // A page is a firewall's or a login's, and no word of the backend.
    for (fault, code) in [("401 with a page", 401), ("403 with a page", 403)] {
        rows.row(
            fault,
            move |asked| asked.page(code),
            all(fails(Blocked).status(code).retryable(false)),
        );
    }
    for (fault, code) in [("401", 401), ("403", 403)] {
        rows.row(
            fault,
            move |_| Answer::text(["no"]).with_status(code),
            [
                fails(Credentials).status(code),
                status(code),
                fails(Credentials).status(code),
                status(code),
                status(code),
                status(code),
                fails(Credentials).status(code),
            ],
        );
    }
    for (fault, code) in [("404", 404), ("413", 413)] {
        rows.row(fault, move |asked| asked.page(code), {
            let [m, c, a, bundle, mf, _, am] = all(status(code).retryable(false));
            let bundle = match code {
                // It may have moved, and is looked for.
                404 => fails(Credentials),
                _ => bundle,
            };
            [m, c, a, bundle, mf, fails(Blocked), am]
        });
    }
    rows.row(
        "429 with seconds",
        |asked| asked.page(429).header("retry-after", "7"),
        all(fails(RateLimited)
            .status(429)
            .retry_after(7, 7)
            .retryable(true)),
    );
    rows.row(
        "429 with a date",
        |asked| {
            let later = SystemTime::now() + Duration::from_secs(100);
            let date = httpdate::fmt_http_date(later);
            asked.page(429).header("retry-after", date)
        },
        all(fails(RateLimited).status(429).retry_after(70, 100)),
    );
    rows.row(
        "429 with JSON and nonsense",
        |_| {
            Answer::json(r#"{"message":"Slow down."}"#)
                .with_status(429)
                .header("retry-after", "soon")
        },
        all(fails(RateLimited).status(429).words("Slow down.")),
    );
    for (fault, code) in [("500", 500), ("502", 502), ("503", 503), ("504", 504)] {
        rows.row(
            fault,
            move |asked| asked.page(code).header("retry-after", "600"),
            all(status(code).retryable(true).retry_after(600, 600)),
        );
    }
    rows.row(
        "an error in JSON",
        |_| Answer::json(r#"{"message":"Rate limit reached, try again in 3s"}"#).with_status(502),
        all(fails(RateLimited).status(502).retry_after(3, 3)),
    );
}

fn json(rows: &mut Rows) {
    rows.row(
        "malformed JSON",
        |asked| match asked.place {
            Place::AiEngineSubmit => Answer::stream([event("wh"), event("ole")])
                .piece("data: {\"type\":\"live\",\"data\":\"lost\n\n")
                .piece("data: \n\ndata\n\n")
                .piece(end()),
            Place::AiSdkChat => Answer::stream([ai_sdk::event("wh"), ai_sdk::event("ole")])
                .piece("data: {\"type\":\"text-delta\",\"delta\":\"lost\n\n")
                .piece("data: \n\ndata\n\n")
                .piece(ai_sdk::end()),
            place if place.is_chat() => Answer::stream(["{\"whole"]),
            _ => Answer::json("{\"restNonce\":\"x"),
        },
        {
            let [_, c, ..] = fine("whole");
            let plain = ok("{\"whole");
            // One broken event does not cost those after it.
            [
                plain.clone(),
                c,
                plain,
                fails(Credentials),
                fails(Credentials),
                fails(Credentials),
                fails(Protocol),
            ]
        },
    );
    rows.row(
        "an end mark that cannot be read",
        |asked| match asked.place {
            Place::AiEngineSubmit => Answer::stream([event("whole")])
                .piece("data: {\"type\":\"end\",\"data\":\"{oops\"}\n\n"),
            Place::AiSdkChat => {
                Answer::stream([ai_sdk::event("whole")]).piece("data: {\"type\":\"finish\n\n")
            }
            place if place.is_chat() => Answer::stream(["whole"]),
            _ => Answer::json("[{}]"),
        },
        {
            let [m, _, a, ..] = fine("whole");
            [
                m,
                breaks(Protocol, "whole"),
                a,
                fails(Credentials),
                fails(Credentials),
                fails(Credentials),
                fails(Protocol),
            ]
        },
    );
    rows.row(
        "numbers and nulls where text is expected",
        |asked| match asked.place {
            Place::AiEngineSubmit => Answer::stream([
                r#"data: {"type":"live","data":42}"#,
                "\n\n",
                r#"data: {"type":"live","data":null,"subtype":null}"#,
                "\n\n",
                r#"data: {"type":7,"data":"no text"}"#,
                "\n\n",
                r#"data: {"type":"live","data":-0.5}"#,
                "\n\n",
                r#"data: {"type":"live","data":true}"#,
                "\n\n",
            ])
            .piece(end()),
            Place::AiSdkChat => Answer::stream([
                "data: {\"type\":\"text-delta\",\"id\":7,\"delta\":42}\n\n",
                "data: {\"type\":7,\"delta\":\"no text\"}\n\n",
                "data: {\"type\":\"text-delta\",\"id\":null,\"delta\":null}\n\n",
            ])
            .piece(ai_sdk::end()),
            Place::AiEngineSession => {
                Answer::json(r#"{"success":true,"sessionId":7,"restNonce":null}"#)
            }
            Place::AuraModels => Answer::json(r#"[{"id":7,"name":null}]"#),
            // Secrets are texts in quotes, and nothing else is one.
            Place::MagickPenBundle | Place::MagickPenFront => {
                fixed(r#"{"X-API-Secret":42,secret:null}"#)
            }
            _ => Answer::json("null"),
        },
        {
            let [_, c, ..] = fine("42-0.5");
            [
                fails(Protocol),
                c,
                // Its servers send no type: it is a text with a guessed one.
                ok("null"),
                fails(Credentials),
                fails(Credentials),
                fails(Credentials),
                fails(Protocol),
            ]
        },
    );
    rows.row(
        "duplicate and late end marks",
        |asked| match asked.place {
            Place::AiEngineSubmit => Answer::stream([event("whole")])
                .piece(end())
                .piece(event(" late"))
                .piece(end())
                .piece("data: {\"type\":\"error\",\"data\":\"late\"}\n\n"),
            Place::AiSdkChat => Answer::stream([ai_sdk::event("whole")])
                .piece("data: {\"type\":\"finish\"}\n\n")
                .piece(ai_sdk::event(" late"))
                .piece("data: {\"type\":\"error\",\"errorText\":\"late\"}\n\n")
                .piece(ai_sdk::end()),
            // Without end marks, all of it is text.
            place if place.is_chat() => Answer::stream(["whole", end()]),
            _ => fixed(asked.body("")),
        },
        {
            let [_, c, _, mb, mf, cs, am] = fine("whole");
            let all_of_it = ok(&format!("whole{}", end()));
            [all_of_it.clone(), c, all_of_it, mb, mf, cs, am]
        },
    );
    rows.row(
        "an end mark without text",
        |asked| match asked.place {
            Place::AiEngineSubmit => Answer::stream([end()]),
            Place::AiSdkChat => Answer::stream([ai_sdk::end()]),
            place if place.is_chat() => Answer::stream([""]),
            _ => fixed(asked.body("")),
        },
        {
            let empty = fails(Protocol).words("empty");
            let [_, _, _, mb, mf, cs, am] = fine("");
            [empty.clone(), empty.clone(), empty, mb, mf, cs, am]
        },
    );
}
