"""Attacks what is published: nothing that was suppressed may be worked out again."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
import standins
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp
from standins import published_tables, study_of

from iapt_topics._base.errors import InputError
from iapt_topics.agreement.comparison import Comparison, topic_codes
from iapt_topics.codes.axis import axis_codes
from iapt_topics.codes.codes import Codes
from iapt_topics.drift.drift import Drift, measure_drift
from iapt_topics.drift.prevalence import corrected_shares
from iapt_topics.drift.standardise import standardise_drift
from iapt_topics.frame.frame import ThemeFrame
from iapt_topics.frame.theme import Theme
from iapt_topics.mapping.mapping import TopicMapping
from iapt_topics.publish import of_drift as _of_drift
from iapt_topics.publish import suppression as _suppression
from iapt_topics.publish.cells import SMALLEST_P, Cells
from iapt_topics.publish.counts import link_counts
from iapt_topics.publish.disclosure import (
    EXACT,
    PRESETS,
    STRICT,
    Disclosure,
    at_least,
    common_words,
    preset,
)
from iapt_topics.stats.intervals import jeffreys_interval, wilson_interval
from iapt_topics.survey.responses import Responses
from iapt_topics.topics.topics import Topics
from iapt_topics.topics.unassigned import unassigned_band

FRAME = ThemeFrame(
    name="f",
    themes=(
        Theme(id="I", label="Identity"),
        Theme(id="S", label="System"),
        Theme(id="I1", label="Pride", parent="I"),
        Theme(id="S1", label="Targets", parent="S"),
        Theme(id="S2", label="Caseload", parent="S"),
    ),
    axis=("I", "S"),
)
THEMES = ("I1", "S1", "S2")
LIKE = standins.drift(standins.responses(), standins.codes(standins.responses()))


def study(seed: int, n: int, repeats: float, unseen: float, human_share: float) -> dict:
    """A small random survey with machine and human codes, and topics dealt at random."""
    rng = np.random.default_rng(seed)
    ids = [f"r{i}" for i in range(n)]
    weights = rng.dirichlet(np.ones(3) * 2)
    table = pd.DataFrame(
        {
            "response_id": ids,
            "respondent_id": [f"p{i}" for i in rng.integers(0, max(1, int(n / repeats)), n)],
            "year": np.sort(rng.choice([2014, 2015, 2016], n, p=weights)),
            "question": "",
            "text": "words",
            "status": "kept",
            "role": np.random.default_rng(seed).choice(["a", "b", "c"], n, p=[0.7, 0.24, 0.06]),
        }
    ).astype({"respondent_id": "str", "response_id": "str"})
    responses = Responses(table=table, source="x.csv")

    def coded(coder: str, kind: str, keep: float) -> Codes:
        seen = table[rng.random(n) < keep] if keep < 1 else table
        seen = table.head(2) if seen.empty else seen
        share = rng.uniform(0.01, 0.6, (3, len(THEMES)))
        rows = [
            (i, t)
            for i, y in zip(seen["response_id"], seen["year"], strict=True)
            for j, t in enumerate(THEMES)
            if rng.random() < share[y - 2014, j]
        ]
        given = pd.DataFrame(rows, columns=["response_id", "theme"]).astype("str")
        return Codes(
            coder=coder, kind=kind, themes=THEMES, table=given.assign(score=np.nan),
            seen=seen[["response_id", "respondent_id"]].reset_index(drop=True),
        )  # fmt: skip

    machine, human = coded("m", "machine", 1 - unseen), coded("h", "human", human_share)
    topic = rng.choice([-1, 0, 1, 2, 3], n, p=rng.dirichlet(np.ones(5)))
    # Those without a topic are not sure; some with one are not either.
    support = np.where(topic < 0, 0.2, rng.uniform(0.45, 1, n))
    topics, mapping = dealt(ids, topic, support, 4)
    votes = np.stack([(topic.clip(0) + (rng.random(n) < 0.1)) % 4 for _ in range(3)])
    topics = replace(topics, votes=votes)
    results = {"responses": responses, "topics": topics, "mapping": mapping, "codes": machine}
    results["drift"] = shares_of(machine, responses)
    results["axis_drift"] = shares_of(axis_codes(machine, FRAME), responses)
    both = set(human.seen["response_id"]) & set(machine.seen["response_id"])
    if both:
        # The second person coded some of what was compared.
        second = coded("h2", "human", 0.9)
        second = replace(
            second,
            table=second.table[second.table["response_id"].isin(both)],
            seen=second.seen[second.seen["response_id"].isin(both)],
        )
        results |= {"human": (human, second), "comparison": compared(human, machine)}
        results["benchmark"] = compared(human, second)
    return results


def dealt(
    ids: list[str], topic: np.ndarray, support: np.ndarray, n_topics: int
) -> tuple[Topics, TopicMapping]:
    """Topics of these responses, and their mapping: each of them speaks of S1."""
    like = standins.topics(standins.responses())
    n = np.bincount(topic[topic >= 0], minlength=n_topics)
    low, high = wilson_interval(n, len(ids))
    table = pd.DataFrame({"topic": range(n_topics), "label": "words", "words": "words", "n": n})
    table = table.assign(
        estimate=n / len(ids), low=low, high=high, support=0.9, note="", replicability=0.9
    )
    topics = replace(
        like,
        assignments=pd.DataFrame(
            {"response_id": ids, "topic": topic, "nearest": topic.clip(0), "support": support}
        ),
        topics=table.assign(exemplars=[()] * n_topics),
        hierarchy=pd.DataFrame(
            {"topic": range(n_topics), "broad": 0, "n": 0, "replicability": 0.9}
        ),
        votes=np.zeros((2, len(ids)), dtype=int),
        distribution=np.eye(n_topics, dtype=np.float32)[topic.clip(0)],
        centroids=like.centroids[:n_topics],
    )
    rows = [
        (t, "words", key, key, 0.5 if key == "S1" else 0.1, 0, 1, n[t], key == "S1", "", "")
        for t in range(n_topics)
        for key in THEMES
    ]
    scores = pd.DataFrame(rows, columns=standins.SCORES)
    return topics, TopicMapping(scores=scores, frame=FRAME, threshold=0.4)


def limits(count: float, n: float, effect: float = 1.0) -> tuple[float, float]:
    """Published limits of a share: of the rounded counts, with the variance of rounding to 5.

    A count rounded to 5 is off by -2 to 2, each as likely: variance 2.
    """
    interval = wilson_interval if effect == 1 else jeffreys_interval
    low, high = (float(x) for x in interval(count / effect, n / effect))
    share, more = count / n, 1.959964**2 * 2 * (1 + (count / n) ** 2) / n**2
    down, up = np.sqrt((share - low) ** 2 + more), np.sqrt((high - share) ** 2 + more)
    return max(share - down, 0.0), min(share + up, 1.0)


def compared(one: Codes, two: Codes) -> Comparison:
    """A comparison, with the counts of both by theme alone."""
    both = set(one.seen["response_id"]) & set(two.seen["response_id"]) - two.trained_on
    result = standins.comparison(one.coder, two.coder)
    themes = result.themes.head(len(THEMES)).assign(theme=THEMES)
    for side, coder in (("reference", one), ("other", two)):
        count = coder.table[coder.table["response_id"].isin(both)]["theme"].value_counts()
        themes[f"positives_{side}"] = [count.get(t, 0) for t in THEMES]
    rated = result.convergence.head(len(THEMES)).assign(theme=THEMES)
    return replace(result, themes=themes, n=len(both), convergence=rated)


def shares_of(codes: Codes, responses: Responses) -> Drift:
    """The tables of a drift, with shares alone."""
    kept = responses.kept
    seen = kept[kept["response_id"].isin(codes.seen["response_id"])]
    rows = []
    for theme in codes.themes:
        has = seen["response_id"].isin(codes.table.query("theme == @theme")["response_id"])
        for year in sorted(kept["year"].unique()):
            count, n = int((has & (seen["year"] == year)).sum()), int((seen["year"] == year).sum())
            low, high = (float(x) for x in wilson_interval(count, n))
            share = count / n if n else np.nan
            rows.append((theme, year, count, n, share, low, high, n, float(n), ""))
    shares = pd.DataFrame(rows, columns=LIKE.shares.columns)
    names = ("changes", "trends", "changepoints", "distances", "sources")
    tables = {n: getattr(LIKE, n).head(0) for n in names}
    years = tuple(int(y) for y in sorted(kept["year"].unique()))
    names = {"themes": codes.themes, "coder": codes.coder}
    return Drift(shares=shares, baseline=years[0], years=years, **names, **tables)


class Reader:
    """What a reader of the tables knows: a window for each count, and sums that must hold."""

    def __init__(
        self, tables: dict[str, pd.DataFrame], rule: Disclosure, each: int = 10_000
    ) -> None:
        # ``each``: the most responses that a person gave.
        self.rule, self.low, self.high, self.each = rule, [], [], each
        self.place: dict[object, int] = {}
        self.hidden: set[object] = set()
        self.sums: list[tuple[object, list[object]]] = []
        self.at_most: list[tuple[object, list[object]]] = []
        shares = tables["drift_shares"]
        for year, part in shares.groupby("year"):
            self.see(("base", year), part["n"].iloc[0])
            for row in part.to_dict("records"):
                self.see((row["theme"], year), row["count"], row["n"], row["status"])
            for row in tables["axis_shares"].query("year == @year").to_dict("records"):
                self.see(("class", row["theme"], year), row["count"], row["n"], row["status"])
            classes = list(dict.fromkeys(tables["axis_shares"]["theme"]))
            self.sums.append((("base", year), [("class", c, year) for c in classes]))
            # The domain I has one theme.
            self.sums.append((("I1", year), [("class", c, year) for c in (classes[0], "both")]))
        years = sorted(shares["year"].unique())
        for row in tables["pole_shares"].to_dict("records") if "pole_shares" in tables else ():
            # A pole is the union of its themes.
            key = ("pole", row["theme"], row["year"])
            self.see(key, row["count"], row["n"], row["status"])
            themes = [t for t in THEMES if t.startswith(row["theme"])]
            self.at_most.append((key, [(t, row["year"]) for t in themes]))
            self.at_most += [((t, row["year"]), [key]) for t in themes]
            alone = classes["IS".index(row["theme"])]
            self.sums.append((key, [("class", c, row["year"]) for c in (alone, "both")]))
        overall = tables["theme_shares"]
        self.see("base", overall["n"].iloc[0])
        self.sums.append(("base", [("base", y) for y in years]))
        for row in overall.to_dict("records"):
            # A sum of published figures is no count.
            summed = row["note"] == "sum of the published waves"
            known = (np.nan, "") if summed else (row["count"], row["status"])
            self.see(row["theme"], known[0], row["n"], known[1])
            self.hidden -= {row["theme"]} if summed else set()
            self.sums.append((row["theme"], [(row["theme"], y) for y in years]))
        kept = tables["ledger"].query("status == 'kept'")
        for row in kept.to_dict("records"):
            self.see(("kept", row["year"]), row["n"])
            self.split(("kept", row["year"]), ("base", row["year"]))
        topics = tables["topics"]
        self.see("kept", topics["of"].iloc[0])
        self.sums.append(("kept", [("kept", y) for y in kept["year"]]))
        for row in topics.to_dict("records"):
            self.see(("topic", row["topic"]), row["n"], row["of"], row["status"])
        self.sums.append(("kept", [("topic", t) for t in topics["topic"]]))
        for row in tables["topic_unassigned"].to_dict("records"):
            key = ("unsure", row["year"])
            self.see(key, row["count"], row["n"], row["status"])
            self.split(("kept", row["year"]), key)
        if ("topic", -1) in self.place:
            # All of the responses without a topic are not sure of it.
            self.place["unsure"] = len(self.place)
            self.low.append(0)
            self.high.append(10_000)
            self.sums.append(("unsure", [("unsure", y) for y in kept["year"]]))
            self.split("unsure", ("topic", -1))
        totals = tables["ledger_totals"].set_index("status")["n"]
        self.see("people", totals["people"], totals["kept"])
        self.split("kept", "people")  # the rest: what they answered besides
        for year, part in tables["respondent_mix"].groupby("year"):
            levels = [("level", level, year) for level in part["level"]]
            for key, row in zip(levels, part.to_dict("records"), strict=True):
                # A level that a year does not have is not told from one that is suppressed.
                self.see(key, row["count"], row["n"], row["status"], may_be_zero=True)
            self.sums.append((("kept", year), levels))
        by_year = tables.get("agreement_years", pd.DataFrame(columns=["theme", "year", "n"]))
        for year, part in by_year.groupby("year"):
            self.see(("compared", year), part["n"].iloc[0])
            self.split(("base", year), ("compared", year))
        for row in by_year.to_dict("records"):
            for side in ("other", "reference"):
                key, n = ("compared", side, row["theme"], row["year"]), row["n"]
                count = np.nan
                if known := pd.notna(row[f"share_{side}"]):
                    count = round(row[f"share_{side}"] * n)
                self.see(key, count, n, may_be_zero=True)
                self.hidden -= set() if known or n >= self.rule.percent_base else {key}
                if side == "other":
                    self.split((row["theme"], row["year"]), key)
        for row in tables.get("agreement_themes", pd.DataFrame()).to_dict("records"):
            key = ("compared", row["theme"])
            self.see(key, row["positives_other"], row["n"], may_be_zero=True)
            self.split(row["theme"], key)
            mine = by_year[by_year["theme"] == row["theme"]]["year"]
            self.sums.append((key, [("compared", "other", row["theme"], y) for y in mine]))
            people = ("people", row["theme"])
            self.see(people, row["positives_reference"], row["n"], may_be_zero=True)
            self.sums.append((people, [("compared", "reference", row["theme"], y) for y in mine]))
        for row in tables.get("people_themes", pd.DataFrame()).to_dict("records"):
            key = ("with another", row["theme"])
            self.see(key, row["positives_reference"], row["n"], may_be_zero=True)
            self.split(("people", row["theme"]), key)

    def see(
        self, key: object, shown: float, n: float = np.nan, status: str = "",
        may_be_zero: bool = False,
    ) -> None:  # fmt: skip
        least = self.rule.min_base if is_group(key) else self.rule.min_cell
        base = self.rule.round_to
        most = 10_000 if np.isnan(n) else n + base // 2
        self.place[key] = len(self.place)
        if np.isnan(shown):
            self.hidden.add(key)
            may_be_zero = may_be_zero or not self.rule.show_zero
            if status == "few":
                most = min(most, (least - 1) * self.each)
            # Beside a base that is shown, a true zero would be shown too.
            self.low.append(0 if may_be_zero or np.isnan(n) else 1)
            self.high.append(most)
            return
        window = [x for x in range(int(shown) + base + 1) if self.rule.rounded(x) == shown]
        # Of a group nobody coded there is a zero.
        zero = self.rule.show_zero or is_group(key)
        window = [x for x in window if x >= least or (x == 0 and zero)]
        assert window, (key, shown)
        self.low.append(min(window))
        # A count that reaches its base was perhaps cut to it.
        self.high.append(most if shown == n else max(window))

    def split(self, whole: object, part: object) -> None:
        self.place["rest", whole, part] = len(self.place)
        self.low.append(0)
        self.high.append(10_000)
        self.sums.append((whole, [part, ("rest", whole, part)]))

    def range_of(self, key: object) -> tuple[float, float]:
        rows = np.zeros((len(self.sums), len(self.place)))
        for i, (total, parts) in enumerate(self.sums):
            rows[i, self.place[total]] = -1
            for part in parts:
                rows[i, self.place[part]] += 1
        less = np.zeros((len(self.at_most), len(self.place)))
        for i, (part, wholes) in enumerate(self.at_most):
            less[i, self.place[part]] = -1
            for whole in wholes:
                less[i, self.place[whole]] += 1
        found = []
        for sign in (1, -1):
            aim = np.zeros(len(self.place))
            aim[self.place[key]] = sign
            done = milp(
                aim,
                constraints=[LinearConstraint(rows, 0, 0), LinearConstraint(less, 0, np.inf)],
                bounds=Bounds(self.low, self.high),
                integrality=np.ones(len(self.place)),
            )
            assert done.status == 0, (key, done.message)
            found.append(sign * done.fun)
        return found[0], found[1]


def found_out(
    tables: dict[str, pd.DataFrame], rule: Disclosure, results: dict | None = None
) -> list[tuple]:
    """Withheld counts that a reader knows more closely than by the rule itself."""
    each, absent = 10_000, set()
    if results is not None:
        each = int(results["responses"].kept["respondent_id"].value_counts().max())
        # A level that a year does not have is no group.
        exact = study_of(**results).tables["respondent_mix"]["count"].eq(0).to_numpy()
        of = tables["respondent_mix"][exact]
        absent = {("level", *k) for k in zip(of["level"], of["year"], strict=True)} | zeros(results)
    reader = Reader(tables, rule, each)
    every = {k: reader.range_of(k) for k in reader.hidden - absent}
    return [(k, r) for k, r in every.items() if r[1] - r[0] < values_of(k, rule) - 1]


def zeros(results: dict) -> set[object]:
    """What a reader calls the counts that are 0: they stand for nobody, and need no protection."""
    exact = study_of(**results).tables
    out: set[object] = set()
    for name, start in (("drift", ()), ("axis", ("class",)), ("pole", ("pole",))):
        rows = exact[f"{name}_shares"].query("count == 0")
        out |= {(*start, *k) for k in zip(rows["theme"], rows["year"], strict=True)}
    for start, side in (("compared", "other"), ("people", "reference")):
        if "agreement_themes" in exact:
            rows = exact["agreement_themes"].query(f"positives_{side} == 0")
            out |= {(start, t) for t in rows["theme"]}
        if "agreement_years" in exact:
            rows = exact["agreement_years"].query(f"share_{side} == 0")
            keys = zip(rows["theme"], rows["year"], strict=True)
            out |= {("compared", side, *k) for k in keys}
    return out


def is_group(key: object) -> bool:
    """Whether a reader's count is of a group of people, and not of a theme or topic in it."""
    if not isinstance(key, tuple):
        return key in ("base", "kept", "people")
    year = key[0] == "compared" and not isinstance(key[1], str) and len(key) == 2
    return key[0] in ("base", "kept", "level") or year


