/** What is seen by whoever is not logged in: log in, register, ask for a new password. */
import { useEffect, useRef, useState } from "../../vendor/hooks.js";
import { register, requestReset } from "../../sdk/tradewind.js";
import { faultText } from "../faults.js";
import { html } from "../html.js";
import { about } from "../state/about.js";
import { go, route, to } from "../state/route.js";
import { HUB, enter, farewell } from "../state/session.js";
import { t } from "../text.js";
import { Button } from "../ui/button.js";
import { Field } from "../ui/field.js";
import { Icon } from "../ui/icon.js";
import { Notice } from "../ui/notice.js";
import { Looks } from "./looks.js";

/** @typedef {import("../text.js").TextKey} TextKey */

/** The mark of the house. */
const MARK = new URL("../style/icon.svg", import.meta.url).href;

/** To whom a mail was sent, for the page that says so. */
let mailedTo = "";

export function Entrance() {
  const views = { register: Register, forgot: Forgot, mailed: Mailed };
  const View = views[route.value.name] ?? Login;
  return html`
    <div class="entrance">
      <main class="card">
        <p class="brand"><img src=${MARK} alt="" width="32" height="32" />Tradewind</p>
        <${View} key=${route.value.name} />
      </main>
      <footer><${Looks} /></footer>
    </div>
  `;
}

/**
 * A form that says what went wrong, and keeps what was written.
 *
 * @param {{ title: TextKey, action: TextKey, submit: (fields: Record<string, string>) => Promise<void>, children?: any,
 *   lead?: string }} props
 */
function Form({ title, action, submit, lead, children }) {
  const [isBusy, setBusy] = useState(false);
  const [fault, setFault] = useState(/** @type {string | null} */ (null));
  const form = useRef(/** @type {HTMLFormElement | null} */ (null));
  useEffect(() => form.current?.querySelector("input")?.focus(), []);
  const onSubmit = async (/** @type {any} */ event) => {
    event.preventDefault();
    if (isBusy) {
      return;
    }
    setBusy(true);
    setFault(null);
    try {
      await submit(/** @type {any} */ (Object.fromEntries(new FormData(event.currentTarget))));
    } catch (error) {
      setFault(faultText(error));
    }
    setBusy(false);
  };
  return html`
    <form ref=${form} onSubmit=${onSubmit}>
      <h1>${t(title)}</h1>
      ${lead && html`<p class="soft">${lead}</p>`} ${fault && html`<${Notice} kind="bad">${fault}<//>`} ${children}
      <${Button} type="submit" kind="primary" isBusy=${isBusy}>${t(action)}<//>
    </form>
  `;
}

const MAIL = { name: "email", type: "email", autocomplete: "email", required: true, maxlength: 100 };

function Login() {
  const submit = async (/** @type {any} */ { email, password }) => {
    await enter({ email, password });
    go("");
  };
  return html`
    ${farewell.value && html`<${Notice}>${t(`farewell.${farewell.value}`)}<//>`}
    <${Form} title="login.title" action="login.action" submit=${submit}>
      <${Field} label=${t("email")} ...${MAIL} />
      <${Field} label=${t("password")} name="password" type="password" autocomplete="current-password" required />
    <//>
    <p class="ways">
      <a href=${to("forgot")}>${t("forgot.link")}</a>
      <a href=${to("register")}>${t("register.link")}</a>
    </p>
  `;
}

function Register() {
  const submit = async (/** @type {any} */ { name, email, password }) => {
    await register(HUB, { name, email, password });
    mailedTo = email;
    go("mailed", "register");
  };
  return html`
    <${Form} title="register.title" action="register.action" submit=${submit}>
      <${Field} label=${t("name")} name="name" autocomplete="nickname" maxlength="32" required hint=${t("name.hint")} />
      <${Field} label=${t("email")} ...${MAIL} />
      <${Field}
        label=${t("password")}
        name="password"
        type="password"
        autocomplete="new-password"
        required
        hint=${t("password.hint")}
      />
    <//>
    <p class="ways"><a href=${to("login")}>${t("login.link")}</a></p>
  `;
}

function Forgot() {
  const submit = async (/** @type {any} */ { email }) => {
    await requestReset(HUB, email);
    mailedTo = email;
    go("mailed", "forgot");
  };
  return html`
    <${Form} title="forgot.title" action="forgot.action" submit=${submit} lead=${t("forgot.lead")}>
      <${Field} label=${t("email")} ...${MAIL} />
    <//>
    <p class="ways"><a href=${to("login")}>${t("back.login")}</a></p>
  `;
}

/** "Look into your mail." Where no mail leaves this machine, it says where mails are. */
function Mailed() {
  const heading = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => heading.current?.focus(), []);
  const lead = route.value.id === "forgot" ? "mailed.forgot" : "mailed.register";
  return html`
    <div class="mailed">
      <span class="sign"><${Icon} name="mail" size=${28} /></span>
      <h1 tabindex="-1" ref=${heading}>${t("mailed.title")}</h1>
      <p class="soft">${t(lead, { email: mailedTo || t("mailed.you") })}</p>
      ${
        about.mails === "page" &&
        html`<a class="button" data-kind="primary" href="/demo/mails" target="_blank">${t("mailed.open")}</a>`
      }
      ${about.mails === "folder" && html`<${Notice} kind="warn">${t("mailed.folder")}<//>`}
      <p class="ways"><a href=${to("login")}>${t("back.login")}</a></p>
    </div>
  `;
}
