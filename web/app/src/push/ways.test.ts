import assert from "node:assert/strict";
import { test } from "node:test";
import { firstThatWorks, isDue, readDevice, waysOf, within, type Device } from "./ways.ts";

const FIREBASE = { project_id: "reports-90", api_key: "key", app_id: "1:2:web:3", sender_id: "2", vapid_key: "point" };
const NOW = Date.parse("2026-04-14T02:00:00Z");
const DAY = 24 * 3600 * 1000;
const device: Device = { id: "a", way: "firebase", endpoint: "https://push.example/1", at: NOW, firebase: FIREBASE };

test("Firebase comes first where it is offered, and the browser's own way is always there", () => {
  assert.deepEqual(waysOf(FIREBASE), ["firebase", "webpush"]);
  assert.deepEqual(waysOf(null), ["webpush"]);
});

test("a device that is registered again stays by its way", () => {
  assert.deepEqual(waysOf(FIREBASE, "webpush", true), ["webpush"]);
  assert.deepEqual(waysOf(FIREBASE, "webpush", false), ["webpush"]);
  assert.deepEqual(waysOf(FIREBASE, "firebase", true), ["firebase"]);
});

test("it takes another way where its address is gone, or Firebase is not offered any more", () => {
  assert.deepEqual(waysOf(FIREBASE, "firebase", false), ["firebase", "webpush"]);
  assert.deepEqual(waysOf(null, "firebase", true), ["webpush"]);
});

test("the next way is taken where one fails, and where it never answers", async () => {
  const never = { seconds: 0.02, take: () => new Promise<string>(() => undefined) };
  const fails = { seconds: 1, take: () => Promise.reject(new Error("500")) };
  const works = { seconds: 1, take: () => Promise.resolve("webpush") };
  assert.equal(await firstThatWorks([fails, works]), "webpush");
  assert.equal(await firstThatWorks([never, works]), "webpush");
  assert.equal(await firstThatWorks([fails, never]), undefined);
  assert.equal(await firstThatWorks([]), undefined);
});

test("a way that works leaves the others alone", async () => {
  let asked = 0;
  const way = { seconds: 1, take: () => Promise.resolve((asked += 1)) };
  assert.equal(await firstThatWorks([way, way]), 1);
  assert.equal(asked, 1);
});

test("what comes in time is taken, and no timer keeps the page awake", async () => {
  assert.equal(await within(3600, Promise.resolve(5)), 5);
  await assert.rejects(within(0.01, new Promise(() => undefined)), /too long/);
});

test("a device is registered again after a week, with another address, or after the clock jumped", () => {
  assert.equal(isDue(device, device.endpoint, NOW + 6 * DAY), false);
  assert.equal(isDue(device, device.endpoint, NOW + 7 * DAY), true);
  assert.equal(isDue(device, device.endpoint, NOW - 8 * DAY), true);
  assert.equal(isDue(device, "https://push.example/2", NOW), true);
  assert.equal(isDue(device, undefined, NOW), true);
});

test("what an earlier version of the app kept is a device of the browser's own way, and due", () => {
  const old = readDevice("0b1d4b5e");
  assert.deepEqual([old?.id, old?.way], ["0b1d4b5e", "webpush"]);
  assert.ok(old && isDue(old, "https://push.example/1", NOW));
  assert.deepEqual(readDevice(device), device);
  assert.equal(readDevice(undefined), undefined);
});