def values_of(key: object, rule: Disclosure) -> int:
    """How many values a count that is not shown must still have."""
    if is_group(key):
        return rule.min_base - 1
    return rule.min_cell - 1 if rule.show_zero else 3


CASES = {
    "seed": st.integers(0, 10_000),
    "n": st.integers(5, 150),
    "repeats": st.sampled_from([1.0, 1.5, 8.0]),
    "unseen": st.sampled_from([0.0, 0.03, 0.5]),
    "human_share": st.sampled_from([0.3, 0.97, 1.0]),
    "rule": st.sampled_from(
        [r for r in (*PRESETS.values(), at_least(10, "ten", 10)) if not r.noise]
    ),
}


@pytest.mark.slow
@settings(max_examples=6, deadline=None, derandomize=True, phases=[Phase.generate],
          suppress_health_check=[HealthCheck.too_slow])  # fmt: skip
@given(**CASES)
def test_nothing_suppressed_can_be_worked_out(rule, **case):
    results = study(**case)
    tables = published_tables(**results, disclosure=rule)
    assert not found_out(tables, rule, results)


def test_the_attack_finds_what_primary_suppression_alone_gives_away(monkeypatch):
    results = study(3, 120, 1.0, 0.0, 1.0)
    rule = preset("min10")
    assert not found_out(published_tables(**results, disclosure=rule), rule)
    monkeypatch.setattr(_suppression._Suppression, "line_violation", lambda *_: [])
    monkeypatch.setattr(_suppression._Suppression, "interval_violation", lambda *_: [])
    assert found_out(published_tables(**results, disclosure=rule), rule)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 3])  # each has a year of fewer than ten
