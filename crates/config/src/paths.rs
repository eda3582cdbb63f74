use std::env::home_dir;
use std::path::{Path, PathBuf};

/// Returns where a path of a configuration file leads: a relative one starts in the
/// folder of that file, and `~/` in the home of the user, as in a shell.
pub(crate) fn located(folder: &Path, path: &Path) -> PathBuf {
    match (path.strip_prefix("~"), home_dir()) {
        (Ok(rest), Some(home)) => home.join(rest),
        _ => folder.join(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places() {
        let home = home_dir().unwrap();
        let folder = Path::new("/etc/chatwire");
        for (path, place) in [
            ("key.txt", folder.join("key.txt")),
            ("../key.txt", folder.join("../key.txt")),
            ("/run/key", "/run/key".into()),
            ("~/keys/a", home.join("keys/a")),
            ("~other/a", folder.join("~other/a")),
            ("a/~/b", folder.join("a/~/b")),
        ] {
            assert_eq!(located(folder, Path::new(path)), place, "{path}");
        }
    }
}
