"""Google's own Python client against a server, by `PUBSUB_EMULATOR_HOST` alone. scripts/pubsub-clients runs it."""

import collections
import datetime
import itertools
import os
import queue
import threading
import time
import unittest

from hub import Hub

HUB = Hub()
os.environ["PUBSUB_EMULATOR_HOST"] = HUB.start()

import grpc  # noqa: E402
from google.api_core import exceptions  # noqa: E402
from google.cloud import pubsub_v1  # noqa: E402
from google.cloud.pubsub_v1.subscriber import exceptions as subscriber_exceptions  # noqa: E402
from google.cloud.pubsub_v1.types import FlowControl, PublisherOptions  # noqa: E402
from google.cloud.pubsub_v1.types import SubscriberOptions  # noqa: E402
from google.protobuf import duration_pb2, field_mask_pb2, timestamp_pb2  # noqa: E402
from google.pubsub_v1 import PublisherClient as GeneratedPublisher  # noqa: E402
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport  # noqa: E402

PROJECT = "clients"
# How long anything may take that should happen at once.
SOON = 20
numbers = itertools.count()


def tearDownModule() -> None:
    HUB.close()


class ClientTest(unittest.TestCase):
    """A publisher and a subscriber, and names that nobody else has."""

    def setUp(self) -> None:
        self.publisher = pubsub_v1.PublisherClient()
        self.subscriber = pubsub_v1.SubscriberClient()
        self.addCleanup(self.publisher.transport.close)
        self.addCleanup(self.subscriber.close)

    def make_topic(self, **fields) -> str:
        name = self.publisher.topic_path(PROJECT, f"topic-{next(numbers)}")
        self.publisher.create_topic(request={"name": name, **fields})
        return name

    def make_subscription(self, topic: str, **fields) -> str:
        name = self.subscriber.subscription_path(PROJECT, f"subscription-{next(numbers)}")
        self.subscriber.create_subscription(request={"name": name, "topic": topic, **fields})
        return name

    def make_both(self, **fields) -> "tuple[str, str]":
        topic = self.make_topic()
        return topic, self.make_subscription(topic, **fields)

    def publish(self, topic: str, *texts: str, **attributes) -> "list[str]":
        futures = [self.publisher.publish(topic, text.encode(), **attributes) for text in texts]
        return [future.result(SOON) for future in futures]

    def pull(self, subscription: str, most: int = 100, wait: float = SOON) -> list:
        request = {"subscription": subscription, "max_messages": most}
        return list(self.subscriber.pull(request=request, timeout=wait).received_messages)

    def pull_all(self, subscription: str, count: int) -> list:
        """Pulls until there are so many, without saying anything of them."""
        pulled, deadline = [], time.monotonic() + SOON
        while len(pulled) < count:
            self.assertLess(time.monotonic(), deadline, f"{len(pulled)} of {count} came")
            pulled += self.pull(subscription)
        self.assertEqual(len(pulled), count)
        return pulled

    def acknowledge(self, subscription: str, pulled: list) -> None:
        ack_ids = [received.ack_id for received in pulled]
        self.subscriber.acknowledge(request={"subscription": subscription, "ack_ids": ack_ids})

    def nack(self, subscription: str, pulled: list, seconds: int = 0) -> None:
        ack_ids = [received.ack_id for received in pulled]
        self.subscriber.modify_ack_deadline(
            request={
                "subscription": subscription,
                "ack_ids": ack_ids,
                "ack_deadline_seconds": seconds,
            }
        )

    def listen(self, subscription: str, callback, **options):
        future = self.subscriber.subscribe(subscription, callback=callback, **options)
        self.addCleanup(self.end, future)
        return future

    def end(self, future) -> None:
        future.cancel()
        try:
            future.result(SOON)
        except Exception as error:  # noqa: BLE001
            self.assertTrue(future.done(), error)

    def assert_quiet(self, subscription: str, wait: float = 1) -> None:
        self.assertEqual(self.pull(subscription, wait=wait), [])


def texts_of(pulled: list) -> "list[str]":
    return [received.message.data.decode() for received in pulled]


