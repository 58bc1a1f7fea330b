/** Says to a screen reader what has just come, and nothing of what was there before. */
import { useEffect, useRef, useState } from "../../vendor/hooks.js";
import { html } from "../html.js";
import { client } from "../state/hub.js";
import { nameOf } from "../state/people.js";
import { t } from "../text.js";

/** @import { Id, TimelineEntry } from "../../sdk/tradewind.js" */

const SPOKEN_MAX = 300;

/** @param {{ roomId: Id, entries: TimelineEntry[] }} props */
export function Arrivals({ roomId, entries }) {
  const [words, setWords] = useState("");
  const seen = useRef(client.value?.rooms.get(roomId)?.seq ?? 0);
  const last = entries.findLast(({ message }) => message !== null)?.message;
  useEffect(() => {
    if (last && last.seq > seen.current) {
      seen.current = last.seq;
      if (last.user_id !== client.value?.self?.id) {
        const name = nameOf(last.user_id) ?? t("someone");
        setWords(t("said", { name, text: last.content.slice(0, SPOKEN_MAX) }));
      }
    }
  }, [last?.seq]);
  return html`<p class="for-ears" aria-live="polite">${words}</p>`;
}
