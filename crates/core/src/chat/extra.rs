/// Data that a backend sent besides the answer: JSON, by its name in the
/// protocol, for example `actions` or `metadata`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Extra {
    /// The name in the protocol.
    pub name: String,
    /// The value, as JSON text.
    pub json: String,
}

impl Extra {
    /// Creates an extra from its name and its value as JSON.
    pub fn new(name: impl Into<String>, json: impl Into<String>) -> Extra {
        Extra {
            name: name.into(),
            json: json.into(),
        }
    }
}
