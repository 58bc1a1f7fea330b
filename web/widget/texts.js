/** Everything that the widget says by itself. */

/** Why there is no connection, by the kind of the fault. */
export const FAULTS = {
  network: "No connection. Trying again…",
  restart: "The chat is being restarted. One moment…",
  busy: "The chat is busy. Trying again…",
  rate: "Too many chats have been opened here lately. Trying again later…",
  token: "Connecting again…",
  replaced: "This chat is open elsewhere.",
  setup: "This chat is not available any more.",
  origin: "This chat may not be used on this page.",
};

/** What the page's author finds in the console of the browser. */
export const HINTS = {
  setup:
    "the hub does not know this app: are data-app-uuid, data-app-key and data-app-secret what `tradewind app add` has said?",
  origin: `the app does not name ${location.origin}: see \`tradewind app set --allowed-origins\``,
};

export const TEXTS = {
  title: "Chat",
  open: "Open chat",
  close: "Close chat",
  log: "Messages",
  write: "Your message",
  placeholder: "Write a message…",
  send: "Send",
  again: "Try again",
  older: "Show older messages",
  waiting: "Sending…",
  failed: "Not sent.",
  you: "You",
  app: "Automatic message",
  connecting: "Connecting…",
  away: "Away",
  nobody: "Nobody is here right now. Leave a message, and you will find the answer here.",
  file: "File",
  picture: "Picture",
  sound: "Voice message",
  isHere: (/** @type {string} */ name) => `${name} is here`,
  areHere: (/** @type {string} */ name, /** @type {number} */ others) =>
    `${name} and ${others} more are here`,
  types: (/** @type {string} */ name) => `${name} is typing…`,
  unread: (/** @type {number} */ count) => (count === 1 ? "1 unread message" : `${count} unread messages`),
};
