"""The figures, each beside what it is held against. docs/benchmarks.md says what they mean."""

import postgres
from results import Figure, Goal

PATH = {"socket-io": ["--path", "/socket.io/?EIO=4&transport=websocket"]}
PROTOCOL = {
    "tcp": "tcp",
    "floor": "websocket",
    "bun": "websocket",
    "ws": "websocket",
    "socket-io": "socket-io",
}
HUB, TCP, BUN, WS, SOCKET_IO = "Tradewind", "raw TCP echo", "Bun", "Node `ws`", "Socket.IO"
DISK = "the disk: append 4 KiB, fdatasync"


# What is taken from a report


def rate(report, name):
    return next(rate["per_second"] for rate in report["rates"] if rate["name"] == name)


def times(report, name):
    return next(times["measured"] for times in report["times"] if times["name"] == name)


def work(report, name, meter):
    """What the server did, and what it cost."""
    taken, costs = times(report, meter), report["costs"]
    each = costs["server_us_per_unit"]
    return {
        "rate": rate(report, name),
        "p50": taken["p50"],
        "p99": taken["p99"],
        "mean": taken["mean"],
        "cpu": each,
        "per_cpu": 1e6 / each if each else 0.0,
        "server_cores": costs["server_cores"],
        "tester_cores": costs["own_cores"],
    }


def opening(report):
    costs = report["costs"]
    each = costs["server_us_per_opening"]
    return {
        "rss": costs["server_rss_per_session_end_kib"],
        "rss_open": costs["server_rss_per_session_kib"],
        "opened": costs["opened_per_second"],
        "cpu": each,
        "per_cpu": 1e6 / each if each else 0.0,
        "percent": costs["server_cores"] * 100,
    }


WORK_COLUMNS = {
    "rate": "a second",
    "cpu": "server CPU, µs each",
    "per_cpu": "per server CPU second",
    "p50": "p50, µs",
    "p99": "p99, µs",
    "server_cores": "server, cores",
    "tester_cores": "tester, cores",
}
STORE_COLUMNS = {key: WORK_COLUMNS[key] for key in ("rate", "p50", "p99", "cpu", "server_cores")}
MEMORY_COLUMNS = {"rss": "KiB a session", "rss_open": "just opened"}
OPENING_COLUMNS = {
    "opened": "opened a second",
    "cpu": "server CPU, µs each",
    "per_cpu": "per server CPU second",
}


# A frame of the hub's with 100 bytes of content.
FRAME_BYTES = "261"
# The tester has a core of its own in these runs: no server shall pay for waking it.
SPIN = "--spin"

# Runs


def on_hub(
    lab, users, mode, *args, friends="none", settings=(), pinned=False, binary=None, seconds=None
):
    """A report of the hub on a fresh copy of a seeded database."""
    with lab.copy(lab.seeded(users, friends)) as folder:
        with lab.hub(folder, settings, pinned, binary) as server:
            accounts = folder / "users.json"
            return lab.load(
                mode, server, *args, accounts=accounts, pinned=pinned, seconds=seconds
            )


def on_peer(lab, name, mode, *args):
    """A report of a server to compare with."""
    with lab.peer(name) as server:
        words = ["--protocol", PROTOCOL[name], *PATH.get(name, []), *args]
        return lab.load(mode, server, *words, pinned=True)


def ratio(case, other, key):
    return lambda measured: measured[case][key] / measured[other][key]


def echo(lab):
    args = ["--connections", "64", "--in-flight", "1", SPIN]

    def read(report):
        return work(report, "echoed", "echo")

    return Figure(
        "1",
        "Heartbeat round trip, 64 sessions, 1 in flight each",
        {
            HUB: lambda: read(on_hub(lab, 64, "echo", *args, pinned=True)),
            TCP: lambda: read(on_peer(lab, "tcp", "echo", *args)),
            BUN: lambda: read(on_peer(lab, "bun", "echo", *args)),
            WS: lambda: read(on_peer(lab, "ws", "echo", *args)),
        },
        WORK_COLUMNS,
        [
            Goal("CPU of the hub / raw TCP", ratio(HUB, TCP, "cpu"), 1.25, 1.1, at_least=False),
            Goal("CPU of the hub / Bun", ratio(HUB, BUN, "cpu"), at_least=False),
        ],
        lab.peers,
        frozenset({HUB}),
    )