class Admin(ClientTest):
    def test_topics(self) -> None:
        topic = self.make_topic(labels={"colour": "red"})
        got = self.publisher.get_topic(request={"topic": topic})
        self.assertEqual((got.name, dict(got.labels)), (topic, {"colour": "red"}))
        listed = self.publisher.list_topics(request={"project": f"projects/{PROJECT}"})
        self.assertIn(topic, [one.name for one in listed])
        with self.assertRaises(exceptions.AlreadyExists):
            self.publisher.create_topic(request={"name": topic})
        changed = self.publisher.update_topic(
            request={
                "topic": {"name": topic, "labels": {"colour": "blue"}},
                "update_mask": field_mask_pb2.FieldMask(paths=["labels"]),
            }
        )
        self.assertEqual(dict(changed.labels), {"colour": "blue"})
        subscription = self.make_subscription(topic)
        named = self.publisher.list_topic_subscriptions(request={"topic": topic})
        self.assertEqual(list(named), [subscription])
        self.publisher.delete_topic(request={"topic": topic})
        with self.assertRaises(exceptions.NotFound):
            self.publisher.get_topic(request={"topic": topic})
        left = self.subscriber.get_subscription(request={"subscription": subscription})
        self.assertEqual(left.topic, "_deleted-topic_")

    def test_lists_have_pages(self) -> None:
        project = f"pages-{next(numbers)}"
        names = [self.publisher.topic_path(project, f"topic-{n}") for n in range(7)]
        for name in names:
            self.publisher.create_topic(request={"name": name})
        request = {"project": f"projects/{project}", "page_size": 3}
        pages = list(self.publisher.list_topics(request=request).pages)
        self.assertEqual([len(page.topics) for page in pages], [3, 3, 1])
        self.assertEqual(sorted(t.name for page in pages for t in page.topics), names)

    def test_subscriptions(self) -> None:
        topic, subscription = self.make_both()
        got = self.subscriber.get_subscription(request={"subscription": subscription})
        self.assertEqual((got.topic, got.ack_deadline_seconds), (topic, 10))
        self.assertEqual(got.message_retention_duration, datetime.timedelta(days=7))
        self.assertEqual(got.expiration_policy.ttl, datetime.timedelta(days=31))
        changed = self.subscriber.update_subscription(
            request={
                "subscription": {"name": subscription, "ack_deadline_seconds": 42},
                "update_mask": {"paths": ["ack_deadline_seconds"]},
            }
        )
        self.assertEqual(changed.ack_deadline_seconds, 42)
        with self.assertRaises(exceptions.InvalidArgument):
            self.subscriber.update_subscription(
                request={
                    "subscription": {"name": subscription, "filter": "attributes:x"},
                    "update_mask": {"paths": ["filter"]},
                }
            )
        self.subscriber.delete_subscription(request={"subscription": subscription})
        with self.assertRaises(exceptions.NotFound):
            self.subscriber.get_subscription(request={"subscription": subscription})

    def test_what_is_wrong_is_refused(self) -> None:
        topic = self.make_topic()
        name = self.subscriber.subscription_path(PROJECT, f"wrong-{next(numbers)}")
        for fields in [
            {"ack_deadline_seconds": 9},
            {"filter": "colour = red"},
            {"dead_letter_policy": {"dead_letter_topic": topic, "max_delivery_attempts": 4}},
            {"retry_policy": {"minimum_backoff": duration_pb2.Duration(seconds=601)}},
            {"message_retention_duration": duration_pb2.Duration(seconds=599)},
        ]:
            with self.subTest(fields), self.assertRaises(exceptions.InvalidArgument):
                self.subscriber.create_subscription(
                    request={"name": name, "topic": topic, **fields}
                )
        with self.assertRaises(exceptions.NotFound):
            nowhere = self.publisher.topic_path(PROJECT, "nowhere")
            self.subscriber.create_subscription(request={"name": name, "topic": nowhere})
        with self.assertRaises(exceptions.NotFound):
            self.publisher.publish(self.publisher.topic_path(PROJECT, "nowhere"), b"x").result(SOON)
        with self.assertRaises(exceptions.InvalidArgument):
            self.publisher.create_topic(request={"name": f"projects/{PROJECT}/topics/t1"})
        with self.assertRaises(exceptions.InvalidArgument):
            self.publisher.publish(topic, b"", **{"goog-x": "y"}).result(SOON)


