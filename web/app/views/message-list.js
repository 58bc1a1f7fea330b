/** What was said: a window of messages that moves with the reader and never jumps. */
import { Component, createRef } from "../../vendor/preact.js";
import { html } from "../html.js";
import { t } from "../text.js";
import { IconButton } from "../ui/button.js";
import { Spinner } from "../ui/spinner.js";
import { Arrivals } from "./arrivals.js";
import { MessageItem } from "./message.js";
import { rowsOf } from "./rows.js";
import { NEWEST, bounds, newer, older } from "./slice.js";

/** @import { Id, Message, TimelineEntry } from "../../sdk/tradewind.js" */

/** Nearer to the edge of the window than this, it moves. */
const NEAR_PX = 800;
/** So near to the end, the reader is there. */
const END_PX = 40;

/**
 * @typedef {{ roomId: Id, entries: TimelineEntry[], isGroup: boolean, line: number | null, unread: number,
 *   readBy: number[], isLoading: boolean, hasMore: boolean, onOlder: () => void, onEnd: (isThere: boolean) => void,
 *   onEdit: (message: Message) => void, edited: Id | null }} Props
 */

/** @extends {Component<Props, { slice: import("./slice.js").Slice, active: string | null, isAtEnd: boolean }>} */
export class MessageList extends Component {
  state = { slice: NEWEST, active: null, isAtEnd: true };
  /** @type {{ current: HTMLElement | null }} */
  box = createRef();
  /** Whether the reader is at the end, and follows it. */
  follows = true;
  /** What the reader looks at: a row, how far it is below the upper edge, and where the box was scrolled to. */
  /** @type {{ key: string, top: number, scrolled: number } | null} */
  anchor = null;
  height = 0;
  sizes = new ResizeObserver(() => this.keepPlace());

  componentDidMount() {
    this.keepPlace();
    this.sizes.observe(this.element);
    this.sizes.observe(/** @type {Element} */ (this.element.firstElementChild));
  }

  componentWillUnmount() {
    this.sizes.disconnect();
  }

  /** The reader may have scrolled since the last event that told of it. */
  getSnapshotBeforeUpdate(/** @type {Props} */ { entries }, /** @type {{ slice: any }} */ { slice }) {
    this.look(entries, slice);
    return null;
  }

  /** @param {Props} before */
  componentDidUpdate(before) {
    const { entries } = this.props;
    const isOwnNew = entries.at(-1)?.state === "waiting" && entries.at(-1)?.nonce !== before.entries.at(-1)?.nonce;
    if (isOwnNew && !this.follows) {
      this.toEnd();
    } else {
      this.keepPlace();
    }
    this.moveWindow();
  }

  get element() {
    return /** @type {HTMLElement} */ (this.box.current);
  }

  get below() {
    const { scrollHeight, scrollTop, clientHeight } = this.element;
    return scrollHeight - scrollTop - clientHeight;
  }

  /** Takes note of where the reader is: at the end, or at a message somewhat below the upper edge. */
  look(entries = this.props.entries, slice = this.state.slice) {
    const { element } = this;
    // In a box of another size the end is elsewhere, and it is not the reader who has moved.
    if (element.clientHeight === this.height || this.height === 0) {
      this.follows = this.below < END_PX && bounds(entries, slice).end === entries.length;
    }
    this.height = element.clientHeight;
    const rows = /** @type {NodeListOf<HTMLElement>} */ (element.querySelectorAll("[data-key]"));
    const row = rows[this.placeBelow(rows, this.height / 4)];
    const key = row?.dataset.key;
    this.anchor = row && key ? { key, top: this.topOf(row), scrolled: element.scrollTop } : null;
  }

