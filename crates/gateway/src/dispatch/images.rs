/// Writes the images of a reply as markdown after its text: the APIs have no
/// other place for them.
pub(crate) fn as_markdown(images: &[String], after_text: bool) -> String {
    let mut text = String::new();
    for image in images {
        if after_text || !text.is_empty() {
            text.push_str("\n\n");
        }
        text.push_str("![](");
        text.push_str(image);
        text.push(')');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_stand_apart() {
        let images = ["http://a/1.png".to_owned(), "http://a/2.png".to_owned()];
        assert_eq!(as_markdown(&[], true), "");
        assert_eq!(
            as_markdown(&images, false),
            "![](http://a/1.png)\n\n![](http://a/2.png)"
        );
        assert!(as_markdown(&images, true).starts_with("\n\n![]("));
    }
}
