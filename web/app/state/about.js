/** What the hub has written into the page about itself. */

const root = document.documentElement.dataset;

/** Where mails go: "sent" by a mail server, kept in a "folder", or shown on a "page" (demo mode). */
export const about = { mails: root.mails ?? "sent" };
