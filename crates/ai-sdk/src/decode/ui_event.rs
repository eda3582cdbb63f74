use serde::Deserialize;
use serde_json::value::RawValue;

use super::utf16;

/// A member of an event, as JSON: strings are read as UTF-16 by [`text`].
type Raw<'a> = Option<&'a RawValue>;

/// One event of a UI message stream. Whatever has another type than it should
/// is read as if it were not there.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UiEvent<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: Raw<'a>,
    #[serde(borrow, default)]
    id: Raw<'a>,
    #[serde(borrow, default)]
    pub(crate) delta: Raw<'a>,
    #[serde(borrow, default)]
    error_text: Raw<'a>,
    #[serde(borrow, default)]
    reason: Raw<'a>,
    #[serde(borrow, default)]
    finish_reason: Raw<'a>,
    #[serde(borrow, default)]
    pub(crate) message_metadata: Raw<'a>,
    #[serde(borrow, default)]
    tool_call_id: Raw<'a>,
    #[serde(borrow, default)]
    tool_name: Raw<'a>,
    #[serde(borrow, default)]
    input: Raw<'a>,
    #[serde(borrow, default)]
    output: Raw<'a>,
    #[serde(borrow, default)]
    url: Raw<'a>,
    #[serde(borrow, default)]
    title: Raw<'a>,
    #[serde(borrow, default)]
    media_type: Raw<'a>,
    #[serde(borrow, default)]
    filename: Raw<'a>,
    #[serde(borrow, default)]
    pub(crate) data: Raw<'a>,
}

macro_rules! texts {
    ($($name:ident),*) => {$(
        pub(crate) fn $name(&self) -> Option<String> {
            self.$name.and_then(|json| utf16::text(json.get()))
        }
    )*};
}

impl<'a> UiEvent<'a> {
    /// The event of a line of data; `None` when it is no event.
    pub(crate) fn read(data: &'a str) -> Option<UiEvent<'a>> {
        serde_json::from_str(data).ok()
    }

    texts!(
        kind,
        id,
        error_text,
        reason,
        finish_reason,
        tool_call_id,
        tool_name,
        url,
        title,
        media_type,
        filename
    );

    /// What a tool is called with, as JSON.
    pub(crate) fn input(&self) -> &str {
        self.input.map(RawValue::get).unwrap_or_default()
    }

    /// What a tool gave, as JSON.
    pub(crate) fn output(&self) -> &str {
        self.output.map(RawValue::get).unwrap_or_default()
    }
}

/// The id and the delta, a JSON string, of an event that is just as the package
/// writes its text deltas, which nearly all events are.
pub(crate) fn text_delta(data: &str) -> Option<(&str, &str)> {
    let rest = data.strip_prefix(r#"{"type":"text-delta","id":""#)?;
    let (id, rest) = rest.split_once('"')?;
    let delta = rest.strip_prefix(r#","delta":"#)?.strip_suffix('}')?;
    (!id.contains('\\')).then_some((id, delta))
}