def test_the_number_of_people_does_not_give_a_hidden_total_away(seed):
    results = study(seed, 45, 1.0, 0.0, 1.0)
    table = results["responses"].table
    # So that people and responses are one number.
    table = table.assign(respondent_id=table["response_id"])
    results["responses"] = replace(results["responses"], table=table)
    rule = preset("min10")
    tables = published_tables(**results, disclosure=rule)
    totals = tables["ledger_totals"].set_index("status")["n"]
    assert totals[["people", "kept"]].isna().all()
    assert not found_out(tables, rule)


def test_how_many_answered_twice_is_no_difference_of_two_numbers():
    results = study(1, 300, 1.0, 0.0, 1.0)
    table = results["responses"].table
    people = table["response_id"].replace({"r0": "r1", "r2": "r3"})
    results["responses"] = replace(results["responses"], table=table.assign(respondent_id=people))
    totals = published_tables(**results, disclosure=preset("min10"))["ledger_totals"]
    assert totals.set_index("status")["n"][["people", "kept"]].isna().any()


@cache
def made(**more: object) -> dict[str, pd.DataFrame]:
    survey = standins.responses()
    coded, found = standins.codes(survey), standins.topics(survey)
    return published_tables(
        responses=survey, topics=found, mapping=standins.mapping(found), codes=coded,
        comparison=standins.comparison(), drift=standins.drift(survey, coded),
        axis_drift=standins.axis_drift(survey, coded), **more,
    )  # fmt: skip


def test_small_numbers_are_suppressed_and_the_rest_rounded():
    tables = made()
    shares = tables["theme_shares"].set_index("theme")
    assert shares.loc[standins.RARE, ["note", "status"]].tolist() == ["suppressed", "suppressed"]
    assert shares.loc[standins.RARE, ["count", "estimate", "low", "high"]].isna().all()
    rest = shares.drop(standins.RARE)
    assert (rest["count"] % 5 == 0).all()
    assert (rest["estimate"] == rest["count"] / rest["n"]).all()
    assert ((rest["low"] < rest["estimate"]) & (rest["estimate"] < rest["high"])).all()
    changes = tables["drift_changes"].set_index("theme")
    years = tables["drift_shares"].set_index(["theme", "year"])["estimate"]
    assert changes.loc["S1", "estimate"] == years["S1", 2018] - years["S1", 2014]
    shown = tables["drift_shares"]
    gone = set(shown.loc[shown["count"].isna(), "theme"])
    trends = tables["drift_trends"].set_index("theme")
    # A trend is of the years that may be shown, or of some as one, and says so.
    rows = trends.loc[list(gone)]
    known = rows["p"].notna()
    assert rows.loc[known, "note"].str.contains("without|as one").all()
    assert (rows.loc[~known, "status"] == "suppressed").all()
    assert set(changes.index[changes["estimate"].isna()]) <= gone
    small = tables["topics"].set_index("topic").loc[7]
    assert (small["label"], small["words"], small["note"]) == ("", "", "suppressed")
    assert small["status"] == "suppressed"
    assert 7 not in set(tables["topic_mapping"]["topic"])
    assert not any("secretword" in t.to_csv() for t in tables.values())


