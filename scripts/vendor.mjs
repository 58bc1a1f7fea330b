/**
 * Writes web/vendor: the modules of others that the page is built on, as npm has them in the versions below. Only the
 * names by which they import each other become paths, so that a browser finds them without a build step. Run by who
 * wants other versions, or another icon; whoever runs the hub needs none of it.
 *
 *   scripts/vendor.mjs
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const PACKAGES = {
  preact: "11.2.0",
  htm: "3.1.1",
  "@preact/signals": "2.11.4",
  "@preact/signals-core": "1.14.5",
  "lucide-static": "1.62.0",
};

/** Each module by its file in a package. */
const MODULES = {
  "preact.js": "preact/dist/preact.mjs",
  "hooks.js": "preact/hooks/dist/hooks.mjs",
  "htm.js": "htm/dist/htm.mjs",
  "signals.js": "@preact/signals/dist/signals.mjs",
  "signals-core.js": "@preact/signals-core/dist/signals-core.mjs",
};

const PATHS = {
  preact: "./preact.js",
  "preact/hooks": "./hooks.js",
  "@preact/signals-core": "./signals-core.js",
};

/** The icons that the page shows. */
const ICONS = [
  "arrow-down", "arrow-left", "ban", "bell", "check", "check-check", "circle-alert", "clock", "copy", "crown",
  "ellipsis", "laptop", "log-out", "mail", "message-circle", "pencil", "plus", "rotate-cw", "search",
  "send-horizontal", "settings", "shield", "trash", "triangle-alert", "user", "user-plus", "user-x", "users",
  "wifi-off", "x",
];

const TARGET = fileURLToPath(new URL("../web/vendor/", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "tradewind-vendor."));
const packages = Object.entries(PACKAGES).map(([name, version]) => `${name}@${version}`);
const options = ["--silent", "--no-save", "--no-package-lock", "--no-audit", "--no-fund", "--prefix", folder];
execFileSync("npm", ["install", ...options, ...packages], { stdio: "inherit" });
const read = (path) => readFileSync(join(folder, "node_modules", path), "utf8");

/** Whose a file is, and under which terms. */
function head(name) {
  const { version, license } = JSON.parse(read(`${name}/package.json`));
  return `/*! ${name} ${version}, ${license}: see LICENSES.txt. Written by scripts/vendor.mjs. */\n`;
}

for (const [file, path] of Object.entries(MODULES)) {
  const name = Object.keys(PACKAGES).filter((one) => path.startsWith(`${one}/`)).at(-1);
  const text = read(path).replace(/\n?\/\/# sourceMappingURL=.*\s*$/, "\n");
  const linked = text.replace(/(from\s*|import\s*)"([^".][^"]*)"/g, (_, word, from) => `${word}"${PATHS[from]}"`);
  writeFileSync(join(TARGET, file), head(name) + linked);
  const types = path.replace(/\/dist\/.*$/, "");
  writeFileSync(join(TARGET, file.replace(/js$/, "d.ts")), `export * from "${types}";\n${isDefault(file)}`);
}

/** Whether a module exports something by no name. */
function isDefault(file) {
  return file === "htm.js" ? 'export { default } from "htm";\n' : "";
}

const nodes = JSON.parse(read("lucide-static/icon-nodes.json"));
const drawn = ICONS.map((name) => `  ${JSON.stringify(name)}: ${JSON.stringify(nodes[name])},\n`).join("");
writeFileSync(
  join(TARGET, "icons.js"),
  `${head("lucide-static")}\n/**\n * The elements of each icon, on a square of 24.\n * @type {Record<string, [string, Record<string, string>][]>}\n */\nexport const ICONS = {\n${drawn}};\n`,
);
const licences = ["preact", "htm", "@preact/signals", "@preact/signals-core", "lucide-static"].map((name) => {
  const { version } = JSON.parse(read(`${name}/package.json`));
  return `${name} ${version}\n\n${read(`${name}/LICENSE`).trim()}\n`;
});
writeFileSync(join(TARGET, "LICENSES.txt"), licences.join(`\n${"-".repeat(72)}\n\n`));
rmSync(folder, { recursive: true });
