/** Groups that are offered to the user: their owner wants to hand them over. */
import { useEffect, useState } from "../../vendor/hooks.js";
import { faultText } from "../faults.js";
import { html } from "../html.js";
import { client, isKnown } from "../state/hub.js";
import { say } from "../state/notices.js";
import { t } from "../text.js";
import { Button } from "../ui/button.js";

/** @import { GroupOffer } from "../../sdk/tradewind.js" */

export function Offers() {
  const [offers, setOffers] = useState(/** @type {GroupOffer[]} */ ([]));
  const current = client.value;
  const known = isKnown.value;
  useEffect(() => {
    if (current === null || !known) {
      return;
    }
    const load = () => current.account.groupOffers().then(setOffers, () => setOffers([]));
    load();
    return current.on("group", ({ type }) => {
      ["offered", "transfer", "accept", "decline", "delete"].includes(type) && load();
    });
  }, [current, known]);
  const answer = async (/** @type {GroupOffer} */ { group }, /** @type {"acceptGroup" | "declineGroup"} */ verb) => {
    try {
      await current?.[verb](group.id);
      setOffers(offers.filter((one) => one.group.id !== group.id));
    } catch (error) {
      say(faultText(error));
    }
  };
  return offers.map(
    (offer) => html`
      <div class="offer" key=${offer.group.id}>
        <p>${t("offer.text", { group: offer.group.title })}</p>
        <div class="actions">
          <${Button} size="small" onClick=${() => answer(offer, "declineGroup")}>${t("decline")}<//>
          <${Button} size="small" kind="primary" onClick=${() => answer(offer, "acceptGroup")}>${t("accept")}<//>
        </div>
      </div>
    `,
  );
}
