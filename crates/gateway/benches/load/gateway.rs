//! The gateway with a provider that speaks to the backend.

use std::sync::Arc;

use chatwire_chatgpt4online::Chatgpt4Online;
use chatwire_gateway::Gateway;

pub(crate) fn run() {
    let backend = std::env::var(crate::BACKEND).unwrap();
    crate::process::serve(async |listener| {
        let provider = Chatgpt4Online::builder().base_url(backend).build().unwrap();
        let gateway = Gateway::builder()
            .endpoint("home", Arc::new(provider))
            .build()
            .unwrap();
        gateway
            .serve(listener, std::future::pending())
            .await
            .unwrap();
    });
}
