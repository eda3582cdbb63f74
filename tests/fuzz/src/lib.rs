//! What the fuzz targets share.

#[path = "../../src/outcome.rs"]
mod outcome;

pub use outcome::{Outcome, outcome};

/// Cuts data into pieces. Where it is cut is read from the data's own first
/// bytes, so that a fuzzer finds the bad places.
pub fn pieces(data: &[u8]) -> (Vec<&[u8]>, &[u8]) {
    let (cuts, data) = data.split_at(data.len().min(8));
    let mut rest = data;
    let mut pieces = Vec::new();
    for cut in cuts.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (piece, after) = rest.split_at(rest.len().min(usize::from(*cut) % 32 + 1));
        pieces.push(piece);
        rest = after;
    }
    (pieces, data)
}
