/** The chat: everything begins here. */
import { render } from "../vendor/preact.js";
import { html } from "./html.js";
import { followAttention } from "./state/attendance.js";
import { client, followSession } from "./state/hub.js";
import { followNews } from "./state/notify.js";
import { applyPreferences } from "./state/preferences.js";
import { speakAsWished } from "./text.js";
import { Toasts } from "./ui/toasts.js";
import { Chat } from "./views/chat.js";
import { Entrance } from "./views/entrance.js";

function Page() {
  return html`
    ${client.value === null ? html`<${Entrance} />` : html`<${Chat} />`}
    <${Toasts} />
  `;
}

applyPreferences();
followSession();
followNews();
followAttention();
await speakAsWished();
const place = /** @type {HTMLElement} */ (document.getElementById("page"));
place.replaceChildren();
render(html`<${Page} />`, place);
