use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodFilter, MethodRouter, get, on};

use super::completions::complete;
use super::guard::{authorize, cors, guard};
use super::json::written;
use super::{inquiries, models, page, status};
use crate::app::App;
use crate::dialects::{self, Action, DialectRoute};

/// Returns the routes, with every check of a request. Other paths are left
/// alone: they belong to the server that these are merged into.
pub(crate) fn router(app: Arc<App>) -> Router {
    let mut router = routes().route_layer(from_fn_with_state(Arc::clone(&app), authorize));
    if app.access.has_origins() {
        router = router.route_layer(cors(Arc::clone(&app)));
    }
    router
        .route_layer(from_fn_with_state(Arc::clone(&app), guard))
        .with_state(app)
}

/// Returns the routes for a server that has no others: every path is checked
/// and answered.
pub(crate) fn server_router(app: Arc<App>) -> Router {
    let mut router = if app.settings.has_page {
        page::add(routes())
    } else {
        routes().route("/", get(status::root))
    };
    router = router
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

fn routes() -> Router<Arc<App>> {
    let mut router = Router::new();
    for route in dialects::ALL.iter().flat_map(|dialect| dialect.routes()) {
        router = router.route(route.path, handler(route));
    }
    router
        .route("/v1/models", get(models::list))
        .route("/v1/models/{*id}", get(models::one))
        .route("/health", get(status::healthz))
        .route("/healthz", get(status::healthz))
        .route("/readyz", get(status::readyz))
        .route("/metrics", get(status::metrics))
        .method_not_allowed_fallback(status::method_not_allowed)
}

/// What a dialect does for a path, as the router takes it.
fn handler(route: &DialectRoute) -> MethodRouter<Arc<App>> {
    let Ok(method) = MethodFilter::try_from(route.method.clone()) else {
        return MethodRouter::new();
    };
    let path = route.path;
    match route.action {
        Action::Complete(parse) => on(
            method,
            move |State(app): State<Arc<App>>, request: Request| complete(parse, app, request),
        ),
        Action::ListModels(write) => on(method, move |State(app): State<Arc<App>>| {
            inquiries::list_models(app, path, write)
        }),
        Action::Answer(write) => on(method, async move || written(write())),
        Action::Refuse(why) => on(method, async move || inquiries::refused(why)),
        Action::ShowResponse => on(
            method,
            async |State(app): State<Arc<App>>, Path(id): Path<String>| {
                inquiries::show_response(&app, &id)
            },
        ),
        Action::DeleteResponse(write) => on(
            method,
            async move |State(app): State<Arc<App>>, Path(id): Path<String>| {
                inquiries::delete_response(&app, &id, write)
            },
        ),
    }
}
