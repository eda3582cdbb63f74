//! An HTTP server with the APIs of OpenAI, Anthropic and Ollama over chatwire
//! providers.
//!
//! Programs that speak one of these APIs (the official clients, LangChain, the
//! AI SDK, agents such as Codex and Claude Code, Open WebUI, curl) can ask any
//! [`Provider`](chatwire_core::Provider) through it.
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
//! To add the routes to your own axum server, use [`Gateway::router`] instead.
//!
//! # Paths
//!
//! | API | path | what it does |
//! |---|---|---|
//! | OpenAI | `POST /v1/chat/completions` | chat completions |
//! | | `POST /v1/responses` | responses; `GET` and `DELETE /v1/responses/{id}` for those that are kept |
//! | | `POST /v1/completions` | text completions: the prompt is asked as a question |
//! | | `GET /v1/models`, `GET /v1/models/{id}` | the models |
//! | Anthropic | `POST /v1/messages` | messages |
//! | | `POST /v1/messages/count_tokens` | an estimate of the tokens of a request |
//! | Ollama | `POST /api/chat`, `POST /api/generate` | chat, and one prompt |
//! | | `GET /api/tags`, `POST /api/show`, `GET /api/ps`, `GET /api/version` | the models, and the version of the API |
//! | | `/api/pull`, `/api/create`, `/api/delete` and the like | refused: models are set in the configuration |
//! | Browsers | `GET /` | a page to chat on, unless [switched off](GatewayBuilder::page); other programs get a line |
//! | | `GET /`, `GET /health`, `GET /healthz`, `GET /readyz`, `GET /metrics` | what this is, and how it is |
//!
//! Responses are kept in memory for an hour, at most a thousand of them and
//! 16 MiB, unless the request says `store: false`. A `previous_response_id` that
//! is not kept is an error with status 404.
//!
//! # Names of models
//!
//! A model's name is looked up in this order: an alias; `endpoint/model`; the
//! name of a model that only one endpoint lists; the name of an endpoint, for
//! its default model. `GET /v1/models` lists aliases and models.
//!
//! # Requests
//!
//! Requests are read as real clients send them. A system message alone is the
//! question; after a last message of the model, it is asked to continue; a
//! `max_tokens` of -1 is no limit. Paths may lack `/v1`, or have it twice; keys
//! may be sent as `Authorization: Bearer`, `x-api-key` or `api-key`; bodies may
//! be in gzip.
//!
//! Images are taken as data URLs or base64, for models whose provider takes images; others
//! refuse them by name. Addresses of images are refused, because nothing here
//! fetches them. The [limit of a body](Limits::body) is also that of its images.
//!
//! Parameters that a backend would not honour are left out and named in the
//! header `x-chatwire-ignored`; in [strict](GatewayBuilder::strict) mode they
//! are refused. What would change the form of the reply is always refused:
//! several answers, tools that must be called where there are none.
//!
//! # Structured output and tools
//!
//! Tools and the format of the answer (`response_format`, `text.format`,
//! `output_config.format`, `format`) reach a provider that has them
//! ([`Capabilities`](chatwire_core::Capabilities)), and its calls are written in each
//! API's own form. For all others, [`chatwire_structured`] tells the model in words
//! what is wanted, and reads and validates its answer. If that is not valid, the
//! model is asked again, at most twice; then the reply is an error with the code
//! `invalid_output`, never an answer that is not valid.
//!
//! | the request has | |
//! |---|---|
//! | a JSON object or a JSON schema as the format | always answered |
//! | a choice that forces one call: a tool by name, or any where there is only one | always answered |
//! | tools otherwise | answered by [`endpoint_with_tools`](GatewayBuilder::endpoint_with_tools). Elsewhere, tools that need not be called are left out, a request in which one must be called is refused, and calls and results in the conversation become text, so that it can go on |
//!
//! The header `x-chatwire-emulated`, such as `json_schema; questions=2`, says that the
//! reply was made in this way and how many questions it took; so do the log and the
//! metric `chatwire_emulated_questions_total`. The head of a
//! stream says how many there were until its first text; a call that is not valid can
//! take more after that. It does not have the header if it is out before the first text,
//! because that took longer than the [silence](GatewayBuilder::keep_alive) allowed. The log
//! and the metric have the whole number then, too. Replies that fail are not counted: their
//! error says how many questions there were. `usage` is the
//! sum of all questions.
//!
//! The instructions for the model are text files that can be
//! [replaced](GatewayBuilder::prompts).
//!
//! Tools that only the servers of an API have, such as a search, are always left out.
//!
//! # Replies
//!
//! A streamed reply has its status when its first text has come, so that an
//! early failure is an ordinary error response. If there is no text for nine
//! seconds, the stream begins with a comment. A failure after that is an error in
//! the form of the API (an event with an `error`, `response.failed`, `event:
//! error`, a line with an `error`), without any sign of a complete reply.
//!
//! If a provider doubts that a reply is whole although it ended well, the log
//! says why, and so does the header `x-chatwire-doubt`, or in a stream a comment
//! before its end.
//!
//! Tokens that the backend does not count are estimated, unless that is
//! [switched off](GatewayBuilder::estimate_usage): one for every four bytes of
//! UTF-8, rounded up, and four for each message of the request. The header
//! `x-chatwire-usage` says `estimated` then. The head of a stream comes before
//! its end, so it says `estimated-unless-counted` if the backend may yet count
//! them. Stop sequences are applied by the gateway, and stop the backend too.
//!
//! # Errors
//!
//! | cause | status | code |
//! |---|---|---|
//! | an invalid request | 400 | `invalid_request`, `invalid_json`, `context_length_exceeded` |
//! | an unknown model | 404 | `model_not_found` |
//! | a rate limit of the backend | 429 | `rate_limit_exceeded` |
//! | the backend refused, failed, broke off, or sent HTML or nothing | 502 | `provider_refused`, `provider_status`, `provider_blocked`, … |
//! | no answer of the model was valid by the format or the tools | 400 | `invalid_output` |
//! | the backend took too long | 504 | `provider_timeout` |
//! | the API key | 401 | `invalid_api_key` |
//! | the host or the origin | 403 | `host_not_allowed`, `origin_not_allowed` |
//! | the size, time or type of a request | 413, 431, 408, 415 | `body_too_large`, … |
//! | too many connections or requests, or a shutdown | 503 | `too_many_connections`, `too_many_requests_in_flight`, `too_many_bytes_in_flight`, `shutting_down` |
//! | a stored response that is not there | 404 | `response_not_found` |
//! | what the gateway does not do, such as pulling a model | 501 | `not_implemented` |
//!
//! Errors have the form of the API that the path belongs to; in OpenAI's it is
//! JSON with `message`, `type`, `param` and `code`. Every response has an
//! `x-request-id`. Clients repeat failed requests by themselves,
//! so the gateway does not, unless [told to](GatewayBuilder::retries). The
//! header `x-should-retry` tells the official clients whether to try again.
//!
//! # Safety
//!
//! The gateway listens on loopback only, unless it has an API key of at least 16
//! characters. Without a key it answers only requests for hosts that it knows,
//! and in any case pages in browsers only if their origin is allowed. A request cannot choose the address, the proxy or a header
//! of a backend, and a client's key is sent nowhere. [`Limits`] bounds what a
//! client may use, and what one may that has not sent a valid key.
//!
//! # Log
//!
//! Each request is one event of [`tracing`] at the level info and with the target
//! `chatwire_gateway::request`, when it is over: `id` (as in `x-request-id`),
//! `client`, `method`, `path`, `dialect`, `status`, `model`, `endpoint`,
//! `repeats`, `first_text_ms`, `duration_ms`, `pieces` and `bytes` of the reply,
//! `emulated` and `questions` if it was made [in words](#structured-output-and-tools),
//! and `ended`: a finish reason, `complete`, the code of an error, or
//! `client_gone`. What is said is not logged, and what a backend says about an
//! error only at the level debug.

mod app;
mod budget;
mod catch;
mod completion;
mod dialects;
mod dispatch;
mod error;
mod estimate;
mod gateway;
mod ids;
mod kept_replies;
mod record;
mod request;
mod routes;
mod server;

pub use gateway::{Gateway, GatewayBuilder, Given, Mistake};
pub use server::limits::Limits;
pub use server::{GatewayHandle, shutdown_signal};
