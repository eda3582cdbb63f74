//! Pictures of an answer, saved as files.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use chatwire::{HttpConfig, Image};
use chatwire_core::provider_kit::{BaseUrl, HttpClient, HttpRequest};

use crate::args::PictureArgs;
use crate::endpoints::Target;
use crate::failure::Failure;
use crate::terminal::say;

/// How many pictures of one answer are saved.
const MAX_PICTURES: usize = 20;

/// How many names are tried for a picture whose name is taken.
const MAX_NAMES: usize = 1000;

/// Saves the pictures of an answer of that provider, if they are to be saved,
/// and says where. Those that stand elsewhere than on the server or on the named
/// hosts are not fetched: a server must not choose whom this machine asks.
pub(crate) async fn save(
    pictures: &[String],
    args: &PictureArgs,
    target: &Target,
    provider: &str,
) -> Result<(), Failure> {
    let part = target.parts.iter().find(|part| part.kind.name == provider);
    let (Some(directory), Some(part)) = (&args.save_images, part) else {
        return Ok(());
    };
    let base = &part.provider.info().base_url;
    for (index, address) in pictures.iter().take(MAX_PICTURES).enumerate() {
        let fetched = picture(address, base, &args.image_host, &part.endpoint.http).await?;
        let saved = match fetched {
            Some((name, bytes)) => write(directory, &name, index, &bytes)?,
            None => {
                say("an image is not saved: it is on another host, see --image-host");
                continue;
            }
        };
        say(&format!("image saved in {}", saved.display()));
    }
    if pictures.len() > MAX_PICTURES {
        say(&format!(
            "only {MAX_PICTURES} of {} images are saved",
            pictures.len()
        ));
    }
    Ok(())
}

/// The name and the bytes of a picture; `None` if it may not be fetched.
async fn picture(
    address: &str,
    base_url: &str,
    hosts: &[String],
    http: &HttpConfig,
) -> Result<Option<(String, Vec<u8>)>, Failure> {
    if address
        .get(..5)
        .is_some_and(|it| it.eq_ignore_ascii_case("data:"))
    {
        let image = Image::from_data_url(address)?;
        let kind = image.media_type().rsplit('/').next().unwrap_or_default();
        return Ok(Some((format!("image.{kind}"), image.bytes().to_vec())));
    }
    let base = BaseUrl::parse(base_url)?;
    let base = base.join("/")?;
    let Some(url) = base.resolve(address) else {
        return Ok(None);
    };
    let host = host_of(&url.to_string());
    if !url.same_origin(&base) && !hosts.iter().any(|known| known.eq_ignore_ascii_case(&host)) {
        return Ok(None);
    }
    let name = url.path().rsplit('/').next().unwrap_or_default().to_owned();
    // A plain configuration: headers and passwords are the server's alone.
    let config = match url.same_origin(&base) {
        true => http.clone(),
        false => HttpConfig::new(),
    };
    let client = HttpClient::new("images", config)?;
    let response = client.send(HttpRequest::get(url)).await?;
    if !response.is_success() {
        return Err(response.into_error().await.into());
    }
    Ok(Some((name, response.into_bytes().await?)))
}

fn host_of(url: &str) -> String {
    let authority = url.split("://").nth(1).unwrap_or_default();
    let authority = authority.split(['/', '?']).next().unwrap_or_default();
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|it| it.is_ascii_digit()) => host.to_owned(),
        _ => authority.to_owned(),
    }
}

/// Writes a file that is not there yet.
fn write(directory: &Path, name: &str, index: usize, bytes: &[u8]) -> Result<PathBuf, Failure> {
    let name = safe(name, index);
    let (stem, ending) = name.rsplit_once('.').unwrap_or((&name, "img"));
    for number in 0..MAX_NAMES {
        let path = directory.join(match number {
            0 => format!("{stem}.{ending}"),
            _ => format!("{stem}-{number}.{ending}"),
        });
        let wrong = |why: std::io::Error| {
            let path = path.display().to_string();
            Failure::Other(format!("image {path:?} cannot be written: {why}"))
        };
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(mut file) => {
                let written = file.write_all(bytes);
                if written.is_err() {
                    // Half a picture is none.
                    let _ = fs::remove_file(&path);
                }
                written.map_err(wrong)?;
                return Ok(path);
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(wrong(error)),
        }
    }
    Err(Failure::Other(format!(
        "all names like {name:?} are taken in {}",
        directory.display()
    )))
}

/// A file name without anything that a system takes for more than a name.
fn safe(name: &str, index: usize) -> String {
    let plain = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let kept: String = name.chars().filter(plain).take(100).collect();
    match kept.trim_start_matches('.') {
        "" => format!("image-{}", index + 1),
        kept => kept.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{host_of, safe, write};

    #[test]
    fn names_are_names() {
        for (name, expected) in [
            ("cat.png", "cat.png"),
            ("..%2f..", "2f.."),
            ("../../x", "x"),
            ("...", "image-1"),
            ("", "image-1"),
            ("a\u{202e}gnp.exe", "agnp.exe"),
        ] {
            assert_eq!(
                safe(name.rsplit('/').next().unwrap(), 0),
                expected,
                "{name}"
            );
        }
        assert_eq!(host_of("https://cdn.example:8443/a?b"), "cdn.example");
    }

    #[test]
    fn nothing_is_overwritten() {
        let name = format!("chatwire-pictures-{}", std::process::id());
        let directory = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&directory).unwrap();
        let first = write(&directory, "a.png", 0, b"1").unwrap();
        let second = write(&directory, "a.png", 1, b"2").unwrap();
        assert_eq!(std::fs::read(first).unwrap(), b"1");
        assert!(second.ends_with("a-1.png"));
        std::fs::remove_dir_all(&directory).unwrap();
    }
}
