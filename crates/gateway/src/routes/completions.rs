use std::future::poll_fn;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue};
use tokio::time::{Instant, sleep};

use super::read_body::{check_content_type, read_body, unpacked};
use crate::app::App;
use crate::completion::{Completion, ReplyHead};
use crate::dialects::{Dialect, ParsedRequest};
use crate::dispatch::metrics::InFlight;
use crate::dispatch::reader::CompletionReader;
use crate::dispatch::reply::Reply;
use crate::dispatch::reply_body::{ReplyBody, Source, StreamContext};
use crate::dispatch::route::Route;
use crate::dispatch::stop::StopMatcher;
use crate::error::ApiError;
use crate::ids::unix_time;

/// Names the parameters of a request that had no effect.
const X_IGNORED: HeaderName = HeaderName::from_static("x-chatwire-ignored");

/// Proxies such as nginx otherwise hold a stream back.
const X_ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// Answers a request for a completion that is written in that dialect.
pub(crate) async fn complete(
    dialect: &'static dyn Dialect,
    app: Arc<App>,
    request: Request,
) -> Result<Response, ApiError> {
    let (parts, body) = request.into_parts();
    let packing = check_content_type(&parts.headers)?;
    let permit = Arc::clone(&app.in_flight)
        .try_acquire_owned()
        .map_err(|_| {
            ApiError::busy("too_many_requests_in_flight", "the gateway is busy").closing()
        })?;
    let limits = &app.settings.limits;
    let bytes = unpacked(read_body(body, limits).await?, packing, limits.body)?;
    let began = Instant::now();
    let ParsedRequest {
        mut request,
        writer,
    } = dialect.parse(&bytes)?;
    drop(bytes);
    let stop = StopMatcher::new(std::mem::take(&mut request.stop))
        .map_err(|error| ApiError::invalid("stop", error.to_string()))?;
    let reader = CompletionReader::new(stop);
    let targets = app.routes.resolve(&request.model).await?;
    let streamed = request.stream;
    let route = Route::new(request, targets, app.settings.strict)?;
    let Some(first) = route.first() else {
        return Err(ApiError::internal());
    };
    let mut in_flight = InFlight::new(
        Arc::clone(&app.metrics),
        &first.endpoint.name,
        streamed,
        began,
    );
    let head = ReplyHead {
        id: app.ids.next(""),
        created: unix_time(),
        model: first.id(),
    };
    tracing::debug!(model = %head.model, id = %head.id, "a completion is asked for");
    let all_ignored = route.ignored();
    let cut = Box::pin(app.shutdown.cut.clone().cancelled_owned());
    let keep_alive = app.settings.keep_alive;
    let policy = app.settings.retry.clone();
    let mut starting = Box::pin(route.start(policy, Arc::clone(&app.metrics)));
    let overhead = began.elapsed();

    if !streamed {
        let whole = async {
            let mut started = starting.await?;
            in_flight.moved_to(&started.target.endpoint.name);
            in_flight.first_text();
            let ignored = std::mem::take(&mut started.ignored);
            let model = started.target.id();
            let completion = collect(Reply::new(started, reader)).await?;
            Ok((completion, model, ignored))
        };
        let result = tokio::select! {
            biased;
            result = whole => result,
            () = cut => Err(ApiError::shutting_down()),
        };
        in_flight.done();
        let (completion, model, ignored) = result?;
        let ready = Instant::now();
        let head = ReplyHead { model, ..head };
        let mut response = Response::new(Body::from(writer.whole(&head, &completion)));
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        name_ignored(headers, &ignored);
        in_flight.overhead(overhead + ready.elapsed());
        return Ok(response);
    }

    let mut context = StreamContext {
        writer,
        reader,
        head,
        in_flight,
        keep_alive,
        cut,
        overhead,
        permit,
    };
    // The status waits for the first text or error, but a client, or a proxy
    // on the way, does not wait for ever.
    let started = tokio::select! {
        biased;
        result = &mut starting => Some(result),
        () = &mut context.cut => Some(Err(ApiError::shutting_down())),
        () = sleep(keep_alive) => None,
    };
    let (source, ignored) = match started {
        None => (Source::Waiting(starting), all_ignored),
        Some(Ok(mut started)) => {
            let ignored = std::mem::take(&mut started.ignored);
            (Source::Started(Box::new(started)), ignored)
        }
        Some(Err(error)) => {
            context.in_flight.done();
            return Err(error);
        }
    };
    let content_type = HeaderValue::from_static(context.writer.stream_type());
    let mut response = Response::new(Body::new(ReplyBody::new(source, context)));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, content_type);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(X_ACCEL_BUFFERING, HeaderValue::from_static("no"));
    name_ignored(headers, &ignored);
    Ok(response)
}

/// Reads a reply to its end.
async fn collect(mut reply: Reply) -> Result<Completion, ApiError> {
    let mut text = String::new();
    loop {
        let event = poll_fn(|context| reply.poll_event(context)).await?;
        text.push_str(&event.delta);
        if let Some(mut end) = event.end {
            let text = end.text.take().unwrap_or(text);
            return Ok(Completion { text, end });
        }
    }
}

fn name_ignored(headers: &mut HeaderMap, ignored: &[String]) {
    if !ignored.is_empty()
        && let Ok(value) = HeaderValue::from_str(&ignored.join(", "))
    {
        headers.insert(X_IGNORED, value);
    }
}
