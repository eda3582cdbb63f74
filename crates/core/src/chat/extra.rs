/// Something that a backend sent besides the answer, as JSON by the name that
/// its protocol has for it, for example `actions` or `metadata`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Extra {
    /// The protocol's own name.
    pub name: String,
    /// The value, as JSON text.
    pub json: String,
}

impl Extra {
    /// A value by its name.
    pub fn new(name: impl Into<String>, json: impl Into<String>) -> Extra {
        Extra {
            name: name.into(),
            json: json.into(),
        }
    }
}
