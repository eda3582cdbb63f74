//! The gateway inside your own axum server, beside its routes.
//!
//! ```sh
//! cargo run -p chatwire-gateway --example own_server -- --mock
//! cargo run -p chatwire-gateway --example own_server -- http://localhost:3000
//! ```
//!
//! With `--mock` it asks itself one question and ends; otherwise it serves on
//! port 1337 until it is stopped.

use std::error::Error;
use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use chatwire_aura::Aura;
use chatwire_gateway::Gateway;
use chatwire_mock::AuraMock;
use tokio::net::TcpListener;

/// The routes: the gateway's and one more.
fn routes(base_url: &str) -> Result<Router, Box<dyn Error>> {
    let aura = Aura::builder().base_url(base_url).build()?;
    let gateway = Gateway::builder()
        .endpoint("home", Arc::new(aura))
        .alias("gpt-4o", ["home"])
        .build()?;
    let own = Router::new().route("/", get(|| async { "Ask at /v1/chat/completions\n" }));
    Ok(own.merge(gateway.router()))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    match std::env::args().nth(1).as_deref() {
        Some("--mock") => {
            let mock = AuraMock::start().await?;
            let listener = TcpListener::bind("127.0.0.1:0").await?;
            let url = format!("http://{}", listener.local_addr()?);
            let app = routes(&mock.url())?;
            tokio::spawn(async move { axum::serve(listener, app).await });
            ask(&url).await
        }
        Some(base_url) => {
            let listener = TcpListener::bind("127.0.0.1:1337").await?;
            Ok(axum::serve(listener, routes(base_url)?).await?)
        }
        None => Err("give the address of a server, or --mock".into()),
    }
}

/// What any OpenAI client does.
async fn ask(url: &str) -> Result<(), Box<dyn Error>> {
    let question = serde_json::json!({
        "model": "gpt-4o",
        "messages": [{ "role": "user", "content": "Why is the sky blue?" }],
    });
    let client = reqwest::Client::builder().no_proxy().build()?;
    print!("{}", client.get(url).send().await?.text().await?);
    let answer = client
        .post(format!("{url}/v1/chat/completions"))
        .json(&question)
        .send()
        .await?
        .json::<serde_json::Value>()
        .await?;
    let text = answer.pointer("/choices/0/message/content");
    println!("{}", text.ok_or("no answer")?);
    Ok(())
}
