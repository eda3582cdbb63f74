use bytes::Bytes;
use chatwire_core::provider_kit::ReplyDecoder;
use chatwire_core::{Error, ErrorKind, Finish, FinishReason, ReplyEvent};

/// The largest list that is read, in bytes.
const MAX_LIST: usize = 1024 * 1024;

/// Collects a list in JSON, as one text. What does not begin as a list is an
/// error at once: it may be an answer without an end.
#[derive(Default)]
pub(crate) struct ListDecoder {
    list: Vec<u8>,
    ended: bool,
    taken: bool,
}

impl ReplyDecoder for ListDecoder {
    fn feed(&mut self, chunk: Bytes) {
        self.list.extend_from_slice(&chunk);
    }

    fn end(&mut self) {
        self.ended = true;
    }

    fn next_event(&mut self) -> Result<Option<ReplyEvent>, Error> {
        let no_list = |why| Err(Error::new(ErrorKind::Protocol, why));
        let mut bytes = self.list.iter();
        match bytes.find(|byte| !byte.is_ascii_whitespace()) {
            Some(b'[') => {}
            None if !self.ended || self.taken => {}
            _ => return no_list("the list of models is not one"),
        }
        if self.list.len() > MAX_LIST {
            return no_list("the list of models is too long");
        }
        if !self.ended {
            return Ok(None);
        }
        if std::mem::replace(&mut self.taken, true) {
            return Ok(Some(ReplyEvent::Finish(Finish::new(FinishReason::Eof))));
        }
        let list = std::mem::take(&mut self.list);
        let list = String::from_utf8_lossy(&list).into_owned();
        Ok(Some(ReplyEvent::Text(list)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_list_is_waited_for() {
        for (start, is_list) in [
            ("[", true),
            (" \n[{", true),
            ("", true),
            (" ", true),
            ("{", false),
            ("so far", false),
            ("<html>", false),
        ] {
            let mut decoder = ListDecoder::default();
            decoder.feed(Bytes::from(start));
            assert_eq!(decoder.next_event().is_ok(), is_list, "{start}");
        }
        let mut decoder = ListDecoder::default();
        decoder.feed("[{\"id\"".into());
        assert_eq!(decoder.next_event().unwrap(), None);
        decoder.feed(":1}]".into());
        decoder.end();
        let list = ReplyEvent::Text("[{\"id\":1}]".into());
        assert_eq!(decoder.next_event().unwrap(), Some(list));
        let end = decoder.next_event().unwrap();
        assert!(matches!(end, Some(ReplyEvent::Finish(_))), "{end:?}");
        let mut empty = ListDecoder::default();
        empty.end();
        assert!(empty.next_event().is_err());
        let mut long = ListDecoder::default();
        long.feed(vec![b'['; MAX_LIST + 1].into());
        assert!(long.next_event().is_err());
    }
}
