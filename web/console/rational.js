/**
 * The console's page: sends what its forms say, and shows each line that comes, as text.
 */
import { parseDeviceList } from "./device-list.js";

/** Lines that are kept on the page; of more, the oldest go. */
const LINES_MAX = 1_000;
/** Groups that are offered. */
const GROUPS_MAX = 100;
const RETRY_FIRST_MS = 500;
const RETRY_MAX_MS = 30_000;
/** Closed so, the log-in is over. */
const LOGGED_OUT = 4401;
const LOGIN = "/console/login";

/** What each form says: the field of the body, and the input that holds it. */
const FORMS = {
  createDeviceGroup: { groupName: "groupName", groupDesc: "groupDesc", deviceList: "creatDeviceList" },
  addDeviceGroup: { groupId: "addGroupId", deviceList: "addDeviceList" },
  subtractDeviceGroup: { groupId: "subGroupId", deviceList: "subDeviceList" },
  deleteDeviceGroup: { groupId: "deleteGroupId" },
  sendUnicastMsg: { message: "unicastMessage", deviceId: "unicastDeviceId" },
  sendMulticastMsg: { message: "multicastMessage", deviceList: "multicastDeviceList" },
  sendBroadcastMsg: { message: "boardcastMessage" },
  sendGroupMsg: { message: "groupMessage", groupId: "groupGroupId" },
  registerAppServer: { serviceId: "serviceId", regName: "regName" },
};

const byId = (id) => document.getElementById(id);

/** The body that a form says; null, with a word at the field, if a list is none. */
function bodyOf(fields) {
  const body = {};
  for (const [name, id] of Object.entries(fields)) {
    const input = byId(id);
    const text = input.value;
    if (name !== "deviceList") {
      body[name] = name === "groupId" || name === "deviceId" ? text.trim() : text;
      continue;
    }
    const list = parseDeviceList(text);
    complain(input, list === null);
    if (list === null) return null;
    // Nothing typed is no list; an empty one is typed as [].
    if (text.trim() !== "") body.deviceList = list;
  }
  return body;
}

function complain(input, isWrong) {
  input.setAttribute("aria-invalid", String(isWrong));
  byId(`${input.id}Fault`).textContent = isWrong
    ? "This is no list of device ids: write ids with commas, blanks or line ends between them."
    : "";
  if (isWrong) input.focus();
}

/** Lines that show what has come, and not how something went. */
const RECEIVED = ["onUpstreamMsgReceived", "onPubsubMsgReceived"];

/** A line, at the end of the others. Its text is never markup. */
function show(line) {
  const lines = byId("receivedMessage");
  const frame = byId("lines");
  const isAtEnd = frame.scrollTop + frame.clientHeight >= frame.scrollHeight - 8;
  const [listener, code] = line.split(" ", 2);
  const row = document.createElement("tr");
  row.className = RECEIVED.includes(listener) ? "upstream" : code === "1" ? "done" : "failed";
  const cell = document.createElement("td");
  cell.textContent = line;
  row.append(cell);
  lines.append(row);
  while (lines.rows.length > LINES_MAX) lines.deleteRow(0);
  byId("noLines").hidden = true;
  if (isAtEnd) frame.scrollTop = frame.scrollHeight;
  offer(line);
}

/** Groups that have been made are offered where a group is asked for. */
function offer(line) {
  const made = /^onDeviceGroupCreateResult 1 .*? ([0-9a-f]{32}) /.exec(line);
  if (made === null) return;
  const { options } = byId("groups");
  byId("groups").append(new Option("", made[1]));
  while (options.length > GROUPS_MAX) options[0].remove();
}

function say(state, text) {
  const status = byId("connection");
  status.dataset.state = state;
  status.textContent = text;
}

let socket = null;
let failures = 0;

function connect() {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  say("waiting", "Connecting…");
  socket = new WebSocket(`${scheme}://${location.host}/console/ws`);
  socket.onopen = () => {
    failures = 0;
    say("open", "Connected");
  };
  socket.onmessage = ({ data }) => show(data);
  socket.onclose = ({ code }) => void reconnect(code);
}

/** Comes back, later each time; or goes to log in, if that is what is missing. */
async function reconnect(code) {
  socket = null;
  if (code === LOGGED_OUT || !(await isLoggedIn())) return location.assign(LOGIN);
  const most = Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** failures);
  failures += 1;
  // Not all consoles at once.
  const wait = most / 2 + (Math.random() * most) / 2;
  say("closed", `Not connected. Trying again in ${Math.ceil(wait / 1_000)} s.`);
  setTimeout(connect, wait);
}

/** Whether the page itself would be shown again; also if nobody can say. */
async function isLoggedIn() {
  try {
    const asked = { method: "HEAD", redirect: "manual", cache: "no-store" };
    return (await fetch(location.pathname, asked)).type !== "opaqueredirect";
  } catch {
    return true;
  }
}

function submit(event) {
  event.preventDefault();
  const form = event.currentTarget;
  const body = bodyOf(FORMS[form.id]);
  const said = form.querySelector("output");
  if (body === null) {
    said.textContent = "Not sent.";
  } else if (socket?.readyState !== WebSocket.OPEN) {
    said.textContent = "Not connected: nothing was sent.";
  } else {
    socket.send(JSON.stringify({ action: form.id, body }));
    said.textContent = "Sent.";
  }
}

for (const id of Object.keys(FORMS)) {
  const form = byId(id);
  form.addEventListener("submit", submit);
  form.addEventListener("input", () => (form.querySelector("output").textContent = ""));
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
}
connect();
