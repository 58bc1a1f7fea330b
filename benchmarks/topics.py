"""The figures about topics and subscriptions. docs/benchmarks.md says what they mean."""

import contextlib
import os
import pathlib
import signal
import sqlite3
import time

import brokers
from figures import DISK, HUB, STORE_COLUMNS, rate, ratio, times, work
from results import Figure, Goal

NATS, EMULATOR, PLAIN = "NATS JetStream, synced", "Google's emulator", "a plain batch insert"
OTHERS = {NATS: brokers.nats, EMULATOR: brokers.emulator}
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def rss(pid):
    """Bytes in memory."""
    return int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE_BYTES


def load(lab, broker, *args, **options):
    return lab.load("topics", broker.at, *broker.words, *args, **options)


@contextlib.contextmanager
def on_fresh(lab):
    with lab.fresh() as folder, brokers.hub(lab, folder) as broker:
        yield broker


def on_all(lab, measure):
    """A case for each server."""
    cases = {HUB: lambda: measure(on_fresh(lab))}
    for name, start in OTHERS.items():
        cases[name] = lambda start=start: measure(start(lab))
    return cases


def published(lab, publishers, batch):
    args = ["--publishers", publishers, "--batch", batch]

    def measure(started):
        with started as broker:
            report = load(lab, broker, *args)
            stored = next(one["count_all"] for one in report["rates"] if one["name"] == "published")
            broker.must_have(stored)
        return work(report, "published", "publish")

    return on_all(lab, measure)


def figure_14(lab):
    def product(measured):
        return measured[HUB]["rate"] * measured[DISK]["p50"] / 1e6

    return Figure(
        "14",
        "Messages published, 64 publishers, one a request",
        {DISK: lab.disk, **published(lab, 64, 1)},
        STORE_COLUMNS,
        [
            Goal("rate × fdatasync p50", product, 4.0),
            Goal("rate, hub / NATS", ratio(HUB, NATS, "rate")),
            Goal("rate, hub / emulator", ratio(HUB, EMULATOR, "rate")),
        ],
        hubs=frozenset({HUB}),
    )


def plain(lab):
    """Messages a second that a program stores that does nothing else, in the hub's tables: a thousand a transaction,
    each with its place in the backlog of a subscription."""
    with lab.fresh() as folder:
        with brokers.hub(lab, folder):
            pass
        connection = sqlite3.connect(folder / "tradewind.db", isolation_level=None)
        try:
            for pragma in ["journal_mode = WAL", "synchronous = FULL", "cache_size = -65536"]:
                connection.execute(f"PRAGMA {pragma}").fetchall()
            return {"rate": insert(connection, lab.seconds)}
        finally:
            connection.close()


INSERT_MESSAGE = (
    "INSERT INTO ps_messages (id, topic_id, data, attributes, ordering_key) VALUES (?, ?, ?, '', '')"
)
INSERT_PLACE = "INSERT INTO ps_backlog (subscription_id, message_id, attempt) VALUES (?, ?, 0)"
BATCH = 1_000


def insert(connection, seconds):
    """Messages stored a second."""
    topic = connection.execute("SELECT id FROM ps_topics").fetchone()[0]
    subscription = connection.execute("SELECT id FROM ps_subscriptions").fetchone()[0]
    # Behind all that the hub would give.
    next_id, stored, data = 1 << 60, 0, b"." * 100
    begun = time.perf_counter()
    while time.perf_counter() < begun + seconds:
        ids = range(next_id + stored, next_id + stored + BATCH)
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(INSERT_MESSAGE, [(number, topic, data) for number in ids])
        connection.executemany(INSERT_PLACE, [(subscription, number) for number in ids])
        connection.execute("COMMIT")
        stored += BATCH
    return stored / (time.perf_counter() - begun)


def figure_15(lab):
    return Figure(
        "15",
        f"Messages published, 8 publishers, {BATCH:,} a request",
        {PLAIN: lambda: plain(lab), **published(lab, 8, BATCH)},
        STORE_COLUMNS,
        [
            Goal("rate, hub / a plain batch insert", ratio(HUB, PLAIN, "rate"), 0.6),
            Goal("rate, hub / NATS", ratio(HUB, NATS, "rate")),
            Goal("rate, hub / emulator", ratio(HUB, EMULATOR, "rate")),
        ],
        hubs=frozenset({HUB}),
    )


