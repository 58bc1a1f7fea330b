/** `/design`: the components of the page with their states, for whoever changes them. */
import { render } from "../vendor/preact.js";
import { useState } from "../vendor/hooks.js";
import { ICONS } from "../vendor/icons.js";
import { html } from "./html.js";
import { applyPreferences } from "./state/preferences.js";
import { say } from "./state/notices.js";
import { speakAsWished, t } from "./text.js";
import { Button, IconButton } from "./ui/button.js";
import { Confirm } from "./ui/dialog.js";
import { Choice, Field, Search } from "./ui/field.js";
import { Face } from "./ui/face.js";
import { Icon } from "./ui/icon.js";
import { Menu } from "./ui/menu.js";
import { Empty, Notice } from "./ui/notice.js";
import { RichText } from "./ui/rich-text.js";
import { Spinner } from "./ui/spinner.js";
import { Toasts } from "./ui/toasts.js";
import { Looks } from "./views/looks.js";

const COLOURS = ["ground", "surface", "raised", "sunken", "hover", "chosen", "line-soft", "line-strong", "text"];
const ACCENTS = [
  "text-soft",
  "accent",
  "accent-soft",
  "good",
  "warn",
  "warn-soft",
  "bad",
  "bad-soft",
  "mine",
  "theirs",
];

/** @param {{ title: string, children?: any }} props */
function Part({ title, children }) {
  return html`<section><h2>${title}</h2>${children}</section>`;
}

/** A colour is set by the object model: the policy of the page lets no text be a style. */
function Swatch(/** @type {{ name: string }} */ { name }) {
  return html`<li><span style=${{ background: `var(--${name})` }}></span>${name}</li>`;
}

function Buttons() {
  return html`
    <${Part} title="Buttons">
      <div class="samples">
        <${Button} kind="primary">Primary<//><${Button}>Plain border<//><${Button} kind="plain">Plain<//>
        <${Button} kind="danger" icon="trash">Danger<//><${Button} size="small">Small<//>
        <${Button} kind="primary" isBusy>Busy<//><${Button} isOff>Off<//>
      </div>
      <div class="samples">
        <${IconButton} icon="pencil" name="Edit" /><${IconButton} icon="plus" kind="primary" name="New" />
        <${IconButton} icon="send-horizontal" kind="primary" name="Send" isOff />
        <${IconButton} icon="trash" size="small" name="Delete" />
        <${Menu}
          name="Menu"
          items=${[
            { text: "Settings", icon: "settings", act: () => say("Settings") },
            { text: "Block", icon: "ban", kind: "danger", act: () => say("Block") },
          ]}
        />
      </div>
    <//>
  `;
}

function Fields() {
  const [query, setQuery] = useState("");
  return html`
    <${Part} title="Fields">
      <div class="narrow"><${Field} label="Name" hint="Up to 32 characters" /></div>
      <div class="narrow"><${Field} label="E-mail" value="nobody" fault="This is no address." /></div>
      <div class="narrow"><${Search} label="Search" value=${query} onInput=${setQuery} /></div>
      <div class="narrow">
        <${Choice} label="Role" value="a" options=${[
          ["a", "Member"],
          ["b", "Moderator"],
        ]} onChange=${() => {}} />
      </div>
    <//>
  `;
}

function States() {
  const [isOpen, setOpen] = useState(false);
  return html`
    <${Part} title="Faces, badges, notices">
      <div class="samples">
        <${Face} id="2" name="alice" status="online" /><${Face} id="5" name="bob" status="away" />
        <${Face} id="7" name="하늘" status="offline" /><${Face} id="9" name="مريم" />
        <${Face} id="11" name="Crew" kind="group" /><${Face} id="13" name="Small" size="small" />
        <${Face} id="14" name="Large" size="large" />
        <span class="badge">3</span><span class="tag"><${Icon} name="crown" size=${12} />Owner</span><${Spinner} />
      </div>
      <${Notice}>Something to know.<//><${Notice} kind="warn">Something to mind.<//>
      <${Notice} kind="bad">Something went wrong.<//>
      <div class="samples">
        <${Button} onClick=${() => say("Said for a moment")}>Say something<//>
        <${Button} onClick=${() => setOpen(true)}>Ask something<//>
      </div>
      ${
        isOpen &&
        html`<${Confirm}
        title="Delete this?"
        text="It is gone then."
        action="Delete"
        onClose=${() => setOpen(false)}
        act=${async () => say("Deleted")}
      />`
      }
      <${Empty} icon="users" title="Nothing yet"><p>And what to do about it.</p><//>
    <//>
  `;
}

/** What a message looks like in each state, without a hub. */
function Messages() {
  const samples = [
    { state: "stored", icon: "check", text: "Sent, with a link: https://example.org/?a=1" },
    { state: "stored", icon: "check-check", text: "읽음 ⛵" },
    { state: "waiting", icon: "clock", text: "Waiting" },
    { state: "failed", icon: "circle-alert", text: "Refused" },
    { state: "stored", icon: "check", text: "من اليمين إلى اليسار" },
  ];
  return html`
    <${Part} title="Messages">
      <ol>
        ${samples.map(
          ({ state, icon, text }) => html`
            <li class="message" data-own="" data-first="">
              <div class="bubble" data-state=${state}>
                <p class="text" dir="auto"><${RichText} text=${text} /></p>
                <span class="foot">12:34 <${Icon} name=${icon} size=${14} /></span>
              </div>
            </li>
          `,
        )}
      </ol>
    <//>
  `;
}

function Design() {
  return html`
    <main class="design">
      <h1>${t("theme")}</h1>
      <${Looks} />
      <${Part} title="Colours">
        <ul class="swatches">${[...COLOURS, ...ACCENTS].map((name) => html`<${Swatch} key=${name} name=${name} />`)}</ul>
      <//>
      <${Part} title="Type">
        <h1>Heading one, 제목 하나</h1>
        <h2>Heading two, 제목 둘</h2>
        <h3>Heading three, 제목 셋</h3>
        <p>A text, as most of them. 대부분의 글은 이렇게 보입니다. <a href="/design">A link</a></p>
        <p class="soft small">Small and soft.</p>
      <//>
      <${Buttons} /><${Fields} /><${States} /><${Messages} />
      <${Part} title="Icons">
        <div class="samples">${Object.keys(ICONS).map((name) => html`<${Icon} key=${name} name=${name} />`)}</div>
      <//>
    </main>
    <${Toasts} />
  `;
}

applyPreferences();
await speakAsWished();
render(html`<${Design} />`, /** @type {HTMLElement} */ (document.getElementById("page")));
