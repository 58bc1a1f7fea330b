/** One conversation: who it is with, what was said, and what one says. */
import { useEffect, useState } from "../../vendor/hooks.js";
import { xor } from "../../sdk/tradewind.js";
import { html } from "../html.js";
import { client, hub, isKnown, peopleTick, roomTick, roomsTick, status } from "../state/hub.js";
import { nameOf, presenceOf, titleOf } from "../state/people.js";
import { go, to } from "../state/route.js";
import { t } from "../text.js";
import { IconButton } from "../ui/button.js";
import { Face } from "../ui/face.js";
import { Menu } from "../ui/menu.js";
import { Empty } from "../ui/notice.js";
import { Composer } from "./composer.js";
import { BlockDialog, attempt, befriend, presenceText } from "./friends.js";
import { MessageList } from "./message-list.js";

/** @import { Id, Message, TimelineEntry, User } from "../../sdk/tradewind.js" */

/** How many messages are asked for at once. */
const PAGE = 100;
/** With fewer than so many, a conversation is filled up when it is opened. */
const FIRST = 40;

/** Whether somebody looks at this page. */
function useAttention() {
  const look = () => !document.hidden && document.hasFocus();
  const [isThere, setThere] = useState(look);
  useEffect(() => {
    const see = () => setThere(look());
    const events = [
      ["focus", globalThis],
      ["blur", globalThis],
      ["visibilitychange", document],
    ];
    events.forEach(([name, target]) => /** @type {any} */ (target).addEventListener(name, see));
    return () => events.forEach(([name, target]) => /** @type {any} */ (target).removeEventListener(name, see));
  }, []);
  return isThere;
}

/** Pages back. @param {Id} roomId @param {TimelineEntry[]} entries */
function useHistory(roomId, entries) {
  const [isLoading, setLoading] = useState(false);
  const room = client.value?.rooms.get(roomId);
  const isOnline = status.value === "ready";
  const hasMore = room !== undefined && !room.isWhole;
  const load = async () => {
    if (isLoading || !hasMore || !isOnline) {
      return;
    }
    setLoading(true);
    try {
      await hub().history(roomId, { count: PAGE });
    } catch {
      // Asked for again on the next link.
    }
    roomTick(roomId).value += 1;
    setLoading(false);
  };
  const isShort = hasMore && entries.length < FIRST;
  useEffect(() => void (isShort && load()), [isShort, isOnline, entries.length]);
  return { isLoading, hasMore, load };
}

/** Where the unread begin: a line that stays as long as the conversation is open. */
function useUnreadLine(/** @type {Id} */ roomId, /** @type {boolean} */ isThere) {
  const room = client.value?.rooms.get(roomId);
  const [line, setLine] = useState(() => (room && room.unread > 0 ? room.readSeq : null));
  const isBehind = room !== undefined && room.unread > 0 && !isThere;
  useEffect(() => {
    if (isBehind && room) {
      setLine((before) => (before !== null && before >= room.readSeq ? before : room.readSeq));
    }
  }, [isBehind]);
  return /** @type {const} */ ([line, () => setLine(null)]);
}

/** @param {{ roomId: Id }} props */
export function Conversation({ roomId }) {
  void roomTick(roomId).value;
  const [edited, setEdited] = useState(/** @type {Message | null} */ (null));
  const [isAtEnd, setAtEnd] = useState(true);
  const isThere = useAttention();
  const current = hub();
  const room = current.rooms.get(roomId);
  const entries = current.timeline(roomId);
  const history = useHistory(roomId, entries);
  const [line, hideLine] = useUnreadLine(roomId, isThere);
  const unread = room?.unread ?? 0;
  useEffect(() => {
    if (isThere && isAtEnd && unread > 0 && status.value === "ready") {
      const drawn = () => {
        roomTick(roomId).value += 1;
        roomsTick.value += 1;
      };
      current.read(roomId).then(drawn, () => {});
    }
  }, [isThere, isAtEnd, unread, status.value]);
  const isGroup = BigInt(roomId) % 2n === 1n;
  if (isGroup && room === undefined && isKnown.value) {
    return html`<${Empty} icon="users" title=${t("group.gone")}><p>${t("group.gone.text")}</p><//>`;
  }
  const lastOwn = entries.findLast(({ message }) => message?.user_id === current.self?.id)?.message ?? null;
  return html`
    <div class="conversation">
      <${Head} roomId=${roomId} />
      <${MessageList}
        roomId=${roomId}
        entries=${entries}
        isGroup=${isGroup}
        line=${line}
        unread=${unread}
        readBy=${readers(roomId)}
        isLoading=${history.isLoading}
        hasMore=${history.hasMore}
        onOlder=${history.load}
        onEnd=${setAtEnd}
        onEdit=${setEdited}
        edited=${edited?.id ?? null}
      />
      <${Typists} roomId=${roomId} />
      <${Composer}
        roomId=${roomId}
        edited=${edited}
        onEdited=${() => setEdited(null)}
        onEditLast=${() => lastOwn !== null && setEdited(lastOwn)}
        onSent=${hideLine}
      />
    </div>
  `;
}

