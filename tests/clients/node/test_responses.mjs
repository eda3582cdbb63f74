// The official Node client: responses.

import assert from "node:assert/strict";
import OpenAI from "openai";
import { VERSION } from "openai/version";

import { BASE, ERRORS, HELLO, UNICODE, goesAway, requests, run } from "./cases.mjs";

const client = new OpenAI({ baseURL: `${BASE}/v1`, apiKey: "anything" });
const ask = (model = "gpt-4o", more = {}) =>
  client.responses.create({ model, input: "Hi", ...more });

async function all(stream) {
  const events = [];
  for await (const event of stream) events.push(event);
  return events;
}

const textOf = (events) =>
  events
    .filter((event) => event.type === "response.output_text.delta")
    .map((event) => event.delta)
    .join("");

await run(`openai ${VERSION} (Node, responses)`, {
  async whole() {
    const answer = await ask();
    assert.equal(answer.output_text, HELLO);
    assert.equal(answer.status, "completed");
    assert.equal(answer.usage.total_tokens, 4);
  },

  async streamed() {
    const events = await all(await ask("gpt-4o", { stream: true }));
    assert.equal(textOf(events), HELLO);
    assert.equal(events.at(-1).type, "response.completed");
    events.forEach((event, number) => assert.equal(event.sequence_number, number));
  },

  async stream_helper() {
    const stream = client.responses.stream({ model: "gpt-4o", input: "Hi" });
    assert.equal((await stream.finalResponse()).output_text, HELLO);
  },

  async unicode_both_ways() {
    assert.equal((await ask("unicode")).output_text, UNICODE);
    assert.equal((await ask("echo", { input: UNICODE })).output_text, UNICODE);
  },

  async a_conversation() {
    const first = await ask("echo", { input: "one" });
    const second = await ask("echo", { input: "two", previous_response_id: first.id });
    assert.equal(second.output_text, "two");
    assert.equal((await client.responses.retrieve(first.id)).output_text, "one");
    await client.responses.delete(first.id);
    await assert.rejects(client.responses.retrieve(first.id), OpenAI.NotFoundError);
  },

  async errors_of_each_class() {
    for (const [model, status, code] of ERRORS) {
      for (const stream of [false, true]) {
        await assert.rejects(ask(model, { stream }), (error) => {
          assert.deepEqual([error.status, error.code], [status, code], model);
          return true;
        });
      }
    }
  },

  async a_fault_after_the_first_text() {
    const events = await all(await ask("break", { stream: true }));
    assert.equal(textOf(events), "half an ");
    assert.equal(events.at(-1).type, "response.failed");
    assert.equal(events.at(-1).response.error.code, "provider_interrupted");
  },

  // The gateway repeats nothing by default, and says when that cannot help.
  async repetitions_do_not_multiply() {
    const base = process.env.CHATWIRE_PLAIN_URL;
    const plain = new OpenAI({ baseURL: `${base}/v1`, apiKey: "anything" });
    for (const [failing, most] of [
      ["server", 3],
      ["limited", 3],
      ["html", 1],
    ]) {
      const before = await requests(base);
      const question = { model: `test/fail/${failing}`, input: "Hi" };
      await assert.rejects(plain.responses.create(question));
      const asked = (await requests(base)) - before;
      console.log(`openai (Node), ${failing}: ${asked} upstream requests of one failed question`);
      assert.equal(asked, most);
    }
  },

  async early_close() {
    await goesAway(async () => {
      let seen = 0;
      for await (const _ of await ask("endless", { stream: true })) {
        seen += 1;
        if (seen === 7) break;
      }
    });
  },
});
