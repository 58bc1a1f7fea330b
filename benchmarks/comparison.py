"""Two builds of the hub beside each other: what both reached, and new/old within a round."""

import statistics

from results import number, old, spread, table, value_of

# Of these more is better; of all others less.
MORE = {"rate", "per_cpu", "opened"}
# Neither more nor less of these is better.
NOT_COMPARED = {"server_cores", "tester_cores"}
# With fewer there are no quartiles.
QUARTILES_MIN = 4


def of_goals(figure):
    """By goal: its figure with the new and with the old build as the hub, in each round that has both."""
    for goal in figure.goals:
        pairs = []
        for measured in figure.rounds:
            hubs = {case: found for case, found in measured.items() if case in figure.hubs}
            others = {case: found for case, found in measured.items() if case not in hubs}
            olds = {case: measured[old(case)] for case in hubs if old(case) in measured}
            pair = value_of(goal, others | hubs), value_of(goal, others | olds)
            if None not in pair and value_of(goal, others) is None:
                pairs.append(pair)
        yield goal.name, "more" if goal.at_least else "less", pairs


def of_measures(figure):
    """By case and measure: what the new and the old build reached, in each round that has both."""
    for case in (case for case in figure.cases if case in figure.hubs):
        both = [
            (measured[case], measured[old(case)])
            for measured in figure.rounds
            if case in measured and old(case) in measured
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


def found(figure):
    return [line for line in (*of_goals(figure), *of_measures(figure)) if line[2]]


def markdown(figure):
    """The table, if anything was measured with both builds."""
    lines = found(figure)
    if not lines:
        return ""
    head = ["new and old build", "new", "old", "new / old", "quartiles", "better"]
    return "\n" + table(head, [row(*line) for line in lines]) + "\n"


def as_json(figure):
    lines = found(figure)
    if not lines:
        return {}
    compared = [
        {"name": name, "better": better, "new_and_old": pairs, "ratios": ratios(pairs)}
        for name, better, pairs in lines
    ]
    return {"compared": compared}
