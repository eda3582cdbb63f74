use crate::server::RecordedRequest;

/// What every request must have.
#[derive(Clone, Debug)]
pub(crate) enum Demand {
    Header(String, String),
    Cookie(String, String),
}

impl Demand {
    pub(crate) fn is_met(&self, request: &RecordedRequest) -> bool {
        match self {
            Self::Header(name, value) => request.header(name) == Some(value),
            Self::Cookie(name, value) => request.cookie(name) == Some(value),
        }
    }
}
