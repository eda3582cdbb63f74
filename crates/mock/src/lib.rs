//! Mock servers of the protocols that chatwire speaks, scripted and faulty on demand.
//!
//! Each mock is an HTTP/1.1 server inside the test, on its own port of the loopback interface. It
//! checks requests as strictly as the real server does, and answers by script: in the pieces, with
//! the pauses and with the faults that the test asks for.
//!
//! ```
//! use chatwire_mock::{Answer, AuraMock, Ending};
//! use tokio::io::{AsyncReadExt, AsyncWriteExt};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! let mock = AuraMock::start().await?;
//! // The next question is answered in two pieces, and then the connection breaks.
//! mock.answer(Answer::stream(["Hel", "lo"]).ending(Ending::Truncate));
//!
//! let body = r#"{"model":{"id":"openchat_3.6"},"messages":[{"role":"user","content":"Hi"}]}"#;
//! let mut client = tokio::net::TcpStream::connect(mock.addr()).await?;
//! let head = format!("POST /api/chat HTTP/1.1\r\nhost: mock\r\ncontent-length: {}\r\n\r\n", body.len());
//! client.write_all(format!("{head}{body}").as_bytes()).await?;
//! let mut answer = String::new();
//! client.read_to_string(&mut answer).await?;
//!
//! assert!(answer.ends_with("3\r\nHel\r\n2\r\nlo\r\n"), "no final chunk");
//! assert_eq!(mock.received()[0].messages[0].content, "Hi");
//! # Ok(())
//! # }
//! ```
//!
//! # Contents
//!
//! - [`MagickPenMock`], [`AiEngineMock`] (any WordPress site with the AI Engine plugin, such as
//!   chatgpt4online), [`AuraMock`] (openchat-ui and Chatbot-UI) and [`AiSdkMock`] (servers
//!   built with the AI SDK, versions 3 to 7). Each reports what reached the model behind it. [`AnyMock`] is any of them, by the name of its provider.
//! - [`OpenAiMock`] (chat completions), [`ResponsesMock`] (OpenAI's Responses API) and
//!   [`AnthropicMock`] (Messages API), with tools, streamed and whole.
//! - [`Fault`]: what can go wrong with an answer in any protocol, by name: half a head, silence or
//!   a reset at any byte, wrong lengths, bad chunks, late errors. [`Mock::fault`] puts it into every
//!   answer of a mock.
//! - [`Mock`], the generic type behind them, and [`Protocol`], the trait to implement for a mock of
//!   another server.
//! - [`MockServer`], which every mock dereferences to: the script, the recorded requests, the
//!   connections. Alone it is a server without a protocol.
//! - [`Answer`]: one HTTP answer down to its bytes, including those that no HTTP library would
//!   send. [`Answer::from_recording`] replays what a real server sent, and [`Replay`] a folder
//!   of recordings.
//! - [`ScriptedModel`]: a model that answers by what it is asked, well or badly, for tests of
//!   whatever reads the answer.
//! - [`Gate`]: holds an answer until the test opens it, so that a test proves streaming without
//!   a clock.
//! - [`ProxyMock`]: a forward proxy that records what goes through it.
//!
//! # Order of the script
//!
//! The first of these that has an answer to a request decides:
//!
//! 1. what was set with [`MockServer::answer_with`], in the order in which it was set;
//! 2. the protocol's own checks and its routes other than the chat, such as credentials;
//! 3. for a valid question, which is a chat request that passed the checks: the queue filled by [`MockServer::answer`] and
//!    [`Mock::reply`], then the [model](Mock::model), then the answer set with
//!    [`MockServer::answer_always`];
//! 4. the mock's default reply, which repeats the question.
//!
//! # Limits
//!
//! A mock refuses bodies over 1 MiB with status 413, as nginx does, and remembers the last 1,000
//! requests up to 4 MiB. [`MockServer::body_limit`] and [`MockServer::remember`] change that.
//!
//! The mocks run on the tokio runtime that starts them and need its I/O and time drivers.

mod answers;
mod any_mock;
mod md5_hex;
mod memory;
mod mock;
mod model;
mod protocol;
mod protocols;
mod proxy;
mod received_message;
mod replay;
mod server;
mod sync;

pub use answers::{
    Answer, Ending, Fault, FaultEffect, Framing, Gate, HeadFault, LiveBody, LiveSender,
    RecordingError, Step, UnknownFault,
};
pub use any_mock::AnyMock;
pub use mock::Mock;
pub use model::{ModelRule, ScriptedModel};
pub use protocol::{Protocol, Response};
pub use protocols::*;
pub use proxy::ProxyMock;
pub use received_message::ReceivedMessage;
pub use replay::Replay;
pub use server::{ClosedBy, ConnectionRecord, MockServer, Pacing, RecordedRequest};
