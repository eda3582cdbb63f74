//! The memory that clients can make the gateway hold.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;

use crate::error::ApiError;

/// The bytes that all requests together may hold: bodies of requests whose reply
/// has not begun, and replies that are not streamed, until they are sent.
#[derive(Debug)]
pub(crate) struct Budget {
    limit: usize,
    used: AtomicUsize,
}

impl Budget {
    pub(crate) fn new(limit: usize) -> Budget {
        Budget {
            limit,
            used: AtomicUsize::new(0),
        }
    }

    /// How many bytes are held now.
    pub(crate) fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }

    /// Begins to hold something, no bytes yet.
    pub(crate) fn hold(self: &Arc<Self>) -> Held {
        Held {
            budget: Arc::clone(self),
            bytes: 0,
        }
    }
}

/// Bytes that are held, and are free again when this is dropped.
#[derive(Debug)]
pub(crate) struct Held {
    budget: Arc<Budget>,
    bytes: usize,
}

impl Held {
    /// Holds so many bytes more, if there are so many.
    pub(crate) fn grow(&mut self, bytes: usize) -> Result<(), ApiError> {
        let limit = self.budget.limit;
        let more = |used: usize| used.checked_add(bytes).filter(|used| *used <= limit);
        let used = &self.budget.used;
        match used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more) {
            Ok(_) => {
                self.bytes += bytes;
                Ok(())
            }
            // Alone, it would be too much as well.
            Err(_) if self.bytes.saturating_add(bytes) > limit => {
                let mut error = too_many("this is more than the gateway may hold at all");
                error.retry_after = None;
                error.should_retry = Some(false);
                Err(error)
            }
            Err(_) => Err(too_many(
                "the gateway holds as many bytes of requests and replies as it may",
            )),
        }
    }

    /// Makes bytes of a body that are held until they are sent. They are there
    /// already, so that they count even if they are over the limit.
    pub(crate) fn into_bytes(mut self, body: Vec<u8>) -> Bytes {
        let used = &self.budget.used;
        used.fetch_add(body.len(), Ordering::Relaxed);
        used.fetch_sub(self.bytes, Ordering::Relaxed);
        self.bytes = body.len();
        Bytes::from_owner(HeldBody { body, _held: self })
    }
}

fn too_many(why: &'static str) -> ApiError {
    ApiError::busy("too_many_bytes_in_flight", why).closing()
}

impl Drop for Held {
    fn drop(&mut self) {
        self.budget.used.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

struct HeldBody {
    body: Vec<u8>,
    _held: Held,
}

impl AsRef<[u8]> for HeldBody {
    fn as_ref(&self) -> &[u8] {
        &self.body
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_is_given_back() {
        let budget = Arc::new(Budget::new(10));
        let mut first = budget.hold();
        let mut second = budget.hold();
        first.grow(6).unwrap();
        second.grow(4).unwrap();
        let error = second.grow(1).unwrap_err();
        assert_eq!(error.status.as_u16(), 503);
        assert_eq!(error.should_retry, Some(true));
        let error = first.grow(usize::MAX).unwrap_err();
        assert_eq!((error.retry_after, error.should_retry), (None, Some(false)));
        assert_eq!(budget.used(), 10);
        drop(first);
        assert_eq!(budget.used(), 4);
        // A body may be larger than the text that it was made of.
        let body = second.into_bytes(vec![0; 12]);
        let part = body.slice(3..);
        drop(body);
        assert_eq!(budget.used(), 12);
        assert!(budget.hold().grow(1).is_err());
        drop(part);
        assert_eq!(budget.used(), 0);
    }
}
