use chatwire_core::{Error, ErrorKind, Limit};

/// The longest answer that is held, in MiB: far more than a model writes at once.
const MAX_MIB: usize = 4;

/// Checks the length in bytes of an answer that is held until it has ended.
///
/// # Errors
///
/// [`LimitExceeded`](ErrorKind::LimitExceeded) if it is too long.
pub(crate) fn check_held(length: usize) -> Result<(), Error> {
    if length <= MAX_MIB * 1024 * 1024 {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::LimitExceeded(Limit::Reply),
        format!(
            "the answer has more than {MAX_MIB} MiB, which is the most that is held until an \
             answer in a format or with tools has ended"
        ),
    ))
}
