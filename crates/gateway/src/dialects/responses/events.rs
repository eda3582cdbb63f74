use serde::Serialize;

use super::items::{OutputItem, OutputText};
use super::response::ResponseObject;

/// The data of an event, beside its type and its number.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Event<'a> {
    Response {
        response: Box<ResponseObject<'a>>,
    },
    Item {
        output_index: usize,
        item: OutputItem<'a>,
    },
    Part {
        item_id: &'a str,
        output_index: usize,
        content_index: u32,
        part: OutputText<'a>,
    },
    TextDone {
        item_id: &'a str,
        output_index: usize,
        content_index: u32,
        text: &'a str,
        logprobs: [(); 0],
    },
    ArgumentsDelta {
        item_id: &'a str,
        output_index: usize,
        delta: &'a str,
    },
    ArgumentsDone {
        item_id: &'a str,
        output_index: usize,
        name: &'a str,
        arguments: &'a str,
    },
}

/// An event as it is sent.
#[derive(Serialize)]
pub(super) struct Numbered<'a> {
    pub(super) r#type: &'static str,
    pub(super) sequence_number: u64,
    #[serde(flatten)]
    pub(super) event: Event<'a>,
}