  /** The place of the first row below a height, or of the last. */
  placeBelow(/** @type {NodeListOf<HTMLElement>} */ rows, /** @type {number} */ height) {
    const edge = this.element.getBoundingClientRect().top + height;
    let [low, high] = [0, rows.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (rows[middle].getBoundingClientRect().top > edge) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return low;
  }

  /** What has changed above or below leaves in place what the reader looks at. */
  keepPlace() {
    const { element, anchor } = this;
    if (this.follows) {
      element.scrollTop = element.scrollHeight;
    } else if (anchor !== null) {
      const row = this.rowOf(anchor.key);
      if (row !== null) {
        const moved = this.topOf(row) - anchor.top + element.scrollTop - anchor.scrolled;
        if (Math.abs(moved) >= 1) {
          element.scrollTop += moved;
          this.anchor = { key: anchor.key, top: this.topOf(row), scrolled: element.scrollTop };
        }
      }
    }
  }

  /** @returns {HTMLElement | null} */
  rowOf(/** @type {string} */ key) {
    return this.element.querySelector(`[data-key="${CSS.escape(key)}"]`);
  }

  topOf(/** @type {HTMLElement} */ row) {
    return row.getBoundingClientRect().top - this.element.getBoundingClientRect().top;
  }

  onScroll = () => {
    this.look();
    if (this.follows !== this.state.isAtEnd) {
      this.setState({ isAtEnd: this.follows });
      this.props.onEnd(this.follows);
    }
    this.moveWindow();
  };

  /** Brings what is near, from what is known or from the hub. */
  moveWindow() {
    const { entries, hasMore, onOlder } = this.props;
    const { slice } = this.state;
    const { start, end } = bounds(entries, slice);
    if (this.element.scrollTop < NEAR_PX && start > 0) {
      this.setState({ slice: older(entries, slice) });
    } else if (this.element.scrollTop < NEAR_PX && start === 0 && hasMore) {
      onOlder();
    } else if (this.below < NEAR_PX && end < entries.length) {
      this.setState({ slice: newer(entries, slice) });
    }
  }

  toEnd = () => {
    this.setState({ slice: NEWEST, isAtEnd: true }, () => {
      this.follows = true;
      this.keepPlace();
    });
    this.props.onEnd(true);
  };

  /** Arrows go from message to message; what can be done with one comes with it. */
  onKeyDown = (/** @type {KeyboardEvent} */ event) => {
    const row = /** @type {HTMLElement} */ (event.target);
    if (!row.matches("[data-key]")) {
      return;
    }
    const rows = [.../** @type {NodeListOf<HTMLElement>} */ (this.element.querySelectorAll("[data-key]"))];
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    const next = step === undefined ? undefined : rows[rows.indexOf(row) + step];
    if (next !== undefined) {
      event.preventDefault();
      next.focus();
    }
  };

  activate = (/** @type {string | null} */ key) => key !== this.state.active && this.setState({ active: key });

  /** The pointer is elsewhere; what has the focus keeps its deeds. */
  deactivate = () => {
    const focused = /** @type {HTMLElement | null | undefined} */ (document.activeElement?.closest("[data-key]"));
    this.activate(focused?.dataset.key ?? null);
  };

  render() {
    const { entries, line, isLoading, hasMore, unread, roomId } = this.props;
    const { slice, isAtEnd, active } = this.state;
    const { start, end } = bounds(entries, slice);
    const rows = rowsOf(entries, { start, end, line, isWhole: !hasMore });
    const tabbed = rows.some(({ key }) => key === active) ? active : rows.at(-1)?.key;
    return html`
      <div class="messages">
        <div class="scroll" ref=${this.box} onScroll=${this.onScroll} onKeyDown=${this.onKeyDown}>
          <div class="inner">
            <div class="older">${isLoading && html`<${Spinner} />`}</div>
            ${entries.length === 0 && !hasMore && html`<p class="begin">${t("conversation.none")}</p>`}
            <ol aria-label=${t("messages")} onPointerLeave=${this.deactivate}>
              ${rows.flatMap((row) => this.renderRow(row, { tabbed, active }))}
            </ol>
          </div>
        </div>
        ${
          !isAtEnd &&
          html`<div class="to-end">
          ${unread > 0 && html`<span class="badge">${unread > 99 ? "99+" : unread}</span>`}
          <${IconButton} icon="arrow-down" name=${t("to.newest")} onClick=${this.toEnd} />
        </div>`
        }
        <${Arrivals} roomId=${roomId} entries=${entries} />
      </div>
    `;
  }

  /** All in one list, so that each keeps its element whatever comes before it. */
  /** @param {import("./rows.js").Row} row @param {{ tabbed?: string | null, active: string | null }} where */
  renderRow(row, { tabbed, active }) {
    const { isGroup, readBy, onEdit, edited, roomId } = this.props;
    const { message } = row.entry;
    const isRead = message === null ? 0 : readBy.filter((seq) => seq >= message.seq).length;
    return html`
      ${row.day && html`<li class="day" key=${`${row.key}-day`}><span>${row.day}</span></li>`}
      ${row.isFirstUnread && html`<li class="unread-line" key=${`${row.key}-line`}><span>${t("unread.here")}</span></li>`}
      <${MessageItem}
        key=${row.key}
        roomId=${roomId}
        id=${row.key}
        entry=${row.entry}
        signature=${row.signature}
        isFirst=${row.isFirst}
        isLast=${row.isLast}
        isOwn=${row.isOwn}
        isGroup=${isGroup}
        isRead=${isRead}
        isActive=${row.key === active}
        isTabbed=${row.key === tabbed}
        isEdited=${message !== null && message.id === edited}
        onActive=${this.activate}
        onEdit=${onEdit}
      />
    `;
  }
}
