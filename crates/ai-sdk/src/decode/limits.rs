/// How much one reply may hold.
///
/// ```
/// use chatwire_ai_sdk::Limits;
///
/// let limits = Limits::new().with_delta(64 * 1024);
/// assert_eq!(limits.delta(), Some(64 * 1024));
/// assert_eq!(limits.data_url(), Some(8 * 1024 * 1024));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    delta: Option<usize>,
    data_url: Option<usize>,
    total: Option<usize>,
}

/// Room for the members of an event besides the one that is large.
const AROUND: usize = 16 * 1024;

/// The longest escape of a character of one byte: `\u0000`.
const ESCAPE: usize = 6;

impl Limits {
    /// The usual limits: 1 MiB a delta, 8 MiB a data URL, 64 MiB in all.
    pub fn new() -> Limits {
        Limits {
            delta: Some(1024 * 1024),
            data_url: Some(8 * 1024 * 1024),
            total: Some(64 * 1024 * 1024),
        }
    }

    /// Limits the text of one delta, in bytes (`None`: no limit).
    #[must_use]
    pub fn with_delta(mut self, bytes: impl Into<Option<usize>>) -> Limits {
        self.delta = bytes.into();
        self
    }

    /// Limits one image or file, a data URL, and any other event, in bytes.
    #[must_use]
    pub fn with_data_url(mut self, bytes: impl Into<Option<usize>>) -> Limits {
        self.data_url = bytes.into();
        self
    }

    /// Limits what is kept until the end, in bytes: images, data and metadata.
    #[must_use]
    pub fn with_total(mut self, bytes: impl Into<Option<usize>>) -> Limits {
        self.total = bytes.into();
        self
    }

    /// The limit for the text of one delta.
    pub fn delta(&self) -> Option<usize> {
        self.delta
    }

    /// The limit for one data URL.
    pub fn data_url(&self) -> Option<usize> {
        self.data_url
    }

    /// The limit for what is kept until the end.
    pub fn total(&self) -> Option<usize> {
        self.total
    }

    /// How long an event may be on the wire, so that neither a delta nor a data
    /// URL within its limit is too long.
    pub(crate) fn event(&self) -> Option<usize> {
        let delta = self.delta?.saturating_mul(ESCAPE);
        Some(delta.max(self.data_url?).saturating_add(AROUND))
    }
}

impl Default for Limits {
    fn default() -> Limits {
        Limits::new()
    }
}
