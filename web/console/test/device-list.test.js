/** The page reads lists of devices as the hub does: both by the same texts. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { parseDeviceList } from "../device-list.js";

const texts = JSON.parse(readFileSync(new URL("device-lists.json", import.meta.url), "utf8"));
const READ = {
  two: ["a", "35d612418f354c7eba8c6492813ddf2d"],
  one: ["a"],
  empty: [],
  none: null,
};

test("lists are read as people type them, and nothing else is", () => {
  for (const [kind, expected] of Object.entries(READ)) {
    for (const text of texts[kind]) {
      assert.deepEqual(parseDeviceList(text), expected, JSON.stringify(text));
    }
  }
});

test("ids and lists end at their limits", () => {
  const longest = "x".repeat(128);
  assert.deepEqual(parseDeviceList(longest), [longest]);
  assert.equal(parseDeviceList(`${longest}x`), null);
  assert.equal(parseDeviceList("a ".repeat(2_000)).length, 2_000);
  assert.equal(parseDeviceList("a ".repeat(2_001)), null);
});
