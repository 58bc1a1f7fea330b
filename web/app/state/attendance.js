/** Tells the friends whether somebody sits at this page: away is who has not looked at it for a while. */
import { client } from "./hub.js";

const AWAY_MS = 5 * 60_000;

export function followAttention() {
  let timer = 0;
  let isAway = false;
  const say = (/** @type {boolean} */ away) => {
    if (away !== isAway) {
      isAway = away;
      // Without a link it is said on the next one.
      client
        .peek()
        ?.setPresence(away ? "away" : "online")
        .catch(() => {});
    }
  };
  const look = () => {
    clearTimeout(timer);
    if (document.hidden) {
      timer = setTimeout(() => say(true), AWAY_MS);
    } else {
      say(false);
    }
  };
  document.addEventListener("visibilitychange", look);
}
