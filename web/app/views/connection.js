/** How the connection is, in words, as long as it is not good. */
import { useEffect, useState } from "../../vendor/hooks.js";
import { html } from "../html.js";
import { second } from "../state/clock.js";
import { hub, retryAt, status, unsent, update } from "../state/hub.js";
import { t } from "../text.js";
import { Button } from "../ui/button.js";
import { Icon } from "../ui/icon.js";

/** So long a lost link may come back before it is spoken of. */
const PATIENCE_MS = 1_000;

export function Connection() {
  const isGood = status.value === "ready";
  const [isLate, setLate] = useState(false);
  useEffect(() => {
    setLate(false);
    if (!isGood) {
      const timer = setTimeout(() => setLate(true), PATIENCE_MS);
      return () => clearTimeout(timer);
    }
  }, [isGood]);
  return html`<div class="connection" role="status">${!isGood && isLate && html`<${Words} />`}</div>`;
}

function Words() {
  // No event tells that another try has begun.
  const now = second.value;
  useEffect(update, [now]);
  const seconds = Math.max(0, Math.ceil((retryAt.value - now) / 1_000));
  const isWaiting = status.value === "offline" && seconds > 0;
  const words = [t(isWaiting || status.value === "offline" ? "link.offline" : "link.connecting")];
  if (unsent.value > 0) {
    words.push(t("link.unsent", { n: unsent.value }));
  }
  if (isWaiting) {
    words.push(t("link.again", { n: seconds }));
  }
  const retry = () => {
    hub().wake();
    update();
  };
  return html`
    <p>
      <${Icon} name="wifi-off" size=${16} />
      <span>${words.join(", ")}</span>
      ${isWaiting && html`<${Button} size="small" kind="plain" onClick=${retry}>${t("link.now")}<//>`}
    </p>
  `;
}
