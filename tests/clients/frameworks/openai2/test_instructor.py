"""instructor in its default mode, which forces the call of one tool."""

import os
from importlib.metadata import version

import instructor
import openai
from instructor.core.exceptions import InstructorRetryException
from pydantic import BaseModel

from cases import run

# Its endpoints have no tools: a forced call needs none.
PLAIN = os.environ["CHATWIRE_STRUCTURED_URL"]
MODEL = "aura"


class Weather(BaseModel):
    city: str
    degrees: int


EXPECTED = {"city": "Paris", "degrees": 21}


def client(**more):
    openai_client = openai.OpenAI(base_url=PLAIN + "/v1", api_key="anything")
    return instructor.from_openai(openai_client, **more)


def create(word, kind=Weather, **more):
    messages = [{"role": "user", "content": f"How warm is it in Paris? {word}"}]
    return client().create(model=MODEL, messages=messages, response_model=kind, **more)


def tools():
    for word in ["FIRST", "REPAIR"]:
        assert create(word).model_dump() == EXPECTED
    try:
        create("NEVER", max_retries=1)
    except InstructorRetryException as error:
        assert "after 3 questions" in str(error), error
    else:
        raise AssertionError("it did not fail")


def streamed():
    messages = [{"role": "user", "content": "How warm is it in Paris? REPAIR"}]
    parts = client().create_partial(model=MODEL, messages=messages, response_model=Weather)
    *_, last = parts
    assert last.model_dump() == EXPECTED


def what_only_the_client_checks():
    """A validator of its own makes it ask again, with the call and what was wrong."""
    from pydantic import field_validator

    seen = []

    class Strict(Weather):
        @field_validator("degrees")
        @classmethod
        def once(cls, degrees):
            seen.append(degrees)
            assert len(seen) > 1, "measure again"
            return degrees

    assert create("FIRST", Strict).degrees == 21
    assert seen == [21, 21]


run(f"instructor {version('instructor')}", [tools, streamed, what_only_the_client_checks])
