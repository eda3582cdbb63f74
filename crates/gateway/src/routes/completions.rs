use std::future::poll_fn;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use chatwire_core::{BoxFuture, FinishReason};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue};
use tokio::time::{Instant, sleep};

use super::json::written;
use super::read_body::{check_content_type, read_body, unpacked};
use crate::app::App;
use crate::budget::Held;
use crate::completion::{Completion, CompletionEnd, Emulation, ReplyHead, Timing};
use crate::dialects::{Parse, ParsedRequest, ReplyWriter};
use crate::dispatch::metrics::InFlight;
use crate::dispatch::reader::CompletionReader;
use crate::dispatch::reply::{Account, Reply};
use crate::dispatch::reply_body::{ReplyBody, ReplyContext, Source};
use crate::dispatch::route::{Route, StartedReply};
use crate::dispatch::stop::StopMatcher;
use crate::error::ApiError;
use crate::estimate;
use crate::ids::unix_time;
use crate::record::Record;

/// The header that names the parameters of a request that had no effect.
const X_IGNORED: HeaderName = HeaderName::from_static("x-chatwire-ignored");

/// The header that says why a whole reply may be incomplete.
const X_DOUBT: HeaderName = HeaderName::from_static("x-chatwire-doubt");

/// The longest doubt that the header has, in characters.
const MAX_DOUBT: usize = 500;
/// The header that says whether the tokens of a reply are an estimate.
const X_USAGE: HeaderName = HeaderName::from_static("x-chatwire-usage");

/// The header that says what the backend was made to do although it cannot do it
/// by itself, and in how many questions.
const X_EMULATED: HeaderName = HeaderName::from_static("x-chatwire-emulated");

/// Stops proxies such as nginx from holding a stream back.
const X_ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// Answers a request for a completion.
pub(crate) async fn complete(
    parse: Parse,
    app: Arc<App>,
    request: Request,
) -> Result<Response, ApiError> {
    let (mut parts, body) = request.into_parts();
    // The guard in front of every route makes one.
    let record: Record = parts.extensions.remove().ok_or_else(ApiError::internal)?;
    let packing = check_content_type(&parts.headers)?;
    let permit = app.permit()?;
    let limits = &app.settings.limits;
    let mut held = app.budget.hold();
    let bytes = read_body(body, limits, &mut held).await?;
    let packed = bytes.len();
    let bytes = unpacked(bytes, packing, limits.body)?;
    held.grow(bytes.len().saturating_sub(packed))?;
    let received = Instant::now();
    let ParsedRequest {
        mut request,
        writer,
    } = parse(&bytes, &*app.kept)?;
    drop(bytes);
    record.model(&request.model);
    let stop = StopMatcher::new(std::mem::take(&mut request.stop))
        .map_err(|error| ApiError::invalid("stop", error.to_string()))?;
    let targets = app.routes.resolve(&request.model).await?;
    let is_streamed = request.stream;
    let prompt_tokens = (app.settings.estimates_usage || !request.is_question)
        .then(|| estimate::request_tokens(&request.chat));
    let mut head = ReplyHead {
        id: app.ids.next(""),
        created: unix_time(),
        model: String::new(),
        prompt_tokens: prompt_tokens.unwrap_or_default(),
        has_tools: false,
    };
    if !request.is_question {
        let Some(first) = targets.first() else {
            return Err(ApiError::internal());
        };
        head.model = first.id();
        return Ok(unasked(writer, &head));
    }
    let route = Route::new(request, targets, app.settings.strict)?;
    let Some(first) = route.first() else {
        return Err(ApiError::internal());
    };
    head.model = first.id();
    record.model(&head.model);
    let estimates = prompt_tokens.map(|_| {
        if stop.is_some() || !route.counts_tokens() {
            "estimated"
        } else {
            "estimated-unless-counted"
        }
    });
    let context = ReplyContext {
        writer,
        reader: CompletionReader::new(stop),
        in_flight: InFlight::new(
            Arc::clone(&app.metrics),
            record.clone(),
            &first.endpoint.name,
            is_streamed,
            received,
        ),
        head,
        account: Account {
            received,
            prompt_tokens,
        },
        kept: Arc::clone(&app.kept),
        keep_alive: app.settings.keep_alive,
        cut: Box::pin(app.shutdown.cut.clone().cancelled_owned()),
        overhead: received.elapsed(),
        permit,
    };
    let ignored = route.ignored();
    let starting = route.start(app.settings.retry.clone(), Arc::clone(&app.metrics), record);
    let starting = async move {
        let started = starting.await;
        // The request is not needed any more.
        drop(held);
        started
    };
    if is_streamed {
        let mut response = stream(Box::pin(starting), ignored, context).await?;
        name_usage(response.headers_mut(), estimates);
        Ok(response)
    } else {
        whole(starting, context, app.budget.hold()).await
    }
}

