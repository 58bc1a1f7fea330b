/** Pictures of the chat in all its states; run by scripts/screenshots. */
import { join } from "node:path";

import { xor } from "../../sdk/tradewind.js";
import { Stage } from "./stage.js";

const WIDTHS = [1_280, 768, 360];
const HEIGHT = 800;

const stage = await Stage.open({ HTTP__DEMO: "true" });
const names = ["ann", "bob", "하늘", "مريم", "Dmitri", "Eleni", "Frida", "Goro", "Hana", "Ines"];
const [ann, ...others] = names.map((name, at) => stage.hub.addUser(name, "wonderland 1", `user${at}`));
const clients = await Promise.all([ann, ...others].map((user) => stage.hub.enter(user)));
const [me, ...friends] = clients;

/** Makes a world in which lists look like lists. */
async function furnish() {
  for (const friend of friends.slice(0, 7)) {
    await me.requestFriend(friend.self.name);
    await friend.acceptFriend(me.self.name);
  }
  await friends[7].requestFriend(me.self.name);
  await me.requestFriend(friends[8].self.name);
  const say = (client, other, text) => client.send(client.roomWith(other.self.id), text);
  for (const [at, friend] of friends.slice(1, 7).entries()) {
    await say(
      friend,
      me,
      ["내일 몇 시에 만날까요?", "إلى اللقاء غدا", "Did you see the harbour?", "ok!", "👍", "On my way"][at],
    );
  }
  const [bob] = friends;
  const talk = [
    [me, "Morning! Is the boat ready?"],
    [bob, "Nearly. The sails came yesterday, and the rigging is done."],
    [bob, "I put the pictures here: https://harbour.example/boat?day=3"],
    [me, "They look great ⛵"],
    [me, "Who else is coming?"],
    [
      bob,
      "하늘 and Eleni, and perhaps Dmitri. 하늘 asked whether we have room for a bicycle, and I said that we would find some, as long as it is a small one and she does not mind that it gets wet.",
    ],
    [me, "نعم، هناك مكان"],
    [bob, "Then it is settled. Saturday at eight?"],
  ];
  for (const [author, text] of talk) {
    await say(author, author === me ? bob : me, text);
  }
  await say(
    bob,
    me,
    "Here is the list:\n" + Array.from({ length: 24 }, (_, at) => `${at + 1}. something to bring`).join("\n"),
  );
  await me.read(me.roomWith(bob.self.id));
  await say(bob, me, "And do not forget the anchor this time!");
  const crew = await me.createGroup("Crew 선원");
  for (const friend of friends.slice(0, 4)) {
    await me.addMember(crew.id, friend.self.name);
  }
  await me.setRole(crew.id, friends[0].self.name, "moderator");
  const said = ["Welcome aboard", "안녕하세요!", "مرحبا بالجميع", "Hello everybody", "Where do we meet?"];
  for (const [at, text] of said.entries()) {
    await clients[at].send(crew.id, text);
  }
  return { crew: crew.id, bob: xor(ann.id, bob.self.id), stranger: xor(ann.id, friends[8].self.id) };
}

const rooms = await furnish();
clients.forEach((client, at) => at % 3 === 2 && client.close());
friends[3].setPresence("away");

/** Every state: its name, where it is, and what is done before the picture. */
const STATES = [
  ["chats", "#/", async () => {}],
  ["friends", "#/friends", async () => {}],
  ["conversation", `#/room/${rooms.bob}`, async ({ page }) => page.waitForSelector(".message")],
  ["message", `#/room/${rooms.bob}`, async ({ page }) => page.hover(".message[data-own]")],
  ["group", `#/room/${rooms.crew}`, async ({ page }) => page.waitForSelector(".message")],
  ["group-about", `#/room/${rooms.crew}/info`, async ({ page }) => page.waitForSelector(".panel .rows .row")],
  ["beginning", `#/room/${rooms.stranger}`, async ({ page }) => page.waitForSelector("textarea")],
  ["settings", "#/settings", async ({ page }) => page.waitForSelector(".settings .rows .row")],
  ["new", "#/", async (person) => person.press("New")],
  ["search", "#/friends", async ({ page }) => page.type("input[type=search]", "zoe")],
  ["menu", "#/", async (person) => person.press("Menu")],
];
const OUTSIDE = [
  ["log-in", "/", async () => {}],
  ["register", "/#/register", async () => {}],
  ["forgot", "/#/forgot", async () => {}],
  [
    "refused",
    "/",
    async (person) => {
      await person.fill("E-mail", "ann@example.org");
      await person.fill("Password", "wrong");
      await person.press("Log in");
      await person.page.waitForSelector(".notice");
    },
  ],
  ["mailed", "/#/mailed/register", async () => {}],
  ["link-verify", "/api/v1/auth/email_verify/key", async () => {}],
  ["link-reset", "/reset/key", async () => {}],
  ["mails", "/demo/mails", async () => {}],
  ["design", "/design", async () => {}],
];

async function shoot({ page }, name, width, full = false) {
  for (const value of ["light", "dark"]) {
    await page.emulateMediaFeatures([
      { name: "prefers-color-scheme", value },
      { name: "prefers-reduced-motion", value: "reduce" },
    ]);
    await new Promise((resolve) => setTimeout(resolve, 60));
    await page.screenshot({ path: join(process.env.OUT, `${name}-${width}-${value}.png`), fullPage: full });
  }
}

for (const width of WIDTHS) {
  const size = { width, height: HEIGHT };
  const stranger = await stage.person("/", size);
  for (const [name, place, act] of OUTSIDE) {
    await stranger.page.goto(`${stage.hub.url}${place}`);
    await stranger.page.reload();
    await stranger.page.waitForSelector("h1");
    await act(stranger);
    await shoot(stranger, name, width, name === "design");
  }
  await stranger.context.close();
  const person = await stage.enter("user0", size);
  for (const [name, place, act] of STATES) {
    // What is read is unread again: pictures show it.
    await person.page.goto(`${stage.hub.url}/${place}`);
    await person.page.reload();
    await person.page.waitForFunction(
      () => document.querySelector(".side, .middle") && !document.querySelector(".skeleton"),
    );
    await new Promise((resolve) => setTimeout(resolve, 300));
    await act(person);
    await shoot(person, name, width);
  }
  await person.context.close();
}
const person = await stage.enter("user0", { width: 1_280, height: HEIGHT });
await person.page.goto(`${stage.hub.url}/#/room/${rooms.bob}`);
await person.page.waitForSelector(".message");
await stage.hub.kill();
await person.says("See you on Saturday!");
await person.sees("1 unsent");
await shoot(person, "offline", 1_280);
clients.forEach((client) => client.close());
await stage.close();
