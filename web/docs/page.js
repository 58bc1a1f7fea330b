// Writes the page from openapi.json. Nothing is taken as HTML: all text goes in as text.

// The order of the page; others come after them.
const TAGS = ["Account", "Log-ins", "Friends", "Blocks", "Rooms", "Groups"];
const METHODS = ["get", "post", "put", "patch", "delete"];

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

// Text with `code` in it.
function prose(text) {
  return (text ?? "").split("`").map((part, at) => (at % 2 ? element("code", {}, part) : part));
}

// A description that lists codes, as links to them.
function codes(text) {
  const parts = (text ?? "").split(", ");
  if (!parts.every((part) => document.getElementById(part)?.classList.contains("problem"))) return prose(text);
  return parts.flatMap((part, at) => [at ? ", " : "", element("a", { href: `#${part}` }, element("code", {}, part))]);
}

function resolve(api, schema) {
  const name = schema?.$ref?.split("/").pop();
  return name ? { name, ...api.components.schemas[name] } : schema ?? {};
}

function variants(api, schema) {
  const { oneOf, allOf, ...rest } = resolve(api, schema);
  if (oneOf) return oneOf.map((one) => resolve(api, one));
  if (!allOf) return [{ ...rest }];
  const parts = allOf.flatMap((one) => variants(api, one));
  const properties = Object.assign({}, ...parts.map((part) => part.properties ?? {}), rest.properties ?? {});
  return [{ ...rest, type: "object", properties, required: parts.flatMap((part) => part.required ?? []) }];
}

function typeName(api, schema) {
  return variants(api, schema)
    .map((one) => {
      const type = [one.type ?? "object"].flat().join(" or ");
      if (one.enum) return one.enum.length > 8 ? "a code" : one.enum.map((value) => JSON.stringify(value)).join(" or ");
      if (type.startsWith("array")) return `array of ${typeName(api, one.items)}`;
      return one.format ? `${type} (${one.format})` : type;
    })
    .join(" or ");
}

function bounds(schema) {
  const said = [];
  if (schema.minimum !== undefined) said.push(`from ${schema.minimum}`);
  if (schema.maximum !== undefined) said.push(`to ${schema.maximum}`);
  if (schema.minLength !== undefined) said.push(`at least ${schema.minLength} characters`);
  if (schema.maxLength !== undefined) said.push(`at most ${schema.maxLength} characters`);
  return said.length ? `, ${said.join(", ")}` : "";
}

// The members of an object, and of what is in it.
function fields(api, schema, depth = 0) {
  const list = element("ul", { class: "fields" });
  for (const one of variants(api, schema)) {
    const inner = [one.type].flat().includes("array") ? variants(api, one.items)[0] : one;
    for (const [name, value] of Object.entries(inner.properties ?? {})) {
      const is = resolve(api, value);
      const optional = (inner.required ?? []).includes(name) ? "" : ", may be missing";
      const about = value.description ?? is.description;
      list.append(
        element(
          "li",
          {},
          element("code", {}, name),
          " ",
          element("span", { class: "type" }, typeName(api, value) + bounds(is) + optional),
          about ? element("p", {}, ...prose(about)) : null,
          depth < 3 ? fields(api, value, depth + 1) : null,
        ),
      );
    }
  }
  return list.children.length ? list : null;
}

function content(api, holder) {
  const schema = Object.values(holder?.content ?? {})[0]?.schema;
  return schema ? fields(api, schema) : null;
}

function parameters(api, list) {
  const all = element("dl");
  for (const one of list) {
    const where = one.in === "path" ? "in the path" : one.required ? "in the query" : "in the query, may be missing";
    all.append(
      element("dt", {}, element("code", {}, one.name), " ", element("span", { class: "type" }, typeName(api, one.schema) + bounds(resolve(api, one.schema)) + `, ${where}`)),
      element("dd", {}, ...prose(one.description)),
    );
  }
  return all;
}

function responses(api, all) {
  const list = element("dl");
  for (const [status, response] of Object.entries(all)) {
    const good = status.startsWith("2");
    list.append(element("dt", {}, element("code", {}, status), " ", ...codes(response.description)));
    const body = good ? content(api, response) : null;
    if (body) list.append(element("dd", {}, body));
  }
  return list;
}

function operation(api, method, path, item) {
  const base = api.servers?.[0]?.url ?? "";
  const open = item.security?.some((one) => Object.keys(one).length === 0) || item.security?.length === 0;
  const section = (title, body) => (body ? [element("h4", {}, title), body] : []);
  return element(
    "article",
    { id: item.operationId },
    element("h3", {}, element("a", { href: `#${item.operationId}` }, item.summary)),
    element("p", { class: "call" }, element("span", { class: "verb" }, method.toUpperCase()), element("code", {}, base + path)),
    item.description ? element("p", {}, ...prose(item.description)) : null,
    open ? element("p", {}, "Needs no token.") : null,
    ...section("Parameters", item.parameters?.length ? parameters(api, item.parameters) : null),
    ...section("Body", content(api, item.requestBody)),
    ...section("Answers", responses(api, item.responses)),
  );
}

function write(api) {
  const tags = new Map(TAGS.map((tag) => [tag, []]));
  for (const [path, item] of Object.entries(api.paths)) {
    for (const method of METHODS.filter((name) => item[name])) {
      const tag = item[method].tags?.[0] ?? "Others";
      if (!tags.has(tag)) tags.set(tag, []);
      tags.get(tag).push([method, path, item[method]]);
    }
  }
  const target = document.getElementById("operations");
  const contents = document.getElementById("contents");
  target.replaceChildren();
  document.getElementById("about").replaceChildren(...prose(api.info.description));
  const link = (id, text) => element("li", {}, element("a", { href: `#${id}` }, text));
  for (const [tag, operations] of tags) {
    const id = `tag-${tag.toLowerCase().replaceAll(" ", "-")}`;
    target.append(element("section", { "aria-labelledby": id }, element("h2", { id }, tag), ...operations.map((one) => operation(api, ...one))));
    contents.append(element("h3", {}, tag), element("ul", {}, ...operations.map((one) => link(one[2].operationId, one[2].summary))));
  }
  contents.append(element("h3", {}, "Problems"), element("ul", {}, link("problems", "All codes")));
}

const narrow = matchMedia("(max-width: 50rem)");
if (narrow.matches) document.querySelector("nav details").open = false;
const answer = await fetch("/openapi.json");
write(await answer.json());
// What the address names may have been written only now.
if (location.hash) document.getElementById(decodeURIComponent(location.hash.slice(1)))?.scrollIntoView();
