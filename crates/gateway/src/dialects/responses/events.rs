use serde::Serialize;

use super::response::{OutputMessage, OutputText, ResponseObject};

/// The data of an event, beside its type and its number.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Event<'a> {
    Response {
        response: Box<ResponseObject<'a>>,
    },
    Item {
        output_index: u32,
        item: OutputMessage<'a>,
    },
    Part {
        item_id: &'a str,
        output_index: u32,
        content_index: u32,
        part: OutputText<'a>,
    },
    TextDone {
        item_id: &'a str,
        output_index: u32,
        content_index: u32,
        text: &'a str,
        logprobs: [(); 0],
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