class Pulling(ClientTest):
    def test_what_is_published_is_pulled_and_acknowledged(self) -> None:
        topic, subscription = self.make_both()
        ids = self.publish(topic, *map(str, range(20)), colour="red")
        self.assertEqual(len(set(ids)), 20)
        pulled = self.pull_all(subscription, 20)
        self.assertEqual(sorted(texts_of(pulled), key=int), [str(n) for n in range(20)])
        self.assertEqual({r.message.message_id for r in pulled}, set(ids))
        self.assertEqual(dict(pulled[0].message.attributes), {"colour": "red"})
        self.assertEqual(pulled[0].delivery_attempt, 0)
        self.acknowledge(subscription, pulled)
        self.assert_quiet(subscription)

    def test_a_pull_waits_for_a_message(self) -> None:
        topic, subscription = self.make_both()
        began = time.monotonic()
        self.assert_quiet(subscription, wait=2)
        self.assertGreater(time.monotonic() - began, 1.5)
        threading.Timer(0.5, self.publish, [topic, "late"]).start()
        self.assertEqual(texts_of(self.pull(subscription)), ["late"])

    def test_what_is_nacked_comes_again_at_once(self) -> None:
        topic, subscription = self.make_both()
        self.publish(topic, "again")
        [first] = self.pull(subscription)
        self.nack(subscription, [first])
        [second] = self.pull(subscription, wait=2)
        self.assertEqual(second.message, first.message)
        self.assertNotEqual(second.ack_id, first.ack_id)

    def test_what_is_not_acknowledged_in_time_comes_again(self) -> None:
        topic, subscription = self.make_both()
        self.publish(topic, "again")
        [first] = self.pull(subscription)
        self.nack(subscription, [first], seconds=2)
        began = time.monotonic()
        [second] = self.pull(subscription)
        self.assertEqual(second.message, first.message)
        self.assertTrue(1.5 < time.monotonic() - began < 4, time.monotonic() - began)

    def test_a_deadline_that_is_moved_on_holds(self) -> None:
        topic, subscription = self.make_both()
        self.publish(topic, "held")
        [first] = self.pull(subscription)
        self.nack(subscription, [first], seconds=1)
        self.nack(subscription, [first], seconds=60)
        self.assert_quiet(subscription, wait=3)
        self.acknowledge(subscription, [first])

    def test_what_is_malformed_is_no_ack_id(self) -> None:
        _, subscription = self.make_both()
        with self.assertRaises(exceptions.InvalidArgument):
            self.subscriber.acknowledge(request={"subscription": subscription, "ack_ids": ["x"]})
        with self.assertRaises(exceptions.InvalidArgument):
            self.subscriber.acknowledge(request={"subscription": subscription, "ack_ids": []})

    def test_filters_hold(self) -> None:
        topic, subscription = self.make_both(filter='attributes.colour = "red"')
        self.publish(topic, "blue", colour="blue")
        self.publish(topic, "red", colour="red")
        self.publish(topic, "none")
        self.assertEqual(texts_of(self.pull(subscription)), ["red"])
        self.assert_quiet(subscription)

    def test_the_last_failure_is_a_dead_letter(self) -> None:
        letters, mailbox = self.make_both()
        topic = self.make_topic()
        policy = {"dead_letter_topic": letters, "max_delivery_attempts": 5}
        subscription = self.make_subscription(topic, dead_letter_policy=policy)
        self.publish(topic, "doomed", colour="red")
        for attempt in range(1, 6):
            [received] = self.pull(subscription)
            self.assertEqual(received.delivery_attempt, attempt)
            self.nack(subscription, [received])
        [letter] = self.pull(mailbox)
        attributes = dict(letter.message.attributes)
        self.assertEqual((letter.message.data, attributes["colour"]), (b"doomed", "red"))
        short = subscription.rsplit("/", 1)[1]
        self.assertEqual(attributes["CloudPubSubDeadLetterSourceSubscription"], short)
        self.assertEqual(attributes["CloudPubSubDeadLetterSourceDeliveryCount"], "5")
        self.assert_quiet(subscription)

    def test_seeking(self) -> None:
        topic, subscription = self.make_both(retain_acked_messages=True)
        self.publish(topic, "one")
        self.acknowledge(subscription, self.pull_all(subscription, 1))
        snapshot = f"projects/{PROJECT}/snapshots/snapshot-{next(numbers)}"
        self.subscriber.create_snapshot(request={"name": snapshot, "subscription": subscription})
        self.publish(topic, "two")
        self.acknowledge(subscription, self.pull_all(subscription, 1))
        self.subscriber.seek(request={"subscription": subscription, "snapshot": snapshot})
        [two] = self.pull(subscription)
        self.assertEqual(two.message.data, b"two")
        past = timestamp_pb2.Timestamp()
        past.FromDatetime(datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=1))
        self.subscriber.seek(request={"subscription": subscription, "time": past})
        self.assertEqual(sorted(texts_of(self.pull_all(subscription, 2))), ["one", "two"])
        future = timestamp_pb2.Timestamp()
        future.FromDatetime(datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1))
        self.subscriber.seek(request={"subscription": subscription, "time": future})
        self.assert_quiet(subscription)
        self.subscriber.delete_snapshot(request={"snapshot": snapshot})
        with self.assertRaises(exceptions.NotFound):
            self.subscriber.get_snapshot(request={"snapshot": snapshot})

    def test_who_is_detached_gets_nothing(self) -> None:
        _, subscription = self.make_both()
        self.publisher.detach_subscription(request={"subscription": subscription})
        with self.assertRaises(exceptions.FailedPrecondition):
            self.pull(subscription)
        got = self.subscriber.get_subscription(request={"subscription": subscription})
        self.assertTrue(got.detached)


