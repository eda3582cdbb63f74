use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use chatwire_core::ReplyEvent;
use http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use tokio::time::{Instant, sleep};

use crate::app::App;
use crate::ask::Ask;
use crate::attempt::{Begun, Plan, begin, late_failure};
use crate::catch::catch_async;
use crate::chunks::WholeUsage;
use crate::errors::ApiError;
use crate::ids::unix_time;
use crate::images::as_markdown;
use crate::metrics::Flight;
use crate::read_body::read_body;
use crate::reply_body::{Identity, Pace, ReplyBody, Source};
use crate::shutdown::Phase;
use crate::stop::{Passed, StopMatcher};
use crate::whole::Completion;

/// Names the parameters of a request that had no effect.
const X_IGNORED: HeaderName = HeaderName::from_static("x-chatwire-ignored");

/// Proxies such as nginx otherwise hold a stream back.
const X_ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// `POST /v1/chat/completions`.
pub(crate) async fn chat(State(app): State<Arc<App>>, request: Request) -> Response {
    match answer(app, request).await {
        Ok(response) => response,
        Err(error) => error.into_response(),
    }
}

async fn answer(app: Arc<App>, request: Request) -> Result<Response, ApiError> {
    let (head, body) = request.into_parts();
    check_content_type(&head.headers)?;
    let permit = Arc::clone(&app.in_flight)
        .try_acquire_owned()
        .map_err(|_| {
            ApiError::busy("too_many_requests_in_flight", "the gateway is busy").closing()
        })?;
    let bytes = read_body(body, &app.settings.limits).await?;
    let began = Instant::now();
    let mut ask = Ask::parse(&bytes)?;
    drop(bytes);
    let targets = app.routes.resolve(&ask.model).await?;
    let plan = Plan::new(&mut ask, targets, app.settings.strict)?;
    let stop = StopMatcher::new(&ask.stop);
    let mut flight = Flight::new(
        Arc::clone(&app.metrics),
        plan.first_endpoint(),
        ask.stream,
        began,
    );
    let identity = Identity {
        id: app.ids.next("chatcmpl-"),
        created: unix_time(),
        include_usage: ask.include_usage,
    };
    let all_ignored = plan.ignored();
    let first_model = plan.first_model();
    let cut = Box::pin(app.shutdown.reached(Phase::Cut));
    let keep_alive = app.settings.keep_alive;
    let mut begin = Box::pin(begin(app, plan));
    let overhead = began.elapsed();

    if !ask.stream {
        let whole = async {
            let begun = begin.await?;
            flight.moved_to(&begun.target.endpoint.name);
            flight.first_text();
            collect(begun, identity, stop, &flight, overhead).await
        };
        let result = tokio::select! {
            biased;
            result = whole => result,
            () = cut => Err(ApiError::shutting_down()),
        };
        flight.done();
        return result;
    }

    let mut pace = Pace {
        keep_alive,
        cut,
        permit,
        overhead,
    };
    // The status waits for the first text or error, but a client, or a proxy
    // on the way, does not wait for ever.
    let begun = tokio::select! {
        biased;
        result = &mut begin => Some(result),
        () = &mut pace.cut => Some(Err(ApiError::shutting_down())),
        () = sleep(keep_alive) => None,
    };
    let (source, ignored) = match begun {
        None => (Source::Waiting(begin), all_ignored),
        Some(Ok(mut begun)) => {
            let ignored = std::mem::take(&mut begun.ignored);
            (Source::Begun(Box::new(begun)), ignored)
        }
        Some(Err(error)) => {
            flight.done();
            return Err(error);
        }
    };
    tracing::debug!(model = %first_model, id = %identity.id, "an answer begins");
    let body = ReplyBody::new(source, identity, stop, flight, pace);
    let mut response = Response::new(Body::new(body));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(X_ACCEL_BUFFERING, HeaderValue::from_static("no"));
    name_ignored(headers, &ignored);
    Ok(response)
}

/// Reads an answer to its end, and gives it in one piece.
async fn collect(
    begun: Begun,
    identity: Identity,
    mut stop: Option<StopMatcher>,
    flight: &Flight,
    overhead: Duration,
) -> Result<Response, ApiError> {
    let Begun {
        mut stream,
        target,
        ignored,
        ..
    } = begun;
    let mut text = String::new();
    let mut usage = None;
    loop {
        let event = match catch_async(stream.next()).await {
            Ok(Some(Ok(event))) => event,
            Ok(Some(Err(error))) => return Err(late_failure(&target.endpoint, &error)),
            Ok(None) => return Err(ApiError::internal()),
            Err(panicked) => {
                tracing::error!(panic = %panicked.0, "a provider panicked");
                return Err(ApiError::internal());
            }
        };
        match event {
            ReplyEvent::Text(piece) => match &mut stop {
                None => text.push_str(&piece),
                Some(stop) => match stop.push(&piece) {
                    Passed::Text(piece) => text.push_str(&piece),
                    Passed::Stopped(piece) => {
                        text.push_str(&piece);
                        break;
                    }
                },
            },
            ReplyEvent::Finish(finish) => {
                if let Some(stop) = &mut stop {
                    text.push_str(&stop.finish());
                }
                // The text that counts may differ from the one that came, so
                // the stop sequences are looked for once more.
                if let Some(whole) = finish.text {
                    text = whole;
                    if let Some(at) = stop.as_ref().and_then(|stop| stop.find(&text)) {
                        text.truncate(at);
                        break;
                    }
                }
                let images = as_markdown(&finish.images, !text.is_empty());
                text.push_str(&images);
                usage = WholeUsage::of(finish.usage);
                break;
            }
            _ => {}
        }
    }
    // Closes the connection when a stop sequence ended the answer early.
    drop(stream);
    let ready = Instant::now();
    target.endpoint.record(None);
    let model = target.id();
    let completion = Completion::new(&identity.id, identity.created, &model, &text, usage);
    let mut response = Response::new(Body::from(completion.to_json()));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    name_ignored(headers, &ignored);
    flight.overhead(overhead + ready.elapsed());
    Ok(response)
}

fn name_ignored(headers: &mut HeaderMap, ignored: &[String]) {
    if !ignored.is_empty()
        && let Ok(value) = HeaderValue::from_str(&ignored.join(", "))
    {
        headers.insert(X_IGNORED, value);
    }
}

/// Only JSON is taken. A page of another site can send a form or plain text
/// without asking the browser first, but not this.
fn check_content_type(headers: &HeaderMap) -> Result<(), ApiError> {
    let refused = |why: &str| {
        ApiError::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            why,
        )
        .closing()
    };
    let is_json = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"));
    if !is_json {
        return Err(refused("the content type must be application/json"));
    }
    match headers.get(CONTENT_ENCODING) {
        Some(encoding) if encoding != "identity" => {
            Err(refused("a compressed body is not taken here"))
        }
        _ => Ok(()),
    }
}
