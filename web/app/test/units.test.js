/** What can be tried without a browser: links in texts, the window over a conversation, the languages. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { MOST, NEWEST, STEP, bounds, newer, older } from "../views/slice.js";
import { pieces } from "../ui/rich-text.js";
import { LANGUAGES } from "../texts/languages.js";

const links = (text) => pieces(text).flatMap(({ text, href }) => (href === null ? [] : [[text, href]]));

test("links are what they say, and end where the sentence goes on", () => {
  const cases = {
    "see https://a.example/x?y=1&z=2, or not": [["https://a.example/x?y=1&z=2", "https://a.example/x?y=1&z=2"]],
    "(http://a.example/b_(c))": [["http://a.example/b_(c)", "http://a.example/b_(c)"]],
    "HTTPS://A.example!": [["HTTPS://A.example", "https://a.example/"]],
    "mailto:ann@a.example.": [["mailto:ann@a.example", "mailto:ann@a.example"]],
    "https://배.example/길。": [["https://배.example/길", "https://xn--2h3b.example/%EA%B8%B8"]],
    "javascript:alert(1) data:text/html,x ftp://a.example file:///etc/passwd //a.example": [],
    "https:// http:///": [],
  };
  for (const [text, expected] of Object.entries(cases)) {
    assert.deepEqual(links(text), expected, text);
    assert.equal(
      pieces(text)
        .map((piece) => piece.text)
        .join(""),
      text,
      "nothing is lost",
    );
  }
});

const entry = (seq) => ({ message: { seq } });
const waiting = { message: null };

test("the window moves to both ends and is never larger than it may be", () => {
  const entries = [...Array.from({ length: 1_000 }, (_, at) => entry(2 * at + 1)), waiting, waiting];
  let slice = NEWEST;
  assert.deepEqual(bounds(entries, slice), { start: entries.length - STEP, end: entries.length });
  for (let steps = 0; bounds(entries, slice).start > 0; steps += 1) {
    const before = bounds(entries, slice);
    slice = older(entries, slice);
    const after = bounds(entries, slice);
    assert.ok(after.start < before.start && after.end - after.start <= MOST && after.end > before.start, `${steps}`);
  }
  for (let steps = 0; bounds(entries, slice).end < entries.length; steps += 1) {
    const before = bounds(entries, slice);
    slice = newer(entries, slice);
    const after = bounds(entries, slice);
    assert.ok(after.end > before.end && after.end - after.start <= MOST && after.start < before.end, `${steps}`);
  }
  assert.equal(slice.last, null, "it follows the end");
});

test("what is deleted, and what comes before or after, moves no window", () => {
  const entries = Array.from({ length: 300 }, (_, at) => entry(at + 1));
  const slice = older(entries, older(entries, older(entries, NEWEST)));
  const { start, end } = bounds(entries, slice);
  const shown = entries.slice(start, end);
  const others = [...Array.from({ length: 50 }, (_, at) => entry(at - 50)), ...entries, entry(301)];
  const moved = bounds(others, slice);
  assert.deepEqual(others.slice(moved.start, moved.end), shown);
  const without = entries.filter((one) => one !== shown[0] && one !== shown.at(-1));
  const cut = bounds(without, slice);
  assert.deepEqual(without.slice(cut.start, cut.end), shown.slice(1, -1));
});

test("every language says all that English says, with the same values", async () => {
  const textsOf = async (language) => (await import(`../texts/${language}.js`)).default;
  const values = (text) => [...new Set(JSON.stringify(text).match(/\{\w+\}/g) ?? [])].sort();
  const english = await textsOf("en");
  for (const language of Object.keys(LANGUAGES)) {
    const texts = await textsOf(language);
    assert.deepEqual(Object.keys(texts).sort(), Object.keys(english).sort(), language);
    for (const [key, text] of Object.entries(texts)) {
      assert.deepEqual(values(text), values(english[key]), `${language}: ${key}`);
    }
  }
});