class Streaming(ClientTest):
    def test_each_message_comes_once(self) -> None:
        topic, subscription = self.make_both()
        came: "queue.Queue[str]" = queue.Queue()

        def callback(message) -> None:
            message.ack()
            came.put(message.data.decode())

        self.listen(subscription, callback)
        self.publish(topic, *map(str, range(2_000)))
        counts = collections.Counter(came.get(timeout=SOON) for _ in range(2_000))
        self.assertEqual(counts, collections.Counter(map(str, range(2_000))))
        time.sleep(1)
        self.assertTrue(came.empty())

    def test_a_nack_brings_a_message_again(self) -> None:
        topic, subscription = self.make_both()
        came: "queue.Queue[str]" = queue.Queue()

        def callback(message) -> None:
            came.put(message.message_id)
            message.nack() if came.qsize() < 3 else message.ack()

        self.listen(subscription, callback)
        [published] = self.publish(topic, "again")
        deadline = time.monotonic() + SOON
        while came.qsize() < 3 and time.monotonic() < deadline:
            time.sleep(0.01)
        self.assertEqual([came.get(timeout=SOON) for _ in range(3)], [published] * 3)

    def test_a_long_callback_keeps_its_message(self) -> None:
        topic, subscription = self.make_both()
        came: "queue.Queue[str]" = queue.Queue()

        def callback(message) -> None:
            came.put(message.message_id)
            time.sleep(14)
            message.ack()

        self.listen(subscription, callback)
        self.publish(topic, "long")
        came.get(timeout=SOON)
        time.sleep(15)
        self.assertTrue(came.empty(), "it came again while its callback ran")
        self.assert_quiet(subscription, wait=2)

    def test_keys_come_in_order(self) -> None:
        topic, subscription = self.make_both(enable_message_ordering=True)
        publisher = pubsub_v1.PublisherClient(
            publisher_options=PublisherOptions(enable_message_ordering=True)
        )
        self.addCleanup(publisher.transport.close)
        came: "dict[str, list[int]]" = collections.defaultdict(list)
        all_came, lock, nacked = threading.Event(), threading.Lock(), set()

        def callback(message) -> None:
            number = int(message.data)
            with lock:
                key = message.ordering_key
                # One in the middle of each key fails once: it, and what follows, comes again.
                if number == 20 and key not in nacked:
                    nacked.add(key)
                    del came[key][20:]
                    message.nack()
                    return
                if number == len(came[key]):
                    came[key].append(number)
                if sum(map(len, came.values())) == 200:
                    all_came.set()
            message.ack()

        self.listen(subscription, callback)
        for number in range(50):
            for key in ["a", "b", "c", "d"]:
                publisher.publish(topic, str(number).encode(), ordering_key=key)
        self.assertTrue(all_came.wait(SOON), {key: len(all) for key, all in came.items()})
        self.assertEqual(dict(came), {key: list(range(50)) for key in "abcd"})

    def test_two_share_what_comes(self) -> None:
        topic, subscription = self.make_both()
        came: "queue.Queue[tuple[int, str]]" = queue.Queue()
        flow = FlowControl(max_messages=10)
        for who in range(2):

            def callback(message, who=who) -> None:
                time.sleep(0.005)
                message.ack()
                came.put((who, message.message_id))

            self.listen(subscription, callback, flow_control=flow)
        self.publish(topic, *map(str, range(400)))
        all_of_it = [came.get(timeout=SOON) for _ in range(400)]
        self.assertEqual(len({message for _, message in all_of_it}), 400)
        shares = collections.Counter(who for who, _ in all_of_it)
        self.assertGreater(min(shares[0], shares[1]), 40, shares)

    def test_large_messages_come(self) -> None:
        topic, subscription = self.make_both()
        came: "queue.Queue[int]" = queue.Queue()

        def callback(message) -> None:
            message.ack()
            came.put(len(message.data))

        sizes = [1_000_000] * 12 + [4_000_000, 4_190_000]
        for size in sizes:
            self.publisher.publish(topic, b"x" * size).result(SOON)
        self.listen(subscription, callback)
        self.assertEqual(sorted(came.get(timeout=SOON) for _ in sizes), sorted(sizes))

    def test_a_subscription_that_is_deleted_ends_its_streams(self) -> None:
        _, subscription = self.make_both()
        future = self.listen(subscription, lambda message: message.ack())
        time.sleep(0.5)
        self.subscriber.delete_subscription(request={"subscription": subscription})
        with self.assertRaises(exceptions.NotFound):
            future.result(SOON)

    def test_a_subscription_that_is_not_there_cannot_be_listened_to(self) -> None:
        nowhere = self.subscriber.subscription_path(PROJECT, "nowhere")
        future = self.listen(nowhere, lambda message: message.ack())
        with self.assertRaises(exceptions.NotFound):
            future.result(SOON)


