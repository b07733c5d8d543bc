import assert from "node:assert/strict";
import { test } from "node:test";
import { readMessage } from "./message.ts";

const OURS = {
  title: "90-day report due on 14 April 2026",
  body: "File it in this app on or before 14 April 2026.",
  notification_id: "0b1d4b5e-3a55-4a7c-9a53-5ad7f1a0c0de",
  kind: "reminder.due-day",
  language: "en",
  acknowledgement: "A".repeat(43),
  initial: "A",
};
const READ = {
  title: OURS.title,
  body: OURS.body,
  tag: OURS.notification_id,
  language: "en",
  acknowledgement: OURS.acknowledgement,
  initial: "A",
};
const AROUND = { from: "123456789012", priority: "normal", fcmMessageId: "1f6c6b1e" };

test("a message is read as it comes by Web Push, and as Firebase hands it over", () => {
  assert.deepEqual(readMessage(OURS), READ);
  assert.deepEqual(readMessage({ ...AROUND, data: OURS }), READ);
});

test("a message that was written at Firebase's console is shown too", () => {
  const written = { ...AROUND, notification: { title: "Test", body: "of the set-up" } };
  assert.deepEqual(readMessage(written), { title: "Test", body: "of the set-up", tag: "1f6c6b1e", language: "" });
});

test("what the service wrote goes before what Firebase made of it, so that it is one message", () => {
  const both = { ...AROUND, data: OURS, notification: { title: "Another", body: "", tag: "other" } };
  assert.deepEqual(readMessage(both), READ);
});

test("a phone of one person needs no initial, and an old message no mark", () => {
  assert.deepEqual(readMessage({ title: "Hello" }), { title: "Hello", body: "", tag: "", language: "" });
});

test("what is no message is not shown", () => {
  const others = [undefined, null, 5, "text", [], [OURS], {}, { title: "" }, { title: 5 }, { data: [] }, { data: null, notification: "x" }, { data: { title: {} } }, AROUND];
  for (const each of others) assert.equal(readMessage(each), undefined, JSON.stringify(each));
});

test("values that are no text are left out", () => {
  const odd = { ...AROUND, data: { ...OURS, body: 5, acknowledgement: { a: 1 }, initial: null, language: ["en"] } };
  assert.deepEqual(readMessage(odd), { title: OURS.title, body: "", tag: OURS.notification_id, language: "" });
});
