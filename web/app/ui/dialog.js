import { useEffect, useId, useRef, useState } from "../../vendor/hooks.js";
import { html } from "../html.js";
import { t } from "../text.js";
import { Button, IconButton } from "./button.js";
import { Notice } from "./notice.js";
import { faultText } from "../faults.js";

/**
 * What has to be answered before anything else. The browser keeps the focus inside, and gives it back.
 *
 * @param {{ title: string, onClose: () => void, children?: any }} props
 */
export function Dialog({ title, onClose, children }) {
  const id = useId();
  const ref = useRef(/** @type {HTMLDialogElement | null} */ (null));
  useEffect(() => {
    const dialog = ref.current;
    const before = /** @type {HTMLElement | null} */ (document.activeElement);
    dialog?.showModal();
    return () => {
      dialog?.close();
      before?.isConnected && before.focus();
    };
  }, []);
  // A press beside it closes it.
  const press = (/** @type {any} */ event) => event.target === ref.current && onClose();
  return html`
    <dialog ref=${ref} class="dialog" aria-labelledby=${id} onClose=${onClose} onMouseDown=${press}>
      <header>
        <h2 id=${id}>${title}</h2>
        <${IconButton} icon="x" name=${t("close")} onClick=${onClose} />
      </header>
      <div class="inside">${children}</div>
    </dialog>
  `;
}

/**
 * Asks whether something is really to be done, and does it.
 *
 * @param {{ title: string, text: string, action: string, onClose: () => void, act: () => Promise<unknown> }} props
 */
export function Confirm({ title, text, action, onClose, act }) {
  const [isBusy, setBusy] = useState(false);
  const [fault, setFault] = useState(/** @type {string | null} */ (null));
  const confirm = async () => {
    setBusy(true);
    try {
      await act();
      onClose();
    } catch (error) {
      setFault(faultText(error));
      setBusy(false);
    }
  };
  return html`
    <${Dialog} title=${title} onClose=${onClose}>
      <p>${text}</p>
      ${fault && html`<${Notice} kind="bad">${fault}<//>`}
      <div class="actions">
        <${Button} onClick=${onClose}>${t("cancel")}<//>
        <${Button} kind="danger" isBusy=${isBusy} onClick=${confirm}>${action}<//>
      </div>
    <//>
  `;
}
