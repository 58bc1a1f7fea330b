/** What a group is, beside its conversation: its members with their roles, and what can be done to it. */
import { useEffect, useState } from "../../vendor/hooks.js";
import { html } from "../html.js";
import { client, hub, isKnown, peopleTick, roomTick } from "../state/hub.js";
import { know, presenceOf } from "../state/people.js";
import { go } from "../state/route.js";
import { say } from "../state/notices.js";
import { t } from "../text.js";
import { Button, IconButton } from "../ui/button.js";
import { Confirm } from "../ui/dialog.js";
import { Face } from "../ui/face.js";
import { Icon } from "../ui/icon.js";
import { Menu } from "../ui/menu.js";
import { Spinner } from "../ui/spinner.js";
import { attempt } from "./friends.js";
import { Line } from "./new.js";

/** @import { Id, Member, Role } from "../../sdk/tradewind.js" */

const ROLE_ICON = { owner: "crown", moderator: "shield" };
/** @type {Role[]} */
const RANKS = ["member", "moderator", "owner"];

/** Who is in a group; asked for again when something about it is told. */
function useMembers(/** @type {Id} */ roomId) {
  const [members, setMembers] = useState(/** @type {Member[] | null} */ (null));
  const known = isKnown.value;
  useEffect(() => {
    if (!known) {
      return;
    }
    const load = async () => {
      const all = await hub().members(roomId);
      know(all.map(({ user }) => user));
      setMembers(all);
    };
    load().catch(() => {});
    const current = hub();
    const again = () => void load().catch(() => {});
    const ends = [current.on("group", ({ group }) => group.id === roomId && again()), current.on("ready", again)];
    return () => ends.forEach((end) => end());
  }, [roomId, known]);
  return members;
}

/** @param {{ roomId: Id }} props */
export function GroupPanel({ roomId }) {
  void roomTick(roomId).value;
  const members = useMembers(roomId);
  const [asks, setAsks] = useState(/** @type {"leave" | "delete" | null} */ (null));
  const room = client.value?.rooms.get(roomId);
  if (room === undefined || room.kind !== "group") {
    return null;
  }
  const title = room.title ?? "";
  const own = members?.find(({ user }) => user.id === client.value?.self?.id)?.role ?? "member";
  const leave = async () => {
    await (asks === "delete" ? hub().deleteGroup(roomId) : hub().leaveGroup(roomId));
    go("");
  };
  return html`
    <section class="panel" aria-label=${t("group.about")}>
      <header>
        <h2>${t("group.about")}</h2>
        <${IconButton} icon="x" name=${t("close")} onClick=${() => go("room", roomId)} />
      </header>
      <div class="inside">
        <div class="portrait">
          <${Face} id=${roomId} name=${title} kind="group" size="large" />
          <p class="title"><bdi>${title}</bdi></p>
          <p class="soft small">${t("members", { n: members?.length ?? room.group?.members ?? 0 })}</p>
        </div>
        <${AddMember} roomId=${roomId} members=${members ?? []} />
        <section>
          <h3>${t("members.title")}</h3>
          ${
            members === null
              ? html`<${Spinner} />`
              : html`<ul class="rows">
                ${members.map(
                  (member) =>
                    html`<${MemberItem} key=${member.user.id} roomId=${roomId} member=${member} own=${own} />`,
                )}
              </ul>`
          }
        </section>
        ${own !== "member" && html`<${Ruling} roomId=${roomId} title=${title} />`}
        <section class="last">
          ${
            own !== "owner" || members?.length === 1
              ? html`<${Button} kind="danger" icon="log-out" onClick=${() => setAsks("leave")}>${t("group.leave")}<//>`
              : html`<p class="soft small">${t("group.owner.stays")}</p>`
          }
          ${
            own === "owner" &&
            html`<${Button} kind="danger" icon="trash" onClick=${() => setAsks("delete")}>${t("group.delete")}<//>`
          }
        </section>
      </div>
      ${
        asks !== null &&
        html`<${Confirm}
        title=${t(`group.${asks}.title`, { title })}
        text=${t(`group.${asks}.text`)}
        action=${t(`group.${asks}`)}
        onClose=${() => setAsks(null)}
        act=${leave}
      />`
      }
    </section>
  `;
}

/** Adds one of the friends that are not in it yet. @param {{ roomId: Id, members: Member[] }} props */
function AddMember({ roomId, members }) {
  void peopleTick.value;
  const inside = new Set(members.map(({ user }) => user.id));
  const others = [...(client.value?.friends.values() ?? [])].filter(({ id }) => !inside.has(id));
  const [isOpen, setOpen] = useState(false);
  if (!isOpen) {
    return html`<${Button} icon="user-plus" onClick=${() => setOpen(true)}>${t("group.add")}<//>`;
  }
  const add = (/** @type {string} */ name) => attempt(hub().addMember(roomId, name), t("group.added", { name }));
  return html`
    <section>
      <h3>${t("group.add")}</h3>
      ${others.length === 0 && html`<p class="soft small">${t("group.add.none")}</p>`}
      <ul class="rows">
        ${others.map(
          ({ id, name }) => html`
            <li class="row" key=${id}>
              <${Face} id=${id} name=${name} size="small" />
              <span class="words"><span class="name"><bdi>${name}</bdi></span></span>
              <${IconButton}
                icon="plus"
                name=${t("group.add.of", { name: name ?? "" })}
                onClick=${() => name !== null && add(name)}
              />
            </li>
          `,
        )}
      </ul>
    </section>
  `;
}

