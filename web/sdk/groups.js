import { grouping } from "./requests.js";
import { idText, plainText } from "./values.js";

/** What is asked of groups, and what is told of them. */
export class Groups {
  #client;
  #links;
  #rooms;

  constructor(client, links, rooms) {
    this.#client = client;
    this.#links = links;
    this.#rooms = rooms;
  }

  /** Makes a group, and gives its room. */
  async create(title) {
    const group = await this.change("create", { title });
    return this.#rooms.all.get(group.id);
  }

  /** Asks for a change by the protocol's verb, and gives the group as it is then. */
  async change(verb, asked) {
    return (await this.#ask(verb, asked)).group;
  }

  /** Who is in a group. */
  async members(roomId) {
    return (await this.#ask("members", { chat_id: roomId })).members;
  }

  async #ask(verb, asked) {
    const checks = Object.entries(asked).map(([what, value]) => [
      what,
      what === "chat_id" ? idText(value, "group") : plainText(value, what),
    ]);
    return this.#links.ask(grouping(verb, Object.fromEntries(checks), this.#client.self?.id));
  }

  heard({ type, group, user, by, role }) {
    const room = this.#rooms.all.get(group.id);
    if (room !== undefined) {
      room.group = group;
      room.title = group.title;
    }
    if (type === "members") {
      return;
    }
    if (this.#client.features.has("sync")) {
      this.#place({ type, group, room, isSelf: user?.id === this.#client.self.id });
    }
    this.#client.emit("group", { type, group, user, by, role, room });
  }

  /** A group's room comes with the user's membership and goes with it. */
  #place({ type, group, room, isSelf }) {
    const { left } = this.#rooms;
    if (type === "delete" || (isSelf && ["leave", "kick", "ban"].includes(type))) {
      left.add(group.id);
      if (room !== undefined) {
        this.#rooms.leave(room);
      }
      return;
    }
    if (type === "create" || (isSelf && type === "add")) {
      left.delete(group.id);
    }
    if (room !== undefined) {
      this.#client.emit("room", { room, isGone: false });
    } else if (type === "create") {
      const { id, title } = group;
      const listed = { id, kind: "group", user: null, title, seq: 0, rev: 0 };
      this.#rooms.begin(listed).group = group;
    } else if (!left.has(group.id)) {
      this.#links.refresh();
    }
  }
}
