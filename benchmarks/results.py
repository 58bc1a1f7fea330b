"""Rounds of measurements, and the tables of them: medians with their range, and ratios within a round."""

import dataclasses
import statistics
from collections.abc import Callable

Measures = dict[str, float]
# What was measured in one round: by case, by measure.
Round = dict[str, Measures]


@dataclasses.dataclass
class Goal:
    """A figure of one round that has to be at least, or at most, something."""

    name: str
    value: Callable[[Round], float]
    must: float | None = None
    aim: float | None = None
    at_least: bool = True

    def verdict(self, value):
        def reached(bound):
            return value >= bound if self.at_least else value <= bound

        if self.aim is not None and reached(self.aim):
            return "aim"
        if self.must is None:
            return "–" if self.aim is None else "not the aim"
        return "must" if reached(self.must) else "**missed**"

    def bound(self, value):
        return "–" if value is None else f"{'≥' if self.at_least else '≤'} {number(value)}"


@dataclasses.dataclass
class Figure:
    """What is measured in a round, in this order or reversed, and what it is held against."""

    key: str
    title: str
    cases: dict[str, Callable[[], Measures]]
    columns: dict[str, str]
    goals: list[Goal]
    # What takes long and is made once, before the first round.
    prepare: Callable[[], object] | None = None
    # The cases that measure a hub, and with --against each build of it.
    hubs: frozenset[str] = frozenset()
    # The builds that the new one is compared with.
    olds: tuple[str, ...] = ("old",)
    rounds: list[Round] = dataclasses.field(default_factory=list)
    notes: list[str] = dataclasses.field(default_factory=list)

    def note(self, text):
        if text not in self.notes:
            self.notes.append(text)

    def order(self):
        """The cases of the next round."""
        names = list(self.cases)
        return names if len(self.rounds) % 2 == 0 else names[::-1]

    def rotated(self, builds):
        """Builds in the order of the next round: each is the first of all once in as many rounds."""
        first = len(self.rounds) % len(builds)
        return builds[first:] + builds[:first]

    def values(self, goal):
        """The goal's figure in each round that has all it needs."""
        found = [value_of(goal, measured) for measured in self.rounds]
        return [value for value in found if value is not None]


def value_of(goal, measured):
    """The goal's figure of a round, if that has all it needs."""
    try:
        return goal.value(measured)
    except (KeyError, ZeroDivisionError):
        return None


def old(case, build="old"):
    """What a case is called when it is an old build's."""
    return f"{case}, {build} build"


def number(value):
    if value == 0 or abs(value) >= 100:
        return f"{value:,.0f}"
    digits = 1 if abs(value) >= 10 else 2
    text = f"{value:.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def spread(values):
    """Median and range."""
    if not values:
        return "–"
    middle = number(statistics.median(values))
    if len(values) == 1:
        return middle
    return f"{middle} ({number(min(values))}–{number(max(values))})"


def row(cells):
    return f"| {' | '.join(cells)} |"


def table(head, rows):
    return "\n".join([row(head), row(["---"] * len(head)), *map(row, rows)])


def titles(figure, case):
    """What a case is called with each build."""
    return [case, *(old(case, build) for build in figure.olds)]


def measures_table(figure):
    rows = []
    for case in [title for case in figure.cases for title in titles(figure, case)]:
        there = [measured[case] for measured in figure.rounds if case in measured]
        cells = [spread([m[key] for m in there if key in m]) for key in figure.columns]
        if there:
            rows.append([case, *cells])
    return table([f"n = {len(figure.rounds)}", *figure.columns.values()], rows)


def goals_table(figure):
    rows = []
    for goal in figure.goals:
        values = figure.values(goal)
        verdict = goal.verdict(statistics.median(values)) if values else "not measured"
        rows.append(
            [goal.name, spread(values), goal.bound(goal.must), goal.bound(goal.aim), verdict]
        )
    return table(["within a round", "measured", "must", "aim", "reached"], rows)


def markdown(figure):
    parts = [f"### {figure.key}. {figure.title}", measures_table(figure)]
    if figure.goals:
        parts.append(goals_table(figure))
    parts += [f"Note: {note}" for note in figure.notes]
    return "\n\n".join(parts) + "\n"


def as_json(figure):
    goals = [
        {
            "name": goal.name,
            "must": goal.must,
            "aim": goal.aim,
            "at_least": goal.at_least,
            "values": figure.values(goal),
        }
        for goal in figure.goals
    ]
    return {
        "figure": figure.key,
        "title": figure.title,
        "columns": figure.columns,
        "rounds": figure.rounds,
        "goals": goals,
        "notes": figure.notes,
    }
