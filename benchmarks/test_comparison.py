"""How two builds are held against each other."""

import contextlib
import io
import pathlib
import stat
import tempfile
import types
import unittest

import bench
import comparison
from builds import Build
from lab import Lab
from results import Figure, Goal, old

HUB, PEER = "hub", "peer"


def figure(rounds):
    cases = {HUB: dict, PEER: dict}
    goal = Goal("hub / peer", lambda m: m[HUB]["rate"] / m[PEER]["rate"], 2.0)
    peers = Goal("peer", lambda m: m[PEER]["rate"])
    columns = {"rate": "a second", "cpu": "CPU", "tester_cores": "tester"}
    return Figure("1", "", cases, columns, [goal, peers], hubs=frozenset({HUB}), rounds=rounds)


def round_of(new, past, peer=10.0):
    def made(rate):
        return {"rate": rate, "cpu": 100 / rate, "tester_cores": 1.0}

    return {HUB: made(new), old(HUB): made(past), PEER: {"rate": peer}}


class Comparison(unittest.TestCase):
    def test_a_ratio_is_taken_within_a_round(self):
        # The machine was ten times as fast in the second round: the ratios do not see it.
        rounds = [round_of(20.0, 10.0), round_of(300.0, 100.0, 100.0), round_of(8.0, 8.0)]
        text = comparison.markdown(figure(rounds))
        self.assertIn("| hub: a second | 20 (8–300) | 10 (8–100) | 2 (1–3) | – (n = 3) | more |", text)
        self.assertIn("| hub: CPU | 5 (0.33–12.5) | 10 (1–12.5) | 0.5 (0.33–1) | – (n = 3) | less |", text)
        self.assertIn("| hub / peer | 2 (0.8–3) | 1 (0.8–1) | 2 (1–3) | – (n = 3) | more |", text)

    def test_what_is_not_of_the_hub_is_not_compared(self):
        text = comparison.markdown(figure([round_of(1.0, 1.0)]))
        self.assertNotIn("tester", text)
        self.assertEqual([line for line in text.splitlines() if line.startswith("| peer")], [])

    def test_quartiles_are_told_from_four_rounds_on(self):
        rounds = [round_of(new, 10.0) for new in (10.0, 20.0, 30.0, 40.0, 50.0)]
        self.assertIn("| 3 (1–5) | 2–4 | more |", comparison.markdown(figure(rounds)))

    def test_a_round_without_one_of_both_does_not_count(self):
        lonely = round_of(70.0, 1.0)
        del lonely[old(HUB)]
        rounds = [round_of(20.0, 10.0), lonely, {PEER: {"rate": 1.0}}]
        text = comparison.markdown(figure(rounds))
        self.assertIn("| hub: a second | 20 | 10 | 2 | – (n = 1) | more |", text)
        self.assertIn("| hub / peer | 2 | 1 | 2 |", text)

    def test_what_is_no_amount_has_no_ratio(self):
        found = comparison.ratios([(1.0, 0.0), (-1.0, 2.0), (3.0, 2.0)])
        self.assertEqual(found, [1.5])

    def test_one_build_alone_is_not_compared(self):
        alone = {HUB: {"rate": 1.0}, PEER: {"rate": 1.0}}
        self.assertEqual(comparison.markdown(figure([alone])), "")
        self.assertEqual(comparison.as_json(figure([alone])), {})

    def test_json_has_every_single_ratio(self):
        compared = comparison.as_json(figure([round_of(20.0, 10.0), round_of(30.0, 10.0)]))
        (first, *_) = compared["compared"]
        self.assertEqual(first["new_and_old"], [(2.0, 1.0), (3.0, 1.0)])
        self.assertEqual(first["ratios"], [2.0, 3.0])


class Order(unittest.TestCase):
    def test_builds_alternate_and_only_hubs_are_measured_twice(self):
        with contextlib.redirect_stderr(io.StringIO()):
            lab, met = lab_of(Build("new", "a"), Build("old", "b")), []
            made = figure([])
            made.cases = {case: lambda case=case: met.append((lab.build.key, case)) or {"rate": 1.0}
                          for case in (HUB, PEER)}
            bench.play(lab, [made], 3)
        forward = [("new", HUB), ("old", HUB), ("new", PEER)]
        backward = [("new", PEER), ("old", HUB), ("new", HUB)]
        self.assertEqual(met, [*forward, *backward, *forward])
        self.assertEqual([set(measured) for measured in made.rounds], [{HUB, old(HUB), PEER}] * 3)

    def test_what_is_prepared_is_prepared_for_each_build(self):
        lab, met = lab_of(Build("new", "a"), Build("old", "b")), []
        made = figure([])
        made.prepare = lambda: met.append(lab.build.key)
        bench.prepare(lab, [made])
        self.assertEqual(met, ["new", "old"])


def lab_of(*builds):
    lab = Lab(types.SimpleNamespace(seconds=1, against=None))
    lab.builds = list(builds)
    lab.build = lab.builds[0]
    return lab


def program(folder, name, settings):
    """A hub that knows these settings of one section."""
    path = pathlib.Path(folder) / name
    lines = "\n".join(f"{key} = 0" for key in settings)
    path.write_text(f"#!/bin/sh\ncat <<'END'\n[limits]\n{lines}\nEND\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


class Settings(unittest.TestCase):
    def test_each_build_is_given_what_it_knows(self):
        with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stderr(io.StringIO()):
            lab = lab_of(
                Build("new", program(folder, "a", ["enabled", "sessions_max"])),
                Build("old", program(folder, "b", ["enabled"])),
            )
            given = []
            for build in lab.builds:
                with lab.on(build):
                    settings = ["limits.sessions_max=7"]
                    given.append(lab.tradewind("/f", "serve", settings=settings))
        self.assertIn("limits.sessions_max=7", given[0])
        self.assertNotIn("limits.sessions_max=7", given[1])
        for command in given:
            self.assertIn("limits.enabled=false", command)
        self.assertIn("the old build has no setting `limits.sessions_max`", lab.notes)


if __name__ == "__main__":
    unittest.main()
