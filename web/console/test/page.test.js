/**
 * The console's page in Chromium, as operators use it: two consoles of one app, one of another, lists as people type
 * them, texts that are scripts. scripts/sdk names the browser and the folder of the tools.
 */
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { Hub, within } from "../../sdk/test/hub.js";

const { launch } = createRequire(join(process.env.SDK_TOOLS, "package.json"))("puppeteer-core");

const OK = "작업이 성공 했습니다.";
const BAD = "전달 인자가 잘못되엇습니다.";
const SCRIPT = "<img src=x onerror=\"document.title='taken'\"><script>document.title='taken'</script>";

let browser, hub, shop, other;

before(async () => {
  hub = new Hub({ APP_SERVER__PING_INTERVAL_MS: "500" });
  [shop, other] = ["shop", "other"].map((name) => JSON.parse(hub.command("app", "add", "--name", name)));
  await hub.start();
  browser = await launch({
    executablePath: process.env.CHROMIUM,
    args: ["--no-sandbox", "--disable-dev-shm-usage"],
  });
});

after(async () => {
  await browser?.close();
  await hub?.clear();
});

const keyOf = (app) => app.keys.find(({ level }) => level === "THIRD_PARTY_CONSOLE");

/** A page of a browser of its own that shows the log-in. */
async function arrive() {
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  page.faults = [];
  page.on("pageerror", (error) => page.faults.push(String(error)));
  page.on("console", (said) => said.type() === "error" && page.faults.push(said.text()));
  await page.goto(`${hub.url}/console`);
  assert.equal(new URL(page.url()).pathname, "/console/login");
  return page;
}

/** Types a key and its secret, and sends them by the keyboard. */
async function show(page, key, secret) {
  await page.type("#client_id", key);
  await page.type("#client_secret", secret);
  await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
}

/** A console of an app that is connected. */
async function enter(app) {
  const page = await arrive();
  const { key, secret } = keyOf(app);
  await show(page, key, secret);
  assert.equal(new URL(page.url()).pathname, "/console");
  await connected(page);
  return page;
}

const connected = (page) =>
  within(page.waitForFunction(() => document.querySelector("#connection").dataset.state === "open"), "connected");

const lines = (page) =>
  page.$$eval("#receivedMessage tr", (rows) => rows.map((row) => row.textContent));

/** The line that a page has as its newest, once it has so many. */
async function line(page, count) {
  const enough = (count) => document.querySelector("#receivedMessage").rows.length >= count;
  await within(page.waitForFunction(enough, {}, count), `${count} lines`);
  const all = await lines(page);
  assert.equal(all.length, count);
  return all.at(-1);
}

/** Fills in a form and sends it. */
async function submit(page, form, fields) {
  for (const [id, text] of Object.entries(fields)) {
    await page.$eval(`#${id}`, (input, text) => (input.value = text), text);
  }
  await page.click(`#${form} button`);
  return page.$eval(`#${form} output`, (said) => said.textContent);
}

/** A device of an app, made as widgets make theirs: its id, and a token that speaks for it. */
async function makeDevice(app) {
  const { key, secret } = app.keys.find(({ level }) => level === "PPCOM");
  const grant = { grant_type: "client_credentials", client_id: key, client_secret: secret };
  const granted = await fetch(`${hub.url}/ppauth/token`, { method: "POST", body: new URLSearchParams(grant) });
  const { access_token: token } = await granted.json();
  const trace = crypto.randomUUID();
  const call = async (name, body) => {
    const headers = { Authorization: `OAuth ${token}`, "Content-Type": "application/json" };
    const sent = { app_uuid: app.uuid, ppcom_trace_uuid: trace, ...body };
    const answer = await fetch(`${hub.url}/api/${name}`, { method: "POST", headers, body: JSON.stringify(sent) });
    return answer.json();
  };
  const { user_uuid } = await call("PP_CREATE_ANONYMOUS", {});
  const { device_uuid } = await call("PP_CREATE_DEVICE", { user_uuid, device_ostype: "AND" });
  return { id: device_uuid, token };
}

/** Has a device say something to its app's servers, and waits until it is told that somebody has heard it. */
async function sendUp({ id, token }, data) {
  const socket = new WebSocket(`${hub.url.replace("http", "ws")}/device/ws`);
  const say = (action, body) => socket.send(JSON.stringify({ action, body }));
  const done = new Promise((resolve, reject) => {
    socket.onopen = () => say("auth", { apiToken: token, deviceId: id });
    socket.onmessage = ({ data: text }) => {
      const { action, body } = JSON.parse(text);
      if (action === "authResult") say("sendUpstreamMsg", { data, serverRegId: null, umi: "u" });
      if (action === "onSendUpstreamMsgResult") resolve(body.resultCode);
    };
    socket.onclose = ({ code }) => reject(new Error(`closed with ${code}`));
  });
  assert.equal(await within(done, "an answer"), 1);
  socket.onclose = null;
  socket.close();
}