/** Up to where the others have read: all of them, and any of them. */
function readers(/** @type {Id} */ roomId) {
  const current = hub();
  const marks = [...(current.rooms.get(roomId)?.readers ?? [])].filter(([id]) => id !== current.self?.id);
  return marks.map(([, seq]) => seq);
}

/** @param {{ roomId: Id }} props */
function Typists({ roomId }) {
  void roomTick(roomId).value;
  const current = hub();
  const ids = [...(current.rooms.get(roomId)?.typing ?? [])].filter((id) => id !== current.self?.id);
  const names = ids.map((id) => nameOf(id) ?? t("someone"));
  const words = [
    "",
    t("typing.one", { name: names[0] ?? "" }),
    t("typing.two", { name: names[0] ?? "", other: names[1] ?? "" }),
  ];
  return html`<p class="typists" aria-live="polite">${words[ids.length] ?? t("typing.many")}</p>`;
}

/** @param {{ roomId: Id }} props */
function Head({ roomId }) {
  void roomTick(roomId).value;
  const room = hub().rooms.get(roomId);
  return html`
    <header class="bar">
      <${IconButton} extra="back" icon="arrow-left" name=${t("back")} onClick=${() => go("")} />
      ${room?.kind === "group" ? html`<${GroupHead} room=${room} />` : html`<${UserHead} roomId=${roomId} />`}
    </header>
  `;
}

/** @param {{ room: import("../../sdk/tradewind.js").Room }} props */
function GroupHead({ room }) {
  void roomTick(room.id).value;
  const title = titleOf(room) ?? "";
  const members = room.group?.members ?? 0;
  const isReady = status.value === "ready";
  useEffect(() => {
    // The list of rooms does not say how many there are.
    const drawn = () => void (roomTick(room.id).value += 1);
    members === 0 &&
      isReady &&
      hub()
        .members(room.id)
        .then(drawn, () => {});
  }, [isReady]);
  return html`
    <a class="who" href=${to("room", room.id, "info")}>
      <${Face} id=${room.id} name=${title} kind="group" />
      <span class="words">
        <h1><bdi>${title}</bdi></h1>
        ${members > 0 && html`<span class="line">${t("members", { n: members })}</span>`}
      </span>
    </a>
    <${IconButton} icon="users" name=${t("group.about")} onClick=${() => go("room", room.id, "info")} />
  `;
}

/** @param {{ roomId: Id }} props */
function UserHead({ roomId }) {
  void roomTick(roomId).value;
  void peopleTick.value;
  const [isBlocking, setBlocking] = useState(false);
  const current = hub();
  const id = current.rooms.get(roomId)?.user?.id ?? xor(roomId, current.self?.id ?? 0n);
  const name = nameOf(id) ?? current.rooms.get(roomId)?.user?.name ?? null;
  const isFriend = current.friends.has(id);
  const asks = current.requests.has(id);
  /** @type {import("../ui/menu.js").MenuItem[]} */
  const items = [{ text: t("block"), icon: "ban", kind: "danger", act: () => setBlocking(true) }];
  if (!isFriend && name !== null) {
    const act = () =>
      void attempt(
        asks ? current.acceptFriend(name) : befriend(name),
        t(asks ? "friends.now" : "request.sent", { name }),
      );
    items.unshift({ text: t(asks ? "request.accept" : "request.send"), icon: "user-plus", act });
  }
  return html`
    <div class="who">
      <${Face} id=${id} name=${name} status=${presenceOf(id)} />
      <span class="words">
        <h1><bdi>${name ?? t("someone")}</bdi></h1>
        <span class="line">${isFriend ? presenceText(id) : t(asks ? "request.in" : "stranger")}</span>
      </span>
    </div>
    <${Menu} name=${t("more.of", { name: name ?? t("someone") })} items=${items} />
    ${
      isBlocking &&
      html`<${BlockDialog} user=${/** @type {User} */ ({ id, name, profile: null })} onClose=${() => setBlocking(false)} />`
    }
  `;
}
