/** One message, and what can be done with it. */
import { Component } from "../../vendor/preact.js";
import { useState } from "../../vendor/hooks.js";
import { toDate } from "../../sdk/tradewind.js";
import { faultText } from "../faults.js";
import { html } from "../html.js";
import { clockTime, fullTime } from "../state/clock.js";
import { hub } from "../state/hub.js";
import { nameOf } from "../state/people.js";
import { t } from "../text.js";
import { Button, IconButton } from "../ui/button.js";
import { Confirm } from "../ui/dialog.js";
import { Face } from "../ui/face.js";
import { Icon } from "../ui/icon.js";
import { RichText } from "../ui/rich-text.js";
import { attempt } from "./friends.js";

/** @import { Id, Message, TimelineEntry } from "../../sdk/tradewind.js" */

/** Longer than this, a text is folded. */
const FOLDED_CHARS = 1_200;
const FOLDED_LINES = 16;

/**
 * @typedef {{ roomId: Id, id: string, entry: TimelineEntry, signature: string, isFirst: boolean, isLast: boolean,
 *   isOwn: boolean, isGroup: boolean, isRead: number, isActive: boolean, isTabbed: boolean, isEdited: boolean,
 *   onActive: (key: string | null) => void, onEdit: (message: Message) => void }} Props
 */

/** Drawn again only when something about it has changed: there are hundreds. */
/** @extends {Component<Props>} */
export class MessageItem extends Component {
  /** @param {Props} next */
  shouldComponentUpdate(next) {
    return Object.keys(next).some((name) => name !== "entry" && next[name] !== this.props[name]);
  }

  render() {
    const { id, isFirst, isLast, isOwn, isGroup, isTabbed, isEdited, onActive } = this.props;
    const activate = () => onActive(id);
    return html`
      <li
        class="message"
        data-key=${id}
        data-own=${isOwn ? "" : undefined}
        data-first=${isFirst ? "" : undefined}
        data-last=${isLast ? "" : undefined}
        data-edited=${isEdited ? "" : undefined}
        tabindex=${isTabbed ? 0 : -1}
        onPointerEnter=${activate}
        onFocusCapture=${activate}
      >
        ${isGroup && !isOwn && html`<${Author} message=${this.props.entry.message} isFirst=${isFirst} />`}
        <${Bubble} ...${this.props} />
      </li>
    `;
  }
}

/** @param {{ message: Message | null, isFirst: boolean }} props */
function Author({ message, isFirst }) {
  const id = message?.user_id ?? "";
  return html`<span class="beside">${isFirst && html`<${Face} id=${id} name=${nameOf(id)} size="small" />`}</span>`;
}

/** @param {Props} props */
function Bubble({ entry, isFirst, isOwn, isGroup, isRead, isActive, onEdit, roomId }) {
  const author = entry.message?.user_id ?? "";
  return html`
    <div class="bubble" data-state=${entry.state}>
      ${
        isGroup && !isOwn && isFirst
          ? html`<p class="author"><bdi>${nameOf(author) ?? t("someone")}</bdi></p>`
          : html`<span class="for-ears">${isOwn ? t("you.say") : t("says", { name: nameOf(author) ?? t("someone") })}</span>`
      }
      <${Folded} text=${entry.content} />
      <${Foot} entry=${entry} isOwn=${isOwn} isRead=${isRead} isGroup=${isGroup} />
      ${isActive && html`<${Deeds} entry=${entry} isOwn=${isOwn} onEdit=${onEdit} roomId=${roomId} />`}
    </div>
    ${entry.state === "failed" && html`<${Failed} entry=${entry} />`}
  `;
}

/** @param {{ text: string }} props */
function Folded({ text }) {
  const [isOpen, setOpen] = useState(false);
  const lines = text.split("\n");
  const isLong = text.length > FOLDED_CHARS || lines.length > FOLDED_LINES;
  const shown =
    isLong && !isOpen ? `${lines.slice(0, FOLDED_LINES).join("\n").slice(0, FOLDED_CHARS).trimEnd()}…` : text;
  return html`
    <p class="text" dir="auto"><${RichText} text=${shown} /></p>
    ${
      isLong &&
      html`<${Button} kind="plain" size="small" onClick=${() => setOpen(!isOpen)} aria-expanded=${isOpen ? "true" : "false"}>
      ${t(isOpen ? "fold" : "unfold")}
    <//>`
    }
  `;
}

/** When it was said, and what has become of it. @param {{ entry: TimelineEntry, isOwn: boolean, isRead: number, isGroup: boolean }} props */
function Foot({ entry, isOwn, isRead, isGroup }) {
  const { message, state } = entry;
  const date = message === null ? null : toDate(message.created_at);
  return html`
    <span class="foot">
      ${message?.edited_at && html`<span>${t("edited")}</span>`}
      ${date && html`<time datetime=${date.toISOString()} title=${fullTime(date)}>${clockTime(date)}</time>`}
      ${isOwn && html`<${State} state=${state} isRead=${isRead} isGroup=${isGroup} />`}
    </span>
  `;
}

/** @param {{ state: TimelineEntry["state"], isRead: number, isGroup: boolean }} props */
function State({ state, isRead, isGroup }) {
  const [icon, words] =
    state === "waiting"
      ? ["clock", t("state.waiting")]
      : state === "failed"
        ? ["circle-alert", t("state.failed")]
        : isRead > 0
          ? ["check-check", isGroup ? t("state.readBy", { n: isRead }) : t("state.read")]
          : ["check", t("state.stored")];
  return html`
    <span class="state" data-state=${isRead > 0 ? "read" : state} title=${words}>
      <${Icon} name=${icon} size=${14} /><span class="for-ears">${words}</span>
    </span>
  `;
}

/** @param {{ entry: TimelineEntry }} props */
function Failed({ entry }) {
  const nonce = entry.nonce ?? "";
  return html`
    <p class="failed" role="alert">
      <span>${faultText(entry.error)}</span>
      <${Button} kind="plain" size="small" icon="rotate-cw" onClick=${() =>
        hub()
          .retry(nonce)
          .catch(() => {})}>
        ${t("again")}
      <//>
      <${Button} kind="plain" size="small" onClick=${() => hub().discard(nonce)}>${t("discard")}<//>
    </p>
  `;
}

/** @param {Pick<Props, "entry" | "isOwn" | "onEdit" | "roomId">} props */
function Deeds({ entry, isOwn, onEdit, roomId }) {
  const [isDeleting, setDeleting] = useState(false);
  const { message } = entry;
  if (message === null) {
    return null;
  }
  const copy = () => attempt(navigator.clipboard.writeText(message.content), t("copied"));
  return html`
    <span class="deeds">
      ${
        isOwn &&
        html`
        <${IconButton} icon="pencil" size="small" name=${t("edit")} onClick=${() => onEdit(message)} />
        <${IconButton} icon="trash" size="small" name=${t("delete")} onClick=${() => setDeleting(true)} />
      `
      }
      ${!isOwn && navigator.clipboard && html`<${IconButton} icon="copy" size="small" name=${t("copy")} onClick=${copy} />`}
    </span>
    ${
      isDeleting &&
      html`<${Confirm}
      title=${t("delete.title")}
      text=${t("delete.text")}
      action=${t("delete")}
      onClose=${() => setDeleting(false)}
      act=${() => hub().delete(roomId, message.id)}
    />`
    }
  `;
}
