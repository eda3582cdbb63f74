// The official Node client.

import assert from "node:assert/strict";
import OpenAI from "openai";
import { VERSION } from "openai/version";

const base = process.env.CHATWIRE_URL;
const client = new OpenAI({ baseURL: `${base}/v1`, apiKey: "anything" });
const HELLO = "Hello you";
const UNICODE = 'Grüße, 世界 🙂👩‍👩‍👧 "\\\n\té\u2028';
const messages = [{ role: "user", content: "Hi" }];

// Model, class, status, code, param: one for every class of error.
const ERRORS = [
  ["test/fail/invalid", OpenAI.BadRequestError, 400, "invalid_request", "messages"],
  ["test/fail/context", OpenAI.BadRequestError, 400, "context_length_exceeded", "messages"],
  ["test/fail/model", OpenAI.NotFoundError, 404, "model_not_found", "model"],
  ["no-such-model", OpenAI.NotFoundError, 404, "model_not_found", "model"],
  ["test/fail/limited", OpenAI.RateLimitError, 429, "rate_limit_exceeded", null],
  ["test/fail/unauthorized", OpenAI.InternalServerError, 502, "provider_credentials", null],
  ["test/fail/forbidden", OpenAI.InternalServerError, 502, "provider_refused", null],
  ["test/fail/server", OpenAI.InternalServerError, 502, "provider_status", null],
  ["test/fail/connect", OpenAI.InternalServerError, 502, "provider_unreachable", null],
  ["test/fail/html", OpenAI.InternalServerError, 502, "provider_blocked", null],
  ["test/fail/empty", OpenAI.InternalServerError, 502, "provider_protocol", null],
  ["test/fail/cut", OpenAI.InternalServerError, 502, "provider_truncated", null],
  ["test/fail/protocol", OpenAI.InternalServerError, 502, "provider_protocol", null],
  ["test/fail/timeout", OpenAI.InternalServerError, 504, "provider_timeout", null],
  ["test/fail/panic", OpenAI.InternalServerError, 500, "internal_error", null],
];

const ask = (model = "gpt-4o", more = {}) =>
  client.chat.completions.create({ model, messages, ...more });

async function metric(name, labels) {
  const text = await (await fetch(`${base}/metrics`)).text();
  const line = text.split("\n").find((line) => line.startsWith(`${name}{${labels}} `));
  return line ? Number(line.split(" ").pop()) : 0;
}

const requests = async () =>
  (await metric("chatwire_requests_total", 'endpoint="test",reply="stream"')) +
  (await metric("chatwire_requests_total", 'endpoint="test",reply="whole"'));

async function joined(stream) {
  let text = "";
  const roles = [];
  const reasons = [];
  for await (const chunk of stream) {
    assert.equal(chunk.object, "chat.completion.chunk");
    for (const choice of chunk.choices) {
      roles.push(choice.delta.role);
      reasons.push(choice.finish_reason);
      text += choice.delta.content ?? "";
    }
  }
  assert.equal(roles[0], "assistant");
  assert.ok(roles.slice(1).every((role) => role === undefined));
  assert.equal(reasons.pop(), "stop");
  assert.ok(reasons.every((reason) => reason === null));
  return text;
}

