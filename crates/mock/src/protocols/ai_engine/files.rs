//! Files that visitors upload, for the question that they ask next.

use std::sync::Mutex;

use bytes::Bytes;

use super::multipart;
use super::php_json;
use super::version::PluginVersion;
use super::wordpress::{failure, json};
use crate::answers::{Answer, Framing};
use crate::md5_hex::md5_hex;
use crate::memory::Memory;
use crate::server::RecordedRequest;
use crate::sync::lock;

/// How many files and bytes a site keeps.
const MAX_FILES: usize = 1_000;
const MAX_BYTES: usize = 16 * 1024 * 1024;

/// The endings that WordPress takes unless told otherwise, as far as people use them, and their
/// media types.
const KINDS: [(&str, &str); 13] = [
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("png", "image/png"),
    ("gif", "image/gif"),
    ("webp", "image/webp"),
    ("pdf", "application/pdf"),
    ("txt", "text/plain"),
    ("csv", "text/csv"),
    ("rtf", "application/rtf"),
    ("doc", "application/msword"),
    (
        "docx",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ),
    ("mp3", "audio/mpeg"),
    ("wav", "audio/wav"),
];

#[derive(Debug)]
pub(crate) struct Files {
    kept: Mutex<Memory<File>>,
}

/// An uploaded file.
#[derive(Clone, Debug)]
pub(crate) struct File {
    pub(crate) id: String,
    path: String,
    pub(crate) media_type: &'static str,
    pub(crate) data: Bytes,
}

impl Default for Files {
    fn default() -> Self {
        Self {
            kept: Mutex::new(Memory::new(MAX_FILES, MAX_BYTES)),
        }
    }
}

impl Files {
    /// Takes an upload; `site` is the site's address.
    pub(crate) fn upload(
        &self,
        request: &RecordedRequest,
        version: PluginVersion,
        site: &str,
    ) -> Answer {
        let refuse = |message: &str| json(400, failure(message, None));
        let fields = multipart::fields(request).unwrap_or_default();
        let named = |name: &str| fields.iter().find(|field| field.name == name);
        let Some((file, filename)) =
            named("file").and_then(|file| Some((file, file.filename.as_deref()?)))
        else {
            return refuse("No file provided.");
        };
        let purpose = named("purpose").is_some_and(|purpose| {
            let purpose: &[u8] = &purpose.data;
            !purpose.is_empty() && purpose != b"0"
        });
        if version.demands_purpose() && !purpose {
            return refuse("Purpose is required.");
        }
        let Some((ending, media_type)) = kind(filename, &file.data) else {
            return refuse("Invalid file type.");
        };
        let mut kept = lock(&self.kept);
        let id = md5_hex(&format!("upload {}", kept.total()));
        let path = format!("/wp-content/uploads/2026/11/{id}.{ending}");
        let url = format!("{site}{path}");
        let size = file.data.len();
        let file = File {
            id: id.clone(),
            path,
            media_type,
            data: file.data.clone(),
        };
        kept.push(file, size);
        json(
            200,
            format!(
                "{{\"success\":true,\"data\":{{\"id\":{},\"url\":{}}}}}",
                php_json::string(&id),
                php_json::string(&url)
            ),
        )
    }

    pub(crate) fn by_id(&self, id: &str) -> Option<File> {
        let kept = lock(&self.kept);
        kept.iter().find(|file| file.id == id).cloned()
    }

    /// The file at this path below the site's directory, as a browser gets it.
    pub(crate) fn at(&self, path: &str) -> Option<Answer> {
        let kept = lock(&self.kept);
        let file = kept.iter().find(|file| file.path == path)?;
        Some(
            Answer::status(200)
                .header("content-type", file.media_type)
                .framing(Framing::ContentLength)
                .piece(&file.data),
        )
    }

    /// How many files were uploaded.
    pub(crate) fn count(&self) -> usize {
        lock(&self.kept).total()
    }
}

/// The ending and the media type of a file that WordPress takes. What is named like a picture has
/// to be one.
fn kind(filename: &str, data: &[u8]) -> Option<(&'static str, &'static str)> {
    let (_, ending) = filename.rsplit_once('.')?;
    let kind = KINDS
        .into_iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(ending))?;
    let is_named_so = kind.1.starts_with("image/");
    (!is_named_so || image_type(data).is_some()).then_some(kind)
}

fn image_type(data: &[u8]) -> Option<&'static str> {
    let begins = |mark: &[u8]| data.starts_with(mark);
    if begins(b"\x89PNG\r\n\x1a\n") {
        Some("image/png")
    } else if begins(b"\xff\xd8\xff") {
        Some("image/jpeg")
    } else if begins(b"GIF87a") || begins(b"GIF89a") {
        Some("image/gif")
    } else if begins(b"RIFF") && data.get(8..12) == Some(b"WEBP") {
        Some("image/webp")
    } else {
        None
    }
}
