use std::fmt;
use std::sync::Arc;

use futures_core::future::BoxFuture;

use super::info::ProviderInfo;
use super::model::ModelInfo;
use crate::chat::{ChatRequest, IncompleteReply, Reply};
use crate::error::Error;
use crate::stream::ReplyStream;

/// A chat backend that answers as a stream.
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
    /// What the provider is and can do. No I/O.
    fn info(&self) -> &ProviderInfo;

    /// Asks, and resolves when the answer has begun: with the first event, or
    /// with the error if the backend refuses, also when it does so under
    /// status 200. This future is the boundary for repeating a request; a
    /// stream that has begun is never repeated. Dropping the future or the
    /// stream closes the connection.
    ///
    /// # Errors
    ///
    /// Any [`ErrorKind`](crate::ErrorKind); [`Error::is_retryable`] tells whether trying again
    /// can help.
    fn stream<'a>(&'a self, request: &'a ChatRequest) -> BoxFuture<'a, Result<ReplyStream, Error>>;

    /// The models of the backend: asked from the server where the protocol can
    /// (a request is sent), otherwise those of [`info`](Provider::info).
    ///
    /// # Errors
    ///
    /// Those of a request that fails.
    fn models(&self) -> BoxFuture<'_, Result<Vec<ModelInfo>, Error>> {
        let models = self.info().models.clone();
        Box::pin(async move { Ok(models) })
    }
}

/// What every [`Provider`] can do besides.
pub trait ProviderExt: Provider {
    /// Asks, and collects the whole answer.
    ///
    /// # Errors
    ///
    /// [`IncompleteReply`]: the error, and the text that had come before it.
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
