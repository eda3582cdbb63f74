//! An OpenAI-compatible HTTP server over chatwire providers.
//!
//! Programs that speak the OpenAI API (its official clients, LangChain, Open
//! WebUI, curl) can ask any [`Provider`](chatwire_core::Provider) through it.
//!
//! ```
//! use std::sync::Arc;
//! use chatwire_core::Provider;
//! use chatwire_gateway::Gateway;
//!
//! async fn serve(home: Arc<dyn Provider>, work: Arc<dyn Provider>) -> Result<(), Box<dyn std::error::Error>> {
//!     let gateway = Gateway::builder()
//!         .endpoint("home", home)
//!         .endpoint("work", work)
//!         // Asked one after the other, until one answers.
//!         .alias("gpt-4o", ["home", "work/openchat_3.6"])
//!         .build()?;
//!     let listener = tokio::net::TcpListener::bind("127.0.0.1:1337").await?;
//!     gateway.serve(listener, chatwire_gateway::shutdown_signal()?).await?;
//!     Ok(())
//! }
//! # let _ = serve;
//! ```
//!
//! A server that exists already takes [`Gateway::router`] instead.
//!
//! # Names of models
//!
//! In this order: an alias; `endpoint/model`; a model's name alone, when only
//! one endpoint lists it; an endpoint's name, for its default model.
//! `GET /v1/models` lists aliases and models.
//!
//! # Answers
//!
//! A streamed answer has its status when its first text has come, so that an
//! early fault is an ordinary error; after nine seconds without one the stream
//! begins with a comment. A fault after that is an event with an `error`, and
//! then there is neither a `finish_reason` nor `[DONE]`. Tokens are counted
//! where the backend counted them; a `usage` is whole or absent.
//! Stop sequences are applied here, and end the backend's work too.
//!
//! Parameters that a backend would not honour are left out and named in the
//! header `x-chatwire-ignored`; in [strict](GatewayBuilder::strict) mode they
//! are refused. What changes the answer's form (several answers, tools that
//! must be called, a JSON schema, images) is always refused.
//!
//! # Errors
//!
//! | what | status | code |
//! |---|---|---|
//! | the request | 400 | `invalid_request`, `invalid_json`, `context_length_exceeded` |
//! | no such model | 404 | `model_not_found` |
//! | the backend has had too many requests | 429 | `rate_limit_exceeded` |
//! | the backend refused, failed, sent HTML or nothing, broke off | 502 | `provider_refused`, `provider_status`, `provider_blocked`, … |
//! | the backend took too long | 504 | `provider_timeout` |
//! | the key | 401 | `invalid_api_key` |
//! | another host or origin | 403 | `host_not_allowed`, `origin_not_allowed` |
//! | size, time, kind of a request | 413, 431, 408, 415 | `body_too_large`, … |
//! | too much at once, or going away | 503 | `too_many_connections`, `too_many_requests_in_flight`, `shutting_down` |
//!
//! Each is JSON with `message`, `type`, `param` and `code`, and every response
//! has an `x-request-id`. What was repeated here already says so with
//! `x-should-retry: false`, which the official clients obey.
//!
//! # Safety
//!
//! It listens on loopback unless it has an API key; it answers only to hosts
//! it knows, and to pages of browsers only where their origin is allowed. What
//! a client sends never chooses an address, proxy or header of a backend, and
//! a client's key never goes further than here. [`Limits`] has what a client
//! may take.

mod app;
mod catch;
mod completion;
mod dialects;
mod dispatch;
mod error;
mod gateway;
mod ids;
mod request;
mod routes;
mod server;

pub use gateway::{Gateway, GatewayBuilder, Given, Mistake};
pub use server::limits::Limits;
pub use server::shutdown_signal;
