/** Who one is, and the lists: conversations and friends. */
import { useState } from "../../vendor/hooks.js";
import { html } from "../html.js";
import { client, logOut, peopleTick, status, unreadInAll } from "../state/hub.js";
import { say } from "../state/notices.js";
import { go, route, to } from "../state/route.js";
import { faultText } from "../faults.js";
import { t } from "../text.js";
import { IconButton } from "../ui/button.js";
import { Face } from "../ui/face.js";
import { Search } from "../ui/field.js";
import { Menu } from "../ui/menu.js";
import { Friends } from "./friends.js";
import { NewDialog } from "./new.js";
import { Rooms } from "./rooms.js";

export function Sidebar() {
  const [query, setQuery] = useState("");
  const [isNew, setNew] = useState(false);
  const isFriends = route.value.name === "friends";
  return html`
    <section class="side" aria-label=${t("lists")}>
      <${Self} />
      <nav class="tabs">
        <${Tab} place="" text=${t("chats")} isOpen=${!isFriends} count=${unreadInAll.value} />
        <${Tab} place="friends" text=${t("friends")} isOpen=${isFriends} count=${requestCount()} />
      </nav>
      <div class="find">
        <${Search}
          label=${t(isFriends ? "search.friends" : "search.chats")}
          value=${query}
          maxlength="100"
          onInput=${setQuery}
        />
        <${IconButton} icon="plus" kind="primary" name=${t("new")} onClick=${() => setNew(true)} />
      </div>
      <div class="list">
        ${isFriends ? html`<${Friends} query=${query} />` : html`<${Rooms} query=${query} onNew=${() => setNew(true)} />`}
      </div>
      ${isNew && html`<${NewDialog} onClose=${() => setNew(false)} />`}
    </section>
  `;
}

function requestCount() {
  void peopleTick.value;
  return client.value?.requests.size ?? 0;
}

/** @param {{ place: string, text: string, isOpen: boolean, count: number }} props */
function Tab({ place, text, isOpen, count }) {
  return html`
    <a href=${to(place)} aria-current=${isOpen ? "true" : undefined}>
      ${text} ${count > 0 && html`<span class="badge">${count > 99 ? "99+" : count}</span>`}
    </a>
  `;
}

function Self() {
  void status.value;
  void peopleTick.value;
  const self = client.value?.self;
  const leave = () => logOut().catch((error) => say(faultText(error)));
  return html`
    <header class="self">
      <${Face} id=${self?.id ?? ""} name=${self?.name ?? null} />
      <h1><bdi>${self?.name ?? "…"}</bdi></h1>
      <${Menu}
        name=${t("menu")}
        items=${[
          { text: t("settings"), icon: "settings", act: () => go("settings") },
          { text: t("logout"), icon: "log-out", act: leave },
        ]}
      />
    </header>
  `;
}
