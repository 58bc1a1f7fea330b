/** Friends with their presence, requests in both directions, and whom one blocks. */
import { useEffect, useState } from "../../vendor/hooks.js";
import { toDate } from "../../sdk/tradewind.js";
import { faultText } from "../faults.js";
import { html } from "../html.js";
import { ago } from "../state/clock.js";
import { client, friendsTick, hub, isKnown, peopleTick } from "../state/hub.js";
import { say } from "../state/notices.js";
import { know, presenceOf } from "../state/people.js";
import { route, to } from "../state/route.js";
import { t } from "../text.js";
import { Button, IconButton } from "../ui/button.js";
import { Confirm } from "../ui/dialog.js";
import { Face } from "../ui/face.js";
import { Menu } from "../ui/menu.js";
import { Empty } from "../ui/notice.js";
import { contains } from "./search.js";

/** @import { User } from "../../sdk/tradewind.js" */

/** Does something, and says what went wrong, or what is done. */
export async function attempt(/** @type {Promise<unknown>} */ doing, /** @type {string} */ done = "") {
  try {
    await doing;
    done && say(done);
  } catch (error) {
    say(faultText(error));
  }
}

/** Own requests that wait. The hub tells of their ends only; so they are asked for. */
function useOutgoing() {
  const [outgoing, setOutgoing] = useState(/** @type {User[]} */ ([]));
  const tick = friendsTick.value;
  const known = isKnown.value;
  useEffect(() => {
    let isCurrent = true;
    if (known) {
      const take = (/** @type {{ outgoing: User[] }} */ { outgoing }) => isCurrent && setOutgoing(outgoing);
      hub()
        .friendRequests()
        .then(take, () => {});
    }
    return () => void (isCurrent = false);
  }, [tick, known]);
  return outgoing;
}

/** Asks somebody for friendship. */
export async function befriend(/** @type {string} */ name) {
  await hub().requestFriend(name);
  friendsTick.value += 1;
}

