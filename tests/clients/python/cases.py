"""What the tests with Python clients share: the cases and how they are run."""

import os
import time
import traceback
import urllib.request

BASE = os.environ["CHATWIRE_URL"]
HELLO = "Hello you"
UNICODE = "Grüße, 世界 🙂👩‍👩‍👧 \"\\\n\té\u2028"

# Model, status, code, param: one for every class of error.
ERRORS = [
    ("test/fail/invalid", 400, "invalid_request", "messages"),
    ("test/fail/context", 400, "context_length_exceeded", "messages"),
    ("test/fail/model", 404, "model_not_found", "model"),
    ("no-such-model", 404, "model_not_found", "model"),
    ("test/fail/limited", 429, "rate_limit_exceeded", None),
    ("test/fail/unauthorized", 502, "provider_credentials", None),
    ("test/fail/forbidden", 502, "provider_refused", None),
    ("test/fail/server", 502, "provider_status", None),
    ("test/fail/connect", 502, "provider_unreachable", None),
    ("test/fail/html", 502, "provider_blocked", None),
    ("test/fail/empty", 502, "provider_protocol", None),
    ("test/fail/cut", 502, "provider_truncated", None),
    ("test/fail/protocol", 502, "provider_protocol", None),
    ("test/fail/timeout", 504, "provider_timeout", None),
    ("test/fail/panic", 500, "internal_error", None),
]


def metric(name, **labels):
    """One number of the gateway."""
    text = urllib.request.urlopen(BASE + "/metrics").read().decode()
    inner = ",".join(f'{key}="{value}"' for key, value in sorted(labels.items()))
    wanted = f"{name}{{{inner}}} "
    for line in text.splitlines():
        if line.startswith(wanted):
            return float(line[len(wanted):])
    return 0.0


def requests():
    """How many questions the gateway has taken."""
    return sum(
        metric("chatwire_requests_total", endpoint="test", reply=reply)
        for reply in ("stream", "whole")
    )


def wait_until(condition, seconds=1.0):
    """Waits for a condition, and fails when it does not come."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.005)


class GoneAway:
    """Checks that what is done inside cancels one question at the gateway."""

    def __enter__(self):
        self.before = metric("chatwire_cancelled_total", endpoint="test")

    def __exit__(self, kind, *_):
        if kind is None:
            wait_until(
                lambda: metric("chatwire_cancelled_total", endpoint="test") == self.before + 1
            )
            assert metric("chatwire_in_flight", endpoint="test") == 0


def run(title, tests):
    """Runs the functions and says how many passed."""
    passed = failed = 0
    for test in tests:
        try:
            test()
            passed += 1
        except Exception:
            failed += 1
            print(f"{title}: {test.__name__} FAILED")
            traceback.print_exc()
    print(f"{title}: {passed} passed, {failed} failed")
    raise SystemExit(1 if failed else 0)
