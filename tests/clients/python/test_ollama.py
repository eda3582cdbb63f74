"""Ollama's Python client."""

from importlib.metadata import version

import ollama

from cases import BASE, ERRORS, HELLO, UNICODE, GoneAway, run

client = ollama.Client(host=BASE)
USER = [{"role": "user", "content": "Hi"}]


def whole():
    answer = client.chat(model="gpt-4o", messages=USER)
    assert answer.message.content == HELLO and answer.done and answer.done_reason == "stop"
    assert answer.prompt_eval_count == 1 and answer.eval_count == 3
    assert answer.total_duration > 0
    answer = client.generate(model="gpt-4o", prompt="Hi")
    assert answer.response == HELLO and answer.done


def streamed():
    parts = list(client.chat(model="gpt-4o", messages=USER, stream=True))
    assert "".join(p.message.content for p in parts) == HELLO
    assert [p.done for p in parts] == [False] * 3 + [True]
    parts = list(client.generate(model="gpt-4o", prompt="Hi", stream=True))
    assert "".join(p.response for p in parts) == HELLO


def unicode_both_ways():
    assert client.chat(model="unicode", messages=USER).message.content == UNICODE
    assert client.generate(model="echo", prompt=UNICODE).response == UNICODE


def options_and_formats():
    answer = client.chat(model="gpt-4o", messages=USER, options={"stop": ["o y"], "num_ctx": 9})
    assert answer.message.content == "Hell"
    assert client.generate(model="gpt-4o").done_reason == "load"


def models():
    names = [model.model for model in client.list().models]
    assert "gpt-4o" in names and "test/fail/html" in names
    assert client.show("gpt-4o").capabilities == ["completion"]
    assert client.ps().models == []


def refusals():
    for call in (
        lambda: client.pull("gpt-4o"),
        lambda: client.delete("gpt-4o"),
        lambda: client.copy("a", "b"),
        lambda: client.embed(model="gpt-4o", input="x"),
    ):
        try:
            call()
        except ollama.ResponseError as error:
            assert error.status_code == 501, error
        else:
            raise AssertionError("it was taken")


def errors_of_each_class():
    for model, status, _, _ in ERRORS:
        for stream in (False, True):
            try:
                answer = client.chat(model=model, messages=USER, stream=stream)
                if stream:
                    list(answer)
            except ollama.ResponseError as error:
                assert error.status_code == status and error.error, (model, error)
            else:
                raise AssertionError(f"{model} did not fail")


def a_fault_after_the_first_text():
    text = ""
    try:
        for part in client.chat(model="break", messages=USER, stream=True):
            assert not part.done
            text += part.message.content
    except ollama.ResponseError as error:
        assert "broke" in error.error, error
        assert text == "half an ", text
    else:
        raise AssertionError("the fault went unnoticed")


def a_late_first_text():
    parts = client.chat(model="late", messages=USER, stream=True)
    assert "".join(p.message.content for p in parts) == "late"


def early_close():
    with GoneAway():
        stream = client.chat(model="endless", messages=USER, stream=True)
        for _, _part in zip(range(5), stream):
            pass
        stream.close()


run(
    f"ollama {version('ollama')} (Python)",
    [
        whole,
        streamed,
        unicode_both_ways,
        options_and_formats,
        models,
        refusals,
        errors_of_each_class,
        a_fault_after_the_first_text,
        a_late_first_text,
        early_close,
    ],
)