def test_no_percentage_on_a_small_base_and_none_at_all_when_off():
    tables = made(disclosure=replace(STRICT, percent_base=140))
    thin = tables["drift_shares"].query("n < 135 and `count` == `count`")
    assert len(thin)
    assert thin["estimate"].isna().all()
    assert thin["note"].str.startswith("base of fewer").all()
    assert (thin["status"] == "small base").all()
    off = EXACT
    assert "OFF" in off.sentence
    assert not made(disclosure=off)["drift_shares"]["count"].isna().any()


def test_a_rule_has_a_name_that_is_known():
    assert preset("hes").min_cell == 8
    with pytest.raises(InputError, match="Did you mean 'strict'"):
        preset("strikt")


def test_results_are_left_as_they_were():
    survey = standins.responses()
    coded = standins.codes(survey)
    drift = standins.drift(survey, coded)
    before = drift.shares.copy()
    found = standins.topics(survey)
    published_tables(responses=survey, topics=found, mapping=standins.mapping(found),
                       codes=coded, drift=drift)  # fmt: skip
    pd.testing.assert_frame_equal(drift.shares, before)


def test_a_phrase_needs_enough_people_for_all_its_words():
    users = {"caseload": set(range(12)), "smith": {1, 2}, "high": set(range(11))}
    words = ("caseload", " smith", "high caseload", "unknown")
    assert common_words(words, users, 10) == ("caseload", "high caseload")


def test_topics_that_are_not_shown_are_in_no_broad_topic_and_reach_no_theme():
    tables = made()
    topics = tables["topics"].set_index("topic")
    hierarchy = tables["topic_hierarchy"]
    assert hierarchy["broad"].tolist() == [0, 0, 1, 2, 2, 3, 3]
    assert 7 not in set(hierarchy["topic"])
    coverage = tables["theme_coverage"].set_index("theme")
    placed = tables["topic_mapping"]
    assert coverage["n_topics"].sum() == (placed["theme"] != "").sum()
    for theme, row in coverage.iterrows():
        counts = topics.loc[placed.loc[placed["theme"] == theme, "topic"], "n"]
        suppressed = (row["note"], row["status"]) == ("suppressed", "suppressed")
        assert row["count"] == counts.sum() or suppressed
    hidden = published_tables(**crafted(
        {"n": 60, "year": 2014, "machine": ("S1",)}, {"n": 20, "year": 2014},
        {"n": 4, "year": 2015, "machine": ("S1",)}, {"n": 90, "year": 2015, "machine": ()},
    ))  # fmt: skip
    assert hidden["theme_coverage"].set_index("theme").loc["S1", "n_topics"] == 1


def test_who_answered_has_no_level_of_few_people_and_no_test_of_what_is_suppressed():
    who = made()["respondent_mix"]
    assert "zookeeper" not in set(who["level"])
    few = who[who["level"] == "(small group 1)"]
    assert few["count"].isna().any()
    assert set(few["count"].dropna()) <= {0}
    assert few[["p", "p_bh"]].isna().all(axis=None)
    shown = who[who["count"].notna()]
    assert (shown["count"] % 5 == 0).all()
    assert (shown["estimate"] == shown["count"] / shown["n"]).all()
    off = made(disclosure=EXACT)["respondent_mix"]
    assert off.groupby("year")["count"].sum().tolist() == off.groupby("year")["n"].max().tolist()


def test_how_they_answered_is_that_of_the_published_rows():
    tables = made()
    ledger = tables["ledger"].set_index(["status", "year"])["n"]
    for row in tables["response_quality"].query("measure != 'words'").to_dict("records"):
        rows = ledger.xs(row["year"], level="year").sum()
        assert row["n"] == rows
        assert row["estimate"] == ledger[row["measure"], row["year"]] / rows
    words = tables["response_quality"].query("measure == 'words'")
    assert (words["estimate"] == words["estimate"].round(1)).all()
    none = made(disclosure=Disclosure(min_base=1000))["response_quality"]
    assert none[["estimate", "low", "high", "p", "p_bh"]].isna().all(axis=None)


def test_responses_without_a_sure_topic_are_rounded_and_their_effect_is_rounded_up():
    table = made()["topic_unassigned"]
    assert (table["count"] % 5 == 0).all()
    assert (table["estimate"] == table["count"] / table["n"]).all()
    survey = standins.responses()
    band = unassigned_band(standins.topics(survey), survey).query("topic >= 0")
    exact = (band["high"] - band["low"]).groupby(band["year"]).max().to_numpy()
    assert ((table["moves"] >= exact) & (table["moves"] < exact + 0.01)).all()
    np.testing.assert_allclose(100 * table["moves"], (100 * table["moves"]).round())


@pytest.mark.slow
def test_a_change_at_the_same_mix_does_not_count_a_theme_in_a_small_group():
    # Of 2015, 12 are of the role b. A reader knows the shares of both years, but not by role.
    def survey(now: int, before: int) -> dict:
        groups = []
        for year, of, has, whole in ((2014, 50, before, 50), (2015, 12, now, 64)):
            for role, n, some in (("a", 150, whole - has), ("b", of, has)):
                groups += [{"n": some, "year": year, "machine": ("S1",), "role": role},
                           {"n": n - some, "year": year, "machine": (), "role": role}]  # fmt: skip
        return crafted(*groups)

    crude = measure_drift(*(survey(4, 20)[k] for k in ("codes", "responses")), n_boot=1).changes
    crude = crude.assign(status="shown", note="")

    def published(now: int, before: int, crude: pd.DataFrame = crude) -> pd.Series:
        made = survey(now, before)
        same = standardise_drift(made["codes"], made["responses"], ["role"])
        whole = study_of(**made, standardised=same)
        exact = whole.tables["standardised_changes"]
        cells = Cells(link_counts(whole), frozenset(), STRICT)
        return _of_drift._standardised(exact, crude, cells).set_index("theme").loc["S1"]

    row, figures = published(4, 20), ["crude", "estimate"]
    whole = 100 * row[figures].astype(float)
    np.testing.assert_allclose(whole, whole.round())
    # One more now is made up for by 25 / 6 fewer before.
    alike = [
        now
        for now in range(10)
        if any(
            published(now, max(0, round(20 - 25 / 6 * (now - 4)) + d)).equals(row)
            for d in (0, 2, -2, 1, -1)
        )
    ]
    assert len(alike) >= 9
    hidden = published(4, 20, crude.assign(estimate=np.nan, status="suppressed", note="suppressed"))
    assert hidden[figures].isna().all()
    assert (hidden["changed"], hidden["note"]) == ("", "suppressed")
    assert hidden["status"] == "suppressed"


