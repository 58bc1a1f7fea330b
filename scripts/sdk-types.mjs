/**
 * Writes web/sdk/tradewind.d.ts, the types of the SDK in one file: the compiler of TypeScript reads
 * them from the comments of the modules; the shapes stand in shapes.d.ts. Run by scripts/sdk.
 *
 *   scripts/sdk-types.mjs COMPILER            writes the file
 *   scripts/sdk-types.mjs COMPILER --check    fails if it is not what the modules say
 */
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";

const [compiler, mode] = process.argv.slice(2);
const ts = createRequire(import.meta.url)(compiler);

const SDK = fileURLToPath(new URL("../web/sdk/", import.meta.url));
const TARGET = join(SDK, "tradewind.d.ts");
const HEAD = `/**
 * Types of the Tradewind SDK. What comes from the hub keeps the names of the protocol
 * (docs/protocol/rewind.md); what the SDK adds is in camel case.
 *
 * Written by \`scripts/sdk types\` from the comments of the modules: change those.
 */
`;

const INDENT = "  ";
const WIDTH = 100;

const program = ts.createProgram([join(SDK, "tradewind.js")], {
  allowJs: true,
  checkJs: true,
  declaration: true,
  emitDeclarationOnly: true,
  removeComments: true,
  strict: true,
  noImplicitAny: false,
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.NodeNext,
  lib: ["lib.es2023.d.ts", "lib.dom.d.ts", "lib.dom.iterable.d.ts"],
  types: [],
});
const checker = program.getTypeChecker();

/** What the compiler declares of each module, by the module's name. */
const declared = new Map();
program.emit(undefined, (path, text) => {
  const name = basename(path, ".d.ts");
  declared.set(name, ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true));
});

/** The declaration of a name in a module: its source, and what the compiler has made of it. */
function find(module, name) {
  const named = (statement) =>
    ts.isVariableStatement(statement)
      ? statement.declarationList.declarations.some((it) => it.name.getText() === name)
      : statement.name?.getText() === name;
  const source = program.getSourceFile(join(SDK, `${module}.js`)).statements.find(named);
  return { source, made: declared.get(module).statements.find(named) };
}

/** What the program may import, and the classes that those extend. */
function exported() {
  const entrance = program.getSourceFile(join(SDK, "tradewind.js"));
  const found = new Map();
  const add = (symbol) => {
    const [declaration] = symbol.declarations;
    for (const { types } of declaration.heritageClauses ?? []) {
      const base = checker.getSymbolAtLocation(types[0].expression);
      const target = base.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(base) : base;
      // Those of the language are known.
      if (target.declarations[0].getSourceFile().fileName.startsWith(SDK) && !found.has(target)) {
        found.set(target, false);
      }
    }
    found.set(symbol, true);
  };
  for (const symbol of checker.getExportsOfModule(checker.getSymbolAtLocation(entrance))) {
    add(symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol);
  }
  return [...found].map(([symbol, isPublic]) => {
    const module = basename(symbol.declarations[0].getSourceFile().fileName, ".js");
    return { isPublic, ...find(module, symbol.name) };
  });
}

/** The prose of a comment, without what is said to the compiler. */
function prose(node) {
  const comment = node.jsDoc?.at(-1)?.comment;
  const text = ts.getTextOfJSDocComment(comment)?.trim() ?? "";
  if (text === "") {
    return "";
  }
  const lines = text.split("\n");
  return lines.length === 1
    ? `/** ${text} */\n`
    : `/**\n${lines.map((line) => ` * ${line}`.trimEnd()).join("\n")}\n */\n`;
}

/** A signature or type on one line, with plain names. */
function line(text) {
  return text
    .replace(/import\("\.\/\w+\.js"\)\./g, "")
    .replace(/\{\n([^{}]*);\n\s*\}/g, (_, fields) => `{ ${fields.trim().replace(/\n\s*/g, " ")} }`);
}

/** A declaration as the compiler has made it; of a long one, each parameter has a line. */
function plain(node) {
  const whole = line(node.getText());
  if (whole.length + INDENT.length <= WIDTH || (node.parameters ?? []).length === 0) {
    return whole;
  }
  const text = node.getSourceFile().text;
  const parameters = node.parameters.map((it) => `${INDENT}${line(it.getText())},\n`).join("");
  const head = line(text.slice(node.getStart(), node.parameters.pos));
  return `${head}\n${parameters}${line(text.slice(node.parameters.end, node.end))}`;
}

const indented = (text) => text.replace(/^(?=.)/gm, INDENT);
const isInternal = (node) => ts.getJSDocTags(node).some((tag) => tag.tagName.text === "internal");
const nameOf = (member) => (ts.isConstructorDeclaration(member) ? "" : member.name.getText());

function member(made, source) {
  const isState = ts.isPropertyDeclaration(made) && !/\breadonly\b/.test(made.getText());
  // State is read by programs and written by the SDK, for which JavaScript has no word.
  return indented(`${prose(source)}${isState ? "readonly " : ""}${plain(made)}\n`);
}

function classOf(made, source) {
  const sources = new Map(source.members.map((it) => [nameOf(it), it]));
  const seen = made.members
    .filter((it) => !nameOf(it).startsWith("#"))
    .map((it) => [it, sources.get(nameOf(it))])
    .filter(([, its]) => !isInternal(its));
  const heritage = made.heritageClauses?.map((clause) => ` ${clause.getText()}`).join("") ?? "";
  const body = seen.map(([it, its]) => member(it, its)).join("");
  return `class ${made.name.text}${heritage} {\n${body}}`;
}

function declaration({ isPublic, made, source }) {
  const text = ts.isClassDeclaration(made)
    ? classOf(made, source)
    : plain(made).replace(/^(export )?(declare )?/, "");
  if (/\bany\b/.test(text)) {
    throw new Error(`the comments leave something open:\n${text}`);
  }
  return `${prose(source)}${isPublic ? "export" : "declare"} ${text}\n`;
}

/** The shapes, without what they import. */
function shapes() {
  const text = readFileSync(join(SDK, "shapes.d.ts"), "utf8");
  return text.slice(text.lastIndexOf("\nimport ")).replace(/^\n.*\n\n/, "");
}

const text = [HEAD, shapes(), ...exported().map(declaration), "export {};\n"].join("\n");
if (mode !== "--check") {
  writeFileSync(TARGET, text);
} else if (readFileSync(TARGET, "utf8") !== text) {
  console.error("web/sdk/tradewind.d.ts is not what the modules say; run: scripts/sdk types");
  process.exitCode = 1;
}
