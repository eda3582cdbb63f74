use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use serde::Serialize;

use super::json::{json, written};
use super::model_list::with_permit;
use crate::app::App;
use crate::error::ApiError;

/// An entry of the list.
#[derive(Serialize)]
struct Model {
    id: String,
    object: &'static str,
    created: u64,
    owned_by: String,
}

#[derive(Serialize)]
struct List {
    object: &'static str,
    data: Vec<Model>,
}

/// `GET /v1/models`: the aliases, and the models of every endpoint.
pub(crate) async fn list(State(app): State<Arc<App>>) -> Result<Response, ApiError> {
    let list = shared_list(&app, "/v1/models", || {
        let data = entries(&app).map(|(id, owner)| model(&app, &id, &owner));
        let list = List {
            object: "list",
            data: data.collect(),
        };
        // Serializing plain data with text keys cannot fail.
        serde_json::to_vec(&list).unwrap_or_default()
    });
    Ok(written(list.await?))
}

/// The list of models in the form of a path, of which there is one for all
/// readers. Each of them counts as a request until it has read the list.
pub(crate) async fn shared_list(
    app: &App,
    path: &'static str,
    write: impl FnOnce() -> Vec<u8>,
) -> Result<Bytes, ApiError> {
    let permit = app.permit()?;
    app.routes.refresh().await;
    let list = app.model_lists.get(path, &app.routes, write);
    Ok(with_permit(list, permit))
}

/// The names of the aliases and models, each with its owner.
pub(crate) fn entries(app: &App) -> impl Iterator<Item = (String, String)> {
    let aliases = app
        .routes
        .aliases()
        .map(|alias| (alias.to_owned(), "chatwire".to_owned()));
    let own = app.routes.endpoints.iter().flat_map(|endpoint| {
        endpoint.models().into_iter().map(move |info| {
            let id = format!("{}/{}", endpoint.name, info.id);
            (id, endpoint.name.clone())
        })
    });
    aliases.chain(own)
}

/// `GET /v1/models/{id}`, with a slash in the id, encoded or not.
pub(crate) async fn one(State(app): State<Arc<App>>, Path(id): Path<String>) -> Response {
    match app.routes.resolve(&id).await {
        Ok(targets) => {
            let owner = match targets.as_slice() {
                [target] => target.endpoint.name.as_str(),
                _ => "chatwire",
            };
            json(&model(&app, &id, owner))
        }
        Err(error) => error.into_response(),
    }
}

/// The API wants to know when a model was made, which nobody here knows; the
/// start of the gateway at least does not change.
fn model(app: &App, id: &str, owner: &str) -> Model {
    Model {
        id: id.to_owned(),
        object: "model",
        created: app.began,
        owned_by: owner.to_owned(),
    }
}