def test_a_change_of_a_suppressed_share_gives_no_figure_away():
    results = crafted(
        {"n": 60, "year": 2014, "machine": ("S1",)}, {"n": 60, "year": 2014, "machine": ()},
        {"n": 4, "year": 2015, "machine": ("S1",)}, {"n": 90, "year": 2015, "machine": ()},
    )  # fmt: skip
    results["drift"] = replace(
        results["drift"], trends=LIKE.trends.groupby("test").head(1).assign(theme="S1")
    )
    step = {"theme": "S1", "year": 2015, "first": 2014, "last": 2015, "depth": 0, "note": ""}
    step |= {"family": ""}
    step |= dict.fromkeys(("p", "p_bh", "p_holm", "low", "high", "smallest_detectable"), 0.1)
    results["drift"] = replace(
        results["drift"], changepoints=pd.DataFrame([step | {"estimate": 0.9, "n": 361}])
    )
    tables = published_tables(**results)
    figures = ["estimate", "low", "high", "p", "p_bh", "p_holm", "smallest_detectable"]
    for name in ("drift_trends", "drift_changepoints"):
        assert tables[name][figures].isna().all(axis=None)
        assert (tables[name]["note"] == "suppressed").all()
        assert (tables[name]["status"] == "suppressed").all()
    assert (tables["drift_trends"]["shape"] == "").all()


# Small surveys made by hand


def crafted(*groups: dict) -> dict:
    """A survey of groups of responses, each from a person of its own.

    A group is ``n`` responses of a ``year`` with the themes of the ``machine`` and of the
    ``human``, None where one saw nothing; ``learned`` are those that the machine was trained on.
    """
    rows = [g | {"response_id": f"r{j}-{i}"} for j, g in enumerate(groups) for i in range(g["n"])]
    table = pd.DataFrame({"response_id": [r["response_id"] for r in rows]}).astype("str")
    table = table.assign(
        respondent_id=table["response_id"], year=[r["year"] for r in rows],
        question="", text="words", status="kept", role=[r.get("role", "") for r in rows],
    )  # fmt: skip

    def coded(coder: str, learned: frozenset[str] = frozenset()) -> Codes:
        seen = [r["response_id"] for r in rows if r.get(coder) is not None]
        given = [(r["response_id"], t) for r in rows for t in r.get(coder) or ()]
        given = pd.DataFrame(given, columns=["response_id", "theme"]).astype("str")
        seen = table.loc[table["response_id"].isin(seen), ["response_id", "respondent_id"]]
        return Codes(
            coder=coder, kind=coder, themes=THEMES, table=given.assign(score=np.nan),
            seen=seen.reset_index(drop=True), trained_on=learned,
        )  # fmt: skip

    responses = Responses(table=table, source="x.csv")
    learned = frozenset(r["response_id"] for r in rows if r.get("learned"))
    machine, human = coded("machine", learned), coded("human")
    ids = table["response_id"].tolist()
    topics, mapping = dealt(ids, np.zeros(len(ids), dtype=int), np.full(len(ids), 0.9), 1)
    out = {"responses": responses, "topics": topics, "mapping": mapping, "codes": machine}
    out |= {"drift": shares_of(machine, responses)}
    if set(human.seen["response_id"]) & set(machine.seen["response_id"]) - learned:
        out |= {"comparison": compared(human, machine), "human": (human,)}
    return out


def with_axis(results: dict) -> dict[str, pd.DataFrame]:
    axis = shares_of(axis_codes(results["codes"], FRAME), results["responses"])
    return published_tables(**results, axis_drift=axis)


def test_a_few_responses_that_the_machine_did_not_see_are_not_told_by_subtraction():
    # 60 kept less 57 coded would be the 3.
    tables = published_tables(**crafted(
        {"n": 57, "year": 2014, "machine": ("S1",)}, {"n": 3, "year": 2014},
        {"n": 50, "year": 2015, "machine": ()}, {"n": 20, "year": 2015},
    ))  # fmt: skip
    kept = tables["ledger"].query("status == 'kept'").set_index("year")["n"]
    base = tables["drift_shares"].set_index(["theme", "year"])["n"]["S1"]
    assert np.isnan(base[2014]) or np.isnan(kept[2014])
    assert kept[2015] == 70


def test_a_year_in_which_nearly_all_gave_a_theme_bounds_the_others():
    # Of 21 in all, at most 12 are of 2015, so 2014 has the 9 or the 10 of its base.
    tables = published_tables(**crafted(
        {"n": 9, "year": 2014, "machine": ("S1",)}, {"n": 1, "year": 2014, "machine": ()},
        {"n": 12, "year": 2015, "machine": ("S1",)},
    ))  # fmt: skip
    row = tables["theme_shares"].set_index("theme").loc["S1"]
    assert (row["note"], row["status"]) == ("suppressed", "suppressed")


def test_the_only_theme_of_a_pole_is_not_told_by_the_classes():
    # I1 is given to 36 with no theme of the other pole and to 4 with one: 40 less 36 are the 4.
    results = crafted(
        {"n": 36, "year": 2014, "machine": ("I1",)},
        {"n": 4, "year": 2014, "machine": ("I1", "S1")},
        {"n": 20, "year": 2014, "machine": ("S2",)}, {"n": 60, "year": 2014, "machine": ()},
    )  # fmt: skip
    tables = with_axis(results)
    classes = tables["axis_shares"]["count"]
    theme = tables["drift_shares"].set_index("theme").loc["I1", "count"]
    assert np.isnan(classes.iloc[2])
    assert np.isnan(classes.iloc[0]) or np.isnan(theme)


def test_a_theme_that_is_all_of_its_pole_is_not_told_by_the_pole():
    # Of 56 with I1, or with S1 where nobody has S2, 4 are of 2014; 12 of 2015 hide them.
    for theme in ("I1", "S1"):
        results = crafted(*(
            {"n": n, "year": year, "machine": given}
            for year, has in ((2014, 4), (2015, 12), (2016, 40))
            for n, given in ((has, (theme,)), (60, ()))
        ))  # fmt: skip
        tables = with_axis(results)
        assert tables["theme_shares"].set_index("theme").loc[theme, "count"] == 55
        shown = tables["drift_shares"].set_index(["theme", "year"])["count"]
        poles = tables["pole_shares"].set_index(["theme", "year"])["count"]
        assert shown[theme].isna().tolist() == [True, True, False]
        assert poles[theme[0]].isna().tolist() == [True, True, False]


@pytest.mark.parametrize(
    ("rule", "few"), [(preset("min10"), 9), (STRICT, 9), (Disclosure(), 4), (preset("ons_10_5"), 9)]
)
def test_a_theme_is_not_told_by_a_pole_that_is_the_union_of_its_themes(rule, few):
    # S1 and S2 never meet: of the 49 with S, 40 have S1, so the 9 of 2014 have S2.
    groups = [
        {"n": n, "year": year, "machine": given}
        for year, one, two in ((2014, 40, few), (2015, 35, 14))
        for n, given in ((one, ("S1",)), (two, ("S2",)), (60, ("I1",)), (40, ()))
    ]
    results = crafted(*groups)
    results["axis_drift"] = shares_of(axis_codes(results["codes"], FRAME), results["responses"])
    tables = published_tables(**results, disclosure=rule)
    shown = tables["drift_shares"].set_index(["theme", "year"])["count"]
    assert np.isnan(shown["S2", 2014])
    poles = tables["pole_shares"].set_index(["theme", "year"])["count"]
    assert np.isnan(shown["S1", 2014]) or np.isnan(poles["S", 2014])
    assert not found_out(tables, rule, results)


