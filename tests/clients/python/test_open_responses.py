"""The types of the Open Responses specification, which every answer must have."""

import json
import urllib.request
from importlib.metadata import version

import openresponses_types as spec

from cases import BASE, HELLO, run

EVENTS = [member for name, member in vars(spec).items() if name.endswith("StreamingEvent")]


def types_of(member):
    """The values that the member `type` of an event may have."""
    field = member.model_fields["type"]
    values = [field.default, *getattr(field.annotation, "__args__", ())]
    values += getattr(field.annotation, "__members__", {}).values()
    return {str(getattr(value, "value", value)) for value in values}


def model_for(event):
    found = [member for member in EVENTS if event["type"] in types_of(member)]
    assert len(found) == 1, (event["type"], found)
    return found[0]


def post(model, **members):
    body = json.dumps({"model": model, "input": "Hi", **members}).encode()
    headers = {"content-type": "application/json"}
    request = urllib.request.Request(BASE + "/v1/responses", body, headers)
    return urllib.request.urlopen(request).read().decode()


def whole():
    for members in (
        {},
        {"instructions": "Be brief.", "temperature": 0.5, "metadata": {"a": "b"}},
        {"store": False, "max_output_tokens": 16},
    ):
        body = post("gpt-4o", **members)
        response = spec.ResponseResource.model_validate_json(body)
        assert json.loads(body)["output"][0]["content"][0]["text"] == HELLO
        assert response.status == "completed"


def streamed():
    for model, last in [("gpt-4o", "response.completed"), ("break", "response.failed")]:
        body = post(model, stream=True)
        events = [
            json.loads(line.removeprefix("data: "))
            for line in body.splitlines()
            if line.startswith("data: ")
        ]
        for event in events:
            model_for(event).model_validate(event)
        assert events[-1]["type"] == last


def the_types_are_strict():
    body = json.loads(post("gpt-4o"))
    for member in ("completed_at", "output", "usage", "truncation"):
        less = {name: value for name, value in body.items() if name != member}
        try:
            spec.ResponseResource.model_validate(less)
        except ValueError:
            continue
        raise AssertionError(f"{member} is not missed")


run(f"openresponses-types {version('openresponses-types')}", [whole, streamed, the_types_are_strict])
