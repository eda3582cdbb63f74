"""The official Python client: responses and text completions."""

import openai

from cases import BASE, ERRORS, HELLO, UNICODE, GoneAway, run

client = openai.OpenAI(base_url=BASE + "/v1", api_key="anything")


def ask(model="gpt-4o", input="Hi", **more):
    return client.responses.create(model=model, input=input, **more)


def streamed_text(events):
    return "".join(e.delta for e in events if e.type == "response.output_text.delta")


def whole():
    answer = ask()
    assert answer.output_text == HELLO
    assert answer.status == "completed" and answer.error is None
    assert answer.model == "test/hello"
    assert answer.usage.total_tokens == 4
    assert answer.id.startswith("resp_") and answer.output[0].id.startswith("msg_")


def the_sequence_of_events():
    events = list(ask(stream=True))
    assert [e.type for e in events] == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
        "response.output_text.delta",
        "response.output_text.delta",
        "response.output_text.delta",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
    ]
    assert [e.sequence_number for e in events] == list(range(len(events)))
    assert streamed_text(events) == HELLO
    assert events[-1].response.output_text == HELLO
    assert events[-1].response.usage.total_tokens == 4


def stream_helper():
    with client.responses.stream(model="gpt-4o", input="Hi") as stream:
        for _ in stream:
            pass
        assert stream.get_final_response().output_text == HELLO


def unicode_both_ways():
    assert ask("unicode").output_text == UNICODE
    assert streamed_text(ask("unicode", stream=True)) == UNICODE
    assert ask("echo", UNICODE).output_text == UNICODE


def a_conversation():
    first = ask("echo", "one", instructions="Be brief.", metadata={"a": "b"})
    assert first.instructions == "Be brief." and first.metadata == {"a": "b"}
    second = ask("echo", "two", previous_response_id=first.id)
    assert second.output_text == "two" and second.previous_response_id == first.id
    items = [{"role": "user", "content": "Hi"}, *[o.model_dump() for o in first.output]]
    items.append({"role": "user", "content": [{"type": "input_text", "text": "three"}]})
    assert ask("echo", items).output_text == "three"
    assert client.responses.retrieve(first.id).output_text == "one"
    client.responses.delete(first.id)
    for call in (
        lambda: client.responses.retrieve(first.id),
        lambda: client.responses.delete(first.id),
        lambda: ask("echo", "four", previous_response_id=first.id),
    ):
        try:
            call()
        except openai.NotFoundError as error:
            assert first.id in error.message and error.code == "response_not_found", error
        else:
            raise AssertionError("a deleted response was found")


def errors_of_each_class():
    for model, status, code, param in ERRORS:
        for stream in (False, True):
            try:
                ask(model, stream=stream)
            except openai.APIStatusError as error:
                param = "input" if param == "messages" else param
                assert (error.status_code, error.code, error.param) == (status, code, param), error
            else:
                raise AssertionError(f"{model} did not fail")


def a_fault_after_the_first_text():
    events = list(ask("break", stream=True))
    assert streamed_text(events) == "half an "
    assert events[-1].type == "response.failed", events[-1]
    assert events[-1].response.error.code == "provider_interrupted"
    assert not any(e.type.endswith(".done") for e in events)


def a_late_first_text():
    assert streamed_text(ask("late", stream=True)) == "late"


def early_close():
    with GoneAway():
        stream = ask("endless", stream=True)
        for _, _event in zip(range(7), stream):
            pass
        stream.close()


# One alone could be called.
TOOLS = [{"type": "function", "name": name} for name in "fg"]


def parameters():
    for more, param in [
        ({"tools": TOOLS, "tool_choice": "required"}, "tool_choice"),
        ({"background": True}, "background"),
        ({"input": [{"type": "computer_call"}]}, "input[0].type"),
    ]:
        try:
            ask(**more)
        except openai.BadRequestError as error:
            assert error.param == param, error
        else:
            raise AssertionError(f"{param} was taken")


def text_completions():
    def complete(model="gpt-4o", **more):
        return client.completions.create(model=model, prompt="Once ", **more)

    answer = complete()
    assert answer.choices[0].text == HELLO and answer.choices[0].finish_reason == "stop"
    assert answer.usage.total_tokens == 4
    assert complete(echo=True).choices[0].text == "Once " + HELLO
    chunks = list(complete(stream=True))
    assert "".join(c.choices[0].text for c in chunks) == HELLO
    assert chunks[-1].choices[0].finish_reason == "stop"
    for more, param in [({"suffix": "x"}, "suffix"), ({"n": 2}, "n")]:
        try:
            complete(**more)
        except openai.BadRequestError as error:
            assert error.param == param, error
        else:
            raise AssertionError(f"{param} was taken")
    try:
        list(complete("break", stream=True))
    except openai.APIError as error:
        assert error.code == "provider_interrupted", error
    else:
        raise AssertionError("the fault went unnoticed")


run(
    f"openai {openai.__version__} (Python, responses)",
    [
        whole,
        the_sequence_of_events,
        stream_helper,
        unicode_both_ways,
        a_conversation,
        errors_of_each_class,
        a_fault_after_the_first_text,
        a_late_first_text,
        early_close,
        parameters,
        text_completions,
    ],
)