class ExactlyOnce(ClientTest):
    def test_acknowledgements_are_confirmed(self) -> None:
        topic, subscription = self.make_both(enable_exactly_once_delivery=True)
        came: "queue.Queue" = queue.Queue()

        def callback(message) -> None:
            came.put((message.message_id, message.ack_with_response()))

        self.listen(subscription, callback)
        published = self.publish(topic, *map(str, range(200)))
        answers = [came.get(timeout=SOON) for _ in published]
        for _, confirmed in answers:
            self.assertEqual(
                confirmed.result(SOON), subscriber_exceptions.AcknowledgeStatus.SUCCESS
            )
        self.assertEqual(sorted(message for message, _ in answers), sorted(published))
        time.sleep(1)
        self.assertTrue(came.empty())

    def test_a_stale_id_is_told(self) -> None:
        topic, subscription = self.make_both(enable_exactly_once_delivery=True)
        self.publish(topic, "one", "two")
        pulled = self.pull_all(subscription, 2)
        self.nack(subscription, pulled[:1])
        [again] = self.pull(subscription)
        with self.assertRaises(exceptions.FailedPrecondition) as refused:
            self.acknowledge(subscription, pulled[:1])
        self.assertEqual(
            self.told(refused), {pulled[0].ack_id: "PERMANENT_FAILURE_INVALID_ACK_ID"}
        )
        # One good and one bad: the good one is done, and may be done again.
        with self.assertRaises(exceptions.Aborted) as refused:
            self.acknowledge(subscription, pulled)
        self.assertEqual(list(self.told(refused)), [pulled[0].ack_id])
        self.acknowledge(subscription, pulled[1:])
        self.acknowledge(subscription, [again])
        self.assert_quiet(subscription)

    def told(self, refused) -> "dict[str, str]":
        [info] = refused.exception.details
        return dict(info.metadata)

    def test_the_client_is_told_of_a_stale_message(self) -> None:
        topic, subscription = self.make_both(enable_exactly_once_delivery=True)
        came: "queue.Queue" = queue.Queue()
        self.listen(subscription, came.put)
        self.publish(topic, "stale")
        first = came.get(timeout=SOON)
        self.assertEqual(
            first.modify_ack_deadline_with_response(0).result(SOON),
            subscriber_exceptions.AcknowledgeStatus.SUCCESS,
        )
        second = came.get(timeout=SOON)
        with self.assertRaises(subscriber_exceptions.AcknowledgeError) as refused:
            first.ack_with_response().result(SOON)
        self.assertEqual(
            refused.exception.error_code,
            subscriber_exceptions.AcknowledgeStatus.INVALID_ACK_ID,
        )
        self.assertEqual(
            second.ack_with_response().result(SOON),
            subscriber_exceptions.AcknowledgeStatus.SUCCESS,
        )


