/** The package, as those get it who install it. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import * as sdk from "../tradewind.js";
import { Hub, within } from "./hub.js";

const SDK = fileURLToPath(new URL("..", import.meta.url));
const MODULES = readdirSync(SDK).filter((file) => file.endsWith(".js"));
const FILES = ["LICENSE", "README.md", "package.json", "tradewind.d.ts", ...MODULES].sort();

const read = (path) => readFileSync(join(SDK, path), "utf8");
const code = MODULES.map(read).join("\n");
const folder = mkdtempSync(join(tmpdir(), "tradewind-package."));
const run = promisify(execFile);

function npm(...args) {
  const settings = { npm_config_cache: join(folder, "cache"), npm_config_offline: "true" };
  return run("npm", args, { cwd: folder, env: { ...process.env, ...settings } });
}

before(async () => {
  const { stdout } = await npm("pack", "--json", SDK);
  const [{ filename, files }] = JSON.parse(stdout);
  assert.deepEqual(files.map(({ path }) => path).sort(), FILES);
  writeFileSync(join(folder, "package.json"), "{}");
  await npm("install", "--no-audit", "--no-fund", `./${filename}`);
});

after(() => rmSync(folder, { recursive: true }));

test("it installs into an empty folder without a network, and can be imported", async () => {
  writeFileSync(
    join(folder, "names.mjs"),
    'import * as sdk from "@tradewind/sdk"; console.log(Object.keys(sdk).join());',
  );
  const { stdout } = await run(process.execPath, ["names.mjs"], { cwd: folder });
  assert.deepEqual(stdout.trim().split(",").sort(), Object.keys(sdk).sort());
});

test("the example of the README works", async () => {
  const hub = new Hub();
  try {
    await hub.start("--demo");
    const [, example] = /```js\n(import .*?)```/s.exec(read("README.md"));
    const address = "http://127.0.0.1:8080";
    assert.ok(example.includes(address));
    writeFileSync(join(folder, "hello.mjs"), example.replace(address, hub.url));
    const { stdout } = await within(
      run(process.execPath, ["hello.mjs"], { cwd: folder }),
      "the end",
    );
    assert.equal(stdout, "alice: hello bob\nbob: 안녕 alice ⛵\n");
  } finally {
    await hub.clear();
  }
});

test("its licence and version are those of the hub", () => {
  assert.equal(read("LICENSE"), read("../../LICENSE"));
  const [, version] = /^version = "(.*)"$/m.exec(read("../../Cargo.toml"));
  assert.equal(JSON.parse(read("package.json")).version, version);
});

test("the types name what there is, and nothing else", () => {
  const types = read("tradewind.d.ts");
  const exported = [...types.matchAll(/^export (?:const|function|class) (\w+)/gm)].map(
    ([, name]) => name,
  );
  assert.deepEqual(exported.sort(), Object.keys(sdk).sort());
  for (const { name, prototype } of [sdk.Client, sdk.Account, sdk.Room, sdk.HubError]) {
    const [, body] = new RegExp(`^export class ${name} .*?\\{\n(.*?)^\\}`, "ms").exec(types);
    const typed = [...body.matchAll(/^  (?:get )?(\w+)[<(]/gm)].map(([, member]) => member);
    const isInternal = (member) =>
      new RegExp(`@internal[^/]*\\*/\n  (?:get )?${member}\\(`).test(code);
    const own = Object.getOwnPropertyNames(prototype).filter((member) => !isInternal(member));
    assert.deepEqual(
      new Set(typed.concat("constructor")),
      new Set(own.concat("constructor")),
      name,
    );
  }
});

test("what is documented as an event is told, and the other way round", () => {
  const [, body] = /^export interface ClientEvents \{\n(.*?)^\}/ms.exec(read("tradewind.d.ts"));
  const typed = [...body.matchAll(/^  (\w+):/gm)].map(([, type]) => type);
  const told = [...code.matchAll(/\.emit\("(\w+)"/g)].map(([, type]) => type);
  assert.deepEqual([...new Set(told)].sort(), typed.sort());
});
