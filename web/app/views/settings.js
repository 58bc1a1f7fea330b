/** One's account, this browser's preferences, where one is logged in, and the end of all that. */
import { useEffect, useState } from "../../vendor/hooks.js";
import { faultText } from "../faults.js";
import { html } from "../html.js";
import { ago } from "../state/clock.js";
import { hub, logOut } from "../state/hub.js";
import { say } from "../state/notices.js";
import { askToNotify, canNotify } from "../state/notify.js";
import { isNotifying } from "../state/preferences.js";
import { go } from "../state/route.js";
import { leave } from "../state/session.js";
import { t } from "../text.js";
import { Button, IconButton } from "../ui/button.js";
import { Dialog } from "../ui/dialog.js";
import { Choice, Field } from "../ui/field.js";
import { Icon } from "../ui/icon.js";
import { Notice } from "../ui/notice.js";
import { Blocked, attempt } from "./friends.js";
import { Looks } from "./looks.js";
import { Line } from "./new.js";

/** @import { Login, OwnAccount } from "../../sdk/tradewind.js" */

export function Settings() {
  return html`
    <div class="page">
      <header class="bar">
        <${IconButton} extra="back" icon="arrow-left" name=${t("back")} onClick=${() => go("")} />
        <h1>${t("settings")}</h1>
      </header>
      <div class="settings">
        <${Profile} />
        <${Card} title=${t("settings.here")}>
          <${Looks} />
          <${Notifying} />
        <//>
        <${Password} />
        <${Logins} />
        <${Card} title=${t("blocked.title")}><${Blocked} /><//>
        <${Ending} />
      </div>
    </div>
  `;
}

/** @param {{ title: string, children?: any }} props */
function Card({ title, children }) {
  return html`<section class="card"><h2>${title}</h2>${children}</section>`;
}

function Profile() {
  const [account, setAccount] = useState(/** @type {OwnAccount | null} */ (null));
  useEffect(() => void attempt(hub().account.show().then(setAccount)), []);
  const change = async (/** @type {Parameters<import("../../sdk/tradewind.js").Account["change"]>[0]} */ changes) => {
    setAccount(await hub().account.change(changes));
    say(t("saved"));
  };
  return html`
    <${Card} title=${t("account")}>
      <p><span class="soft">${t("email")}</span><br />${account?.email ?? "…"}</p>
      <${Line}
        label=${t("name")}
        hint=${t("name.change.hint")}
        key=${account?.name}
        initial=${account?.name ?? ""}
        action=${t("save")}
        maxlength="32"
        submit=${(/** @type {string} */ name) => change({ name })}
      />
      <${Choice}
        label=${t("addedBy")}
        value=${account?.added_by ?? "friends"}
        options=${[
          ["friends", t("addedBy.friends")],
          ["nobody", t("addedBy.nobody")],
        ]}
        onChange=${(/** @type {any} */ added_by) => attempt(change({ added_by }))}
      />
    <//>
  `;
}

function Notifying() {
  const toggle = async (/** @type {any} */ event) => {
    const wanted = event.currentTarget.checked;
    if (!wanted) {
      isNotifying.value = false;
    } else if (!(await askToNotify())) {
      say(t("notify.refused"));
    }
  };
  return html`
    <label class="check">
      <input type="checkbox" checked=${isNotifying.value} onChange=${toggle} />
      <span>${t("notify")}<br /><span class="soft small">${t(canNotify() ? "notify.hint" : "notify.title")}</span></span>
    </label>
  `;
}

function Password() {
  const [fault, setFault] = useState(/** @type {string | null} */ (null));
  const submit = async (/** @type {any} */ event) => {
    event.preventDefault();
    const form = event.currentTarget;
    const { old, password } = /** @type {any} */ (Object.fromEntries(new FormData(form)));
    try {
      await hub().account.changePassword(old, password);
      form.reset();
      setFault(null);
      say(t("password.changed"));
    } catch (error) {
      setFault(faultText(error));
    }
  };
  return html`
    <${Card} title=${t("password.change")}>
      <form class="stack" onSubmit=${submit}>
        ${fault && html`<${Notice} kind="bad">${fault}<//>`}
        <${Field} label=${t("password.old")} name="old" type="password" autocomplete="current-password" required />
        <${Field}
          label=${t("password.new")}
          name="password"
          type="password"
          autocomplete="new-password"
          required
          hint=${t("password.change.hint")}
        />
        <div class="actions"><${Button} type="submit">${t("password.change")}<//></div>
      </form>
    <//>
  `;
}

/** A browser as people call it, from what it calls itself. */
function agentName(/** @type {string | null} */ agent) {
  const name = ["Edg", "Firefox", "Chrome", "Safari"].find((one) => agent?.includes(`${one}/`));
  const system = ["Android", "iPhone", "iPad", "Windows", "Mac OS X", "Linux"].find((one) => agent?.includes(one));
  return name === undefined ? (agent?.slice(0, 60) ?? t("login.unknown")) : [name, system].filter(Boolean).join(" · ");
}

function Logins() {
  const [logins, setLogins] = useState(/** @type {Login[]} */ ([]));
  const load = () => hub().account.sessions().then(setLogins);
  useEffect(() => void attempt(load()), []);
  const end = async (/** @type {Login} */ login) => {
    await hub().account.endSession(login.id);
    await load();
  };
  return html`
    <${Card} title=${t("logins")}>
      <ul class="rows">
        ${logins.map(
          (login) => html`
            <li class="row" key=${login.id}>
              <${Icon} name=${login.agent?.includes("Mobile") ? "user" : "laptop"} />
              <span class="words">
                <span class="name">${agentName(login.agent)}</span>
                <span class="line">
                  ${login.current ? t("logins.this") : t("logins.since", { ago: ago(new Date(login.renewed_at)) })}
                </span>
              </span>
              ${
                !login.current &&
                html`<${Button} size="small" onClick=${() => attempt(end(login))}>${t("logins.end")}<//>`
              }
            </li>
          `,
        )}
      </ul>
      <div class="actions">
        <${Button} onClick=${() => attempt(logOut())}>${t("logout.here")}<//>
        <${Button} kind="danger" onClick=${() => attempt(logOut({ everywhere: true }))}>${t("logout.everywhere")}<//>
      </div>
    <//>
  `;
}

function Ending() {
  const [asks, setAsks] = useState(false);
  const save = async () => {
    const url = URL.createObjectURL(await hub().account.export());
    const link = Object.assign(document.createElement("a"), { href: url, download: "tradewind.json" });
    link.click();
    URL.revokeObjectURL(url);
  };
  return html`
    <${Card} title=${t("account.data")}>
      <p class="soft">${t("account.data.text")}</p>
      <div class="actions">
        <${Button} onClick=${() => attempt(save())}>${t("account.export")}<//>
        <${Button} kind="danger" icon="trash" onClick=${() => setAsks(true)}>${t("account.delete")}<//>
      </div>
      ${asks && html`<${DeleteDialog} onClose=${() => setAsks(false)} />`}
    <//>
  `;
}

/** @param {{ onClose: () => void }} props */
function DeleteDialog({ onClose }) {
  const end = async (/** @type {string} */ password) => {
    await hub().account.delete(password);
    leave();
  };
  return html`
    <${Dialog} title=${t("account.delete")} onClose=${onClose}>
      <p>${t("account.delete.text")}</p>
      <${Line} label=${t("password")} type="password" action=${t("account.delete")} icon="trash" submit=${end} />
    <//>
  `;
}
