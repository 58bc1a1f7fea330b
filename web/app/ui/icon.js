import { h } from "../../vendor/preact.js";
import { ICONS } from "../../vendor/icons.js";

/** An icon by its name; it says nothing to a screen reader. */
export function Icon(/** @type {{ name: string, size?: number }} */ { name, size = 20 }) {
  const shapes = ICONS[name].map(([tag, attributes]) => h(tag, attributes));
  return h(
    "svg",
    {
      width: size,
      height: size,
      viewBox: "0 0 24 24",
      fill: "none",
      stroke: "currentColor",
      "stroke-width": "2",
      "stroke-linecap": "round",
      "stroke-linejoin": "round",
      "aria-hidden": "true",
    },
    shapes,
  );
}
