/** Something new: a friend by name, or a group. */
import { useState } from "../../vendor/hooks.js";
import { faultText } from "../faults.js";
import { html } from "../html.js";
import { hub } from "../state/hub.js";
import { say } from "../state/notices.js";
import { go } from "../state/route.js";
import { t } from "../text.js";
import { Button } from "../ui/button.js";
import { Dialog } from "../ui/dialog.js";
import { Field } from "../ui/field.js";
import { Notice } from "../ui/notice.js";
import { befriend } from "./friends.js";

/** @param {{ onClose: () => void }} props */
export function NewDialog({ onClose }) {
  const ask = async (/** @type {string} */ name) => {
    await befriend(name);
    say(t("request.sent", { name }));
    onClose();
  };
  const make = async (/** @type {string} */ title) => {
    const room = await hub().createGroup(title);
    onClose();
    go("room", room.id, "info");
  };
  return html`
    <${Dialog} title=${t("new")} onClose=${onClose}>
      <${Line}
        label=${t("new.friend")}
        hint=${t("new.friend.hint")}
        action=${t("request.send")}
        icon="user-plus"
        maxlength="32"
        submit=${ask}
      />
      <hr class="rule" />
      <${Line}
        label=${t("new.group")}
        hint=${t("new.group.hint")}
        action=${t("new.group.make")}
        icon="users"
        maxlength="100"
        submit=${make}
      />
    <//>
  `;
}

/**
 * A form of one line.
 *
 * @param {{ label: string, hint?: string, action: string, icon?: string, submit: (text: string) => Promise<unknown>,
 *   initial?: string, [more: string]: any }} props
 */
export function Line({ label, hint, action, icon, submit, initial, ...more }) {
  const [isBusy, setBusy] = useState(false);
  const [fault, setFault] = useState(/** @type {string | null} */ (null));
  const onSubmit = async (/** @type {any} */ event) => {
    event.preventDefault();
    const input = event.currentTarget.querySelector("input");
    const text = more.type === "password" ? input.value : input.value.trim();
    if (isBusy || text === "" || text === initial) {
      return;
    }
    setBusy(true);
    setFault(null);
    try {
      await submit(text);
      input.value = initial === undefined ? "" : text;
    } catch (error) {
      setFault(faultText(error));
    }
    setBusy(false);
  };
  return html`
    <form class="one-line" onSubmit=${onSubmit}>
      <${Field} ...${more} defaultValue=${initial} label=${label} hint=${hint} autocomplete="off" required />
      <${Button} type="submit" icon=${icon} isBusy=${isBusy}>${action}<//>
      ${fault && html`<${Notice} kind="bad">${fault}<//>`}
    </form>
  `;
}
