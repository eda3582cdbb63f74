//! The formatted prompt, against vectors made with the original client.

use chatwire_core::{ErrorKind, Messages, PromptFormat};
use serde::Deserialize;

#[derive(Deserialize)]
struct Vector {
    vector: String,
    messages: Messages,
    flags: Flags,
    latest: Latest,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Flags {
    #[serde(default)]
    add_special_tokens: bool,
    #[serde(default)]
    do_continue: bool,
    #[serde(default = "yes")]
    include_system: bool,
}

fn yes() -> bool {
    true
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Latest {
    Prompt(String),
    Failure {
        #[allow(dead_code)] // Only that there was one counts.
        exception: String,
    },
}

#[test]
fn every_vector_of_the_original() {
    let vectors: Vec<Vector> =
        serde_json::from_str(include_str!("../data/format_prompt_vectors.json")).unwrap();
    assert!(vectors.len() >= 38, "only {} vectors", vectors.len());
    for vector in vectors {
        let name = &vector.vector;
        let format = PromptFormat::new()
            .with_label_single(vector.flags.add_special_tokens)
            .with_continue_last(vector.flags.do_continue)
            .with_system(vector.flags.include_system);
        match (format.format(&vector.messages), vector.latest) {
            (Ok(prompt), Latest::Prompt(expected)) => assert_eq!(prompt, expected, "{name}"),
            (Err(error), Latest::Failure { .. }) => {
                assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{name}");
            }
            (Ok(prompt), Latest::Failure { .. }) => panic!("{name}: no error, but {prompt:?}"),
            (Err(error), Latest::Prompt(_)) => panic!("{name}: {error}"),
        }
    }
}

#[test]
fn the_default_is_new() {
    assert_eq!(PromptFormat::default(), PromptFormat::new());
}
