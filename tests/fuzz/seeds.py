#!/usr/bin/env python3
"""Makes the seed corpus of each fuzz target from the recordings."""

import base64
import json
import pathlib

HERE = pathlib.Path(__file__).resolve().parent
RECORDINGS = HERE.parent / "recordings"
SAMPLES = HERE.parents[1] / "crates/structured/tests/all/samples.jsonl"
# Where a target reads its cuts from: small pieces, large ones, mixed.
CUTS = [bytes([0] * 8), bytes([31] * 8), bytes([2, 30, 0, 7, 1, 19, 4, 11])]
MESSAGES = [
    b'[{"role":"user","content":"Hi"}]',
    b'[{"role":"system","content":[{"type":"text","text":"a"},{"type":"image_url","image_url":{}}]},{"role":"user","content":null}]',
    b'[{"role":"developer","content":"x"},{"role":"tool","content":["a",{"text":"b"}]},{"role":"Assistant"}]',
]
PAGES = [
    b'{"X-API-Secret":"W252GY255JVYBS9NAM",secret:   "a b-c"}',
    b'<link rel="preload" as=script href=/_nuxt/a.js><script src=\'b.js?x=1&amp;y=2\'></script>',
    b"<div data-system='{&quot;restNonce&quot;:&quot;cbf23cc13b&quot;}'></div>",
    b'Warning: {x}\n{"success":true,"restNonce":"cbf23cc13b"}',
    b"Rate limit reached. Please try again in 1m2.5s <b>now</b> &lt;",
]
SESSIONS = [
    b'{"address":"https://chat.example.org/","cookies":[{"name":"a","value":"b","path":"/","expires":1}],"user_agent":"A","languages":["de"],"client_hints":{"brands":[{"brand":"A","version":"1"}],"mobile":false,"platform":"L"}}',
    b"# Netscape HTTP Cookie File\n#HttpOnly_.example.org\tTRUE\t/\tTRUE\t0\tname\tvalue\n",
    b'[{"domain":".example.org","hostOnly":false,"name":"a","value":"b","path":"/","secure":true,"expirationDate":1999999999.5}]',
    b'{"cookies":[{"domain":"chat.example.org","name":"a","value":"b","expires":-1}]}',
    b'{"log":{"entries":[{"request":{"url":"https://chat.example.org/x","headers":[{"name":"Cookie","value":"a=b; c=d"},{"name":"sec-ch-ua","value":"\\"A\\";v=\\"1\\""}]},"response":{"cookies":[{"name":"a","value":"","domain":".example.org"}]}}]}}',
]
CONFIGS = [
    b'default = "home"\n[http]\nidle_timeout = "30s"\nproxy = "off"\n[endpoints.home]\nprovider = "aura"\nbase_url = "http://me:hush@127.0.0.1:3000"\noptions = { key = "hush" }\nhttp = { headers = { cookie = { file = "cookie" } }, ca_file = "ca.pem" }\n[aliases]\nbest = ["home"]\n[gateway]\nlisten = "127.0.0.1:1337"\napi_keys = [{ env = "KEY" }]\nlimits = { body = "4MiB" }\n',
]
ERRORS = [
    b'\x00{"error":{"message":"Rate limit reached, try again in 1m2.5s"}}',
    b"\x06<!doctype html><title>503 Service &amp; co</title><p>Busy",
    b"\x08Quota exceeded",
]
REQUESTS = [
    b'\x00{"model":"m","messages":[{"role":"user","content":"Hi"}],"stop":["aaaaaaac","###"],"stream":true}',
    b'\x01{"model":"m","prompt":"Hi","stop":"b"}',
    b'\x02{"model":"m","input":[{"role":"user","content":[{"type":"input_text","text":"Hi"}]}]}',
    b'\x03{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"Hi"}],"stop_sequences":["aaab"]}',
    b'\x04{"model":"m","messages":[{"role":"user","content":"Hi"}],"options":{"stop":["aa"]}}',
    b'\x05{"model":"m","prompt":"Hi"}',
]
# What a long text repeats.
HARD = [b"{", b'{"a":', b"[", b'"', b"\\", b"<", b"<a b=", b"<!--", b"data: {\n", b"\r", b"a"]
LARGE = 64 * 1024
AURA = [
    b'data: {"id":"c","choices":[{"index":0,"delta":{"role":"assistant","content":"Hi \\ud83d"}}]}\n\n'
    b'data: {"choices":[{"delta":{"content":"\\ude00"},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n',
    b'data: {"error":{"message":"Rate limit reached"}}\n\n',
]
SSE = [
    b"\xef\xbb\xbfevent: add\r\ndata: 1\rdata:2\n\nid: 7\nretry: 10\n: x\ndata\n\n",
    b"data:\n\nid: \0\nevent\ndata: a\xff\n\n",
]


def save(target, name, data):
    folder = HERE / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)


def main():
    for path in sorted(RECORDINGS.glob("*/*.json")):
        recording = json.loads(path.read_text("utf-8"))
        pieces = [
            base64.b64decode(piece["b64"])
            if "b64" in piece
            else piece["text"].encode("utf-8", "surrogatepass")
            for piece in recording["response"]["body"]
        ]
        body = b"".join(pieces)[:20000]
        name = f"{path.parent.name}-{path.stem}"
        request = recording["request"].get("json")
        if isinstance(request, dict) and isinstance(request.get("messages"), list):
            save("messages", name, json.dumps(request["messages"]).encode())
        save("pages", name, body)
        for number, cuts in enumerate(CUTS):
            for target in ["utf8", "lines", "sse", "aura", "ai_engine", "ui_stream", "data_stream"]:
                save(target, f"{name}-{number}", cuts + body)
            for target in ["plain_text", "text_stream"]:
                save(target, f"{name}-{number}", bytes([number]) + cuts + body)
    tables = [
        ("messages", MESSAGES),
        ("pages", PAGES),
        ("sessions", SESSIONS),
        ("config", CONFIGS),
        ("errors", ERRORS),
        ("requests", REQUESTS),
    ]
    for target, seeds in tables:
        for number, seed in enumerate(seeds):
            save(target, f"seed-{number}", seed)
    for number, line in enumerate(SAMPLES.read_text("utf-8").splitlines()):
        text = json.loads(line)["text"].encode("utf-8", "surrogatepass")
        save("json_answers", f"sample-{number}", text)
    for target in (HERE / "fuzz_targets").glob("*.rs"):
        for number, pattern in enumerate(HARD):
            long = (pattern * LARGE)[:LARGE]
            save(target.stem, f"hard-{number}", long)
            save(target.stem, f"hard-cut-{number}", CUTS[1] + long)
    for target, seeds in [("sse", SSE), ("aura", AURA)]:
        for number, seed in enumerate(seeds):
            for cut, cuts in enumerate(CUTS):
                save(target, f"seed-{number}-{cut}", cuts + seed)


main()