/** @param {{ roomId: Id, member: Member, own: Role }} props */
function MemberItem({ roomId, member, own }) {
  void peopleTick.value;
  const { user, role } = member;
  const name = user.name ?? t("someone");
  const isSelf = user.id === client.value?.self?.id;
  const items = isSelf ? [] : deeds(roomId, { name, role, own });
  return html`
    <li class="row">
      <${Face} id=${user.id} name=${name} size="small" status=${presenceOf(user.id)} />
      <span class="words">
        <span class="name"><bdi>${name}</bdi>${isSelf && html` <span class="soft">${t("you")}</span>`}</span>
      </span>
      ${
        role !== "member" &&
        html`<span class="tag"><${Icon} name=${ROLE_ICON[role]} size=${12} />${t(`role.${role}`)}</span>`
      }
      ${items.length > 0 && html`<${Menu} name=${t("more.of", { name })} items=${items} />`}
    </li>
  `;
}

/**
 * What one may do to a member.
 *
 * @param {Id} roomId
 * @param {{ name: string, role: Role, own: Role }} who
 * @returns {import("../ui/menu.js").MenuItem[]}
 */
function deeds(roomId, { name, role, own }) {
  const current = hub();
  const transfer = async () => {
    const group = await current.transferGroup(roomId, name);
    say(group.owner === current.self?.id ? t("offer.made", { name }) : t("group.owner.now", { name }));
  };
  const item = (/** @type {string} */ text, /** @type {string} */ icon, /** @type {() => Promise<unknown>} */ act) => ({
    text,
    icon,
    act: () => void attempt(act()),
  });
  const rank = role === "moderator" ? "member" : "moderator";
  const ofOwner = [
    item(t(`role.make.${rank}`), "shield", () => current.setRole(roomId, name, rank)),
    item(t("group.transfer"), "crown", transfer),
  ];
  const ofBoth = [
    item(t("group.kick"), "user-x", () => current.kick(roomId, name)),
    { ...item(t("group.ban"), "ban", () => current.ban(roomId, name)), kind: /** @type {const} */ ("danger") },
  ];
  const isAbove = RANKS.indexOf(own) > RANKS.indexOf(role);
  return isAbove ? [...(own === "owner" ? ofOwner : []), ...ofBoth] : [];
}

/** What owner and moderators do. @param {{ roomId: Id, title: string }} props */
function Ruling({ roomId, title }) {
  return html`
    <section>
      <${Line}
        label=${t("group.rename")}
        action=${t("save")}
        maxlength="100"
        initial=${title}
        submit=${(/** @type {string} */ text) => hub().renameGroup(roomId, text)}
      />
      <${Line}
        label=${t("group.unban")}
        hint=${t("group.unban.hint")}
        action=${t("group.unban.action")}
        maxlength="32"
        submit=${async (/** @type {string} */ name) => {
          await hub().unban(roomId, name);
          say(t("group.unbanned", { name }));
        }}
      />
    </section>
  `;
}
