/** The list of conversations, the newest first. */
import { toDate } from "../../sdk/tradewind.js";
import { html } from "../html.js";
import { shortTime } from "../state/clock.js";
import { client, isKnown, peopleTick, roomTick, roomsTick } from "../state/hub.js";
import { nameOf, presenceOf, titleOf } from "../state/people.js";
import { route, to } from "../state/route.js";
import { t } from "../text.js";
import { Button } from "../ui/button.js";
import { Face } from "../ui/face.js";
import { Empty } from "../ui/notice.js";
import { Offers } from "./offers.js";
import { contains } from "./search.js";

/** @import { Room } from "../../sdk/tradewind.js" */

/** @param {{ query: string, onNew: () => void }} props */
export function Rooms({ query, onNew }) {
  void roomsTick.value;
  void peopleTick.value;
  if (!isKnown.value || client.value === null) {
    return html`<${Skeleton} />`;
  }
  const all = [...client.value.rooms.values()].sort(newestFirst);
  const shown = all.filter((room) => contains(titleOf(room), query));
  if (all.length === 0) {
    return html`
      <${Offers} />
      <${Empty} icon="message-circle" title=${t("rooms.none")}>
        <p>${t("rooms.none.text")}</p>
        <${Button} kind="primary" icon="plus" onClick=${onNew}>${t("new")}<//>
      <//>
    `;
  }
  return html`
    <${Offers} />
    <ul aria-label=${t("chats")}>
      ${shown.map((room) => html`<${RoomItem} key=${room.id} room=${room} />`)}
    </ul>
    ${shown.length === 0 && html`<p class="none">${t("search.none", { query })}</p>`}
  `;
}

/** Groups nobody has written in yet come first: they are new. */
function newestFirst(/** @type {Room} */ one, /** @type {Room} */ other) {
  const time = (/** @type {Room} */ room) => room.lastAt ?? room.group?.created_at ?? "";
  return time(other).localeCompare(time(one)) || one.id.localeCompare(other.id);
}

/** @param {{ room: Room }} props */
function RoomItem({ room }) {
  void roomTick(room.id).value;
  const isOpen = route.value.name === "room" && route.value.id === room.id;
  const name = titleOf(room) ?? t("someone");
  const peer = room.kind === "dm" ? room.user : null;
  const presence = peer === null ? null : presenceOf(peer.id);
  return html`
    <li>
      <a class="row" href=${to("room", room.id)} aria-current=${isOpen ? "page" : undefined} data-unread=${room.unread > 0}>
        <${Face} id=${peer?.id ?? room.id} name=${name} kind=${peer ? "user" : "group"} status=${presence} />
        <span class="words">
          <span class="name"><bdi>${name}</bdi></span>
          <span class="line"><bdi><${LastLine} room=${room} /></bdi></span>
        </span>
        <span class="aside">
          ${room.lastAt !== null && html`<time>${shortTime(toDate(room.lastAt))}</time>`}
          <${Unread} room=${room} />
        </span>
      </a>
    </li>
  `;
}

/** @param {{ room: Room }} props */
function Unread({ room }) {
  void roomTick(room.id).value;
  if (room.unread === 0) {
    return null;
  }
  const count = room.unread > 99 || room.unreadMore ? "99+" : String(room.unread);
  return html`
    <span class="badge"
      ><span aria-hidden="true">${count}</span><span class="for-ears">${t("unread", { n: room.unread })}</span></span
    >
  `;
}

/** @param {{ room: Room }} props */
function LastLine({ room }) {
  void roomTick(room.id).value;
  const self = client.value?.self?.id;
  if ([...room.typing].some((id) => id !== self)) {
    return html`<em class="typing">${t("typing.short")}</em>`;
  }
  const waiting = client.value?.timeline(room.id).at(-1);
  if (waiting !== undefined && waiting.state !== "stored") {
    return t("you.said", { text: firstLine(waiting.content) });
  }
  if (room.last === null) {
    return html`<span>${t("rooms.quiet")}</span>`;
  }
  const text = firstLine(room.last.content);
  if (room.last.user_id === self) {
    return t("you.said", { text });
  }
  return room.kind === "group" ? t("said", { name: nameOf(room.last.user_id) ?? t("someone"), text }) : text;
}

const LINE_MAX = 120;

function firstLine(/** @type {string} */ text) {
  return text.slice(0, LINE_MAX).replace(/\s+/g, " ");
}

/** What is seen before the first list has come. */
function Skeleton() {
  return html`
    <ul class="skeleton" aria-busy="true" aria-label=${t("loading")}>
      ${[0, 1, 2, 3, 4].map((at) => html`<li key=${at}><span></span><span></span></li>`)}
    </ul>
  `;
}