def distances(hidden: tuple[int, int], rule: Disclosure | int = 10) -> pd.DataFrame:
    """Published distances of a survey in which S2 was given to so many of each year."""
    groups = [
        {"n": n, "year": year, "machine": given}
        for year, few, one, two in (
            (2014, hidden[0], 40, 50),
            (2015, hidden[1], 70, 45),
            (2016, 60, 50, 50),
        )
        for n, given in ((one, ("S1",)), (two, ("I1",)), (few, ("S2",)), (150 - few, ()))
    ]
    results = crafted(*groups)
    results["drift"] = measure_drift(results["codes"], results["responses"], n_boot=20)
    tables = published_tables(**results, disclosure=rule)
    shown = tables["drift_shares"].query("theme == 'S2'")["count"].notna()
    assert shown.tolist() == [False, False, True]
    return tables["drift_distances"]


@pytest.mark.slow
def test_a_distance_is_of_what_is_shown_and_the_rest_does_not_enter():
    # Of 12 with S2 before 2016, any of 3 to 9 may be of 2014, and the distances are the same.
    table = distances((3, 9))
    assert set(table["note"]) == {"of the 2 themes that are shown in both years"}
    (row,) = table.query("year == 2015").to_dict("records")
    assert (row["n"], row["status"]) == (505, "shown")
    # The root of the divergence of (40, 50) / 90 and (70, 45) / 115.
    assert row["estimate"] == pytest.approx(0.14, abs=0.005)
    for hidden in ((9, 3), (6, 6), (4, 8)):
        pd.testing.assert_frame_equal(distances(hidden), distances((3, 9)))