def fanout(lab):
    long = f"Bun, {FRAME_BYTES} bytes each"
    floor = f"nothing but the writes, {FRAME_BYTES} bytes each"
    group = f"{HUB}, a group"
    args = ["--writers", "1", "--in-flight", "8", SPIN, "--connections"]
    many, members = [*args, "1000"], [*args, "999", "--group"]

    def read(report):
        return work(report, "delivered", "delivery to each")

    def on_others(name, *more):
        return read(on_peer(lab, name, "fanout", *many, *more))

    return Figure(
        "2",
        "One event to 1,000 sessions, 8 events in flight: deliveries",
        {
            HUB: lambda: read(on_hub(lab, 2, "fanout", *many, pinned=True)),
            group: lambda: read(
                on_hub(lab, 1000, "fanout", *members, friends="star", pinned=True)
            ),
            BUN: lambda: on_others("bun", "--path", "/all"),
            long: lambda: on_others("bun", "--path", "/all", "--size", FRAME_BYTES),
            floor: lambda: on_others("floor", "--size", FRAME_BYTES),
            WS: lambda: on_others("ws", "--path", "/all"),
        },
        WORK_COLUMNS,
        [
            Goal("per CPU second, hub / Bun", ratio(HUB, BUN, "per_cpu"), 0.9, 1.1),
            Goal("per CPU second, a group of 1,000 / Bun", ratio(group, BUN, "per_cpu"), 0.9, 1.1),
            Goal("per CPU second, hub / Bun, frames equally long", ratio(HUB, long, "per_cpu")),
            Goal("per CPU second, hub / nothing but the writes", ratio(HUB, floor, "per_cpu")),
            Goal("per CPU second, hub / `ws`", ratio(HUB, WS, "per_cpu"), 6.0),
            Goal("per CPU second, a group of 1,000 / `ws`", ratio(group, WS, "per_cpu"), 6.0),
        ],
        lab.peers,
        frozenset({HUB, group}),
    )


def pairs(lab, count, in_flight, settings=(), binary=None):
    args = ["--pairs", count, "--in-flight", in_flight]
    report = on_hub(lab, count * 2, "pairs", *args, settings=settings, binary=binary)
    return work(report, "acknowledged", "acknowledgement")


def stored(lab):
    single = "Tradewind, batches of 1"

    def product(measured):
        return measured[HUB]["rate"] * measured[DISK]["p50"] / 1e6

    return Figure(
        "3",
        "Messages stored, 64 pairs, 1 in flight each",
        {
            DISK: lab.disk,
            HUB: lambda: pairs(lab, 64, 1),
            single: lambda: pairs(lab, 64, 1, ["store.batch_ops_max=1"]),
        },
        STORE_COLUMNS,
        [
            Goal("rate × fdatasync p50", product, 7.0, 9.0),
            Goal("rate / rate with batches of 1", ratio(HUB, single, "rate"), 5.0),
        ],
        hubs=frozenset({HUB, single}),
    )


def stored_many(lab):
    nothing = "Tradewind, storing nothing"
    count = 100 if lab.options.small else 1_000

    def measure_nothing():
        return pairs(lab, count, 2, binary=lab.storing_nothing())

    return Figure(
        "4",
        f"Messages stored, {count:,} pairs, 2 in flight each",
        {
            HUB: lambda: pairs(lab, count, 2),
            nothing: measure_nothing,
        },
        STORE_COLUMNS,
        [Goal("rate / rate storing nothing", ratio(HUB, nothing, "rate"), 0.6, 0.75)],
        lab.storing_nothing,
        frozenset({HUB}),
    )


