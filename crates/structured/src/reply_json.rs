use chatwire_core::{
    BoxFuture, ChatRequest, Error, JsonSchema, Provider, ProviderExt, ResponseFormat,
};
use serde::de::DeserializeOwned;

use crate::failure::not_deserialized;

/// Answers as values of your own types, from every provider that answers by a
/// schema.
#[cfg_attr(docsrs, doc(cfg(feature = "schemars")))]
pub trait ReplyJson: Provider {
    /// Sends the request with the schema of `T` as its format, and returns the answer
    /// as a `T`.
    ///
    /// The schema is that of `schemars`: doc comments of the type and its fields are
    /// descriptions for the model.
    ///
    /// ```
    /// use chatwire_core::ChatRequest;
    /// use chatwire_structured::{ReplyJson, Structured};
    /// use schemars::JsonSchema;
    /// use serde::Deserialize;
    ///
    /// #[derive(Deserialize, JsonSchema)]
    /// struct City {
    ///     name: String,
    ///     /// In millions.
    ///     inhabitants: f64,
    /// }
    ///
    /// # use chatwire_aura::Aura;
    /// # use chatwire_mock::{Answer, AuraMock};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let server = AuraMock::start().await?;
    /// # server.answer(Answer::stream(["Of course: {\"name\": \"Tokyo\", ", "\"inhabitants\": 37.4}"]));
    /// # let aura = Aura::builder().base_url(server.url()).build()?;
    /// let provider = Structured::new(aura);
    /// let request = ChatRequest::new("Which city is the largest?");
    /// let city: City = provider.reply_json(&request).await?;
    /// assert_eq!(city.name, "Tokyo");
    /// assert_eq!(city.inhabitants, 37.4);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`Provider::stream`]; of the kind
    /// [`InvalidOutput`](chatwire_core::ErrorKind::InvalidOutput) if the answer is no
    /// `T`; and of the kind [`InvalidRequest`](chatwire_core::ErrorKind::InvalidRequest) if
    /// the provider does not answer by a schema: wrap it in
    /// [`Structured`](crate::Structured).
    fn reply_json<'a, T>(&'a self, request: &'a ChatRequest) -> BoxFuture<'a, Result<T, Error>>
    where
        T: DeserializeOwned + schemars::JsonSchema + Send,
    {
        Box::pin(async move {
            let request = request.clone().with_response_format(format_of::<T>());
            let reply = self.reply(&request).await?;
            serde_json::from_str(&reply.text)
                .map_err(|error| not_deserialized(self.info(), &error, &reply.text))
        })
    }
}

impl<P: Provider + ?Sized> ReplyJson for P {}

/// The schema of a type, under its name.
fn format_of<T: schemars::JsonSchema>() -> ResponseFormat {
    let schema = schemars::SchemaGenerator::default().into_root_schema_for::<T>();
    ResponseFormat::JsonSchema(JsonSchema::new(
        name_of(&T::schema_name()),
        schema.to_value(),
    ))
}

/// OpenAI's API takes at most 64 letters, digits, `_` and `-` for a name.
fn name_of(name: &str) -> String {
    let is_plain = |char: char| char.is_ascii_alphanumeric() || matches!(char, '_' | '-');
    let plain = |char| if is_plain(char) { char } else { '_' };
    name.chars().map(plain).take(64).collect()
}
