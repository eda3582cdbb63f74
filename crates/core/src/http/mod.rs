//! HTTP as every provider speaks it: one policy for time and size limits,
//! proxies, headers and redirects, in one place.

mod body;
#[cfg(feature = "rustls")]
mod certificates;
mod charset;
mod client;
mod coding;
mod config;
mod connect;
mod deadlines;
mod failure;
mod headers;
mod lazy_timer;
mod policy;
mod proxy;
mod redirect;
mod request;
mod response;
mod reuse;
mod send;
mod tls;
mod tunnel;
mod url;
#[cfg(feature = "rustls")]
mod verifier;

pub use client::HttpClient;
pub use config::HttpConfig;
pub use request::HttpRequest;
pub use response::HttpResponse;
pub use url::{BaseUrl, RequestUrl};