const tests = {
  async whole() {
    const answer = await ask();
    assert.equal(answer.choices[0].message.content, HELLO);
    assert.equal(answer.choices[0].message.refusal, null);
    assert.equal(answer.choices[0].finish_reason, "stop");
    assert.equal(answer.model, "test/hello");
    assert.equal(answer.usage.total_tokens, 4);
    assert.ok(answer._request_id);
  },

  async streamed() {
    assert.equal(await joined(await ask("gpt-4o", { stream: true })), HELLO);
  },

  async usage_when_asked_for() {
    const options = { stream: true, stream_options: { include_usage: true } };
    const chunks = [];
    for await (const chunk of await ask("gpt-4o", options)) chunks.push(chunk);
    const last = chunks.pop();
    assert.deepEqual(last.choices, []);
    assert.equal(last.usage.total_tokens, 4);
    assert.ok(chunks.every((chunk) => chunk.usage === null));
  },

  async stream_helper() {
    const runner = client.chat.completions.stream({ model: "gpt-4o", messages });
    const final = await runner.finalChatCompletion();
    assert.equal(final.choices[0].message.content, HELLO);
  },

  async unicode_both_ways() {
    assert.equal((await ask("unicode")).choices[0].message.content, UNICODE);
    assert.equal(await joined(await ask("unicode", { stream: true })), UNICODE);
    const echo = { messages: [{ role: "user", content: UNICODE }] };
    assert.equal((await ask("echo", echo)).choices[0].message.content, UNICODE);
  },

  async errors_of_each_class() {
    for (const [model, kind, status, code, param] of ERRORS) {
      for (const stream of [false, true]) {
        await assert.rejects(ask(model, { stream }), (error) => {
          assert.ok(error instanceof kind, `${model}: ${error}`);
          assert.deepEqual(
            [error.status, error.code, error.param, typeof error.type],
            [status, code, param, "string"],
            model,
          );
          assert.ok(error.requestID, model);
          return true;
        });
      }
    }
  },

  async nothing_is_asked_twice() {
    const before = await requests();
    await assert.rejects(ask("test/fail/html"));
    assert.equal(await requests(), before + 1);
  },

  async a_fault_after_the_first_text() {
    let text = "";
    const read = async () => {
      for await (const chunk of await ask("break", { stream: true })) {
        assert.equal(chunk.choices[0].finish_reason, null);
        text += chunk.choices[0].delta.content ?? "";
      }
    };
    await assert.rejects(read(), (error) => {
      assert.ok(error instanceof OpenAI.APIError);
      assert.equal(error.code, "provider_interrupted");
      return true;
    });
    assert.equal(text, "half an ");
  },

  async a_late_first_text() {
    assert.equal(await joined(await ask("late", { stream: true })), "late");
  },

  async early_close() {
    const cancelled = () => metric("chatwire_cancelled_total", 'endpoint="test"');
    for (const leave of ["break", "abort"]) {
      const before = await cancelled();
      const stream = await ask("endless", { stream: true });
      let seen = 0;
      for await (const _ of stream) {
        seen += 1;
        if (seen < 5) continue;
        if (leave === "break") break;
        stream.controller.abort();
      }
      const end = Date.now() + 1000;
      while ((await cancelled()) !== before + 1) {
        assert.ok(Date.now() < end, `${leave}: the gateway did not notice`);
      }
      assert.equal(await metric("chatwire_in_flight", 'endpoint="test"'), 0);
    }
  },

  async parameters() {
    for (const [more, param] of [
      [{ n: 2 }, "n"],
      // One tool alone could be called.
      [
        {
          tools: ["f", "g"].map((name) => ({ type: "function", function: { name } })),
          tool_choice: "required",
        },
        "tool_choice",
      ],
    ]) {
      await assert.rejects(ask("echo", more), (error) => {
        assert.equal(error.status, 400);
        assert.equal(error.param, param);
        return true;
      });
    }
    const { response } = await ask("echo", { temperature: 0.5, seed: 1 }).withResponse();
    assert.equal(response.headers.get("x-chatwire-ignored"), "temperature, seed");
  },

  async stop_sequences() {
    assert.equal(await joined(await ask("gpt-4o", { stream: true, stop: ["o y"] })), "Hell");
  },

  async models() {
    const ids = [];
    for await (const model of client.models.list()) ids.push(model.id);
    assert.ok(ids.includes("gpt-4o") && ids.includes("test/fail/html"));
    for (const id of ["gpt-4o", "test/fail/html"]) {
      assert.equal((await client.models.retrieve(id)).id, id);
    }
  },
};

let passed = 0;
let failed = 0;
for (const [name, test] of Object.entries(tests)) {
  try {
    await test();
    passed += 1;
  } catch (error) {
    failed += 1;
    console.log(`openai (Node): ${name} FAILED`);
    console.log(error);
  }
}
console.log(`openai ${VERSION} (Node): ${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