@pytest.mark.slow
@pytest.mark.parametrize("n", [30, 133, 400])
def test_what_is_covered_does_not_count_a_small_group_that_one_year_lacks(n):
    # A ward of 1 to 9 of which one year has nobody: what is covered is the same of each.
    seen = set()
    for few in range(1, 10):
        groups = [{"n": few, "year": 2014, "machine": ("S1",), "role": "ward"}]
        groups += [
            {"n": k, "year": year, "machine": given, "role": "a"}
            for year in (2014, 2015) for k, given in ((n // 2, ("S1",)), (n // 2, ()))
        ]  # fmt: skip
        made = crafted(*groups)
        made["drift"] = measure_drift(made["codes"], made["responses"], n_boot=1)
        made["standardised"] = standardise_drift(made["codes"], made["responses"], ["role"])
        table = published_tables(**made)["standardised_changes"].set_index("theme")
        seen.add(table.loc["S1", "covered"])
    assert len(seen) == 1
    assert max(seen) < 1


def test_a_small_class_is_not_what_a_pole_and_no_theme_leave_of_the_year():
    # 103 in all, less 39 with the one pole and 60 with no theme, are the 4 with the other alone.
    results = crafted(
        {"n": 36, "year": 2014, "machine": ("I1",)}, {"n": 4, "year": 2014, "machine": ("S1",)},
        {"n": 3, "year": 2014, "machine": ("I1", "S1")}, {"n": 60, "year": 2014, "machine": ()},
    )  # fmt: skip
    tables = with_axis(results)
    classes = tables["axis_shares"]["count"]
    pole = tables["pole_shares"].set_index("theme").loc["I", "count"]
    assert np.isnan(classes.iloc[1])
    assert np.isnan(classes.iloc[3]) or np.isnan(pole)


def test_a_small_topic_is_not_what_the_others_leave_of_all():
    # 94 in all, less 50 and 40, are the 4.
    results = crafted({"n": 94, "year": 2014, "machine": ()})
    topic = np.repeat([0, 1, 2], [50, 40, 4])
    ids = results["responses"].table["response_id"].tolist()
    results["topics"], results["mapping"] = dealt(ids, topic, np.full(94, 0.9), 3)
    tables = published_tables(**results)
    shown = tables["topics"].set_index("topic")["n"]
    kept = tables["ledger_totals"].set_index("status").loc["kept", "n"]
    assert np.isnan(shown[2])
    assert np.isnan([shown[0], shown[1], kept]).any()


def test_the_people_of_a_comparison_are_those_compared():
    # Both gave S1 to 15, but the machine learned from 6 of these: 9 are compared.
    tables = published_tables(**crafted(
        {"n": 9, "year": 2014, "machine": ("S1",), "human": ("S1",)},
        {"n": 6, "year": 2014, "machine": ("S1",), "human": ("S1",), "learned": True},
        {"n": 40, "year": 2014, "machine": ("S2",), "human": ("S2",)},
        {"n": 40, "year": 2014, "machine": ("S1", "S2")},
    ))  # fmt: skip
    shown = tables["agreement_themes"].set_index("theme")
    assert shown.loc["S1", ["note", "status"]].tolist() == ["suppressed", "suppressed"]
    assert shown.loc["S2", ["positives_reference", "positives_other"]].tolist() == [40, 40]


def test_a_year_in_which_few_were_given_a_theme_by_a_coder_is_suppressed_with_another():
    groups = [
        {"n": n, "year": year, "machine": ("S1",) if mine else (), "human": ("S1",) if own else ()}
        for year, both, mine_alone, own_alone, none in (
            (2014, 30, 10, 0, 60), (2015, 4, 20, 0, 76), (2016, 40, 0, 20, 40),
        )
        for n, mine, own in ((both, 1, 1), (mine_alone, 1, 0), (own_alone, 0, 1), (none, 0, 0))
    ]  # fmt: skip
    results = crafted(*groups)
    table = published_tables(**results)["agreement_years"].set_index(["theme", "year"]).loc["S1"]
    assert table["share_reference"].isna().tolist() == [True, True, False]
    assert table["share_other"].notna().all()
    assert table["estimate"].isna().tolist() == [True, True, False]
    row = table.loc[2016]
    assert (row["share_reference"], row["share_other"], row["n"]) == (0.6, 0.4, 100)
    (l1, u1), (l2, u2) = (limits(k, 100) for k in (60, 40))
    # Newcombe (1998), method 10, for two independent shares.
    low, high = -0.2 - np.hypot(0.4 - l2, u1 - 0.6), -0.2 + np.hypot(u2 - 0.4, 0.6 - l1)
    assert (row["estimate"], row["low"], row["high"]) == pytest.approx((-0.2, low, high))


def test_what_people_left_out_of_a_year_is_not_told_by_subtraction():
    # In 2014 the machine gave S1 to 43, of which people coded 40; of all years they left out 33.
    results = crafted(
        {"n": 40, "year": 2014, "machine": ("S1",), "human": ("S1",)},
        {"n": 3, "year": 2014, "machine": ("S1",)},
        {"n": 40, "year": 2015, "machine": ("S1",), "human": ("S1",)},
        {"n": 30, "year": 2015, "machine": ("S1",)},
        *({"n": 60, "year": y, "machine": (), "human": ()} for y in (2014, 2015)),
        *({"n": 50, "year": y, "machine": ()} for y in (2014, 2015)),
    )  # fmt: skip
    tables = published_tables(**results)
    whole, compared = (
        tables[name].set_index(["theme", "year"]).loc[("S1", 2014), column]
        for name, column in (("drift_shares", "count"), ("agreement_years", "share_other"))
    )
    assert np.isnan(whole) or np.isnan(compared)


def test_changes_by_people_stand_beside_those_of_the_machine_on_the_same_responses():
    # Of 100 a year: S1 rises from 20 to 60 for both, S2 falls for people and rises for the machine.
    groups = [
        {"n": n, "year": year, "machine": machine, "human": human}
        for year, n, machine, human in (
            (2014, 20, ("S1", "S2"), ("S1",)), (2014, 80, (), ("S2",)),
            (2016, 60, ("S1", "S2"), ("S1",)), (2016, 40, ("S2", "I1"), ("S2", "I1")),
            (2016, 60, ("S1",), None),
        )
    ]  # fmt: skip
    table = published_tables(**crafted(*groups))["agreement_changes"].set_index("theme")
    assert table["way"].to_dict() == {"I1": "same", "S1": "same", "S2": "opposite"}
    row = table.loc["S1"]
    assert (row["year"], row["against"], row["n"]) == (2016, 2014, 200)
    (l1, u1), (l2, u2) = (limits(k, 100) for k in (20, 60))
    low, high = 0.4 - np.hypot(0.6 - l2, u1 - 0.2), 0.4 + np.hypot(u2 - 0.6, 0.2 - l1)
    for side in ("reference", "other"):
        change = [row[f"change_{side}{end}"] for end in ("", "_low", "_high")]
        assert change == pytest.approx([0.4, low, high])


def part_coded(both: int, rule: Disclosure | int = 10) -> tuple[dict, dict]:
    """A survey of 200 a year, of which people coded 100, and its tables.

    In 2014 the machine gave S1 to 80, of which 40 were coded; people gave it to 50, ``both`` of
    them among the 40.
    """
    results = crafted(
        {"n": both, "year": 2014, "machine": ("S1",), "human": ("S1",)},
        {"n": 40 - both, "year": 2014, "machine": ("S1",), "human": ()},
        {"n": 50 - both, "year": 2014, "machine": (), "human": ("S1",)},
        {"n": 10 + both, "year": 2014, "machine": (), "human": ()},
        {"n": 40, "year": 2014, "machine": ("S1",)}, {"n": 60, "year": 2014, "machine": ()},
        {"n": 30, "year": 2016, "machine": ("S1",), "human": ("S1",)},
        {"n": 70, "year": 2016, "machine": (), "human": ()},
        {"n": 20, "year": 2016, "machine": ("S1",)}, {"n": 80, "year": 2016, "machine": ()},
    )  # fmt: skip
    like = LIKE.changes.head(1).assign(kind="baseline", theme="S1", year=2016, against=2014)
    results["drift"] = replace(results["drift"], changes=like)
    return results, published_tables(**results, disclosure=rule)


def test_corrected_shares_are_those_of_the_library_if_nothing_is_rounded():
    results, tables = part_coded(35, EXACT)
    exact = corrected_shares(results["codes"], results["human"][0], results["responses"])
    exact = exact[exact["method"] == "corrected"].set_index(["theme", "year"]).loc["S1"]
    shown = tables["corrected_shares"].set_index(["theme", "year"]).loc["S1"]
    for column in ("estimate", "low", "high"):
        assert shown[column].tolist() == pytest.approx(exact[column].tolist(), abs=0.005)
    assert shown["estimate"].tolist() == pytest.approx([0.4 * 35 / 40 + 0.6 * 15 / 60, 0.25])
    (change,) = tables["corrected_changes"].to_dict("records")
    assert change["estimate"] == pytest.approx(0.25 - 0.5)
    down, up = (shown[c].to_numpy() for c in ("low", "high"))
    middle = shown["estimate"].to_numpy()
    below = np.hypot(middle[1] - down[1], up[0] - middle[0])
    assert change["low"] == pytest.approx(change["estimate"] - below)


@pytest.mark.slow
def test_corrected_shares_do_not_count_the_responses_on_which_coders_differ():
    # A reader knows every count but how many of the 40 people gave the theme, too.
    columns = ["corrected_shares", "corrected_changes"]
    seen = {both: part_coded(both)[1] for both in range(28, 38)}
    for name in columns:
        alike = [b for b, t in seen.items() if t[name].equals(seen[33][name])]
        assert len(alike) >= 5


def test_what_people_picked_to_code_corrects_nothing():
    results, tables = part_coded(35)
    assert "corrected_shares" in tables
    (person,) = results["human"]
    ids = person.seen["response_id"]
    results["human"] = (replace(person, picked=frozenset(ids)),)
    assert "corrected_shares" not in published_tables(**results)
    # Where some were picked the private tables correct by the others; the public ones say so.
    results["human"] = (replace(person, picked=frozenset(ids.head(5))),)
    table = published_tables(**results)["corrected_shares"]
    assert table[["estimate", "low", "high"]].isna().all(axis=None)
    assert set(table["sample"]) == {"unequal probabilities"}
    # Nothing is corrected of a share that is suppressed: of people's in 2016, 4 in all.
    few = crafted(
        {"n": 4, "year": 2016, "machine": ("S1",), "human": ("S1",)},
        {"n": 40, "year": 2016, "machine": ("S1",), "human": ()},
        {"n": 60, "year": 2016, "machine": (), "human": ()},
    )  # fmt: skip
    table = published_tables(**few)["corrected_shares"].set_index("theme").loc["S1"]
    assert table[["machine", "estimate", "low", "high"]].isna().all()
    assert (table["note"], table["status"]) == ("suppressed", "suppressed")


def test_widths_by_source_are_those_of_the_median_change_in_whole_points():
    survey = standins.responses()
    found = standins.topics(survey)
    table = made()["change_sources"].set_index(["what", "source"])["width"]
    draws = [topic_codes(found, survey, run=run) for run in found.votes]
    exact = measure_drift(topic_codes(found, survey), survey, draws=draws, n_boot=1).sources
    exact = exact[exact["measure"] == "change"]
    median = (exact["high"] - exact["low"]).groupby(exact["source"]).median()
    assert set(median.index) == {"sampling", "assignment", "together"}
    for source, width in median.items():
        assert table["topics", source] == pytest.approx(np.ceil(100 * width) / 100)


def test_the_width_of_few_changes_is_not_given():
    row = part_coded(35)[1]["change_sources"].set_index(["what", "source"]).loc["themes"]
    assert (row["n"] == 1).all()
    assert row["width"].isna().all()


def test_what_a_second_person_left_out_is_not_told_by_two_comparisons():
    # Of 43 to which the first person gave S1, the second saw 40.
    results = crafted(
        {"n": 40, "year": 2014, "machine": ("S1",), "human": ("S1",)},
        {"n": 3, "year": 2014, "machine": (), "human": ("S1",)},
        {"n": 60, "year": 2014, "machine": (), "human": ()},
    )  # fmt: skip
    (first,) = results["human"]
    with_both = first.seen["response_id"].str.startswith(("r0", "r2"))
    second = replace(first, coder="second", seen=first.seen[with_both], table=first.table.head(40))
    results |= {"human": (first, second), "benchmark": compared(first, second)}
    tables = published_tables(**results)
    assert (
        tables["agreement_themes"].set_index("theme").isna().loc["S1", "positives_reference"]
        or (tables["people_themes"].set_index("theme").isna().loc["S1", "positives_reference"])
    )


def test_what_the_compared_leave_of_all_is_not_told_by_subtraction():
    # The machine gave S1 to 43, of which 40 were compared.
    tables = published_tables(**crafted(
        {"n": 40, "year": 2014, "machine": ("S1",), "human": ("S1",)},
        {"n": 20, "year": 2014, "machine": (), "human": ()},
        {"n": 3, "year": 2014, "machine": ("S1",)}, {"n": 30, "year": 2014, "machine": ()},
    ))  # fmt: skip
    compared = tables["agreement_themes"].set_index("theme").loc["S1", "positives_other"]
    whole = tables["theme_shares"].set_index("theme").loc["S1", "count"]
    assert np.isnan(compared) or np.isnan(whole)


def test_a_theme_too_few_gave_is_suppressed_whoever_of_the_two_it_was():
    tables = published_tables(**crafted(
        {"n": 30, "year": 2014, "machine": ("S1",), "human": ()},
        {"n": 4, "year": 2014, "machine": ("S1",), "human": ("S1",)},
        {"n": 30, "year": 2014, "machine": (), "human": ("S2",)},
    ))  # fmt: skip
    shown = tables["agreement_themes"].set_index("theme")
    assert shown.loc["S1", ["note", "status"]].tolist() == ["suppressed", "suppressed"]
    assert shown.loc["S1", ["positives_reference", "f1", "kappa"]].isna().all()


def test_nothing_is_said_of_agreement_on_too_few_responses():
    tables = published_tables(**crafted(
        {"n": 8, "year": 2014, "machine": (), "human": ()}, {"n": 40, "year": 2014, "machine": ()},
    ))  # fmt: skip
    assert tables["agreement_themes"][["n", "f1", "kappa", "ac1"]].isna().all(axis=None)
    # "kappa is not estimable" would say that neither gave the theme.
    assert (tables["agreement_themes"]["note"] == "suppressed").all()
    assert (tables["agreement_themes"]["status"] == "suppressed").all()


def test_an_interval_keeps_the_design_effect():
    results = crafted(
        {"n": 40, "year": 2014, "machine": ("S1",)}, {"n": 160, "year": 2014, "machine": ()}
    )
    shares = results["drift"].shares
    # Where answers are clustered the exact interval is Jeffreys', and so is the published one.
    low, high = limits(40, 200, 2.5)
    results["drift"] = replace(
        results["drift"], shares=shares.assign(n_effective=shares["n"] / 2.5)
    )
    row = published_tables(**results)["drift_shares"].set_index("theme").loc["S1"]
    assert (row["low"], row["high"]) == pytest.approx((low, high), abs=1e-6)


def by_years(*years: tuple[int, int, int]) -> dict:
    """A survey of years (year, responses with S1, responses)."""
    return crafted(*(
        {"n": n, "year": year, "machine": given}
        for year, has, of in years
        for n, given in ((has, ("S1",)), (of - has, ()))
    ))  # fmt: skip


def test_changes_and_trends_are_those_of_the_published_shares():
    results = by_years((2014, 20, 60), (2015, 90, 100), (2016, 60, 200))
    results["drift"] = measure_drift(results["codes"], results["responses"], n_boot=1)
    tables = published_tables(**results, disclosure=Disclosure(round_to=1))
    shares = tables["drift_shares"].set_index(["theme", "year"]).loc["S1"]
    share = np.array([20 / 60, 90 / 100, 60 / 200])
    assert shares["estimate"].tolist() == share.tolist()
    changes = tables["drift_changes"].query("theme == 'S1' and kind == 'baseline'")
    row = changes.set_index("year").loc[2016]
    # Newcombe (1998), method 10.
    (l1, u1), (l2, u2) = shares.loc[[2014, 2016], ["low", "high"]].to_numpy()
    down = np.hypot(share[2] - l2, u1 - share[0])
    up = np.hypot(u2 - share[2], share[0] - l1)
    gap = share[2] - share[0]
    assert (row["estimate"], row["low"], row["high"]) == pytest.approx((gap, gap - down, gap + up))
    assert row["n"] == 260
    # z of two shares, pooled 80/260: (.3 - .3333) / sqrt(.3077 .6923 (1/60 + 1/200)) = -.4906.
    assert row["p"] == 0.624
    # And of 90/100 against 20/60 it is far below .001, which is never given as 0.
    assert changes.set_index("year").loc[2015, "p"] == SMALLEST_P
    trend = tables["drift_trends"].query("theme == 'S1'").set_index("test")
    assert trend.loc["omnibus", "estimate"] == share.max() - share.min()
    slope = np.polyfit([2014, 2015, 2016], share, 1, w=np.sqrt([60, 100, 200]))[0]
    assert trend.loc["linear", "estimate"] == pytest.approx(slope)
    assert trend.loc["shape", "shape"] == "peak in 2015"
    assert trend.loc["omnibus", "p"] == SMALLEST_P
    exact = results["drift"].trends.query("theme == 'S1'").set_index("test")
    figures = ["estimate", "low", "high", "smallest_detectable"]
    np.testing.assert_allclose(trend[figures].astype(float), exact[figures], atol=1e-9)


def test_step_changes_are_searched_for_in_the_published_shares():
    counts = (10, 12, 11, 13, 40, 42, 41, 43, 44)
    results = by_years(*((2010 + i, k, 100) for i, k in enumerate(counts)))
    results["drift"] = measure_drift(results["codes"], results["responses"], n_boot=1)
    (row,) = published_tables(**results)["drift_changepoints"].query(
        "theme == 'S1' and depth == 0"
    ).to_dict("records")  # fmt: skip
    shown = [5 * round(k / 5) / 100 for k in counts]
    assert (row["year"], row["first"], row["last"], row["p"]) == (2014, 2010, 2018, SMALLEST_P)
    assert row["estimate"] == pytest.approx(np.mean(shown[4:]) - np.mean(shown[:4]))
    assert row["family"] == "step change at depth 0: all themes"


def test_what_follows_from_shares_does_not_tell_the_counts_that_were_rounded():
    # p to three decimals beside counts rounded to 5 once gave the exact counts back.
    seen = []
    for first, second in ((38, 62), (40, 60), (42, 58), (41, 59)):
        results = by_years((2014, first, 200), (2015, second, 200), (2016, 80, 200))
        results["drift"] = measure_drift(results["codes"], results["responses"], n_boot=1)
        seen.append(published_tables(**results))
    one, *others = seen
    for other in others:
        assert list(other) == list(one)
        for name, table in one.items():
            pd.testing.assert_frame_equal(table, other[name], obj=name)


@pytest.mark.slow
def test_a_p_value_below_05_has_an_interval_without_0_beside_it():
    rng = np.random.default_rng(3)
    differ = 0
    for _ in range(12):
        counts = rng.integers(20, 80, 3)
        results = by_years(*((2014 + i, int(k), 150) for i, k in enumerate(counts)))
        results["drift"] = measure_drift(results["codes"], results["responses"], n_boot=1)
        rows = published_tables(**results)["drift_changes"].query("theme == 'S1'")
        clear = (rows["low"] > 0) | (rows["high"] < 0)
        differ += int((clear != (rows["p"] < 0.05)).sum())
    # A score test and a score interval can part where p is at the edge, as exact ones do.
    assert differ <= 2


def test_a_label_of_a_word_that_few_used_is_replaced():
    results = crafted({"n": 60, "year": 2014, "machine": ()})
    results["topics"] = replace(
        results["topics"], topics=results["topics"].topics.assign(label="words, smith")
    )
    tables = published_tables(**results)
    assert tables["topics"]["label"].tolist() == ["words", "unassigned"][: len(tables["topics"])]
    assert tables["topic_mapping"]["label"].tolist() == ["words"]


def test_a_row_of_the_convergence_matrix_has_the_difference_of_the_published_shares():
    tables = published_tables(**crafted(
        {"n": 30, "year": 2014, "machine": ("S1",), "human": ("S1",)},
        {"n": 20, "year": 2014, "machine": ("S1",), "human": ()},
        {"n": 50, "year": 2014, "machine": (), "human": ()},
    ))  # fmt: skip
    row = tables["agreement_convergence"].set_index("theme").loc["S1"]
    assert row["share_difference"] == pytest.approx(0.5 - 0.3)
