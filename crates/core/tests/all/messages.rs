//! Messages from JSON, as files and OpenAI clients write them.

use chatwire_core::{Image, Message, Messages, Part, Role};

#[test]
fn read() {
    // name, JSON, role, content, parts that are not text
    let cases: &[(&str, &str, &str, &str, usize)] = &[
        ("text", r#"{"role":"user","content":"Hi"}"#, "user", "Hi", 0),
        (
            "escapes",
            r#"{"role":"us\u0065r","content":"\u00e9\n\ud83d\ude00"}"#,
            "user",
            "é\n😀",
            0,
        ),
        (
            "content first",
            r#"{"content":"Hi","role":"assistant"}"#,
            "assistant",
            "Hi",
            0,
        ),
        (
            "null",
            r#"{"role":"assistant","content":null}"#,
            "assistant",
            "",
            0,
        ),
        (
            "no content",
            r#"{"role":"assistant","tool_calls":[{"id":1}]}"#,
            "assistant",
            "",
            0,
        ),
        ("no parts", r#"{"role":"user","content":[]}"#, "user", "", 0),
        (
            "one part",
            r#"{"role":"user","content":[{"type":"text","text":"Hi"}]}"#,
            "user",
            "Hi",
            0,
        ),
        (
            "text before its type",
            r#"{"role":"user","content":[{"text":"Hi","type":"text"}]}"#,
            "user",
            "Hi",
            0,
        ),
        (
            "parts are joined with nothing between",
            r#"{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}"#,
            "user",
            "ab",
            0,
        ),
        (
            "a part without a type",
            r#"{"role":"user","content":[{"text":"Hi"}]}"#,
            "user",
            "Hi",
            0,
        ),
        (
            "a part that is a text",
            r#"{"role":"user","content":["a",{"type":"text","text":"b"}]}"#,
            "user",
            "ab",
            0,
        ),
        (
            "an empty text part",
            r#"{"role":"user","content":[{"type":"text","text":""}]}"#,
            "user",
            "",
            0,
        ),
        (
            "a text part of null",
            r#"{"role":"user","content":[{"type":"text","text":null}]}"#,
            "user",
            "",
            0,
        ),
        (
            "a text part without text",
            r#"{"role":"user","content":[{"type":"text"}]}"#,
            "user",
            "",
            0,
        ),
        (
            "an image",
            r#"{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:,"}}]}"#,
            "user",
            "",
            1,
        ),
        (
            "an image between texts",
            r#"{"role":"user","content":[{"type":"text","text":"a"},{"type":"image_url","image_url":{"url":"u"}},{"type":"text","text":"b"},{"type":"input_audio"}]}"#,
            "user",
            "ab",
            2,
        ),
        (
            "an image with a caption",
            r#"{"role":"user","content":[{"type":"image_url","text":"not said"}]}"#,
            "user",
            "",
            1,
        ),
        (
            "a part with neither type nor text",
            r#"{"role":"user","content":[{"image_url":{"url":"u"}}]}"#,
            "user",
            "",
            1,
        ),
        (
            "unknown members",
            r#"{"role":"user","name":"Bob","content":"Hi","x":[1,{"y":null}]}"#,
            "user",
            "Hi",
            0,
        ),
        (
            "unknown members of a part",
            r#"{"role":"user","content":[{"type":"text","text":"Hi","cache_control":{"type":"x"}}]}"#,
            "user",
            "Hi",
            0,
        ),
        (
            "developer",
            r#"{"role":"developer","content":"x"}"#,
            "developer",
            "x",
            0,
        ),
        ("tool", r#"{"role":"tool","content":"x"}"#, "tool", "x", 0),
        (
            "a role of its own",
            r#"{"role":"Narrator","content":"x"}"#,
            "Narrator",
            "x",
            0,
        ),
        (
            "a known role in capitals is another",
            r#"{"role":"USER","content":"x"}"#,
            "USER",
            "x",
            0,
        ),
    ];
    for (name, json, role, content, other_parts) in cases {
        let message: Message =
            serde_json::from_str(json).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(message.role().as_str(), *role, "{name}");
        assert_eq!(message.role(), &Role::from(*role), "{name}");
        assert_eq!(message.text(), *content, "{name}");
        let is_other = |part: &&Part| matches!(part, Part::Other(_));
        let others = message.parts().iter().filter(is_other).count();
        assert_eq!(others, *other_parts, "{name}");
    }
}

#[test]
fn wrong_types_are_clear_errors() {
    // JSON, what the error must say
    let cases = [
        (r#"{"content":"Hi"}"#, "missing field `role`"),
        (
            r#"{"role":null,"content":"Hi"}"#,
            "invalid type: null, expected a string",
        ),
        (r#"{"role":5,"content":"Hi"}"#, "invalid type: integer `5`"),
        (
            r#"{"role":"user","content":5}"#,
            "the content of a message: text, a list of parts, or null",
        ),
        (
            r#"{"role":"user","content":true}"#,
            "the content of a message",
        ),
        (
            r#"{"role":"user","content":{"text":"Hi"}}"#,
            "the content of a message",
        ),
        (r#"{"role":"user","content":[5]}"#, "a content part"),
        (r#"{"role":"user","content":[null]}"#, "a content part"),
        (r#"{"role":"user","content":[["Hi"]]}"#, "a content part"),
        (
            r#"{"role":"user","content":[{"type":"text","text":5}]}"#,
            "invalid type: integer `5`, expected a string",
        ),
        (
            r#"{"role":"user","content":[{"type":null,"text":"x"}]}"#,
            "invalid type: null, expected a string",
        ),
        (r#""Hi""#, "expected struct"),
        (r#"{"role":"user","content":"\ud800"}"#, "hex escape"),
        (
            r#"{"role":"user","role":"user","content":"x"}"#,
            "duplicate field `role`",
        ),
    ];
    for (json, words) in cases {
        let error = serde_json::from_str::<Message>(json)
            .unwrap_err()
            .to_string();
        assert!(
            error.contains(words),
            "{json}: {error:?} does not say {words:?}"
        );
    }
}

#[test]
fn written_and_read_it_is_the_same() {
    let messages = Messages::new()
        .system("Be brief.")
        .with_message(Message::new(Role::Developer, "d"))
        .user("\u{0}\"\\\n😀")
        .assistant("")
        .with_message(Message::new(Role::Tool, "t"))
        .with_message(Message::new(Role::Other("Narrator".into()), "x"));
    let json = serde_json::to_string(&messages).unwrap();
    assert!(
        json.starts_with(r#"[{"role":"system","content":"Be brief."},"#),
        "{json}"
    );
    assert_eq!(serde_json::from_str::<Messages>(&json).unwrap(), messages);
}

#[test]
fn every_way_to_build_a_conversation() {
    let expected = Messages::new().user("Hi");
    let mut pushed = Messages::new();
    pushed.push(Message::user("Hi"));
    let mut extended = Messages::new();
    extended.extend([Message::user("Hi")]);
    let built = [
        Messages::from("Hi"),
        Messages::from("Hi".to_owned()),
        Messages::from(Message::user("Hi")),
        Messages::from(vec![Message::user("Hi")]),
        [Message::user("Hi")].into_iter().collect(),
        pushed,
        extended,
    ];
    for messages in built {
        assert_eq!(messages, expected);
    }
    assert_eq!(expected.clone().into_vec(), [Message::user("Hi")]);
    assert_eq!(
        (&expected).into_iter().count(),
        expected.into_iter().count()
    );
}

#[test]
fn system_prompt() {
    let cases = [
        (Messages::new().user("u"), ""),
        (Messages::new().system("a").user("u"), "a"),
        (Messages::new().system("a").user("u").system("b"), "a\nb"),
        (
            Messages::new()
                .with_message(Message::new(Role::Developer, "d"))
                .system("s"),
            "d\ns",
        ),
    ];
    for (messages, expected) in cases {
        assert_eq!(messages.system_prompt(), expected);
    }
}

/// A PNG as far as its first bytes go.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";
const PNG_URL: &str = "data:image/png;base64,iVBORw0KGgo=";

fn with_image(url: &str) -> String {
    format!(
        r#"{{"role":"user","content":[{{"type":"text","text":"a"}},{{"type":"image_url","image_url":{{"url":"{url}","detail":"low"}}}}]}}"#
    )
}

#[test]
fn images_in_json() {
    type Read = Result<(&'static str, &'static [u8]), &'static str>;
    // URL, media type and bytes of the image, or the words of the error
    let cases: &[(&str, Read)] = &[
        (PNG_URL, Ok(("image/png", PNG))),
        ("DATA:Image/PNG;BASE64,iVBORw0KGgo=", Ok(("image/png", PNG))),
        ("data:image/png;base64,iVBORw0KGgo", Ok(("image/png", PNG))),
        (
            "data:image/png;base64,iVBORw0KGgo%3D",
            Ok(("image/png", PNG)),
        ),
        (
            "data:image/png;x=y;base64,iVBORw0KGgo=",
            Ok(("image/png", PNG)),
        ),
        (
            "data:image/svg+xml,%3Csvg/%3E",
            Ok(("image/svg+xml", b"<svg/>")),
        ),
        ("data:image/png;base64,***", Err("not valid base64")),
        ("data:image/png;base64,", Err("no data")),
        ("data:image/png", Err("not a data URL")),
    ];
    for (url, expected) in cases {
        let read = serde_json::from_str::<Message>(&with_image(url));
        match (read, expected) {
            (Ok(message), Ok((media_type, bytes))) => {
                let image = message.images().next().unwrap();
                assert_eq!(
                    (image.media_type(), image.bytes()),
                    (*media_type, *bytes),
                    "{url}"
                );
                assert_eq!(message.text(), "a", "{url}");
                assert!(!message.is_blank(), "{url}");
                let json = serde_json::to_string(&message).unwrap();
                assert_eq!(
                    serde_json::from_str::<Message>(&json).unwrap(),
                    message,
                    "{url}"
                );
            }
            (Err(error), Err(words)) => {
                assert!(error.to_string().contains(words), "{url}: {error}");
            }
            (read, expected) => panic!("{url}: {read:?}, expected {expected:?}"),
        }
    }
    // What cannot be read here stays a part of another kind.
    for url in [
        "https://example.org/a.png",
        "data:text/plain,x",
        "data:,",
        "u",
    ] {
        let message: Message = serde_json::from_str(&with_image(url)).unwrap();
        assert_eq!(message.parts()[1], Part::Other("image_url".into()), "{url}");
    }
    let alone =
        format!(r#"{{"role":"user","content":[{{"type":"image_url","image_url":"{PNG_URL}"}}]}}"#);
    let message: Message = serde_json::from_str(&alone).unwrap();
    assert_eq!(
        message,
        Message::from_parts(Role::User, [Image::new("image/png", PNG).into()])
    );
    assert_eq!(
        serde_json::to_value(&message).unwrap(),
        serde_json::json!({"role": "user", "content": [{"type": "image_url", "image_url": {"url": PNG_URL}}]})
    );
}

#[test]
fn images_are_recognised_by_their_first_bytes() {
    let cases: &[(&[u8], Option<&str>)] = &[
        (PNG, Some("image/png")),
        (b"\xff\xd8\xff\xe0", Some("image/jpeg")),
        (b"GIF89a", Some("image/gif")),
        (b"RIFF\x04\0\0\0WEBPVP8 ", Some("image/webp")),
        (b"RIFF\x04\0\0\0WAVE", None),
        (b"\0\0\0\x1cftypavif", Some("image/avif")),
        (b"<svg/>", None),
        (b"", None),
    ];
    for (bytes, expected) in cases {
        let image = Image::from_bytes(*bytes);
        let found = image.as_ref().ok().map(Image::media_type);
        assert_eq!(found, *expected, "{bytes:?}");
    }
    let image = Image::new("image/png", PNG).with_file_name("a.png");
    assert_eq!(image.file_name(), Some("a.png"));
    assert_eq!(
        Image::from_data_url(&image.to_data_url()).unwrap().bytes(),
        PNG
    );
    assert_eq!(
        format!("{image:?}"),
        r#"Image { media_type: "image/png", bytes: 8, file_name: Some("a.png") }"#
    );
}

#[test]
fn neighbouring_texts_are_one_part() {
    let image = || Part::from(Image::new("image/png", PNG));
    let cases: Vec<(Vec<Part>, usize, &str)> = vec![
        (vec![], 0, ""),
        (vec!["".into()], 0, ""),
        (vec!["a".into(), "".into(), "b".into()], 1, "ab"),
        (vec!["a".into(), image(), "b".into(), "c".into()], 3, "abc"),
        (vec![image(), "b".into()], 2, "b"),
    ];
    for (parts, count, text) in cases {
        let message = Message::from_parts(Role::User, parts);
        assert_eq!(
            (message.parts().len(), message.text().as_ref()),
            (count, text)
        );
    }
}

#[test]
fn the_last_message_can_be_changed_and_dropped() {
    let mut messages = Messages::new().user("a").assistant("b").user("c");
    messages.last_mut().unwrap().push("d");
    assert_eq!(messages.pop(), Some(Message::user("cd")));
    messages.truncate(1);
    assert_eq!(messages, Messages::from("a"));
    messages.truncate(5);
    assert_eq!(messages.len(), 1);
    messages.pop();
    assert_eq!((messages.pop(), messages.last_mut()), (None, None));
}
