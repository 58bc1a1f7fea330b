/** The story of two people, from their registration on: each page of it is looked at by the accessibility checker. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { PASSWORD, Stage } from "./stage.js";

let stage, alice, bob;

before(async () => {
  stage = await Stage.open();
});

after(() => stage?.close());

test("two people register, and their mails lead to accounts", async () => {
  [alice, bob] = [await stage.person(), await stage.person("/register")];
  await alice.passesAxe("log-in");
  await alice.press("New here? Register", "link");
  for (const [at, [person, name]] of [
    [alice, "alice"],
    [bob, "bob"],
  ].entries()) {
    await person.find("heading", "Create an account");
    await person.fill("Name", name);
    await person.fill("E-mail", `${name}@example.org`);
    await person.fill("Password", PASSWORD);
    await person.press("Register");
    await person.sees(`A mail with a link is on its way to ${name}@example.org.`);
    await person.sees("it keeps mails as files");
    const link = await stage.hub.link(at + 1);
    // Whoever only looks at the link has not followed it.
    const looked = await fetch(link, { headers: { accept: "text/html" } });
    assert.equal(looked.status, 200);
    await person.page.goto(link);
    await person.passesAxe("the page behind the link");
    await person.press("Make my account");
    await person.sees("Your account is ready.");
    await person.press("Log in", "link");
    await person.logIn(`${name}@example.org`);
  }
});

test("what is wrong is said where it is", async () => {
  const eve = await stage.person("/#/register");
  await eve.fill("Name", "Alice");
  await eve.fill("E-mail", "eve@example.org");
  await eve.fill("Password", PASSWORD);
  await eve.press("Register");
  await eve.sees("Somebody has this name already.");
  await eve.passesAxe("register");
  await eve.press("You have an account? Log in", "link");
  await eve.fill("E-mail", "alice@example.org");
  await eve.fill("Password", "not that one");
  await eve.press("Log in");
  await eve.sees("The address or the password is wrong.");
  await eve.page.close();
});

test("a forgotten password is made anew by a mail", async () => {
  const carol = await stage.person("/#/forgot");
  stage.hub.addUser("carol", PASSWORD);
  await carol.fill("E-mail", "carol@example.org");
  await carol.passesAxe("forgot");
  await carol.press("Send the link");
  await carol.sees("Look into your mail");
  await carol.passesAxe("mailed");
  await carol.page.goto(await stage.hub.link(3));
  await carol.passesAxe("new password");
  await carol.fill("New password", "short");
  await carol.press("Set it");
  await carol.sees("too short");
  await carol.fill("New password", "quite another 1");
  await carol.press("Set it");
  await carol.sees("The password is the new one.");
  await carol.press("Log in", "link");
  await carol.logIn("carol@example.org", "quite another 1");
  carol.isClean();
  await carol.page.close();
});

test("they become friends, and see each other", async () => {
  await alice.sees("No conversations yet");
  await alice.passesAxe("nothing yet");
  await alice.press("New");
  await alice.passesAxe("new");
  await alice.fill("Add a friend", "nobody of that name");
  await alice.press("Ask for friendship");
  await alice.sees("Nobody has this name.");
  await alice.fill("Add a friend", "bob");
  await alice.press("Ask for friendship");
  await alice.sees("bob has been asked");
  await alice.page.evaluate(() => (location.hash = "#/friends"));
  await alice.sees("Has not answered yet");
  await bob.press("Friends 1", "link");
  await bob.sees("Wants to be friends with you");
  await bob.passesAxe("a request");
  await bob.page.click(".row .icon-button[data-kind=primary]");
  await Promise.all([alice.sees("1 friend"), bob.sees("1 friend")]);
  await alice.until(() => document.querySelector(".dot[data-status=online]") !== null);
  await alice.passesAxe("friends");
});

test("they talk: sent, typing, read, edited, deleted", async () => {
  await alice.opens("bob");
  await alice.sees("This is the beginning.");
  await alice.says("hello bob, see https://example.org/a?b=1. Bye");
  await bob.page.evaluate(() => (location.hash = "#/"));
  await bob.until(() => document.querySelector(".row .badge") !== null);
  await bob.passesAxe("an unread conversation");
  await bob.page.bringToFront();
  await bob.opens("alice");
  await bob.has("theirs: hello bob, see https://example.org/a?b=1. Bye");
  const link = await bob.page.$eval(".text a", ({ href, rel }) => [href, rel]);
  assert.deepEqual(link, ["https://example.org/a?b=1", "noopener noreferrer nofollow ugc"]);
  await alice.until(() => document.querySelector(".state[data-state=read]") !== null);
  await bob.page.keyboard.type("안녕");
  await alice.sees("bob is typing…");
  await bob.page.keyboard.press("Enter");
  await alice.has("mine: hello bob, see https://example.org/a?b=1. Bye", "theirs: 안녕");
  await bob.page.keyboard.press("ArrowUp");
  await bob.sees("Editing your message");
  await bob.page.keyboard.type(" alice");
  await bob.page.keyboard.press("Enter");
  await alice.has("theirs: 안녕 alice");
  await alice.sees("edited");
  await alice.passesAxe("a conversation");
  await alice.page.hover(".message[data-own]");
  await alice.press("Delete");
  await alice.passesAxe("a question");
  await (await alice.page.waitForSelector("dialog .button[data-kind=danger]")).click();
  await bob.until(() => document.querySelectorAll(".message").length === 1);
  await alice.has("theirs: 안녕 alice");
});

test("a group has members with roles, and ends for who is put out", async () => {
  await alice.page.bringToFront();
  await alice.press("New");
  await alice.fill("Make a group", "Crew 선원");
  await alice.press("Make it");
  await alice.find("heading", "About the group");
  await alice.press("Add friends");
  await alice.page.click(".panel .icon-button[aria-label^=Add]");
  await alice.sees("2 members");
  await alice.passesAxe("a group");
  await bob.opens("Crew 선원");
  await bob.says("aye");
  await alice.has("theirs: aye");
  await alice.page.click(".panel .menu .icon-button");
  await alice.press("Make moderator", "menuitem");
  await alice.sees("Moderator");
  await bob.page.evaluate(() => (location.hash = `${location.hash}/info`));
  await bob.fill("Another title", "Ship");
  await bob.press("Save");
  await alice.until(() => document.querySelector(".bar h1").textContent === "Ship");
  await alice.page.click(".panel .menu .icon-button");
  await alice.press("Remove from the group", "menuitem");
  await bob.sees("This group is not here");
});

test("whom one blocks is not heard any more, and cannot tell", async () => {
  await bob.page.evaluate(() => (location.hash = "#/"));
  await bob.opens("alice");
  await alice.page.evaluate(() => (location.hash = "#/friends"));
  await alice.page.waitForSelector(".with-menu .icon-button");
  await alice.page.click(".with-menu .icon-button");
  await alice.press("Block", "menuitem");
  await (await alice.page.waitForSelector("dialog .button[data-kind=danger]")).click();
  await alice.sees("bob is blocked");
  await bob.says("can you hear me?");
  await bob.until(
    () => document.querySelector(".message:last-child .state:is([data-state=stored], [data-state=read])") !== null,
  );
  await alice.page.evaluate(() => (location.hash = "#/"));
  await alice.opens("bob");
  await alice.has("theirs: 안녕 alice");
  await alice.page.evaluate(() => (location.hash = "#/settings"));
  await alice.sees("You see nothing of what this user writes");
  await alice.passesAxe("settings");
  await alice.press("Unblock");
  await alice.sees("You block nobody.");
});

test("log out everywhere ends the other browser, too", async () => {
  const other = await stage.enter("alice");
  await alice.page.evaluate(() => location.reload());
  await alice.page.waitForSelector(".settings");
  await alice.press("Log out everywhere");
  await alice.find("heading", "Welcome back");
  await other.sees("You have been logged out.");
  [alice, bob, other].forEach((person) => person.isClean());
});

test("nowhere is an id to be seen", async () => {
  const ids = /\b\d{12,}\b/;
  for (const person of [bob]) {
    const shown = await person.page.evaluate(() => document.body.innerText);
    assert.doesNotMatch(shown, ids);
  }
});
