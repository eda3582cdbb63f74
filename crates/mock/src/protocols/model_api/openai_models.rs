//! The list of models, as OpenAI's APIs give it.

use serde_json::json;

use crate::answers::Answer;

/// The list of models.
pub(crate) fn openai_models(ids: &[&str]) -> Answer {
    let model = |id: &&str| json!({"id": id, "object": "model", "created": 1_700_000_000, "owned_by": "chatwire-mock"});
    let models: Vec<_> = ids.iter().map(model).collect();
    Answer::json(json!({"object": "list", "data": models}))
}