def rooms(lab):
    authors, many = 64, 2_000 if lab.options.small else 20_000
    users = authors + -(-many // authors) * authors

    def measure(count):
        args = ["--authors", authors, "--rooms", count, "--in-flight", "16"]
        return work(on_hub(lab, users, "rooms", *args), "acknowledged", "acknowledgement")

    few, most = f"{authors} rooms", f"{many:,} rooms"
    return Figure(
        "5",
        f"Messages stored by {authors} authors, 16 in flight each, in few and in many rooms",
        {few: lambda: measure(authors), most: lambda: measure(many)},
        STORE_COLUMNS,
        [Goal("rate in many rooms / in few", ratio(most, few, "rate"), 0.8, 0.95)],
        hubs=frozenset({few, most}),
    )


def fixed_rate(lab):
    def measure(pairs):
        report = on_hub(lab, pairs * 2, "pairs", "--pairs", pairs, "--rate", "2000")
        ends = {"p50_end": times(report, "end to end")["p50"]}
        ends["p99_end"] = times(report, "end to end")["p99"]
        return work(report, "acknowledged", "acknowledgement") | ends

    def goals(what, end):
        def usual(measured):
            return measured[HUB][f"p50{end}"] / measured[DISK]["p50"]

        def over(measured):
            return (measured[HUB][f"p99{end}"] - measured[DISK]["p99"]) / 1e3

        yield Goal(f"{what}: p50 / fdatasync p50", usual, 3.0, 2.0, at_least=False)
        yield Goal(f"{what}: p99 − fdatasync p99, ms", over, 2.0, at_least=False)

    return Figure(
        "6",
        "Messages stored at a fixed 2,000 a second, 64 pairs",
        {DISK: lab.disk, HUB: lambda: measure(64)},
        {
            "rate": "a second",
            "p50": "acknowledged: p50, µs",
            "p99": "acknowledged: p99, µs",
            "p50_end": "delivered: p50, µs",
            "p99_end": "delivered: p99, µs",
        },
        [*goals("acknowledgement", ""), *goals("delivery", "_end")],
        hubs=frozenset({HUB}),
    )


def idle_cases(lab, names):
    """Servers with nothing but open sessions."""
    count = 500 if lab.options.small else 10_000
    args = ["--connections", count, "--heartbeat-seconds", "40"]
    cases = {HUB: lambda: opening(on_hub(lab, count, "idle", *args, pinned=True))}
    for title, name in names.items():
        cases[title] = lambda name=name: opening(on_peer(lab, name, "idle", *args))
    return count, cases


def memory(lab):
    count, cases = idle_cases(lab, {BUN: "bun", WS: "ws"})
    return Figure(
        "7",
        f"Memory of a session, {count:,} open",
        cases,
        MEMORY_COLUMNS,
        [
            Goal("KiB a session", lambda m: m[HUB]["rss"], 3.0, 2.1, at_least=False),
            Goal("hub, logged in / Bun, bare", ratio(HUB, BUN, "rss"), None, 1.0, at_least=False),
        ],
        lab.peers,
        frozenset({HUB}),
    )


def opened(lab):
    count, cases = idle_cases(lab, {SOCKET_IO: "socket-io", BUN: "bun", WS: "ws"})
    return Figure(
        "8",
        f"Opening {count:,} sessions, 64 at once; the hub's with token check and auth answer",
        cases,
        OPENING_COLUMNS,
        [
            Goal("openings per server CPU second", lambda m: m[HUB]["per_cpu"], 10_000, 15_000),
            Goal("hub / Socket.IO", ratio(HUB, SOCKET_IO, "per_cpu"), 2.0),
        ],
        lab.peers,
        frozenset({HUB}),
    )


def idle(lab):
    count = 500 if lab.options.small else 10_000
    seconds = lab.seconds if lab.options.small else max(lab.seconds, 40)
    args = ["--connections", count, "--heartbeat-seconds", "40"]
    return Figure(
        "9",
        f"CPU of {count:,} idle sessions with a heartbeat each 40 s",
        {HUB: lambda: opening(on_hub(lab, count, "idle", *args, pinned=True, seconds=seconds))},
        {"percent": "% of a core"},
        [Goal("% of a core", lambda m: m[HUB]["percent"], 1.5, 1.0, at_least=False)],
        hubs=frozenset({HUB}),
    )


# Where pages lie among messages a millisecond apart, of which each tenth is of the long room; times of
# Korea. None lies so early that it is not full.
def depths(messages):
    def moment(milliseconds):
        seconds, rest = divmod(milliseconds, 1_000)
        minutes, seconds = divmod(seconds, 60)
        return f"2026-01-01 {9 + minutes // 60:02}:{minutes % 60:02}:{seconds:02}.{rest:03}"

    middle = messages // 2
    return {
        "any": f"{moment(1_000)}..{moment(messages)}",
        "any, short": f"{moment(messages // 10)}..{moment(messages)}",
        "newest": moment(messages + 1),
        "middle": f"{moment(middle)}..{moment(middle + 1_000)}",
        "oldest": f"{moment(1_000)}..{moment(2_000)}",
    }


def history(lab):
    messages, long = (200_000, 20_000) if lab.options.small else (10_000_000, 1_000_000)
    short = 900
    where = depths(messages)

    def filled():
        return lab.filled(messages, long, short)

    def measure(accounts, pairs, before):
        folder = filled()
        args = ["--pairs", pairs, "--connections", "16", "--page", "50", "--before", before]
        with lab.hub(folder) as server:
            report = lab.load("pages", server, *args, accounts=folder / accounts)
        if missing := rate(report, "not full"):
            lab.note(f"{missing:.0f} pages a second were not full")
        return work(report, "pages", "page")

    small = f"rooms of {short}, any"
    cases = {f"room of {long:,}, {at}": at for at in ("any", "newest", "middle", "oldest")}
    runs = {
        case: lambda at=at: measure("users.json", 1, where[at]) for case, at in cases.items()
    }
    runs[small] = lambda: measure("short.json", 8, where["any, short"])
    big, *fixed = cases

    def depth_range(measured):
        medians = [measured[case]["p50"] for case in fixed]
        return max(medians) / min(medians)

    return Figure(
        "10",
        f"Pages of 50 through the socket, 16 sessions, among {messages:,} messages",
        runs,
        WORK_COLUMNS,
        [
            Goal("pages a second, any depth", lambda m: m[big]["rate"], 10_000, 15_000),
            Goal("p99, ms", lambda m: m[big]["p99"] / 1e3, 3.0, at_least=False),
            Goal("p50, long room / short", ratio(big, small, "p50"), 1.5, at_least=False),
            Goal("p50, slowest depth / fastest", depth_range, at_least=False),
        ],
        filled,
        frozenset(runs),
    )


def on_postgres(lab):
    count, hub, bench = 64, "Tradewind on PostgreSQL", "pgbench"

    def measure_hub():
        with postgres.database() as url, lab.fresh() as folder:
            lab.seed(folder, count * 2, url=url)
            with lab.hub(folder, url=url) as server:
                args = ["--pairs", count, "--in-flight", "1"]
                report = lab.load("pairs", server, *args, accounts=folder / "users.json")
        return work(report, "acknowledged", "acknowledgement")

    def measure_pgbench():
        with postgres.database() as url, lab.fresh() as folder:
            lab.seed(folder, count * 2, url=url)
            return postgres.pgbench(url, folder, lab.seconds, count, count * 2)

    sqlite = "Tradewind on SQLite"
    return Figure(
        "11",
        "Messages stored in PostgreSQL, 64 pairs, 1 in flight each; pgbench: a transaction each",
        {sqlite: lambda: pairs(lab, count, 1), hub: measure_hub, bench: measure_pgbench},
        {"rate": "a second", "mean": "mean, µs", "p50": "p50, µs", "p99": "p99, µs"},
        [
            Goal("rate, PostgreSQL / SQLite", ratio(hub, sqlite, "rate")),
            Goal("rate, PostgreSQL / pgbench", ratio(hub, bench, "rate")),
        ],
        hubs=frozenset({sqlite, hub}),
    )


FIGURES = {
    "1": echo,
    "2": fanout,
    "3": stored,
    "4": stored_many,
    "5": rooms,
    "6": fixed_rate,
    "7": memory,
    "8": opened,
    "9": idle,
    "10": history,
    "11": on_postgres,
}
