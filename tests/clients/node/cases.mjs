// What the tests with clients for Node share.

import assert from "node:assert/strict";

export const BASE = process.env.CHATWIRE_URL;
export const HELLO = "Hello you";
export const UNICODE = 'Grüße, 世界 🙂👩‍👩‍👧 "\\\n\té\u2028';

// Model, status, code: one for every class of error.
export const ERRORS = [
  ["test/fail/invalid", 400, "invalid_request"],
  ["test/fail/context", 400, "context_length_exceeded"],
  ["no-such-model", 404, "model_not_found"],
  ["test/fail/limited", 429, "rate_limit_exceeded"],
  ["test/fail/unauthorized", 502, "provider_credentials"],
  ["test/fail/server", 502, "provider_status"],
  ["test/fail/connect", 502, "provider_unreachable"],
  ["test/fail/html", 502, "provider_blocked"],
  ["test/fail/empty", 502, "provider_protocol"],
  ["test/fail/cut", 502, "provider_truncated"],
  ["test/fail/timeout", 504, "provider_timeout"],
  ["test/fail/panic", 500, "internal_error"],
];

/** A number of a gateway. */
export async function metric(name, labels, base = BASE) {
  const text = await (await fetch(`${base}/metrics`)).text();
  const line = text.split("\n").find((line) => line.startsWith(`${name}{${labels}} `));
  return line ? Number(line.split(" ").pop()) : 0;
}

/** How many questions a gateway has taken. */
export const requests = async (base = BASE) =>
  (await metric("chatwire_requests_total", 'endpoint="test",reply="stream"', base)) +
  (await metric("chatwire_requests_total", 'endpoint="test",reply="whole"', base));

/** Checks that what is done cancels one question at the gateway. */
export async function goesAway(act) {
  const cancelled = () => metric("chatwire_cancelled_total", 'endpoint="test"');
  const before = await cancelled();
  await act();
  const end = Date.now() + 2000;
  while ((await cancelled()) !== before + 1) {
    assert.ok(Date.now() < end, "the gateway did not notice");
  }
  assert.equal(await metric("chatwire_in_flight", 'endpoint="test"'), 0);
}

/** Runs the functions and says how many passed. */
export async function run(title, tests) {
  let passed = 0;
  let failed = 0;
  for (const [name, test] of Object.entries(tests)) {
    try {
      await test();
      passed += 1;
    } catch (error) {
      failed += 1;
      console.log(`${title}: ${name} FAILED`);
      console.log(error);
    }
  }
  console.log(`${title}: ${passed} passed, ${failed} failed`);
  process.exit(failed ? 1 : 0);
}
