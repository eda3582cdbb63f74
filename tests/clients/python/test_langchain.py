"""LangChain's client."""

import asyncio
from importlib.metadata import version

import openai
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage
from langchain_openai import ChatOpenAI

from cases import BASE, ERRORS, HELLO, UNICODE, GoneAway, requests, run


def chat(model="gpt-4o", **more):
    return ChatOpenAI(model=model, base_url=BASE + "/v1", api_key="anything", **more)


def whole():
    answer = chat().invoke("Hi")
    assert answer.content == HELLO
    assert answer.response_metadata["finish_reason"] == "stop"
    assert answer.usage_metadata["total_tokens"] == 4


def streamed():
    whole = None
    for chunk in chat(stream_usage=True).stream("Hi"):
        whole = chunk if whole is None else whole + chunk
    assert whole.content == HELLO
    assert whole.response_metadata["finish_reason"] == "stop"
    assert whole.usage_metadata["total_tokens"] == 4


def a_conversation():
    messages = [
        SystemMessage("Be brief."),
        HumanMessage("Hi"),
        AIMessage("Hello"),
        HumanMessage([{"type": "text", "text": UNICODE}]),
    ]
    assert chat("echo").invoke(messages).content == UNICODE


def unicode_both_ways():
    assert chat("unicode").invoke("Hi").content == UNICODE
    assert "".join(chunk.content for chunk in chat("unicode").stream("Hi")) == UNICODE


def asynchronous():
    async def both():
        assert (await chat().ainvoke("Hi")).content == HELLO
        assert "".join([c.content async for c in chat("unicode").astream("Hi")]) == UNICODE

    asyncio.run(both())


def batches():
    answers = chat("echo").batch([str(number) for number in range(20)])
    assert [answer.content for answer in answers] == [str(number) for number in range(20)]


def errors_of_each_class():
    for model, status, code, param in ERRORS:
        for ask in (lambda m: m.invoke("Hi"), lambda m: list(m.stream("Hi"))):
            before = requests()
            try:
                ask(chat(model))
            except openai.APIStatusError as error:
                assert (error.status_code, error.code, error.param) == (status, code, param), error
            else:
                raise AssertionError(f"{model} did not fail")
            # A rate limit is the client's to wait for; it has two repetitions.
            most = 3 if status == 429 else 1
            assert requests() - before <= most, f"{model} was asked again"


def a_fault_after_the_first_text():
    text = ""
    try:
        for chunk in chat("break").stream("Hi"):
            text += chunk.content
    except openai.APIError as error:
        assert error.code == "provider_interrupted", error
        assert text == "half an ", text
    else:
        raise AssertionError("the fault went unnoticed")


def early_close():
    with GoneAway():
        stream = chat("endless").stream("Hi")
        for _ in range(5):
            next(stream)
        stream.close()


def stop_sequences():
    assert chat().invoke("Hi", stop=["o y"]).content == "Hell"
    assert chat(stop=["lo"]).invoke("Hi").content == "Hel"


run(
    f"langchain-openai {version('langchain-openai')}",
    [
        whole,
        streamed,
        a_conversation,
        unicode_both_ways,
        asynchronous,
        batches,
        errors_of_each_class,
        a_fault_after_the_first_text,
        early_close,
        stop_sequences,
    ],
)
