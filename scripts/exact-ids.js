// Checks that ids survive being JavaScript numbers. Reads JSON lines like
//   {"text":"14520041365898447","number":14520041365898447}
// from standard input, and fails if a number is not safe or no longer spells its text.
// Prints how many ids it checked.
//
//   node scripts/exact-ids.js < ids.jsonl
"use strict";

const lines = require("node:fs").readFileSync(0, "utf8").split("\n").filter((line) => line !== "");
for (const line of lines) {
  const { text, number } = JSON.parse(line);
  if (!Number.isSafeInteger(number) || String(number) !== text) {
    console.error(`not exact: ${line} was read as ${number}`);
    process.exit(1);
  }
}
console.log(lines.length);