/// Answers a request that no backend is asked: the dialect knows the answer
/// once it is clear that the model exists.
fn unasked(mut writer: Box<dyn ReplyWriter>, head: &ReplyHead) -> Response {
    let nothing = Completion {
        text: String::new(),
        calls: Vec::new(),
        end: CompletionEnd {
            reason: FinishReason::Stop,
            stop_sequence: None,
            usage: None,
            is_estimated: false,
            text: None,
            doubt: None,
            emulation: None,
            timing: Timing::default(),
        },
    };
    written(writer.whole(head, &nothing))
}

/// Answers with the whole reply.
async fn whole(
    starting: impl Future<Output = Result<StartedReply, ApiError>>,
    context: ReplyContext,
    mut held: Held,
) -> Result<Response, ApiError> {
    let ReplyContext {
        mut writer,
        reader,
        head,
        account,
        kept,
        mut in_flight,
        cut,
        overhead,
        permit: _permit,
        keep_alive: _,
    } = context;
    let completion = async {
        let mut started = starting.await?;
        in_flight.moved_to(&started.target.endpoint.name);
        in_flight.emulated(started.emulation.as_ref());
        let model = started.target.id();
        let has_tools = started.takes_tools;
        in_flight.first_text(&model);
        let ignored = std::mem::take(&mut started.ignored);
        let record = in_flight.record().clone();
        let reply = Reply::new(started, reader, account, record);
        let completion = collect(reply, &mut held).await?;
        Ok((completion, model, has_tools, ignored))
    };
    let result = tokio::select! {
        biased;
        result = completion => result,
        () = cut => Err(ApiError::shutting_down()),
    };
    let (completion, model, has_tools, ignored) = match result {
        Ok(completed) => completed,
        Err(error) => {
            in_flight.done();
            return Err(error);
        }
    };
    in_flight.emulated(completion.end.emulation.as_ref());
    in_flight.finished(&completion.end.reason);
    let ready = Instant::now();
    let head = ReplyHead {
        model,
        has_tools,
        ..head
    };
    let mut response = written(held.into_bytes(writer.whole(&head, &completion)));
    if let Some(reply) = writer.kept() {
        kept.keep(reply);
    }
    let headers = response.headers_mut();
    name_ignored(headers, &ignored);
    if let Some(doubt) = &completion.end.doubt {
        headers.insert(X_DOUBT, header_text(doubt));
    }
    name_emulation(headers, completion.end.emulation.as_ref());
    name_usage(headers, completion.end.is_estimated.then_some("estimated"));
    in_flight.overhead(overhead + ready.elapsed());
    Ok(response)
}

/// Answers with a stream.
async fn stream(
    mut starting: BoxFuture<'static, Result<StartedReply, ApiError>>,
    all_ignored: Vec<String>,
    mut context: ReplyContext,
) -> Result<Response, ApiError> {
    // The status waits for the first text or error, but no longer than a
    // client or proxy would.
    let started = tokio::select! {
        biased;
        result = &mut starting => Some(result),
        () = &mut context.cut => Some(Err(ApiError::shutting_down())),
        () = sleep(context.keep_alive) => None,
    };
    let mut emulation = None;
    let (source, ignored) = match started {
        None => (Source::Waiting(starting), all_ignored),
        Some(Ok(mut started)) => {
            let ignored = std::mem::take(&mut started.ignored);
            emulation.clone_from(&started.emulation);
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
    name_emulation(headers, emulation.as_ref());
    Ok(response)
}

/// Reads a reply to its end.
async fn collect(mut reply: Reply, held: &mut Held) -> Result<Completion, ApiError> {
    let mut text = String::new();
    let mut calls = Vec::new();
    loop {
        let event = poll_fn(|context| reply.poll_event(context)).await?;
        held.grow(event.delta.len())?;
        text.push_str(&event.delta);
        if let Some(call) = event.call {
            held.grow(call.name().len() + call.arguments().len())?;
            calls.push(call);
        }
        if let Some(mut end) = event.end {
            let text = end.text.take().unwrap_or(text);
            return Ok(Completion { text, calls, end });
        }
    }
}

fn name_usage(headers: &mut HeaderMap, estimates: Option<&'static str>) {
    if let Some(how) = estimates {
        headers.insert(X_USAGE, HeaderValue::from_static(how));
    }
}

fn name_emulation(headers: &mut HeaderMap, emulation: Option<&Emulation>) {
    if let Some(emulation) = emulation {
        headers.insert(X_EMULATED, header_text(&emulation.to_string()));
    }
}

fn name_ignored(headers: &mut HeaderMap, ignored: &[String]) {
    if !ignored.is_empty()
        && let Ok(value) = HeaderValue::from_str(&ignored.join(", "))
    {
        headers.insert(X_IGNORED, value);
    }
}

/// A text as a header can carry it.
fn header_text(text: &str) -> HeaderValue {
    let plain = |c: char| match c {
        ' '..='~' => c,
        _ => '?',
    };
    let text: String = text.chars().take(MAX_DOUBT).map(plain).collect();
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("yes"))
}