def fill(lab, broker, count):
    """Publishes so many messages, or a few more: how many."""
    args = ["--publishers", 8, "--batch", BATCH, "--warmup-seconds", 0, "--requests", count // BATCH]
    report = load(lab, broker, *args, seconds=300)
    stored = next(one["count_all"] for one in report["rates"] if one["name"] == "published")
    broker.must_have(stored)
    return stored


def figure_16(lab):
    count = 20_000 if lab.options.small else 500_000

    def measure(started):
        with started as broker:
            stored = fill(lab, broker, count)
            args = ["--publishers", 0, "--consumers", 2, "--messages", stored]
            report = load(lab, broker, *args, "--warmup-seconds", 0, seconds=300)
            broker.must_have(0)
        costs = report["costs"]
        each = costs["server_us_per_unit"]
        found = {"rate": rate(report, "delivered"), "cpu": each}
        return found | {"per_cpu": 1e6 / each if each else 0.0}

    return Figure(
        "16",
        f"{count:,} messages that wait, taken and acknowledged by two streams",
        on_all(lab, measure),
        {"rate": "a second", "cpu": "server CPU, µs each", "per_cpu": "per server CPU second"},
        [
            Goal("rate, hub / NATS", ratio(HUB, NATS, "rate")),
            Goal("rate, hub / emulator", ratio(HUB, EMULATOR, "rate")),
        ],
        hubs=frozenset({HUB}),
    )


def figure_17(lab):
    args = ["--publishers", 16, "--consumers", 1, "--rate", 1000]

    def measure(started):
        with started as broker:
            report = load(lab, broker, *args)
            broker.must_have(0)
        ends = times(report, "end to end")
        return work(report, "published", "publish") | {
            "p50_end": ends["p50"],
            "p99_end": ends["p99"],
        }

    return Figure(
        "17",
        "Messages at a fixed 1,000 a second, from the publisher to a stream",
        {DISK: lab.disk, **on_all(lab, measure)},
        {
            "rate": "a second",
            "p50": "published: p50, µs",
            "p99": "published: p99, µs",
            "p50_end": "delivered: p50, µs",
            "p99_end": "delivered: p99, µs",
            "cpu": "server CPU, µs each",
        },
        [
            Goal("delivery p50, hub / NATS", ratio(HUB, NATS, "p50_end"), at_least=False),
            Goal("delivery p99, hub / NATS", ratio(HUB, NATS, "p99_end"), at_least=False),
            Goal("delivery p50, hub / emulator", ratio(HUB, EMULATOR, "p50_end"), at_least=False),
        ],
        hubs=frozenset({HUB}),
    )


def figure_18(lab):
    count = 50_000 if lab.options.small else 1_000_000

    def measure(started):
        with started as broker:
            before = rss(broker.at.pid)
            stored = fill(lab, broker, count)
            if broker.words is brokers.OF_PUBSUB:
                # Somebody asks, and so the subscription is live.
                brokers.ask(broker.at.address, "POST", f"{brokers.SUBSCRIPTION}:pull", {"maxMessages": 1})
            after = rss(broker.at.pid)
        return {"bytes": (after - before) / stored, "rss": after / 2**20}

    return Figure(
        "18",
        f"Memory with {count:,} messages that wait in a subscription",
        on_all(lab, measure),
        {"bytes": "bytes a message", "rss": "MiB in all"},
        [
            Goal("bytes a message", lambda m: m[HUB]["bytes"], 64.0, at_least=False),
            Goal("MiB, hub / NATS", ratio(HUB, NATS, "rss"), at_least=False),
        ],
        hubs=frozenset({HUB}),
    )


def figure_19(lab):
    pairs, publishes = 64, ["--publishers", 16, "--rate", 2000]
    alone, beside = f"{HUB}, chat alone", f"{HUB}, beside 2,000 publishes a second"
    publishers = f"{HUB}, publishers alone"

    @contextlib.contextmanager
    def started():
        with lab.copy(lab.seeded(pairs * 2)) as folder, brokers.hub(lab, folder) as broker:
            yield folder, broker

    def chat(folder, server):
        accounts = folder / "users.json"
        report = lab.load("pairs", server, "--pairs", pairs, "--rate", 2000, accounts=accounts)
        fixed = times(report, "acknowledgement")
        report = lab.load("pairs", server, "--pairs", pairs, accounts=accounts)
        return {"p50": fixed["p50"], "p99": fixed["p99"], "rate": rate(report, "acknowledged")}

    def chat_alone():
        with started() as (folder, broker):
            return chat(folder, broker.server)

    def chat_beside():
        with started() as (folder, broker):
            words = [*broker.words, *publishes]
            with lab.loading("topics", broker.at, *words, seconds=3_000) as publishing:
                found = chat(folder, broker.server)
                report = publishing.ended(signal.SIGINT)
        return found | {"published": rate(report, "published")}

    def publishers_alone():
        with started() as (_, broker):
            costs = load(lab, broker, *publishes)["costs"]
        cores = len(os.sched_getaffinity(0))
        return {"share": (costs["server_cores"] + costs["own_cores"]) / cores}

    def left(measured):
        share = 1 - measured[publishers]["share"]
        return measured[beside]["rate"] / measured[alone]["rate"] / share

    return Figure(
        "19",
        f"Messages of {pairs} pairs beside 2,000 publishes a second",
        {alone: chat_alone, publishers: publishers_alone, beside: chat_beside},
        {
            "p50": "at 2,000 a second: p50, µs",
            "p99": "p99, µs",
            "rate": "1 in flight each: a second",
            "published": "published a second",
            "share": "of all CPUs",
        },
        [
            Goal("p50 at 2,000 a second, beside / alone", ratio(beside, alone, "p50"), 1.3, at_least=False),
            Goal("p99 at 2,000 a second, beside / alone", ratio(beside, alone, "p99"), at_least=False),
            Goal("rate, beside / alone / CPU that the publishers leave", left, 0.8),
        ],
        lambda: lab.seeded(pairs * 2),
        frozenset({alone, beside, publishers}),
    )


def figure_20(lab):
    subscriptions, streams = 1_000, 100

    def measure():
        with on_fresh(lab) as broker:
            for number in range(subscriptions):
                name = f"{brokers.SUBSCRIPTION}-{number}"
                brokers.ask(broker.at.address, "PUT", name, {"topic": brokers.TOPIC[4:]})
            args = ["--publishers", 0, "--consumers", streams, "--messages", 0]
            report = load(lab, broker, *args, seconds=max(lab.seconds, 10))
        return {"percent": report["costs"]["server_cores"] * 100}

    return Figure(
        "20",
        f"CPU of {subscriptions:,} subscriptions and {streams} open streams without traffic",
        {HUB: measure},
        {"percent": "% of a core"},
        [Goal("% of a core", lambda m: m[HUB]["percent"], 1.0, at_least=False)],
        hubs=frozenset({HUB}),
    )


FIGURES = {
    "14": figure_14,
    "15": figure_15,
    "16": figure_16,
    "17": figure_17,
    "18": figure_18,
    "19": figure_19,
    "20": figure_20,
}
