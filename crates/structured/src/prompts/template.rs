use super::file::PromptFile;

/// A text with places for values, such as `${schema}`, and with lines that are
/// only there in some cases: `[if described] …`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Template {
    version: u32,
    text: String,
}

/// A piece of a line.
enum Piece<'a> {
    Text(&'a str),
    Place(&'a str),
}

impl Template {
    /// Reads a file. An error is in words that continue "the prompt NAME …".
    pub(super) fn parse(file: PromptFile, text: &str) -> Result<Template, String> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let text = text.replace("\r\n", "\n");
        let (first, body) = text.split_once('\n').unwrap_or((&text, ""));
        let version = first.trim().strip_prefix("version ");
        let version = version
            .and_then(|number| number.trim().parse().ok())
            .ok_or("does not begin with the line \"version NUMBER\"")?;
        let body = body.trim_end();
        if body.is_empty() {
            return Err("has no text below the line with its version".into());
        }
        let mut missing: Vec<&str> = file.required().to_vec();
        for (number, line) in body.lines().enumerate() {
            // The line with the version is the first.
            let number = number + 2;
            let (case, rest) = split_case(line);
            if let Some(case) = case
                && !file.cases().contains(&case)
            {
                return Err(format!(
                    "has the unknown case {case:?} in line {number}; known: {}",
                    list(file.cases())
                ));
            }
            for piece in pieces(rest) {
                let Piece::Place(place) = piece else {
                    continue;
                };
                if case.is_none() {
                    missing.retain(|name| *name != place);
                }
                if !file.required().contains(&place) && !file.optional().contains(&place) {
                    let known = [file.required(), file.optional()].concat();
                    return Err(format!(
                        "has the unknown place ${{{place}}} in line {number}; known: {}",
                        list(&known)
                    ));
                }
            }
        }
        match missing.first() {
            Some(place) => Err(format!(
                "must have the place ${{{place}}}, in a line for all cases"
            )),
            None => Ok(Template {
                version,
                text: body.to_owned(),
            }),
        }
    }

    pub(super) fn version(&self) -> u32 {
        self.version
    }

    /// Returns the text without the line of its version.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Returns the text for these cases with the values in their places. What looks
    /// like a place in a value is none.
    pub(super) fn fill(&self, cases: &[&str], values: &[(&str, &str)]) -> String {
        let mut filled = String::new();
        for line in self.text.lines() {
            let (case, line) = split_case(line);
            if case.is_some_and(|case| !cases.contains(&case)) {
                continue;
            }
            if !filled.is_empty() {
                filled.push('\n');
            }
            for piece in pieces(line) {
                filled.push_str(match piece {
                    Piece::Text(text) => text,
                    Piece::Place(place) => values
                        .iter()
                        .find(|(name, _)| *name == place)
                        .map_or("", |(_, value)| value),
                });
            }
        }
        filled
    }
}

/// Splits `[if CASE] ` from a line.
fn split_case(line: &str) -> (Option<&str>, &str) {
    let Some((case, rest)) = line
        .strip_prefix("[if ")
        .and_then(|line| line.split_once(']'))
    else {
        return (None, line);
    };
    (Some(case.trim()), rest.strip_prefix(' ').unwrap_or(rest))
}

fn pieces(line: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = line;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        if let Some((name, after)) = rest
            .strip_prefix("${")
            .and_then(|inner| inner.split_once('}'))
        {
            rest = after;
            return Some(Piece::Place(name));
        }
        // Not before the second character, since no place begins at the first.
        let next = rest
            .char_indices()
            .skip(1)
            .find(|(at, _)| rest.get(*at..).is_some_and(|it| it.starts_with("${")));
        let at = next.map_or(rest.len(), |(at, _)| at);
        let (text, after) = rest.split_at(at);
        rest = after;
        Some(Piece::Text(text))
    })
}

fn list(names: &[&str]) -> String {
    match names {
        [] => "none".to_owned(),
        names => names.join(", "),
    }
}
