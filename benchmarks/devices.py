"""The figures about messages to many devices. docs/benchmarks.md says what they mean."""

import contextlib
import os
import signal
import time
import urllib.request

import plain
from figures import DISK, HUB, STORE_COLUMNS, rate, ratio, times
from processes import Broken
from results import Figure, Goal

PLAIN, MIXED = "a plain insert and update", "the same, updated in no order"
LONE, SOCKETS = "a lone commit", "raw TCP echo"
# About as long as between two messages of the hub's.
PAUSE_SECONDS = 0.1
CONNECTED, AWAY = f"{HUB}, all connected", f"{HUB}, none connected"
MADE = "tradewind_device_deliveries_total"


def sent(report):
    """What a message to a group did, and what a delivery of it cost."""
    costs = report["costs"]
    each = costs["server_us_per_unit"]
    return {
        "rate": rate(report, "made"),
        "cpu": each,
        "per_cpu": 1e6 / each if each else 0.0,
        "result": times(report, "result line")["p50"],
        "rss_open": costs["server_rss_per_session_kib"],
        "rss_end": costs["server_rss_end_kib"] / 1024,
    }


def figure_12(lab):
    count, messages = (500, 2) if lab.options.small else (10_000, 20)

    def on_hub(connected):
        with lab.copy(lab.devices(count)) as folder:
            with lab.hub(folder, pinned=True) as server:
                args = ["--connections", connected, "--messages", messages]
                accounts = folder / "devices.json"
                # Longer than it takes: it ends with the last message.
                report = lab.load(
                    "devices", server, *args, accounts=accounts, pinned=True, seconds=300
                )
        return sent(report)

    def in_plain(in_order):
        with lab.copy(lab.devices(count)) as folder:
            inserted, updated = plain.measure(folder / "tradewind.db", messages, in_order)
        both = inserted + updated
        return {"cpu": both, "per_cpu": 1e6 / both, "insert": inserted}

    def alone():
        with lab.copy(lab.devices(count)) as folder:
            return {"result": plain.lone(folder / "tradewind.db", messages, PAUSE_SECONDS)}

    def on_sockets():
        with lab.peer("tcp") as server:
            args = ["--protocol", "tcp", "--connections", count, "--in-flight", 1]
            report = lab.load("echo", server, *args, pinned=True)
        each = report["costs"]["server_us_per_unit"]
        return {"cpu": each, "per_cpu": 1e6 / each}

    def offline(measured):
        return measured[PLAIN]["insert"] / measured[AWAY]["cpu"]

    def least(measured):
        return (measured[PLAIN]["cpu"] + measured[SOCKETS]["cpu"]) / measured[CONNECTED]["cpu"]

    def line(measured):
        return measured[CONNECTED]["result"] / measured[LONE]["result"]

    return Figure(
        "12",
        f"A message to a group of {count:,} devices, one after another: deliveries",
        {
            LONE: alone,
            PLAIN: lambda: in_plain(True),
            MIXED: lambda: in_plain(False),
            SOCKETS: on_sockets,
            CONNECTED: lambda: on_hub(count),
            AWAY: lambda: on_hub(0),
        },
        {
            "rate": "a second",
            "cpu": "CPU, µs each",
            "per_cpu": "per CPU second",
            "insert": "insert alone, µs",
            "result": "result line, or commit, p50, µs",
            "rss_open": "KiB a connected device",
        },
        [
            Goal("per CPU second, all connected / plain", ratio(CONNECTED, PLAIN, "per_cpu"), 0.4),
            Goal("the same, updated in no order", ratio(CONNECTED, MIXED, "per_cpu")),
            Goal("per CPU second, all connected / plain and bare sockets", least),
            Goal("per CPU second, none connected / plain insert", offline, 0.6),
            Goal("result line p50 / lone commit p50", line, 3.0, at_least=False),
            Goal(
                "KiB a connected device",
                lambda m: m[CONNECTED]["rss_open"],
                3.5,
                at_least=False,
            ),
        ],
    )


def metric(server, name):
    with urllib.request.urlopen(f"http://{server.address}/metrics", timeout=10) as answer:
        for line in answer.read().decode().splitlines():
            if line.startswith(f"{name} "):
                return float(line.split(" ")[1])
    raise Broken(f"/metrics has no {name}")


def wait(what, seconds, is_so):
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            raise Broken(f"{what}: not within {seconds} s")
        time.sleep(0.05)


def figure_13(lab):
    many, few = (5_000, 500) if lab.options.small else (1_000_000, 10_000)
    pairs = 64
    alone, meanwhile, small = f"{HUB}, chat alone", f"{HUB}, to {many:,}", f"{HUB}, to {few:,}"

    @contextlib.contextmanager
    def sending(folder, server, group):
        """A console that sends to a group, one message after another, until left."""
        with lab.loading(
            "devices",
            server,
            *["--connections", 0, "--group", group, "--drain-seconds", 120],
            accounts=folder / "devices.json",
            seconds=3_000,
        ) as load:
            # The first message is not measured.
            wait("a message", 300, lambda: load.has_ended() or metric(server, MADE) > group)
            yield load

    def chat(folder, server):
        args = ["--pairs", pairs, "--rate", "2000"]
        report = lab.load("pairs", server, *args, accounts=folder / "users.json")
        taken = times(report, "acknowledgement")
        return {"p50": taken["p50"], "p99": taken["p99"], "rate": rate(report, "acknowledged")}

    def measure(group):
        with lab.copy(lab.devices(many, users=pairs * 2)) as folder:
            # Else the disk is busy with the copy while commits wait for it.
            os.sync()
            with lab.hub(folder) as server:
                if group is None:
                    return chat(folder, server)
                with sending(folder, server, group) as load:
                    found = chat(folder, server)
                    # Until the second one is done.
                    wait("a message", 300, lambda: metric(server, MADE) > 2 * group)
                    report = load.ended(signal.SIGINT)
        told = sent(report)
        found |= {"made": told["rate"], "result": told["result"], "rss": told["rss_end"]}
        return found

    def slower(key):
        return lambda m: m[meanwhile][key] / m[alone][key]

    return Figure(
        "13",
        f"Messages at a fixed 2,000 a second, 64 pairs, while a console sends to a group of {many:,}",
        {
            DISK: lab.disk,
            alone: lambda: measure(None),
            meanwhile: lambda: measure(many),
            small: lambda: measure(few),
        },
        {
            **{key: STORE_COLUMNS[key] for key in ("rate", "p50", "p99")},
            "made": "deliveries a second",
            "result": "result line p50, µs",
            "rss": "MiB of the hub",
        },
        [
            Goal("acknowledgement p50, meanwhile / alone", slower("p50"), 1.5, at_least=False),
            Goal("acknowledgement p99, meanwhile / alone", slower("p99"), 1.5, at_least=False),
            Goal(
                f"memory of the hub, {many:,} / {few:,}",
                ratio(meanwhile, small, "rss"),
                at_least=False,
            ),
        ],
    )
