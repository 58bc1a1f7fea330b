"""Builds of the hub beside each other: what the new and an old one reached, and new/old within a round."""

import statistics

from results import number, old, spread, table, value_of

# Of these more is better; of all others less.
MORE = {"rate", "per_cpu", "opened"}
# Neither more nor less of these is better.
NOT_COMPARED = {"server_cores", "tester_cores"}
# With fewer there are no quartiles.
QUARTILES_MIN = 4


def of_goals(figure, build):
    """By goal: its figure with the new and with an old build as the hub, in each round that has both."""
    for goal in figure.goals:
        pairs = []
        for measured in figure.rounds:
            hubs = {case: found for case, found in measured.items() if case in figure.hubs}
            others = {case: found for case, found in measured.items() if case not in hubs}
            olds = {case: measured[old(case, build)] for case in hubs if old(case, build) in measured}
            pair = value_of(goal, others | hubs), value_of(goal, others | olds)
            if None not in pair and value_of(goal, others) is None:
                pairs.append(pair)
        yield goal.name, "more" if goal.at_least else "less", pairs


def of_measures(figure, build):
    """By case and measure: what the new and an old build reached, in each round that has both."""
    for case in (case for case in figure.cases if case in figure.hubs):
        both = [
            (measured[case], measured[old(case, build)])
            for measured in figure.rounds
            if case in measured and old(case, build) in measured
        ]
        for key, column in figure.columns.items():
            pairs = [(new[key], past[key]) for new, past in both if key in new and key in past]
            if key not in NOT_COMPARED:
                yield f"{case}: {column}", "more" if key in MORE else "less", pairs


def ratios(pairs):
    """New/old of each round; none where one of them is no amount."""
    return [new / past for new, past in pairs if new > 0 and past > 0]


def quartiles(values):
    if len(values) < QUARTILES_MIN:
        return f"– (n = {len(values)})"
    first, _, third = statistics.quantiles(values, n=4, method="inclusive")
    return f"{number(first)}–{number(third)}"


def row(name, better, pairs):
    found = ratios(pairs)
    new, past = ([pair[place] for pair in pairs] for place in (0, 1))
    return [name, spread(new), spread(past), spread(found), quartiles(found), better]


def found(figure, build):
    lines = (*of_goals(figure, build), *of_measures(figure, build))
    return [line for line in lines if line[2]]


def markdown(figure):
    """A table for each old build, if anything was measured with it and the new one."""
    parts = []
    for build in figure.olds:
        if lines := found(figure, build):
            head = [f"new and {build} build", "new", build, f"new / {build}", "quartiles", "better"]
            parts.append("\n" + table(head, [row(*line) for line in lines]) + "\n")
    return "".join(parts)


def as_json(figure):
    compared = [
        {"name": name, "better": better, f"new_and_{build}": pairs, "ratios": ratios(pairs)}
        for build in figure.olds
        for name, better, pairs in found(figure, build)
    ]
    return {"compared": compared} if compared else {}
