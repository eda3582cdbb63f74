"""The official Python client."""

import asyncio

import openai

from cases import BASE, ERRORS, HELLO, UNICODE, GoneAway, metric, requests, run

client = openai.OpenAI(base_url=BASE + "/v1", api_key="anything")
USER = [{"role": "user", "content": "Hi"}]

STATUS_CLASSES = {
    400: openai.BadRequestError,
    404: openai.NotFoundError,
    429: openai.RateLimitError,
    500: openai.InternalServerError,
    502: openai.InternalServerError,
    504: openai.InternalServerError,
}


def ask(model="gpt-4o", **more):
    return client.chat.completions.create(model=model, messages=USER, **more)


def joined(stream):
    chunks = list(stream)
    roles = [c.choices[0].delta.role for c in chunks if c.choices]
    assert roles[0] == "assistant" and not any(roles[1:]), roles
    reasons = [c.choices[0].finish_reason for c in chunks if c.choices]
    assert reasons[-1] == "stop" and not any(reasons[:-1]), reasons
    assert len({(c.id, c.created, c.model, c.object) for c in chunks}) == 1
    return "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)


def whole():
    answer = ask()
    assert answer.choices[0].message.content == HELLO
    assert answer.choices[0].message.refusal is None
    assert answer.choices[0].finish_reason == "stop"
    assert answer.model == "test/hello"
    assert isinstance(answer.created, int)
    assert answer.usage.total_tokens == 4


def streamed():
    assert joined(ask(stream=True)) == HELLO


def usage_when_asked_for():
    chunks = list(ask(stream=True, stream_options={"include_usage": True}))
    assert chunks[-1].choices == [] and chunks[-1].usage.total_tokens == 4
    assert all(c.usage is None for c in chunks[:-1])
    assert all(c.usage is None for c in ask(stream=True))


def stream_helper():
    with client.chat.completions.stream(model="gpt-4o", messages=USER) as stream:
        for _ in stream:
            pass
        assert stream.get_final_completion().choices[0].message.content == HELLO


def unicode_both_ways():
    assert ask("unicode").choices[0].message.content == UNICODE
    assert joined(ask("unicode", stream=True)) == UNICODE
    for stream in (False, True):
        answer = client.chat.completions.create(
            model="echo", messages=[{"role": "user", "content": UNICODE}], stream=stream
        )
        text = joined(answer) if stream else answer.choices[0].message.content
        assert text == UNICODE


def raw_chunks_on_the_wire():
    with client.chat.completions.with_streaming_response.create(
        model="gpt-4o", messages=USER, stream=True
    ) as response:
        assert response.headers["content-type"] == "text/event-stream"
        assert response.headers["x-request-id"]
        assert response.read().decode().endswith("data: [DONE]\n\n")


def asynchronous():
    async def both():
        other = openai.AsyncOpenAI(base_url=BASE + "/v1", api_key="anything")
        answer = await other.chat.completions.create(model="gpt-4o", messages=USER)
        assert answer.choices[0].message.content == HELLO
        text = ""
        async for chunk in await other.chat.completions.create(
            model="unicode", messages=USER, stream=True
        ):
            text += chunk.choices[0].delta.content or ""
        assert text == UNICODE
        await other.close()

    asyncio.run(both())


def errors_of_each_class():
    for model, status, code, param in ERRORS:
        for stream in (False, True):
            try:
                ask(model, stream=stream)
            except openai.APIStatusError as error:
                assert type(error) is STATUS_CLASSES[status], (model, error)
                assert error.status_code == status, (model, error)
                assert error.code == code, (model, error.code)
                assert error.param == param, (model, error.param)
                assert isinstance(error.type, str) and error.message
                assert error.request_id, model
            else:
                raise AssertionError(f"{model} did not fail")


def nothing_is_asked_twice():
    before = requests()
    try:
        ask("test/fail/html")
    except openai.InternalServerError as error:
        assert error.response.headers["x-should-retry"] == "false"
    assert requests() == before + 1


def a_fault_after_the_first_text():
    text = ""
    try:
        for chunk in ask("break", stream=True):
            assert chunk.choices[0].finish_reason is None
            text += chunk.choices[0].delta.content or ""
    except openai.APIError as error:
        assert error.code == "provider_interrupted", error
        assert text == "half an ", text
    else:
        raise AssertionError("the fault went unnoticed")


def a_fallback_is_taken():
    answer = ask("fallback")
    assert answer.model == "test/hello"


def a_late_first_text():
    assert joined(ask("late", stream=True)) == "late"


def early_close():
    with GoneAway():
        stream = ask("endless", stream=True)
        for _, chunk in zip(range(5), stream):
            pass
        stream.close()


# One alone could be called.
TOOLS = [{"type": "function", "function": {"name": name}} for name in "fg"]


def parameters():
    for more, param in [
        ({"n": 2}, "n"),
        ({"tools": TOOLS, "tool_choice": "required"}, "tool_choice"),
        ({"temperature": 3}, "temperature"),
    ]:
        try:
            ask(**more)
        except openai.BadRequestError as error:
            assert error.param == param, error
        else:
            raise AssertionError(f"{param} was taken")
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}
    try:
        client.chat.completions.create(
            model="echo", messages=[{"role": "user", "content": [image]}]
        )
    except openai.BadRequestError as error:
        assert error.param == "messages[0].content", error
    else:
        raise AssertionError("an image was taken")
    response = client.chat.completions.with_raw_response.create(
        model="echo", messages=USER, temperature=0.5, seed=1
    )
    assert response.headers["x-chatwire-ignored"] == "temperature, seed"


def stop_sequences():
    for stream in (False, True):
        answer = ask(stop=["o y"], stream=stream)
        text = joined(answer) if stream else answer.choices[0].message.content
        assert text == "Hell", text


def models():
    ids = [model.id for model in client.models.list()]
    assert "gpt-4o" in ids and "test/hello" in ids and "test/fail/html" in ids
    for name in ("gpt-4o", "test/hello", "test/fail/html"):
        assert client.models.retrieve(name).id == name


run(
    f"openai {openai.__version__} (Python)",
    [
        whole,
        streamed,
        usage_when_asked_for,
        stream_helper,
        unicode_both_ways,
        raw_chunks_on_the_wire,
        asynchronous,
        errors_of_each_class,
        nothing_is_asked_twice,
        a_fault_after_the_first_text,
        a_fallback_is_taken,
        a_late_first_text,
        early_close,
        parameters,
        stop_sequences,
        models,
    ],
)
