use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};

use super::completions::complete;
use super::guard::{authorize, cors, guard};
use super::{models, status};
use crate::app::App;
use crate::dialects;

/// The routes with every check of a request.
pub(crate) fn router(app: Arc<App>) -> Router {
    let mut router = Router::new();
    for &dialect in dialects::ALL {
        let handler =
            move |State(app): State<Arc<App>>, request: Request| complete(dialect, app, request);
        router = router.route(dialect.path(), post(handler));
    }
    router = router
        .route("/v1/models", get(models::list))
        .route("/v1/models/{*id}", get(models::one))
        .route("/healthz", get(status::healthz))
        .route("/readyz", get(status::readyz))
        .route("/metrics", get(status::metrics))
        .method_not_allowed_fallback(status::method_not_allowed)
        .fallback(status::not_found)
        .layer(from_fn_with_state(Arc::clone(&app), authorize));
    if app.access.has_origins() {
        router = router.layer(cors(Arc::clone(&app)));
    }
    router
        .layer(from_fn_with_state(Arc::clone(&app), guard))
        .with_state(app)
}
