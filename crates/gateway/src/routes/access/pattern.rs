/// A text in which `*` stands for any characters, or none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern(String);

impl Pattern {
    pub(super) fn new(text: impl Into<String>) -> Pattern {
        Pattern(text.into())
    }

    /// Returns `true` if the whole text fits. The cost is linear in the text for
    /// each star.
    pub(super) fn fits(&self, text: &str) -> bool {
        let Some((first, rest)) = self.0.split_once('*') else {
            return self.0 == text;
        };
        let (middle, last) = rest.rsplit_once('*').unwrap_or(("", rest));
        let Some(mut text) = text
            .strip_prefix(first)
            .and_then(|text| text.strip_suffix(last))
        else {
            return false;
        };
        // The earliest place of each part leaves the most for the others.
        for part in middle.split('*') {
            match text.split_once(part) {
                Some((_, after)) => text = after,
                None => return part.is_empty(),
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_of_texts() {
        for (pattern, text, fits) in [
            ("a.example", "a.example", true),
            ("a.example", "b.example", false),
            ("*", "", true),
            ("*", "anything", true),
            ("*.example", "a.b.example", true),
            ("*.example", "example", false),
            ("*.example", ".example.evil", false),
            ("app-*.example", "app-1.example", true),
            ("app-*.example", "app.example", false),
            ("ab*ba", "aba", false),
            ("ab*ba", "abba", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c", false),
            ("*a*a*", "a", false),
            ("*a*a*", "-a-a-", true),
            ("**", "x", true),
        ] {
            assert_eq!(Pattern::new(pattern).fits(text), fits, "{pattern} {text}");
        }
    }
}
