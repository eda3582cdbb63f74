use std::fmt;
use std::sync::Arc;

use futures_core::future::BoxFuture;

use super::info::ProviderInfo;
use super::model::ModelInfo;
use crate::chat::{ChatRequest, IncompleteReply, Reply};
use crate::error::Error;
use crate::stream::ReplyStream;

/// A chat backend that streams its answers.
///
/// The trait is dyn-compatible: `Arc<dyn Provider>` and `Box<dyn Provider>`
/// are providers too. [`ProviderExt::reply`] collects a whole answer.
///
/// ```
/// use chatwire_core::{ChatRequest, Error, Provider, ReplyEvent};
///
/// async fn print(provider: &dyn Provider) -> Result<(), Error> {
///     let request = ChatRequest::new("Hello");
///     let mut reply = provider.stream(&request).await?;
///     while let Some(event) = reply.next().await {
///         if let ReplyEvent::Text(text) = event? {
///             print!("{text}");
///         }
///     }
///     Ok(())
/// }
/// ```
pub trait Provider: fmt::Debug + Send + Sync {
    /// Describes the provider. This does no I/O.
    fn info(&self) -> &ProviderInfo;

    /// Sends the request and waits for the first event of the answer. If the
    /// backend refuses, even with a status of 200, the future resolves to the
    /// error.
    ///
    /// A request may be repeated until this future resolves to a stream, and
    /// never after that. Dropping the future or the stream closes the connection.
    ///
    /// # Errors
    ///
    /// Any [`ErrorKind`](crate::ErrorKind). [`Error::is_retryable`] says whether
    /// trying again can help.
    fn stream<'a>(&'a self, request: &'a ChatRequest) -> BoxFuture<'a, Result<ReplyStream, Error>>;

    /// Returns the models of the backend. If the protocol can list them, this
    /// sends a request; otherwise they are those of [`info`](Provider::info).
    ///
    /// # Errors
    ///
    /// Those of a request.
    fn models(&self) -> BoxFuture<'_, Result<Vec<ModelInfo>, Error>> {
        let models = self.info().models.clone();
        Box::pin(async move { Ok(models) })
    }
}

/// Further methods of every [`Provider`].
pub trait ProviderExt: Provider {
    /// Sends the request and collects the whole answer.
    ///
    /// # Errors
    ///
    /// [`IncompleteReply`]: the error, and the text received before it.
    fn reply<'a>(
        &'a self,
        request: &'a ChatRequest,
    ) -> BoxFuture<'a, Result<Reply, IncompleteReply>> {
        Box::pin(async move { self.stream(request).await?.collect().await })
    }
}

impl<P: Provider + ?Sized> ProviderExt for P {}

macro_rules! forward {
    ($pointer:ty) => {
        impl<P: Provider + ?Sized> Provider for $pointer {
            fn info(&self) -> &ProviderInfo {
                (**self).info()
            }

            fn stream<'a>(
                &'a self,
                request: &'a ChatRequest,
            ) -> BoxFuture<'a, Result<ReplyStream, Error>> {
                (**self).stream(request)
            }

            fn models(&self) -> BoxFuture<'_, Result<Vec<ModelInfo>, Error>> {
                (**self).models()
            }
        }
    };
}

forward!(Arc<P>);
forward!(Box<P>);
forward!(&P);
