/** Where one writes: a message, or another text for one. */
import { useEffect, useLayoutEffect, useRef, useState } from "../../vendor/hooks.js";
import { CONTENT_BYTES_MAX } from "../../sdk/tradewind.js";
import { faultText } from "../faults.js";
import { html } from "../html.js";
import { hub } from "../state/hub.js";
import { say } from "../state/notices.js";
import { nameOf, titleOf } from "../state/people.js";
import { t } from "../text.js";
import { IconButton } from "../ui/button.js";
import { Icon } from "../ui/icon.js";

/** @import { Id, Message } from "../../sdk/tradewind.js" */

/** What was begun in each conversation, as long as the page is open. */
/** @type {Map<Id, string>} */
const drafts = new Map();

/** Forgets them: somebody else logs in. */
export const forgetDrafts = () => drafts.clear();

/** On a device without keys, Enter makes a line and the button sends. */
const isTouch = () => matchMedia("(pointer: coarse) and (hover: none)").matches;

/** An input method is putting a syllable together: the key is its, not ours. */
const isComposing = (/** @type {KeyboardEvent} */ event) => event.isComposing || event.keyCode === 229;

/**
 * @param {{ roomId: Id, edited: Message | null, onEdited: () => void, onEditLast: () => void, onSent: () => void }} props
 */
export function Composer({ roomId, edited, onEdited, onEditLast, onSent }) {
  const [text, setText] = useState(drafts.get(roomId) ?? "");
  const input = useRef(/** @type {HTMLTextAreaElement | null} */ (null));
  const editedId = edited?.id ?? null;
  useEffect(() => {
    setText(edited?.content ?? drafts.get(roomId) ?? "");
    if (edited !== null || !isTouch()) {
      input.current?.focus();
    }
  }, [editedId]);
  useLayoutEffect(() => grow(input.current), [text]);
  const isTooLong = new TextEncoder().encode(text).length > CONTENT_BYTES_MAX;
  const isOff = text.trim() === "" || isTooLong;
  const write = (/** @type {string} */ next) => {
    setText(next);
    if (edited === null) {
      drafts.set(roomId, next);
      next === "" ? hub().stopTyping(roomId) : hub().typing(roomId);
    }
  };
  const submit = () => {
    if (isOff) {
      return;
    }
    if (edited === null) {
      // What is refused is shown where it stands.
      hub()
        .send(roomId, text)
        .catch((error) => error?.code === "full" && say(faultText(error)));
      write("");
      onSent();
    } else {
      save(edited, text);
    }
  };
  const save = async (/** @type {Message} */ message, /** @type {string} */ content) => {
    try {
      if (content !== message.content) {
        await hub().edit(roomId, message.id, content);
      }
      onEdited();
    } catch (error) {
      say(faultText(error));
    }
  };
  const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
    if (isComposing(event)) {
      return;
    }
    if (event.key === "Enter" && !event.shiftKey && !isTouch()) {
      event.preventDefault();
      submit();
    } else if (event.key === "ArrowUp" && text === "" && edited === null) {
      event.preventDefault();
      onEditLast();
    } else if (event.key === "Escape" && edited !== null) {
      event.preventDefault();
      onEdited();
    }
  };
  const send = (/** @type {Event} */ event) => {
    event.preventDefault();
    submit();
    input.current?.focus();
  };
  return html`
    <form class="composer" onSubmit=${send}>
      ${
        edited !== null &&
        html`<p class="editing">
        <${Icon} name="pencil" size=${14} /><span>${t("editing")}</span>
        <${IconButton} icon="x" size="small" name=${t("cancel")} onClick=${onEdited} />
      </p>`
      }
      ${isTooLong && html`<p class="too-long" role="alert">${t("fault.long")}</p>`}
      <div class="write">
        <textarea
          ref=${input}
          class="input"
          rows="1"
          dir="auto"
          aria-label=${edited === null ? t("write.to", { name: roomName(roomId) }) : t("editing")}
          placeholder=${t("write")}
          value=${text}
          onInput=${(/** @type {any} */ event) => write(event.currentTarget.value)}
          onKeyDown=${onKeyDown}
        ></textarea>
        <${IconButton}
          type="submit"
          kind="primary"
          icon=${edited === null ? "send-horizontal" : "check"}
          name=${t(edited === null ? "send" : "save")}
          isOff=${isOff}
        />
      </div>
    </form>
  `;
}

function roomName(/** @type {Id} */ roomId) {
  const room = hub().rooms.get(roomId);
  return (room === undefined ? null : (titleOf(room) ?? (room.user && nameOf(room.user.id)))) ?? t("someone");
}

/** As high as its text, up to what the style allows. */
function grow(/** @type {HTMLTextAreaElement | null} */ area) {
  if (area !== null) {
    area.style.height = "auto";
    area.style.height = `${area.scrollHeight}px`;
  }
}
