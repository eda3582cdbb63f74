"""LlamaIndex's OpenAILike, which asks for text completions by default."""

from importlib.metadata import version

import openai
from llama_index.core.llms import ChatMessage
from llama_index.llms.openai_like import OpenAILike

from cases import BASE, ERRORS, HELLO, UNICODE, run

KINDS = [False, True]


def llm(model, is_chat_model, **more):
    return OpenAILike(
        model=model,
        api_base=BASE + "/v1",
        api_key="anything",
        is_chat_model=is_chat_model,
        **more,
    )


def whole():
    for chat in KINDS:
        assert llm("gpt-4o", chat).complete("Hi").text == HELLO
        answer = llm("gpt-4o", chat).chat([ChatMessage(role="user", content="Hi")])
        assert answer.message.content == HELLO, answer


def streamed():
    for chat in KINDS:
        text = "".join(part.delta for part in llm("unicode", chat).stream_complete("Hi"))
        assert text == UNICODE


def errors_of_each_class():
    for chat in KINDS:
        for model, status, code, _ in ERRORS:
            try:
                llm(model, chat, max_retries=0).complete("Hi")
            except openai.APIStatusError as error:
                assert (error.status_code, error.code) == (status, code), error
            else:
                raise AssertionError(f"{model} did not fail")


run(
    f"llama-index OpenAILike {version('llama-index-llms-openai-like')}",
    [whole, streamed, errors_of_each_class],
)
