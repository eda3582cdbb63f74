//! A gateway over a server that answers as it is told.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use chatwire::aura::Aura;
use chatwire_gateway::{Gateway, GatewayBuilder};
use chatwire_mock::{Answer, AuraMock};
use serde_json::Value;

/// A gateway over a server that answers as it is told.
pub(super) struct Site {
    pub(super) mock: AuraMock,
    answers: Arc<Mutex<VecDeque<Answer>>>,
}

impl Site {
    pub(super) async fn start() -> Site {
        let mock = AuraMock::start().await.unwrap();
        let answers: Arc<Mutex<VecDeque<Answer>>> = Arc::default();
        let next = Arc::clone(&answers);
        mock.answer_with(move |request| {
            (request.path() == "/api/chat")
                .then(|| next.lock().unwrap().pop_front())
                .flatten()
        });
        Site { mock, answers }
    }

    pub(super) fn next(&self, answer: Answer) {
        self.answers.lock().unwrap().push_back(answer);
    }

    pub(super) async fn serve(
        &self,
        change: impl FnOnce(GatewayBuilder) -> GatewayBuilder,
    ) -> String {
        let home = Aura::builder().base_url(self.mock.url()).build().unwrap();
        let builder = Gateway::builder().endpoint("home", Arc::new(home));
        serve(change(builder)).await
    }

    /// The body of the last question.
    pub(super) fn asked(&self) -> Value {
        let requests = self.mock.requests();
        let last = requests
            .iter()
            .rfind(|request| request.path() == "/api/chat");
        last.unwrap().json().unwrap()
    }
}

/// Serves a gateway, and returns its address.
pub(super) async fn serve(builder: GatewayBuilder) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let gateway = builder.build().unwrap();
    tokio::spawn(gateway.serve(listener, std::future::pending()));
    format!("http://{address}")
}
