// Google's own Node.js client against a server, by PUBSUB_EMULATOR_HOST alone. scripts/pubsub-clients runs it.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { after, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

const require = createRequire(`${process.env.PUBSUB_TOOLS}/`);
const { PubSub } = require("@google-cloud/pubsub");

const SOON_MS = 20_000;
const pubsub = new PubSub({ projectId: "clients-node" });
after(() => pubsub.close());

let made = 0;

async function makeBoth(options = {}, topicOptions = {}) {
  made += 1;
  const number = made;
  const [topic] = await pubsub.createTopic(`topic-${number}`);
  const [subscription] = await topic.createSubscription(`subscription-${number}`, options);
  return { topic: pubsub.topic(topic.name, topicOptions), subscription };
}

// What comes until `enough` says so; each message is handled by `handle`.
function gather(subscription, handle, enough, lateMs = SOON_MS) {
  return new Promise((resolve, reject) => {
    const came = [];
    const late = setTimeout(() => reject(new Error(`only ${came.length} came`)), lateMs);
    subscription.on("error", reject);
    subscription.on("message", async (message) => {
      came.push(message);
      await handle(message, came);
      if (enough(came)) {
        clearTimeout(late);
        resolve(came);
      }
    });
  });
}

describe("the client of Node.js", { concurrency: 8 }, () => {
  test("each message comes once and is acknowledged", async () => {
    const { topic, subscription } = await makeBoth();
    const gathered = gather(subscription, (message) => message.ack(), (came) => came.length === 500);
    const texts = Array.from({ length: 500 }, (_, n) => String(n));
    await Promise.all(texts.map((text) => topic.publishMessage({ data: Buffer.from(text), attributes: { text } })));
    const came = await gathered;
    assert.deepEqual(new Set(came.map((message) => message.data.toString())), new Set(texts));
    assert.ok(came.every((message) => message.attributes.text === message.data.toString()));
    await subscription.close();
  });

  test("what is nacked comes again", async () => {
    const { topic, subscription } = await makeBoth();
    const handle = (message, came) => (came.length < 3 ? message.nack() : message.ack());
    const gathered = gather(subscription, handle, (came) => came.length === 3);
    const id = await topic.publishMessage({ data: Buffer.from("again") });
    assert.deepEqual((await gathered).map((message) => message.id), [id, id, id]);
    await subscription.close();
  });

  test("keys come in order", async () => {
    const { topic, subscription } = await makeBoth({ enableMessageOrdering: true }, { messageOrdering: true });
    const gathered = gather(subscription, (message) => message.ack(), (came) => came.length === 200);
    for (let n = 0; n < 50; n += 1) {
      for (const orderingKey of ["a", "b", "c", "d"]) {
        topic.publishMessage({ data: Buffer.from(String(n)), orderingKey });
      }
    }
    const came = await gathered;
    for (const key of ["a", "b", "c", "d"]) {
      const numbers = came.filter((message) => message.orderingKey === key).map((message) => Number(message.data));
      assert.deepEqual(numbers, Array.from({ length: 50 }, (_, n) => n), key);
    }
    await subscription.close();
  });

  test("exactly-once acknowledgements are confirmed", async () => {
    const { topic, subscription } = await makeBoth({ enableExactlyOnceDelivery: true });
    const answers = [];
    const handle = async (message) => answers.push(await message.ackWithResponse());
    const gathered = gather(subscription, handle, () => answers.length === 20);
    await Promise.all(Array.from({ length: 20 }, () => topic.publishMessage({ data: Buffer.from("once") })));
    await gathered;
    assert.deepEqual(new Set(answers), new Set(["SUCCESS"]));
    await subscription.close();
  });

  test("what is wrong is told by its code", async () => {
    const { topic, subscription } = await makeBoth();
    await assert.rejects(pubsub.createTopic(topic.name), { code: 6 });
    await assert.rejects(pubsub.createTopic("t1"), { code: 3 });
    await assert.rejects(pubsub.topic("nowhere").publishMessage({ data: Buffer.from("x") }), { code: 5 });
    const ended = new Promise((resolve) => subscription.on("error", resolve));
    subscription.on("message", (message) => message.ack());
    await sleep(300);
    await pubsub.subscription(subscription.name).delete();
    assert.equal((await ended).code, 5);
  });

  // The client pings every 30 s, and takes a stream for dead that has no answer for it within 15 s.
  test("a stream that is idle stays", async () => {
    const { topic, subscription } = await makeBoth();
    const ended = [];
    subscription.on("debug", (message) => ended.push(message.message));
    const gathered = gather(subscription, (message) => message.ack(), (came) => came.length === 1, 60_000);
    await sleep(50_000);
    assert.deepEqual(ended, []);
    await topic.publishMessage({ data: Buffer.from("late") });
    assert.equal((await gathered)[0].data.toString(), "late");
    await subscription.close();
  });
});
