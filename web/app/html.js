/** How views write elements: `html` is a tagged template, without a build step and without HTML from texts. */
import htm from "../vendor/htm.js";
import { h } from "../vendor/preact.js";

export const html = htm.bind(h);
