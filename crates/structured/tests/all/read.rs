use chatwire_core::FinishReason;
use chatwire_structured::json::read;

#[test]
fn an_answer_that_is_json_stays_as_it_is() {
    for answer in [
        "{}",
        "{ \"b\": 1,  \"a\": 1e0 }",
        "{\"n\": 123456789012345678901234567890}",
    ] {
        assert_eq!(read(answer, &FinishReason::Stop, None).unwrap(), answer);
    }
}