const leave = (...pages) => Promise.all(pages.map((page) => page.browserContext().close()));

test("who shows no good key is told so, and stays out", async () => {
  const page = await arrive();
  await show(page, keyOf(shop).key, "wrong");
  assert.equal(new URL(page.url()).pathname, "/console/login");
  assert.match(await page.$eval("[role=alert]", (said) => said.textContent), /no such key/);
  const widget = shop.keys.find(({ level }) => level === "PPCOM");
  await show(page, widget.key, widget.secret);
  assert.match(await page.$eval("[role=alert]", (said) => said.textContent), /not for the console/);
  await leave(page);
});

test("all consoles of an app read each line, and no other app's do", async () => {
  const [one, two, stranger] = [await enter(shop), await enter(shop), await enter(other)];
  const named = { groupName: "test group", groupDesc: "", creatDeviceList: "" };
  assert.equal(await submit(one, "createDeviceGroup", named), "Sent.");
  const made = await line(one, 1);
  assert.match(made, new RegExp(`^onDeviceGroupCreateResult 1 ${OK} [0-9a-f]{32} test group 0  \\[\\] 801\\d{13}$`));
  assert.equal(await line(two, 1), made);
  const [group] = /[0-9a-f]{32}/.exec(made);
  assert.deepEqual(await two.$$eval("#groups option", (all) => all.map(({ value }) => value)), [group]);

  await submit(two, "addDeviceGroup", { addGroupId: ` ${group} `, addDeviceList: "['a', \"b\"]" });
  assert.match(await line(one, 2), new RegExp(`^onDeviceGroupAddResult 1 ${OK} ${group} 0 0 \\['a', 'b'\\] 802`));
  await submit(one, "subtractDeviceGroup", { subGroupId: group.toUpperCase(), subDeviceList: "a\nb c" });
  const taken = `^onDeviceGroupSubtractResult 1 ${OK} ${group} 0 0 \\['a', 'b', 'c'\\] 803`;
  assert.match(await line(one, 3), new RegExp(taken));
  await submit(one, "sendGroupMsg", { groupMessage: "hi", groupGroupId: group });
  assert.match(await line(one, 4), new RegExp(`^onSendGroupMsgResult 1 ${OK} 561`));
  await submit(one, "sendMulticastMsg", { multicastMessage: "hi", multicastDeviceList: "a" });
  assert.match(await line(one, 5), new RegExp(`^onSendMulticastMsgResult -304 ${BAD} 502`));
  await submit(one, "sendBroadcastMsg", { boardcastMessage: "hi" });
  assert.match(await line(one, 6), new RegExp(`^onSendBroadcastMsgResult 1 ${OK} 503`));
  await submit(one, "sendUnicastMsg", { unicastMessage: "hi", unicastDeviceId: "a" });
  assert.match(await line(one, 7), new RegExp(`^onSendUnicastMsgResult -304 ${BAD} 501`));
  await submit(one, "registerAppServer", { serviceId: shop.service_id, regName: "my server" });
  assert.match(await line(one, 8), new RegExp(`^onRegisterResult 1 ${OK} [0-9a-f]{32}$`));
  await submit(one, "deleteDeviceGroup", { deleteGroupId: group });
  assert.match(await line(one, 9), new RegExp(`^onDeviceGroupDeleteResult 1 ${OK} ${group} 804`));
  await line(two, 9);
  assert.deepEqual(await lines(two), await lines(one));

  await submit(stranger, "sendBroadcastMsg", { boardcastMessage: "to nobody" });
  await line(stranger, 1);
  assert.deepEqual([one, two, stranger].flatMap(({ faults }) => faults), []);
  await leave(one, two, stranger);
});

test("a list that is none is not sent, and nothing typed is no list", async () => {
  const page = await enter(other);
  const add = (list) => submit(page, "addDeviceGroup", { addGroupId: "g", addDeviceList: list });
  const fault = () => page.$eval("#addDeviceListFault", (said) => said.textContent);
  for (const text of ["['a', alert(1)]", "(document.title = 'taken')", "['a'", "a,,b"]) {
    assert.equal(await add(text), "Not sent.", text);
    assert.match(await fault(), /no list/);
    assert.equal(await page.$eval("#addDeviceList", (input) => input.ariaInvalid), "true");
    assert.equal(await page.evaluate(() => document.activeElement.id), "addDeviceList");
  }
  assert.equal(await add(" "), "Sent.");
  assert.equal(await fault(), "");
  assert.match(await line(page, 1), new RegExp(`^onDeviceGroupAddResult -304 ${BAD} g 0 0 \\[\\] 802`));
  assert.notEqual(await page.title(), "taken");
  assert.deepEqual(page.faults, []);
  await leave(page);
});

