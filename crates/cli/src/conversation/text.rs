use crate::failure::Failure;

/// The text of a file or of standard input, which `name` names.
pub(super) fn text(name: &str, bytes: Vec<u8>) -> Result<String, Failure> {
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Failure::Usage(format!("{name} is not UTF-8 text (byte {})", at + 1))
    })
}
