/** Notifications of the browser and the count in the title, for whoever has asked for them. */
import { effect } from "../../vendor/signals.js";
import { t } from "../text.js";
import { client, hub, unreadInAll } from "./hub.js";
import { nameOf, titleOf } from "./people.js";
import { isNotifying } from "./preferences.js";
import { go } from "./route.js";

const TITLE = "Tradewind";
const BODY_MAX = 140;

/** Whether this browser can show any. */
export const canNotify = () => "Notification" in globalThis;

/** Asks the reader's browser; gives whether it may. */
export async function askToNotify() {
  isNotifying.value = !canNotify() || (await Notification.requestPermission()) !== "denied";
  return isNotifying.value;
}

export function followNews() {
  effect(() => {
    const unread = client.value !== null && isNotifying.value ? unreadInAll.value : 0;
    document.title = unread > 0 ? `(${unread > 999 ? "999+" : unread}) ${TITLE}` : TITLE;
  });
  effect(() => {
    const current = client.value;
    return current?.on("message", ({ message, room }) => {
      const isOwn = message.user_id === current.self?.id;
      if (!isOwn && room !== undefined && isNotifying.peek() && !document.hasFocus()) {
        show(message, room);
      }
    });
  });
}

/**
 * @param {import("../../sdk/tradewind.js").Message} message
 * @param {import("../../sdk/tradewind.js").Room} room
 */
function show(message, room) {
  if (!canNotify() || Notification.permission !== "granted" || message.seq <= room.readSeq) {
    return;
  }
  const author = nameOf(message.user_id) ?? t("someone");
  const title = room.kind === "group" ? `${author} · ${titleOf(room) ?? ""}` : author;
  // One a room: the newest stands for all.
  const shown = new Notification(title, { body: message.content.slice(0, BODY_MAX), tag: room.id });
  shown.addEventListener("click", () => {
    focus();
    go("room", room.id);
    shown.close();
    hub().wake();
  });
}
