/** How what has been said comes from the hub, when a connection begins and when somebody looks back. */
import { parsed } from "./storage.js";

const FIRST = 30;
const PAGE_MAX = 100;
/** So many pages of what is unread; who has more unread sees it in the history. */
const UNREAD_PAGES_MAX = 10;

/** Brings messages up to date, from where they ended, or to the newest ones. */
export async function loadNewer(visitor, conversation, messages) {
  if (messages.newest === null) {
    const { list, total_count: total } = await history(visitor, conversation, { page_size: FIRST });
    messages.addPage(list.reverse(), visitor.user);
    messages.hasOlder = total > list.length;
    return;
  }
  for (let isMore = true; isMore; ) {
    const asked = { min_uuid: messages.newest, page_size: PAGE_MAX };
    const { list } = await history(visitor, conversation, asked);
    messages.addPage(list, visitor.user);
    isMore = list.length === PAGE_MAX;
  }
}

/** Loads what was said before. */
export async function loadOlder(visitor, conversation, messages) {
  const asked = { max_uuid: messages.oldest, page_size: FIRST };
  const { list } = await history(visitor, conversation, asked);
  messages.addOlder(list.reverse(), visitor.user, list.length === FIRST);
}

async function history(visitor, conversation, fields) {
  const asked = { conversation_uuid: conversation, ...fields };
  const answer = await visitor.call("PP_PAGE_HISTORY_MESSAGE", asked);
  return { ...answer, list: answer.list.map((row) => parsed(row.message_body)) };
}

/** Tells of all that the visitor has not acknowledged. */
export async function loadUnread(visitor, heard) {
  let last = null;
  for (let page = 0; page < UNREAD_PAGES_MAX; page += 1) {
    const asked = { page_size: PAGE_MAX, min_uuid: last };
    const { list, message } = await visitor.call("PP_PAGE_UNACKED_MESSAGE", asked);
    list.forEach((pid) => heard(parsed(message[pid])));
    if (list.length < PAGE_MAX) {
      return;
    }
    last = list.at(-1);
  }
}
