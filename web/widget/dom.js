/** Elements, made without a word of HTML, so that no text can be any. */

const SVG = "http://www.w3.org/2000/svg";

/** Paths of a box of 24 by 24. */
const ICONS = {
  chat: "M12 3c5 0 9 3.4 9 7.7s-4 7.7-9 7.7c-.9 0-1.8-.1-2.6-.3L4.5 20.8l.9-4.3C4 15 3 13 3 10.7 3 6.400 7 3 12 3z",
  close: "M6 6l12 12M18 6L6 18",
  send: "M5 12h13M12 5l7 7-7 7",
};

/**
 * An element with attributes and children; texts are texts. What is `null` or `false` is left out.
 *
 * @returns {any}
 */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null && value !== false) {
      made.setAttribute(key, value === true ? "" : value);
    }
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

/** A picture that is only for the eye. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  return svg;
}

/** Sets a text, if it is another: what listens to changes need not say the same again. */
export function say(node, text) {
  if (node.textContent !== text) {
    node.textContent = text;
  }
}

const ADDRESS = /(https?:\/\/[^\s<>"']*[^\s<>"'.,;:!?)\]])/;

/** A text in which addresses can be followed. */
export function withLinks(text) {
  return text.split(ADDRESS).map((part, place) => (place % 2 === 0 ? part : link(part, part)));
}

/** A link that tells its target nothing of this page. */
export function link(address, text) {
  const attributes = { href: address, target: "_blank", rel: "noopener noreferrer nofollow" };
  return element("a", attributes, text);
}