/** @param {{ query: string }} props */
export function Friends({ query }) {
  void peopleTick.value;
  const outgoing = useOutgoing();
  const incoming = [...(client.value?.requests.values() ?? [])];
  const friends = [...(client.value?.friends.values() ?? [])].sort(thereFirst);
  const shown = friends.filter(({ name }) => contains(name, query));
  const isEmpty = friends.length + incoming.length + outgoing.length === 0;
  return html`
    ${incoming.length > 0 && html`<${Section} title=${t("requests.in")} users=${incoming} Item=${Incoming} />`}
    ${
      isEmpty
        ? html`<${Empty} icon="users" title=${t("friends.none")}><p>${t("friends.none.text")}</p><//>`
        : shown.length > 0 &&
          html`<${Section} title=${t("friends.all", { n: shown.length })} users=${shown} Item=${Friend} />`
    }
    ${query.trim() !== "" && shown.length === 0 && html`<${Ask} name=${query.trim()} />`}
    ${outgoing.length > 0 && html`<${Section} title=${t("requests.out")} users=${outgoing} Item=${Outgoing} />`}
  `;
}

/** @param {{ title: string, users: User[], Item: any }} props */
function Section({ title, users, Item }) {
  return html`
    <section>
      <h2 class="heading">${title}</h2>
      <ul>
        ${users.map((user) => html`<${Item} key=${user.id} user=${user} />`)}
      </ul>
    </section>
  `;
}

const RANK = { online: 0, away: 1, offline: 2 };

function thereFirst(/** @type {User} */ one, /** @type {User} */ other) {
  const rank = (/** @type {User} */ { id }) => RANK[client.value?.presence.get(id)?.status ?? "offline"];
  return rank(one) - rank(other) || (one.name ?? "").localeCompare(other.name ?? "");
}

/** Whether a friend is there, and if not, since when. */
export function presenceText(/** @type {string} */ id) {
  void peopleTick.value;
  const status = presenceOf(id);
  if (status === null) {
    return "";
  }
  const seen = status === "offline" ? client.value?.presence.get(id)?.last_seen : null;
  return seen ? t("seen", { ago: ago(toDate(seen)) }) : t(`presence.${status}`);
}

/** @param {{ user: User }} props */
function Friend({ user }) {
  const [asks, setAsks] = useState(/** @type {"end" | "block" | null} */ (null));
  const name = user.name ?? t("someone");
  const room = user.room ?? hub().roomWith(user.id);
  const end = () => hub().endFriendship(name);
  return html`
    <li class="with-menu">
      <a class="row" href=${to("room", room)} aria-current=${route.value.id === room ? "page" : undefined}>
        <${Face} id=${user.id} name=${name} status=${presenceOf(user.id)} />
        <span class="words">
          <span class="name"><bdi>${name}</bdi></span>
          <span class="line">${presenceText(user.id)}</span>
        </span>
      </a>
      <${Menu}
        name=${t("more.of", { name })}
        items=${[
          { text: t("friend.end"), icon: "user-x", act: () => setAsks("end") },
          { text: t("block"), icon: "ban", kind: "danger", act: () => setAsks("block") },
        ]}
      />
      ${
        asks === "end" &&
        html`<${Confirm}
        title=${t("friend.end.title", { name })}
        text=${t("friend.end.text")}
        action=${t("friend.end")}
        onClose=${() => setAsks(null)}
        act=${end}
      />`
      }
      ${asks === "block" && html`<${BlockDialog} user=${user} onClose=${() => setAsks(null)} />`}
    </li>
  `;
}

/** @param {{ user: User, onClose: () => void }} props */
export function BlockDialog({ user, onClose }) {
  const name = user.name ?? t("someone");
  const act = async () => {
    await hub().account.block(user.id);
    say(t("blocked.now", { name }));
  };
  return html`<${Confirm}
    title=${t("block.title", { name })}
    text=${t("block.text")}
    action=${t("block")}
    onClose=${onClose}
    act=${act}
  />`;
}

/** @param {{ user: User, line: string, children?: any }} props */
function Person({ user, line, children }) {
  const name = user.name ?? t("someone");
  return html`
    <li class="row">
      <${Face} id=${user.id} name=${name} />
      <span class="words">
        <span class="name"><bdi>${name}</bdi></span>
        <span class="line">${line}</span>
      </span>
      ${children}
    </li>
  `;
}

/** @param {{ user: User }} props */
function Incoming({ user }) {
  const name = user.name ?? "";
  return html`
    <${Person} user=${user} line=${t("request.in")}>
      <${IconButton}
        icon="x"
        name=${t("decline.of", { name })}
        onClick=${() => attempt(hub().removeRequest(name))}
      />
      <${IconButton}
        icon="check"
        kind="primary"
        name=${t("accept.of", { name })}
        onClick=${() => attempt(hub().acceptFriend(name), t("friends.now", { name }))}
      />
    <//>
  `;
}

/** @param {{ user: User }} props */
function Outgoing({ user }) {
  const name = user.name ?? "";
  const withdraw = async () => {
    await hub().withdrawRequest(name);
    friendsTick.value += 1;
  };
  return html`
    <${Person} user=${user} line=${t("request.out")}>
      <${Button} size="small" onClick=${() => attempt(withdraw())}>${t("withdraw")}<//>
    <//>
  `;
}

/** @param {{ name: string }} props */
function Ask({ name }) {
  const ask = () => attempt(befriend(name), t("request.sent", { name }));
  return html`
    <div class="none">
      <p>${t("search.none", { query: name })}</p>
      <${Button} size="small" icon="user-plus" onClick=${ask}>${t("request.ask", { name })}<//>
    </div>
  `;
}

/** Whom the user blocks: shown among the settings. */
export function Blocked() {
  const [users, setUsers] = useState(/** @type {readonly User[] | null} */ (null));
  const load = async () => {
    const all = await hub().account.blocks();
    know(all);
    setUsers(all);
  };
  useEffect(() => void attempt(load()), []);
  const lift = async (/** @type {User} */ user) => {
    await hub().account.unblock(user.id);
    await load();
  };
  if (users === null || users.length === 0) {
    return html`<p class="soft">${users === null ? t("loading") : t("blocked.none")}</p>`;
  }
  return html`
    <ul class="rows">
      ${users.map(
        (user) => html`
          <${Person} key=${user.id} user=${user} line=${t("blocked.line")}>
            <${Button} size="small" onClick=${() => attempt(lift(user))}>${t("unblock")}<//>
          <//>
        `,
      )}
    </ul>
  `;
}
