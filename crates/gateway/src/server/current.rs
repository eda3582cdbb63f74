use std::net::IpAddr;
use std::sync::{Arc, PoisonError, RwLock};

use axum::Router;
use chatwire_core::{Error, ErrorKind};

use crate::app::App;
use crate::routes::server_router;

/// What a running server answers with. It can be replaced; each request is
/// answered by what is there when it comes.
#[derive(Debug, Default)]
pub(crate) struct Current(RwLock<Option<Arc<Served>>>);

/// The gateway that is served, and its routes.
#[derive(Debug)]
pub(super) struct Served {
    pub(super) app: Arc<App>,
    pub(super) routes: Router,
    address: IpAddr,
}

impl Current {
    /// Sets what is served at an address.
    pub(super) fn set(&self, app: App, address: IpAddr) -> Arc<Served> {
        let app = Arc::new(app);
        let routes = server_router(Arc::clone(&app));
        let served = Arc::new(Served {
            app,
            routes,
            address,
        });
        let mut current = self.0.write().unwrap_or_else(PoisonError::into_inner);
        *current = Some(Arc::clone(&served));
        served
    }

    /// What is served now.
    pub(super) fn get(&self) -> Option<Arc<Served>> {
        let current = self.0.read().unwrap_or_else(PoisonError::into_inner);
        current.clone()
    }

    /// Serves another gateway from now on, which goes on with the numbers of the
    /// one before.
    pub(super) fn replace(&self, mut app: App) -> Result<(), Error> {
        let Some(before) = self.get() else {
            return Err(Error::new(
                ErrorKind::InvalidRequest,
                "the gateway is not being served",
            ));
        };
        app.access.check_address(before.address)?;
        app.succeed(&before.app);
        self.set(app, before.address);
        Ok(())
    }
}
