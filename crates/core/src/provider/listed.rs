use super::model::ModelInfo;
use crate::secret::Redactor;
use crate::text::shorten;

/// The longest id or name of a model, in bytes.
const MAX_LENGTH: usize = 256;

/// How many models a list has at most.
const MAX_MODELS: usize = 10_000;

/// Makes the list of models of what a server says that it has.
///
/// A server may say anything: ids above 256 bytes and ids with control
/// characters are left out, and so is everything after 10,000 models, which a
/// warning tells. Names are shortened. What the redactor knows is taken out,
/// because a server may repeat the key that it was sent.
pub fn listed_models(
    models: impl IntoIterator<Item = ModelInfo>,
    redactor: &Redactor,
) -> Vec<ModelInfo> {
    let mut listed = Vec::new();
    let (mut odd, mut more) = (0_usize, 0_usize);
    for model in models {
        let is_plain = !model.id.trim().is_empty()
            && model.id.len() <= MAX_LENGTH
            && !model.id.contains(char::is_control);
        if !is_plain {
            odd += 1;
        } else if listed.len() == MAX_MODELS {
            more += 1;
        } else {
            listed.push(ModelInfo {
                id: redacted(&model.id, redactor),
                name: shorten(&redacted(&model.name, redactor), MAX_LENGTH),
            });
        }
    }
    if odd > 0 {
        tracing::warn!(
            "{odd} of the server's models are left out: their ids are empty, longer than \
             {MAX_LENGTH} bytes, or have control characters"
        );
    }
    if more > 0 {
        tracing::warn!(
            "the server's list of models is cut after {MAX_MODELS}; {more} more are left out"
        );
    }
    listed
}

fn redacted(text: &str, redactor: &Redactor) -> String {
    // As much as can be shown of it, and a mark that it was cut.
    redactor.text(&shorten(text, 4 * MAX_LENGTH)).into_owned()
}
