/**
 * What the page says about the widget, by attributes of the script element.
 *
 * @typedef {object} Options
 * @property {URL} hub Where the hub is.
 * @property {string} app The app's uuid.
 * @property {string} key The app's key of level PPCOM, and its secret: both are public.
 * @property {string} secret
 * @property {string | null} title In place of the app's name.
 * @property {string | null} color Of launcher and header, as `#rrggbb`.
 * @property {"left" | "right"} side
 */

const COLOR = /^#[0-9a-f]{6}$/i;

/**
 * Gives `null`, and says why to the page's author, if something is missing.
 *
 * @param {HTMLScriptElement} script
 * @returns {Options | null}
 */
export function optionsOf({ dataset, src }) {
  const { appUuid, appKey, appSecret, hub, title, color, side } = dataset;
  if (!appUuid || !appKey || !appSecret) {
    console.error("Tradewind chat: the script needs data-app-uuid, data-app-key and data-app-secret");
    return null;
  }
  return {
    hub: hub ? new URL(hub.endsWith("/") ? hub : `${hub}/`) : new URL(".", src),
    app: appUuid,
    key: appKey,
    secret: appSecret,
    title: title || null,
    color: COLOR.test(color ?? "") ? color : null,
    side: side === "left" ? "left" : "right",
  };
}
