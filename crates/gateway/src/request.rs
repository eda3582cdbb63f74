use chatwire_core::ChatRequest;

/// A request as the gateway works on it, whichever dialect it was written in.
#[derive(Debug)]
pub(crate) struct GatewayRequest {
    /// The model as the client names it.
    pub(crate) model: String,
    /// The conversation and the parameters, without a model.
    pub(crate) chat: ChatRequest,
    /// Whether a backend is asked. If not, the dialect's writer knows the answer
    /// once it is clear that the model exists.
    pub(crate) is_question: bool,
    /// Whether the reply is streamed.
    pub(crate) stream: bool,
    /// Texts that end the reply before they appear in it.
    pub(crate) stop: Vec<String>,
    /// The dialect's name for the conversation.
    pub(crate) messages_name: &'static str,
    /// The dialect's name for the limit of tokens.
    pub(crate) max_tokens_name: &'static str,
    /// Where the first image stands, if there is one, as an error names it.
    pub(crate) image: Option<String>,
    /// Names of parameters that no provider can honour.
    pub(crate) ignored: Vec<String>,
}
