/**
 * A client of a Tradewind hub, for browsers and Node.js. It speaks REWIND with all its features
 * (docs/protocol/rewind.md) and needs nothing but a WebSocket, and `fetch` for what goes by HTTP.
 *
 * How to read it: `Client` is what a program sees; `parts.js` makes what it consists of, and says who
 * hears which frame. A `Link` is one socket with its heartbeats and the line of requests that wait for
 * answers (`requests.js`); `Links` are a client's, one after another. An `Outbox` holds what is to be
 * sent, a `Sender` sends it. A `Room` holds what is known of a conversation, `Rooms` are all of them,
 * and `Sync` brings them up to date. Beside them is a file a noun: `Messages`, `ReadMarks`, `Friends`,
 * `Presence`, `Typing`, `Groups`. An `Account` is what goes by HTTP, and `probe.js` finds out why there
 * is no link.
 */
export { Account, login, register, requestReset, resetPassword } from "./account.js";
export { Client } from "./client.js";
export { HubError } from "./errors.js";
export { CONTENT_BYTES_MAX } from "./messages.js";
export { FEATURES } from "./options.js";
export { Room } from "./room.js";
export { isGroup, toDate, xor } from "./values.js";
