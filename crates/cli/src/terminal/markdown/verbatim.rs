//! Source that is shown as it stands there.

use super::flow::{Flow, Place};
use super::look::Look;
use super::width::columns;

/// Writes a part of the source as it is.
pub(super) fn write_verbatim(flow: &mut Flow, source: &str, part: &str) {
    let start = offset_in(source, part).unwrap_or(0);
    let mut chars = part.char_indices().peekable();
    while let Some((index, c)) = chars.next() {
        let next = chars.peek().map(|(_, next)| *next);
        let place = Some(Place {
            offset: start + index,
            plain: true,
        });
        flow.put(c, columns(c, next), &Look::default(), place);
    }
}

/// Where a part of a text begins in it.
fn offset_in(text: &str, part: &str) -> Option<usize> {
    let start = (part.as_ptr() as usize).checked_sub(text.as_ptr() as usize)?;
    (start + part.len() <= text.len()).then_some(start)
}
