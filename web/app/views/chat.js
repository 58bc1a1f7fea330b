/** The page of whoever is logged in: lists at the side, and what was chosen in them. */
import { useEffect } from "../../vendor/hooks.js";
import { html } from "../html.js";
import { client, isKnown, roomsTick } from "../state/hub.js";
import { forgetPeople } from "../state/people.js";
import { go, route } from "../state/route.js";
import { t } from "../text.js";
import { Empty } from "../ui/notice.js";
import { Spinner } from "../ui/spinner.js";
import { forgetDrafts } from "./composer.js";
import { Connection } from "./connection.js";
import { Conversation } from "./conversation.js";
import { GroupPanel } from "./group.js";
import { Settings } from "./settings.js";
import { Sidebar } from "./sidebar.js";

const PLACES = ["room", "friends", "settings"];

export function Chat() {
  const { name, id, part } = route.value;
  useEffect(() => {
    // Where one logs in there is nothing any more.
    PLACES.includes(name) || name === "" || go("");
  }, [name]);
  const forget = () => {
    forgetPeople();
    forgetDrafts();
  };
  useEffect(() => forget, [client.value]);
  void roomsTick.value;
  const hasMain = name === "room" || name === "settings";
  const hasInfo = name === "room" && part === "info" && id !== null && client.value?.rooms.get(id)?.kind === "group";
  return html`
    <div class="chat" data-shows=${hasMain ? (hasInfo ? "info" : "main") : "side"}>
      <a class="skip" href="#main" onClick=${skip}>${t("skip")}</a>
      <${Sidebar} />
      <main id="main" tabindex="-1">
        <div class="middle">
          <${Connection} />
          <${Main} name=${name} id=${id} />
        </div>
        ${hasInfo && html`<${GroupPanel} key=${id} roomId=${id} />`}
      </main>
    </div>
  `;
}

function skip(/** @type {Event} */ event) {
  event.preventDefault();
  document.getElementById("main")?.focus();
}

/** @param {{ name: string, id: string | null }} props */
function Main({ name, id }) {
  void roomsTick.value;
  if (name === "settings") {
    return html`<${Settings} />`;
  }
  if (!isKnown.value) {
    return html`<div class="empty"><${Spinner} /></div>`;
  }
  if (name === "room" && id !== null && /^[1-9]\d{0,18}$/.test(id) && client.value?.self) {
    return html`<${Conversation} key=${id} roomId=${id} />`;
  }
  return html`
    <${Empty} icon="message-circle" title=${t("nothing.title")}>
      <p>${t("nothing.text")}</p>
    <//>
  `;
}
