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
import results
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


def three(rounds):
    """Rounds of the new build, two old ones and a peer."""
    made = figure([])
    made.olds = ("old1", "old2")
    made.rounds = [
        {HUB: {"rate": new}, old(HUB, "old1"): {"rate": first}, old(HUB, "old2"): {"rate": second}}
        for new, first, second in rounds
    ]
    for measured in made.rounds:
        measured[PEER] = {"rate": 10.0}
    return made


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


class Several(unittest.TestCase):
    def test_each_old_build_has_a_table_of_its_own(self):
        text = comparison.markdown(three([(20.0, 10.0, 40.0), (30.0, 10.0, 30.0), (40.0, 10.0, 80.0)]))
        tables = text.strip().split("\n\n")
        heads = [table.splitlines()[0] for table in tables]
        self.assertEqual(heads, [
            "| new and old1 build | new | old1 | new / old1 | quartiles | better |",
            "| new and old2 build | new | old2 | new / old2 | quartiles | better |",
        ])
        rate = "| hub: a second | 30 (20–40) | {} | – (n = 3) | more |"
        self.assertIn(rate.format("10 (10–10) | 3 (2–4)"), tables[0])
        self.assertIn(rate.format("40 (30–80) | 0.5 (0.5–1)"), tables[1])
        self.assertIn("| hub / peer | 3 (2–4) | 4 (3–8) | 0.5 (0.5–1) |", tables[1])

    def test_a_build_that_failed_leaves_the_other(self):
        made = three([(20.0, 10.0, 40.0), (30.0, 10.0, 30.0)])
        for measured in made.rounds:
            del measured[old(HUB, "old1")]
        text = comparison.markdown(made)
        self.assertNotIn("old1", text)
        self.assertIn("| hub: a second | 25 (20–30) | 35 (30–40) | 0.75 (0.5–1) |", text)

    def test_all_builds_stand_in_the_table_of_measures(self):
        text = results.markdown(three([(20.0, 10.0, 40.0)]))
        lines = [line for line in text.splitlines() if line.startswith("| hub")]
        self.assertEqual([line.split(" | ")[:2] for line in lines][:3], [
            ["| hub", "20"], ["| hub, old1 build", "10"], ["| hub, old2 build", "40"],
        ])

    def test_json_has_the_ratios_of_each(self):
        compared = comparison.as_json(three([(20.0, 10.0, 40.0)]))["compared"]
        rates = [line for line in compared if line["name"] == "hub: a second"]
        self.assertEqual(rates, [
            {"name": "hub: a second", "better": "more", "new_and_old1": [(20.0, 10.0)], "ratios": [2.0]},
            {"name": "hub: a second", "better": "more", "new_and_old2": [(20.0, 40.0)], "ratios": [0.5]},
        ])

    def test_none_of_them_is_always_first(self):
        with contextlib.redirect_stderr(io.StringIO()):
            lab, met = lab_of(Build("new", "a"), Build("old1", "b"), Build("old2", "c")), []
            made = figure([])
            made.cases = {case: lambda case=case: met.append((lab.build.key, case)) or {"rate": 1.0}
                          for case in (HUB, PEER)}
            bench.play(lab, [made], 4)
        hubs = [key for key, case in met if case == HUB]
        orders = [hubs[at:at + 3] for at in range(0, 12, 3)]
        forward = ["new", "old1", "old2"]
        self.assertEqual(orders, [forward, ["old1", "old2", "new"], ["old2", "new", "old1"], forward])
        self.assertEqual([key for key, case in met if case == PEER], ["new"] * 4)

    def test_several_are_numbered_and_one_is_not(self):
        paths = [pathlib.Path("/before"), pathlib.Path("/long-before")]
        self.assertEqual([str(build) for build in Build.olds(paths)], ["the old1 build", "the old2 build"])
        self.assertEqual([build.key for build in Build.olds(paths[:1])], ["old"])
        self.assertEqual(Build.olds([]), [])


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
