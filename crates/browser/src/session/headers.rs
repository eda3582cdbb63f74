use serde::{Deserialize, Serialize};

/// `navigator.userAgentData`, which not every browser has.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ClientHints {
    pub(crate) brands: Vec<Brand>,
    pub(crate) mobile: bool,
    pub(crate) platform: String,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Brand {
    pub(crate) brand: String,
    pub(crate) version: String,
}

impl ClientHints {
    /// The headers of the hints, with their values.
    pub(crate) fn headers(&self) -> [(&'static str, String); 3] {
        let brands: Vec<String> = self
            .brands
            .iter()
            .map(|brand| format!("{};v={}", quoted(&brand.brand), quoted(&brand.version)))
            .collect();
        let mobile = if self.mobile { "?1" } else { "?0" };
        [
            ("sec-ch-ua", brands.join(", ")),
            ("sec-ch-ua-mobile", mobile.to_owned()),
            ("sec-ch-ua-platform", quoted(&self.platform)),
        ]
    }

    /// Reads the values of `sec-ch-ua`, `sec-ch-ua-mobile` and
    /// `sec-ch-ua-platform`; `None` if the first is not as browsers write it.
    pub(crate) fn from_headers(brands: &str, mobile: &str, platform: &str) -> Option<ClientHints> {
        let mut rest = brands.trim();
        let mut list = Vec::new();
        while !rest.is_empty() {
            let (brand, after) = unquoted(rest)?;
            let (version, after) = unquoted(after.strip_prefix(";v=")?)?;
            list.push(Brand { brand, version });
            rest = after.trim_start().trim_start_matches(',').trim_start();
        }
        Some(ClientHints {
            brands: list,
            mobile: mobile.trim() == "?1",
            platform: unquoted(platform.trim()).map_or(String::new(), |(text, _)| text),
        })
    }
}

/// Languages as browsers write them: `en-US,en;q=0.9,de;q=0.8`.
pub(crate) fn accept_language(languages: &[String]) -> String {
    let weighted: Vec<String> = languages
        .iter()
        .enumerate()
        .map(|(rank, language)| match rank {
            0 => language.clone(),
            rank => format!("{language};q=0.{}", 10_usize.saturating_sub(rank).max(1)),
        })
        .collect();
    weighted.join(",")
}

/// The languages of an `Accept-Language` header, in the order that they have
/// there: browsers write the preferred one first.
pub(crate) fn languages(header: &str) -> Vec<String> {
    header
        .split(',')
        .filter_map(|part| part.split(';').next())
        .map(|language| language.trim().to_owned())
        .filter(|language| !language.is_empty() && language != "*")
        .collect()
}

/// A string of a structured header (RFC 9651, 3.3.3).
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// The string that a structured header starts with, and what follows it.
fn unquoted(header: &str) -> Option<(String, &str)> {
    let header = header.strip_prefix('"')?;
    let mut text = String::new();
    let mut escaped = false;
    for (at, c) in header.char_indices() {
        match c {
            '\\' if !escaped => escaped = true,
            '"' if !escaped => return Some((text, header.get(at + 1..)?)),
            c => {
                escaped = false;
                text.push(c);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{ClientHints, accept_language, languages};

    #[test]
    fn client_hints_are_read_as_they_are_written() {
        for (brands, mobile, platform) in [
            (
                r#""Chromium";v="126", "Not/A\"B\\";v="8.0.0.0""#,
                "?0",
                r#""Linux""#,
            ),
            (r#""A";v="1""#, "?1", r#""""#),
            ("", "?0", r#""""#),
        ] {
            let hints = ClientHints::from_headers(brands, mobile, platform).unwrap();
            let written: Vec<String> = hints.headers().into_iter().map(|(_, v)| v).collect();
            assert_eq!(written, [brands, mobile, platform]);
        }
        for wrong in [
            "Chromium",
            r#""A"#,
            r#""A";v="#,
            r#""A";v=1"#,
            r#""A", "B""#,
        ] {
            assert!(
                ClientHints::from_headers(wrong, "", "").is_none(),
                "{wrong}"
            );
        }
    }

    #[test]
    fn languages_are_read_as_they_are_written() {
        for (list, header) in [
            (vec!["en-US", "en", "de"], "en-US,en;q=0.9,de;q=0.8"),
            (vec!["de"], "de"),
            (vec![], ""),
        ] {
            let list: Vec<String> = list.into_iter().map(str::to_owned).collect();
            assert_eq!(accept_language(&list), header);
            assert_eq!(languages(header), list);
        }
        assert_eq!(languages("de , en;q=0.5, *;q=0.1"), ["de", "en"]);
    }
}
