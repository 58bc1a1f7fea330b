"""Measures the figures of docs/benchmarks.md on this machine, each beside its yardsticks.

    scripts/bench                        all figures, 5 rounds
    scripts/bench 3 6 --rounds 10        some of them
    scripts/bench --against BINARY       each hub beside another build of it, ratios within a round;
                                         more than once: beside each of them
    scripts/bench --small --rounds 1     whether all works; the figures are worth nothing

A round measures everything once, one after another, each on a server of its own started afresh; every
second round goes backwards. With --against, what measures a hub is done with each build, one right after
the other, each of them the first in its turn. Tables go to standard output, and with --out also to
FOLDER/tables.md and, with all that was measured, to FOLDER/results.json.
"""

import argparse
import datetime
import json
import os
import pathlib
import platform
import signal
import subprocess
import sys

import comparison
import postgres
import results
import topics
from devices import figure_12, figure_13
from figures import FIGURES as OF_CHAT
from lab import Lab
from processes import ROOT, Broken, Missing, say


FIGURES = OF_CHAT | {"12": figure_12, "13": figure_13} | topics.FIGURES


def arguments():
    parser = argparse.ArgumentParser(
        prog="scripts/bench",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("figures", nargs="*", metavar="FIGURE", help="1 to 20; none: all")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=10, help="how long each load is measured")
    parser.add_argument("--out", type=pathlib.Path, metavar="FOLDER")
    parser.add_argument(
        "--disk", type=pathlib.Path, metavar="FOLDER", help="where databases lie; default: $TMPDIR"
    )
    parser.add_argument(
        "--against",
        type=pathlib.Path,
        metavar="BINARY",
        action="append",
        default=[],
        help="another build of the hub; may be given more than once",
    )
    parser.add_argument("--small", action="store_true", help="few sessions, few messages")
    options = parser.parse_args()
    for figure in options.figures:
        if figure not in FIGURES:
            parser.error(f"there is no figure {figure}")
    if options.rounds < 1 or options.seconds < 0.5:
        parser.error("at least one round, of at least half a second")
    for binary in options.against:
        if not os.access(binary, os.X_OK):
            parser.error(f"--against {binary}: no program")
    return options


def start_postgres():
    """Begins anew with a private PostgreSQL beside, if it is installed here."""
    try:
        postgres.tool("pgbench")
    except Missing:
        return
    if os.geteuid() != 0 and "TRADEWIND_TEST_FULL_DISK" not in os.environ:
        return say("no PostgreSQL: scripts/with-servers needs root")
    script = [sys.executable, str(ROOT / "benchmarks" / "bench.py"), *sys.argv[1:]]
    os.execv(ROOT / "scripts" / "with-servers", ["scripts/with-servers", *script])


def machine():
    model = "unknown"
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True
    )
    return {
        "date": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d"),
        "commit": commit.stdout.strip() or "unknown",
        "cpu": model,
        "cores": len(os.sched_getaffinity(0)),
        "system": f"{platform.system()} {platform.release()}",
        "load_before": os.getloadavg()[0],
    }


def measure(lab, figure, case, title):
    """One case of one round; what cannot be had, or fails, is noted and left out."""
    try:
        measured = figure.cases[case]()
    except Missing as missing:
        figure.note(f"{title} is left out: {missing}.")
        say(f"  {title}: left out, {missing}")
        return None
    except (Broken, subprocess.TimeoutExpired) as broken:
        lab.failures += 1
        lab.note("**failed**, and is left out of that round")
        say(f"  {title}: {broken}")
        return None
    finally:
        for note in lab.take_notes():
            figure.note(f"{title}: {note}.")
    first = next(iter(figure.columns))
    say(f"  {title}: {results.number(measured.get(first, measured.get('p50', 0.0)))}")
    return {key: value for key, value in measured.items() if value is not None}


def prepare(lab, figures):
    for figure in figures:
        for build in lab.builds if figure.hubs else lab.builds[:1]:
            try:
                with lab.on(build):
                    if figure.prepare:
                        figure.prepare()
            except Missing:
                continue  # The cases that need it say so.


def measure_builds(lab, figure, case):
    """One case of one round with each build that it is about, each the first in its turn."""
    builds = lab.builds if case in figure.hubs else lab.builds[:1]
    measured = {}
    for build in figure.rotated(builds):
        title = case if build is lab.builds[0] else results.old(case, build.key)
        with lab.on(build):
            measured[title] = measure(lab, figure, case, title)
    return {title: found for title, found in measured.items() if found}


def play(lab, figures, rounds):
    for number in range(rounds):
        for figure in figures if number % 2 == 0 else figures[::-1]:
            say(f"round {number + 1} of {rounds}, figure {figure.key}: {figure.title}")
            measured = {}
            for case in figure.order():
                measured |= measure_builds(lab, figure, case)
            figure.rounds.append(measured)


def write(options, where, olds, figures):
    head = f"{where['date']}, commit {where['commit']}, {where['cores']} × {where['cpu']}, "
    head += f"{where['system']}, load before {where['load_before']:.1f}, "
    head += f"{options.seconds:g} s each"
    head += "".join(f"; {build} is {build.identity}" for build in olds)
    if options.small:
        head += ", **small: worth nothing**"
    text = "\n".join([head + "\n", *(results.markdown(f) + comparison.markdown(f) for f in figures)])
    print(text)
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
        (options.out / "tables.md").write_text(text, encoding="utf-8")
        found = {"machine": where, "seconds": options.seconds, "small": options.small}
        found["figures"] = [results.as_json(f) | comparison.as_json(f) for f in figures]
        words = json.dumps(found, indent=2, ensure_ascii=False) + "\n"
        (options.out / "results.json").write_text(words, encoding="utf-8")


def main():
    options = arguments()
    wanted = options.figures or list(FIGURES)
    if "11" in wanted and postgres.URL not in os.environ:
        start_postgres()
    for end in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(end, lambda *_: sys.exit(130))
    where = machine()
    try:
        with Lab(options) as lab:
            figures = [FIGURES[key](lab) for key in dict.fromkeys(wanted)]
            if lab.server_cpu is None:
                for figure in figures:
                    figure.note("Nothing was pinned: there is one CPU.")
            olds = lab.builds[1:]
            for figure in figures:
                figure.olds = tuple(build.key for build in olds)
            if olds:
                identities = {build.key: build.identity for build in olds}
                where["against"] = identities if len(olds) > 1 else olds[0].identity
            prepare(lab, figures)
            play(lab, figures, options.rounds)
    except Broken as broken:
        sys.exit(f"scripts/bench: {broken}")
    except KeyboardInterrupt:
        sys.exit(130)
    write(options, where, olds, figures)
    if lab.failures:
        sys.exit(f"scripts/bench: {lab.failures} measurements failed, see above")


if __name__ == "__main__":
    main()
