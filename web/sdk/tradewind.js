/**
 * A client of a Tradewind hub, for browsers and Node.js. It speaks REWIND with all its features
 * (docs/protocol/rewind.md) and needs nothing but a WebSocket, and `fetch` for what goes by HTTP.
 *
 * How to read it: a `Link` is one socket with its heartbeats and the line of requests that wait for
 * answers (`requests.js`); an `Outbox` holds what is to be sent; a `Room` holds what is known of a
 * conversation; the `Client` ties them together over any number of links. An `Account` is what goes
 * by HTTP, and `probe.js` finds out why there is no link.
 */
export { Account, login, register, requestReset, resetPassword } from "./account.js";
export { CONTENT_BYTES_MAX, Client, FEATURES } from "./client.js";
export { HubError } from "./errors.js";
export { Room } from "./room.js";
export { isGroup, toDate, xor } from "./values.js";
