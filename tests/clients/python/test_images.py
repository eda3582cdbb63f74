"""The official Python client sends images, which reach a mock server's model."""

import base64
import os

import openai

from cases import run

client = openai.OpenAI(base_url=os.environ["CHATWIRE_MOCKS_URL"] + "/v1", api_key="anything")

# One white pixel.
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4DwABAQEAsT7CMwAAAABJRU5ErkJggg=="
)
GIF = b"GIF89a\1\0\1\0\0\0\0;"
NAMED = f"image/png of {len(PNG)} bytes"


def image(url):
    return {"type": "image_url", "image_url": {"url": url}}


def data_url(kind, data):
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def ask(*parts, model="chatgpt4online", **more):
    return client.chat.completions.create(
        model=model, messages=[{"role": "user", "content": list(parts)}], **more
    )


def whole():
    answer = ask({"type": "text", "text": "What is this?"}, image(data_url("image/png", PNG)))
    text = answer.choices[0].message.content
    assert text.endswith(f"What is this? (with {NAMED})"), text


def streamed():
    chunks = ask(
        {"type": "text", "text": "What is this?"},
        image(data_url("image/png", PNG)),
        image(data_url("image/gif", GIF)),
        stream=True,
    )
    text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert text.endswith(f"(with {NAMED}, image/gif of {len(GIF)} bytes)"), text


def refused():
    for model, url, param, words in [
        ("aura", data_url("image/png", PNG), "messages[0].content", "cannot be sent"),
        (
            "chatgpt4online",
            "https://example.org/a.png",
            "messages[0].content[0].image_url.url",
            "not fetched",
        ),
        (
            "chatgpt4online",
            "data:image/png;base64,?",
            "messages[0].content[0].image_url.url",
            "base64",
        ),
    ]:
        try:
            ask(image(url), model=model)
        except openai.BadRequestError as error:
            assert error.param == param, error
            assert words in error.message, error
        else:
            raise AssertionError(f"{url} was taken by {model}")


run(f"openai {openai.__version__} (Python, images)", [whole, streamed, refused])
