"""How rounds become figures: python3 -m unittest discover --start-directory benchmarks"""

import unittest

from results import Figure, Goal, markdown, number, spread

ROUNDS = [
    {"hub": {"rate": 10.0}, "peer": {"rate": 5.0}},
    {"hub": {"rate": 40.0}, "peer": {"rate": 10.0}},
    {"hub": {"rate": 90.0}},
]


def figure(goal):
    cases = {"hub": dict, "peer": dict}
    return Figure("1", "Of a test", cases, {"rate": "a second"}, [goal], rounds=list(ROUNDS))


def ratio(measured):
    return measured["hub"]["rate"] / measured["peer"]["rate"]


class Results(unittest.TestCase):
    def test_ratios_are_of_one_round_and_of_rounds_that_have_both(self):
        goal = Goal("hub / peer", ratio, 2.0, 3.0)
        self.assertEqual(figure(goal).values(goal), [2.0, 4.0])
        self.assertIn("| hub / peer | 3 (2–4) | ≥ 2 | ≥ 3 | aim |", markdown(figure(goal)))

    def test_the_median_decides(self):
        goal = Goal("hub / peer", ratio, 2.5, 2.0, at_least=False)
        self.assertIn("| ≤ 2.5 | ≤ 2 | **missed** |", markdown(figure(goal)))
        self.assertEqual([goal.verdict(value) for value in (2.5, 2.0)], ["must", "aim"])

    def test_every_second_round_goes_backwards(self):
        fresh = Figure("1", "", {"hub": dict, "peer": dict}, {}, [])
        self.assertEqual(fresh.order(), ["hub", "peer"])
        fresh.rounds.append({})
        self.assertEqual(fresh.order(), ["peer", "hub"])

    def test_what_was_never_measured_says_so(self):
        goal = Goal("peer", lambda measured: measured["nobody"]["rate"], 1.0)
        self.assertIn("| peer | – | ≥ 1 | – | not measured |", markdown(figure(goal)))

    def test_numbers_are_as_long_as_they_are_good(self):
        self.assertEqual([number(n) for n in (0, 0.123, 12.34, 1234.5)], ["0", "0.12", "12.3", "1,234"])
        self.assertEqual(spread([3.0]), "3")
        self.assertEqual(spread([3.0, 1.0, 2.0]), "2 (1–3)")


if __name__ == "__main__":
    unittest.main()
