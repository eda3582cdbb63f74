//! The trait of a mock's protocol.

use std::fmt;

use crate::answers::Answer;
use crate::server::{Pacing, RecordedRequest};

/// A protocol that a [`Mock`](crate::Mock) speaks: the checks and routes of a real server, and
/// how it writes a reply.
///
/// A protocol answers everything but valid questions, which the script answers.
///
/// ```
/// use chatwire_mock::{Answer, Mock, Pacing, Protocol, RecordedRequest, Response};
///
/// /// Repeats what it is told, twice.
/// #[derive(Debug)]
/// struct Parrot;
///
/// impl Protocol for Parrot {
///     const PROVIDER: &'static str = "parrot";
///     type Reply = String;
///
///     fn is_chat(request: &RecordedRequest) -> bool {
///         request.path() == "/say"
///     }
///
///     fn respond(&self, request: &RecordedRequest) -> Response<String> {
///         if Self::is_chat(request) {
///             Response::Reply(request.text().repeat(2))
///         } else {
///             Response::Answer(Answer::html(404, "<h1>Not Found</h1>"))
///         }
///     }
///
///     fn write(&self, reply: &String, _: &RecordedRequest, pacing: &Pacing) -> Answer {
///         pacing.split(reply).iter().fold(Answer::status(200), Answer::piece)
///     }
///
///     fn failure(message: &str) -> Answer {
///         Answer::text([message]).with_status(500)
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let mock = Mock::serve("127.0.0.1:0", Parrot).await?;
/// mock.reply("not what you said");
/// # Ok(())
/// # }
/// ```
pub trait Protocol: fmt::Debug + Send + Sync + 'static {
    /// The name of the provider that speaks this protocol, such as `aura`.
    const PROVIDER: &'static str;

    /// A model that the server has by default.
    const MODEL: &'static str = "default";

    /// Whether the protocol marks the end of an answer, so that a client can tell one that was cut
    /// off although its response ended properly.
    const HAS_END_MARK: bool = true;

    /// A reply as a test describes it, such as its text.
    type Reply: fmt::Debug + Send + Sync + 'static;

    /// Whether this request asks a question, valid or not.
    fn is_chat(request: &RecordedRequest) -> bool
    where
        Self: Sized;

    /// Answers a request.
    fn respond(&self, request: &RecordedRequest) -> Response<Self::Reply>;

    /// Writes a reply as the real server does to this request.
    fn write(&self, reply: &Self::Reply, request: &RecordedRequest, pacing: &Pacing) -> Answer;

    /// Adds what the real server adds to every answer, scripted ones included.
    fn complete(&self, answer: Answer, request: &RecordedRequest) -> Answer {
        let _ = request;
        answer
    }

    /// The real server's answer to an error of the model with this message.
    fn failure(message: &str) -> Answer
    where
        Self: Sized;

    /// What the real server says in a stream of events that has begun when its model fails.
    /// `None` if its protocol has no words for that.
    fn late_error(message: &str) -> Option<String>
    where
        Self: Sized,
    {
        let _ = message;
        None
    }

    /// The directory that the server is in, such as `/blog`; empty for the root.
    fn directory(&self) -> &str {
        ""
    }

    /// The secrets that the server gives out now, which no client may show to anybody.
    fn secrets(&self) -> Vec<String> {
        Vec::new()
    }

    /// Replaces the credentials that the server gives out: the old ones are refused from now on.
    fn expire_credentials(&self) {}

    /// How often clients fetched credentials.
    fn credential_fetches(&self) -> usize {
        0
    }
}

/// A [`Protocol`]'s response to a request.
#[derive(Clone, Debug)]
pub enum Response<R> {
    /// The answer, whatever the script says: credentials, pages, refusals.
    Answer(Answer),
    /// The request is a valid question: the script's answer, or this reply if it has none.
    Reply(R),
}
