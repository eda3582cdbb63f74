//! Requests of the dialects that no backend is asked.

use std::sync::Arc;

use axum::response::Response;
use http::StatusCode;

use super::json::written;
use super::models::{entries, shared_list};
use crate::app::App;
use crate::dialects::{ModelList, Recall as _};
use crate::error::{ApiError, quoted};

/// What the ids of stored responses begin with, for clients.
const RESPONSE_PREFIX: &str = "resp_";

/// Lists the models in the form of a dialect.
pub(crate) async fn list_models(
    app: Arc<App>,
    path: &'static str,
    write: fn(&ModelList<'_>) -> Vec<u8>,
) -> Result<Response, ApiError> {
    let list = shared_list(&app, path, || {
        let ids: Vec<String> = entries(&app).map(|(id, _)| id).collect();
        write(&ModelList {
            ids: &ids,
            began: app.began,
        })
    });
    Ok(written(list.await?))
}

/// Shows a stored response.
pub(crate) fn show_response(app: &App, id: &str) -> Result<Response, ApiError> {
    let kept = id
        .strip_prefix(RESPONSE_PREFIX)
        .and_then(|id| app.kept.recall(id))
        .ok_or_else(|| no_response(id))?;
    Ok(written(kept.body.clone()))
}

/// Deletes a stored response.
pub(crate) fn delete_response(
    app: &App,
    id: &str,
    write: fn(&str) -> Vec<u8>,
) -> Result<Response, ApiError> {
    let bare = id.strip_prefix(RESPONSE_PREFIX);
    if bare.is_some_and(|id| app.kept.forget(id)) {
        Ok(written(write(id)))
    } else {
        Err(no_response(id))
    }
}

/// Refuses a request for something that the gateway does not do.
pub(crate) fn refused(why: &'static str) -> Result<Response, ApiError> {
    Err(ApiError::new(
        StatusCode::NOT_IMPLEMENTED,
        "not_implemented",
        why,
    ))
}

fn no_response(id: &str) -> ApiError {
    ApiError::not_kept(
        "id",
        format!(
            "there is no response {} here: they are kept for an hour, and the last thousand at \
             most",
            quoted(id)
        ),
    )
}