class Wire(ClientTest):
    def test_attributes_of_tracing_are_taken(self) -> None:
        from opentelemetry import trace
        from opentelemetry.sdk.trace import TracerProvider

        trace.set_tracer_provider(TracerProvider())
        topic, subscription = self.make_both()
        publisher = pubsub_v1.PublisherClient(
            publisher_options=PublisherOptions(enable_open_telemetry_tracing=True)
        )
        self.addCleanup(publisher.transport.close)
        publisher.publish(topic, b"traced").result(SOON)
        [received] = self.pull(subscription)
        self.assertIn("googclient_traceparent", received.message.attributes)
        self.nack(subscription, [received])
        subscriber = pubsub_v1.SubscriberClient(
            subscriber_options=SubscriberOptions(enable_open_telemetry_tracing=True)
        )
        self.addCleanup(subscriber.close)
        came: "queue.Queue[bytes]" = queue.Queue()

        def callback(message) -> None:
            message.ack()
            came.put(message.data)

        future = subscriber.subscribe(subscription, callback=callback)
        self.assertEqual(came.get(timeout=SOON), b"traced")
        self.end(future)

    def test_what_is_compressed_is_taken(self) -> None:
        topic, subscription = self.make_both()
        publisher = self.bare(pubsub_v1.PublisherClient, compression=grpc.Compression.Gzip)
        publisher.publish(topic, b"x" * 1_000_000).result(SOON)
        [received] = self.pull(subscription)
        self.assertEqual(received.message.data, b"x" * 1_000_000)

    def test_ten_megabytes_are_taken_and_more_are_not(self) -> None:
        topic, _ = self.make_both()
        publisher = self.bare(GeneratedPublisher)
        publisher.publish(topic=topic, messages=[{"data": b"x" * 10_000_000}], timeout=SOON)
        with self.assertRaises(exceptions.InvalidArgument):
            publisher.publish(topic=topic, messages=[{"data": b"x" * 10_000_001}], timeout=SOON)

    def bare(self, client, **options):
        """A client on a channel with options of its own."""
        channel = grpc.insecure_channel(HUB.bind, **options)
        self.addCleanup(channel.close)
        return client(transport=PublisherGrpcTransport(channel=channel))


class Restarts(ClientTest):
    def test_clients_go_on_after_a_stop_and_after_a_kill(self) -> None:
        topic, subscription = self.make_both()
        came: "queue.Queue[str]" = queue.Queue()

        def callback(message) -> None:
            message.ack()
            came.put(message.data.decode())

        self.listen(subscription, callback)
        for end in [HUB.stop, HUB.kill]:
            self.publish(topic, f"before {end.__name__}")
            self.assertEqual(came.get(timeout=SOON), f"before {end.__name__}")
            end()
            HUB.start()
            self.publish(topic, f"after {end.__name__}")
            self.assertEqual(came.get(timeout=60), f"after {end.__name__}")

    def test_what_is_acknowledged_stays_so_and_the_rest_comes_again(self) -> None:
        topic, subscription = self.make_both()
        self.publish(topic, "kept", "done")
        pulled = self.pull_all(subscription, 2)
        self.acknowledge(subscription, [r for r in pulled if r.message.data == b"done"])
        HUB.kill()
        HUB.start()
        self.assertEqual(texts_of(self.pull(subscription)), ["kept"])


if __name__ == "__main__":
    unittest.main()
