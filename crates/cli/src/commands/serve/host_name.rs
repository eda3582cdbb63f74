/// The names of this machine as others write them: with its domain, without,
/// and with that of the local network.
#[cfg(unix)]
pub(super) fn host_names() -> Vec<String> {
    let system = rustix::system::uname();
    let name = system.nodename().to_str().unwrap_or_default();
    names(name)
}

#[cfg(not(unix))]
pub(super) fn host_names() -> Vec<String> {
    names(&std::env::var("COMPUTERNAME").unwrap_or_default())
}

fn names(name: &str) -> Vec<String> {
    let in_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let short = name.split('.').next().unwrap_or_default();
    if short.is_empty() || !name.chars().all(in_name) {
        return Vec::new();
    }
    vec![name.to_owned(), short.to_owned(), format!("{short}.local")]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_of_names() {
        for (name, expected) in [
            ("desk", &["desk", "desk", "desk.local"][..]),
            ("desk.lan", &["desk.lan", "desk", "desk.local"]),
            ("", &[]),
            ("*", &[]),
            (".lan", &[]),
        ] {
            assert_eq!(names(name), expected, "{name}");
        }
    }
}