test("a text that is a script stays text", async () => {
  const [page, reader] = [await enter(shop), await enter(shop)];
  const named = { groupName: SCRIPT, groupDesc: SCRIPT, creatDeviceList: "" };
  await submit(page, "createDeviceGroup", named);
  assert.ok((await line(reader, 1)).includes(`${SCRIPT} 0 ${SCRIPT} []`));
  assert.equal(await reader.$("#receivedMessage img, #receivedMessage script"), null);
  // What would run it is told to wait its turn.
  await reader.evaluate(() => new Promise((resolve) => setTimeout(resolve, 200)));
  assert.notEqual(await reader.title(), "taken");
  // And what got in by other ways would not run either.
  await reader.evaluate((text) => (document.querySelector("#noLines").innerHTML = text), SCRIPT);
  await reader.evaluate(() => new Promise((resolve) => setTimeout(resolve, 200)));
  assert.notEqual(await reader.title(), "taken");
  await leave(page, reader);
});

test("what a device sends is read by all consoles of its app, as text", async () => {
  const [one, two, stranger] = [await enter(shop), await enter(shop), await enter(other)];
  const device = await makeDevice(shop);
  const id = device.id.replaceAll("-", "");
  await sendUp(device, SCRIPT);
  const sent = await line(one, 1);
  const [listener, sender, time, ...data] = sent.split(" ");
  assert.deepEqual([listener, sender, data.join(" ")], ["onUpstreamMsgReceived", id, SCRIPT]);
  assert.match(time, /^\d{13}$/);
  assert.equal(await line(two, 1), sent);
  assert.equal(await two.$("#receivedMessage img, #receivedMessage script"), null);
  assert.notEqual(await two.title(), "taken");
  // It may be spelt with dashes, and is then in the group; twice is once.
  const fields = { groupName: "g", groupDesc: "d", creatDeviceList: `['${device.id}', ${id} "x"]` };
  await submit(one, "createDeviceGroup", fields);
  assert.match(await line(two, 2), new RegExp(`^onDeviceGroupCreateResult 1 ${OK} [0-9a-f]{32} g 1 d \\['x'\\] 801`));
  await submit(two, "sendMulticastMsg", { multicastMessage: "hi", multicastDeviceList: `${id}\nx` });
  assert.match(await line(one, 3), new RegExp(`^onSendMulticastMsgResult 1 ${OK} 502`));
  assert.deepEqual(await lines(stranger), []);
  await leave(one, two, stranger);
});

test("the page is worked by the keyboard alone", async () => {
  const page = await enter(other);
  await page.focus("#boardcastMessage");
  await page.keyboard.type("one\ntwo");
  await page.keyboard.down("Control");
  await page.keyboard.press("Enter");
  await page.keyboard.up("Control");
  assert.match(await line(page, 1), /^onSendBroadcastMsgResult 1/);
  await page.focus("#groupName");
  await page.keyboard.type("by keys");
  await page.keyboard.press("Enter");
  assert.match(await line(page, 2), / by keys 0 /);
  // Everything that can be used is reached, and shows that it is.
  const unlabelled = await page.$$eval("input, textarea, button, [tabindex]", (all) =>
    all.filter((one) => !(one.labels?.length || one.textContent.trim() || one.ariaLabelledByElements)).length,
  );
  assert.equal(unlabelled, 0);
  await leave(page);
});

test("a phone has room for all of it", async () => {
  const page = await enter(shop);
  for (const [width, height] of [[360, 740], [1280, 800]]) {
    await page.setViewport({ width, height });
    await submit(page, "createDeviceGroup", { groupName: "x".repeat(128), groupDesc: "", creatDeviceList: "" });
    const wider = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    assert.ok(wider <= 0, `${width}: ${wider} px too wide`);
    const small = await page.$$eval("main button", (all) =>
      all.map((one) => one.getBoundingClientRect().height).filter((height) => height < 40),
    );
    assert.deepEqual(small, []);
    if (process.env.SCREENSHOTS) {
      await page.screenshot({ path: join(process.env.SCREENSHOTS, `console-${width}.png`) });
    }
  }
  await leave(page);
});

test("a console comes back by itself, and goes to log in when that has ended", async () => {
  const [page, second] = [await enter(shop), await enter(shop)];
  await hub.kill();
  await page.waitForFunction(() => document.querySelector("#connection").dataset.state === "closed");
  assert.equal(await submit(page, "sendBroadcastMsg", { boardcastMessage: "lost" }), "Not connected: nothing was sent.");
  await hub.start();
  await Promise.all([connected(page), connected(second)]);
  await submit(page, "sendBroadcastMsg", { boardcastMessage: "back" });
  assert.match(await line(page, 1), /^onSendBroadcastMsgResult 1/);

  await Promise.all([page.waitForNavigation(), page.click(".leave button")]);
  assert.equal(new URL(page.url()).pathname, "/console/login");
  assert.equal(await second.$eval("#connection", (shown) => shown.dataset.state), "open", "another log-in");
  hub.command("app", "rotate-key", "--name", "shop", "--level", "THIRD_PARTY_CONSOLE", "--end-old");
  await within(second.waitForFunction(() => location.pathname === "/console/login"), "the log-in");
  await leave(page, second);
});
