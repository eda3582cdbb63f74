use chatwire_core::provider_kit::{HttpResponse, RequestUrl};
use chatwire_core::{Error, ErrorKind};

/// Where the route is instead, by a redirect that keeps the POST: without a
/// slash at its end, for example. A login is no such place.
pub(crate) fn moved_to(response: &HttpResponse) -> Option<RequestUrl> {
    let location = response.header("location")?;
    let error = response.redirect_error()?;
    let is_kept = matches!(response.status(), 307 | 308);
    let url = response.url().resolve_same_origin(location);
    url.filter(|_| is_kept && error.kind() != ErrorKind::Credentials)
}

/// The error of a redirect. One within the server that is not followed leads most
/// likely to a login, whatever it is called.
fn redirected(response: &HttpResponse) -> Error {
    let (from, to) = (response.url(), response.header("location"));
    let target = to.and_then(|to| from.resolve(to));
    let is_elsewhere = target.as_ref().is_some_and(|it| !it.same_origin(from));
    let error = response.redirect_error();
    if let Some(error) = error.filter(|error| is_elsewhere || error.kind() != ErrorKind::Status) {
        return error;
    }
    // A login is somewhere else.
    let Some(target) = target.filter(|target| target != from) else {
        return response.complete_error(Error::new(
            ErrorKind::Status,
            format!("{from} redirects to itself or to what is no address, which leads nowhere"),
        ));
    };
    response.complete_error(Error::new(
        ErrorKind::Credentials,
        format!(
            "{from} redirects to {target}, most likely to log in: give the session of a browser \
             that is logged in, or its cookie"
        ),
    ))
}

/// The error of a response that is not an answer by its status.
pub(crate) async fn failure(mut response: HttpResponse, path: &str) -> Error {
    let status = response.status();
    if let 300..400 = status {
        return redirected(&response);
    }
    let body = response.read_excerpt().await;
    let is_silent = body.trim().is_empty();
    let error = response.error_with_body(&body);
    match status {
        401 | 403 if error.kind() != ErrorKind::Blocked => error.with_kind(ErrorKind::Credentials),
        404 => error.with_context(&format!("no route at {path}: another path can be set")),
        405 => error.with_context(&format!(
            "{path} takes no POST: it may be a page to log in, or the path of something else"
        )),
        // Express takes 100 kB by default, and some hosts 4.5 MB.
        413 => error
            .with_kind(ErrorKind::ContextLength)
            .with_context("the conversation is larger than the server takes"),
        500 if is_silent => error.with_context(
            "its route threw: the app may need a member in the body, such as `model`, or a body \
             of another shape",
        ),
        _ => error,
    }
}
