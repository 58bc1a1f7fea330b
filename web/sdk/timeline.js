/** @import { Id, Message, TimelineEntry } from "./shapes.js" */

/**
 * What a room is drawn from: the messages that are stored, and after them those that are not yet.
 *
 * @param {Id} chat_id
 * @param {readonly Message[]} messages
 * @param {TimelineEntry[]} echoes
 * @returns {TimelineEntry[]}
 */
export function timeline(chat_id, messages, echoes) {
  const stored = messages.map((message) => ({
    nonce: message.nonce ?? null,
    chat_id,
    content: message.content,
    state: /** @type {const} */ ("stored"),
    message,
    error: null,
  }));
  return [...stored, ...echoes];
}
