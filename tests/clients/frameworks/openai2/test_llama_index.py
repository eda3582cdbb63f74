"""LlamaIndex's structured models, which force the call of one function."""

import os
from importlib.metadata import version

import openai
from llama_index.core.prompts import PromptTemplate
from llama_index.llms.openai_like import OpenAILike
from pydantic import BaseModel

from cases import run

# Its endpoints have no tools: a forced call needs none.
PLAIN = os.environ["CHATWIRE_STRUCTURED_URL"]


class Weather(BaseModel):
    """How warm it is."""

    city: str
    degrees: int


EXPECTED = Weather(city="Paris", degrees=21)


def ask(word):
    return f"How warm is it in Paris? {word}"


def llm():
    # It does not know the model, and has to be told what that can do.
    return OpenAILike(
        model="aura",
        api_base=PLAIN + "/v1",
        api_key="anything",
        is_chat_model=True,
        is_function_calling_model=True,
        max_retries=0,
    )


def structured_predict():
    for word in ["FIRST", "REPAIR"]:
        assert llm().structured_predict(Weather, PromptTemplate(ask(word))) == EXPECTED


def structured_llms():
    for word in ["FIRST", "REPAIR"]:
        assert llm().as_structured_llm(Weather).complete(ask(word)).raw == EXPECTED


def never():
    try:
        llm().structured_predict(Weather, PromptTemplate(ask("NEVER")))
    except openai.BadRequestError as error:
        assert error.code == "invalid_output", error
        assert "after 3 questions" in str(error), error
    else:
        raise AssertionError("it did not fail")


run(
    f"llama-index {version('llama-index-core')}, structured models",
    [structured_predict, structured_llms, never],
)
