//! Pictures, which go to a site before the question about them.

use std::collections::VecDeque;
use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use chatwire_core::provider_kit::HttpRequest;
use chatwire_core::provider_kit::refusal::{json_in, unreadable};
use chatwire_core::{ChatRequest, Error, ErrorKind, Image};
use futures::future::join_all;
use http::header::{CONTENT_TYPE, HeaderValue};
use serde::Deserialize;

use crate::access::Access;
use crate::failure::{Failure, failure};
use crate::payload::text_or_empty;
use crate::site::{Site, WP_NONCE};

/// The types of pictures that WordPress takes, with the endings of their names.
const TYPES: [(&str, &str); 4] = [
    ("image/png", "png"),
    ("image/jpeg", "jpg"),
    ("image/gif", "gif"),
    ("image/webp", "webp"),
];

/// How large a picture may be: more than models take.
const MAX_SIZE: usize = 20 * 1024 * 1024;

/// How many pictures a conversation may have.
const MAX_PICTURES: usize = 10;

/// How many uploads are remembered, and how long. Sites delete what visitors
/// upload after a while.
const MAX_KEPT: usize = 16;
const MAX_AGE: Duration = Duration::from_secs(10 * 60);

/// The pictures that a site has already.
#[derive(Default)]
pub(crate) struct Uploads(Mutex<VecDeque<Upload>>);

struct Upload {
    picture: Image,
    id: String,
    since: Instant,
}

impl Uploads {
    fn known(&self, picture: &Image) -> Option<String> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|upload| upload.since.elapsed() < MAX_AGE);
        let upload = kept
            .iter()
            .find(|upload| upload.picture.bytes() == picture.bytes())?;
        Some(upload.id.clone())
    }

    fn keep(&self, picture: &Image, id: &str) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MAX_KEPT {
            kept.pop_front();
        }
        kept.push_back(Upload {
            picture: picture.clone(),
            id: id.to_owned(),
            since: Instant::now(),
        });
    }

    /// Uploads those pictures that the site does not have, all at once, and
    /// returns the ids of all. Those that arrive are remembered even if others
    /// fail.
    pub(crate) async fn upload(
        &self,
        site: &Site<'_>,
        access: &Access,
        pictures: &[&Image],
    ) -> Result<Result<Vec<String>, Failure>, Error> {
        let uploads = pictures.iter().map(async |picture| {
            if let Some(id) = self.known(picture) {
                return Ok(Ok(id));
            }
            let uploaded = upload(site, access, picture).await;
            if let Ok(Ok(id)) = &uploaded {
                self.keep(picture, id);
            }
            uploaded
        });
        let mut ids = Vec::with_capacity(pictures.len());
        for uploaded in join_all(uploads).await {
            match uploaded? {
                Ok(id) => ids.push(id),
                Err(failure) => return Ok(Err(failure)),
            }
        }
        Ok(Ok(ids))
    }
}

/// The pictures of a conversation. A site shows its model only those that come
/// with the question, so earlier ones are sent again.
///
/// # Errors
///
/// [`ErrorKind::InvalidRequest`] for a picture that sites do not take, and for
/// too many.
pub(crate) fn pictures(request: &ChatRequest) -> Result<Vec<&Image>, Error> {
    let invalid = |why: String| Err(Error::new(ErrorKind::InvalidRequest, why));
    let mut pictures: Vec<&Image> = Vec::new();
    for (index, message) in request.messages().iter().enumerate() {
        for picture in message.images() {
            let number = index + 1;
            if ending(picture).is_none() {
                return invalid(format!(
                    "message number {number} has an image of the type {:?}: \
                     sites take PNG, JPEG, GIF and WebP",
                    picture.media_type()
                ));
            }
            let size = picture.bytes().len();
            if size > MAX_SIZE {
                return invalid(format!(
                    "message number {number} has an image of {size} bytes: \
                     no more than {MAX_SIZE} are sent"
                ));
            }
            if !pictures
                .iter()
                .any(|known| known.bytes() == picture.bytes())
            {
                pictures.push(picture);
            }
        }
    }
    if pictures.len() > MAX_PICTURES {
        return invalid(format!(
            "the conversation has {} images: no more than {MAX_PICTURES} are sent",
            pictures.len()
        ));
    }
    Ok(pictures)
}

fn ending(picture: &Image) -> Option<&'static str> {
    let known = TYPES.iter().find(|known| known.0 == picture.media_type())?;
    Some(known.1)
}

/// The answer to an upload.
#[derive(Deserialize)]
struct Uploaded {
    data: Option<Stored>,
}

#[derive(Deserialize)]
struct Stored {
    #[serde(default, deserialize_with = "text_or_empty")]
    id: String,
}

async fn upload(
    site: &Site<'_>,
    access: &Access,
    picture: &Image,
) -> Result<Result<String, Failure>, Error> {
    let (boundary, body) = form(picture);
    let kind = format!("multipart/form-data; boundary={boundary}");
    let kind = HeaderValue::from_str(&kind).map_err(|_| {
        Error::new(
            ErrorKind::InvalidRequest,
            "the image's form cannot be named",
        )
    })?;
    let mut request = HttpRequest::post(access.upload.clone())
        .header(CONTENT_TYPE, kind)
        .body(body);
    if let Some(nonce) = &access.nonce {
        request = request.header(WP_NONCE, nonce.header_value("the nonce of the site")?);
    }
    let mut response = site.send(request).await?;
    if response.status() == 413 {
        let error = Error::new(
            ErrorKind::Refused,
            format!(
                "the site takes no image of {} bytes: send a smaller one",
                picture.bytes().len()
            ),
        );
        return Ok(Err(Failure::Other(response.complete_error(error))));
    }
    if !response.is_success() {
        return Ok(Err(match failure(response, !access.is_old).await {
            Failure::Other(error) => Failure::Other(error.with_context("uploading an image")),
            nonce => nonce,
        }));
    }
    let body = response.read_page().await?;
    let stored = json_in(&body, |it: &Uploaded| it.data.is_some());
    let id = stored.and_then(|it| it.data).map(|data| data.id);
    match id.as_deref() {
        Some(id) if !id.is_empty() => Ok(Ok(id.to_owned())),
        _ => {
            let error = unreadable(&body, "the answer to an uploaded image", "it names no file");
            Ok(Err(Failure::Other(response.complete_error(error))))
        }
    }
}

/// A form with the picture as the site's own page sends it, and its boundary.
fn form(picture: &Image) -> (String, Vec<u8>) {
    let bytes = picture.bytes();
    let boundary = loop {
        // Random, so that no picture can be made to have it.
        let random = RandomState::new().hash_one(bytes.len());
        let boundary = format!("----chatwire-{random:016x}");
        if !contains(bytes, boundary.as_bytes()) {
            break boundary;
        }
    };
    let ending = ending(picture).unwrap_or("png");
    let mut body = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; \
         filename=\"image.{ending}\"\r\nContent-Type: {}\r\n\r\n",
        picture.media_type()
    )
    .into_bytes();
    body.extend_from_slice(bytes);
    for name in ["type", "purpose"] {
        let field = format!(
            "\r\n--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\nN/A"
        );
        body.extend_from_slice(field.as_bytes());
    }
    body.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    (boundary, body)
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

impl fmt::Debug for Uploads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Uploads").finish_non_exhaustive()
    }
}
