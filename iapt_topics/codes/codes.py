"""What one coder, a person or a machine, gave to the responses they saw."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from iapt_topics._base.arrays import Bools, Floats, Ints
from iapt_topics._base.cells import cell_text
from iapt_topics._base.errors import InputError, listed, require_columns, require_unique
from iapt_topics._base.findings import Finding, findings_of, findings_table
from iapt_topics._base.result import Result
from iapt_topics.frame.frame import ThemeFrame
from iapt_topics.survey.responses import Responses

KINDS = ("human", "machine")
#: Column of ``seen`` that not all codes have.
PROBABILITY = "inclusion_probability"
EVIDENCE = ("response_id", "theme", "start", "end", "margin", "anchor", "anchor_kind")
#: Columns of the evidence that files of earlier versions have not.
POLARITY = ("polarity", "polarity_reason", "polarity_score")
POLARITIES = ("said", "denied", "mentioned")


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Codes(Result):
    """The themes that one coder, human or machine, applied to the responses they coded.

    Parameters
    ----------
    coder : str
        Name of the coder.
    kind : {"human", "machine"}
        Who coded.
    themes : tuple of str
        Ids of the themes of the code set, in the order of the frame.
    seen : pandas.DataFrame
        ``response_id`` (str, unique; the key), ``respondent_id`` (str, "" if unknown): every
        response that was coded, with a theme or without. It may have ``inclusion_probability``
        (float, above 0 and at most 1): with what probability the response was drawn for coding, as
        :func:`iapt_topics.codes.next_to_code` gives it. Those without one are then in ``picked``.
    table : pandas.DataFrame
        ``response_id``, ``theme`` (together the key), ``score`` (float, NaN for a person): one row
        per code applied.
    labels : mapping of str to str
        Label of each theme, where known; a theme without one is shown by its id.
    trained_on : frozenset of str
        Responses whose hand codes the coder learned from or was tuned to, e.g. in the choice of a
        mapping. No agreement is measured on them, but for those in ``cross_fitted``.
    cross_fitted : frozenset of str
        Those of ``trained_on`` that can measure too. The survey was coded in parts, each by a model
        that learned from none of the part's hand codes: see
        :func:`iapt_topics.mapping.cross_fit_codes`.
    picked : frozenset of str
        Responses of a purposive sample, not drawn at random. No prevalence is
        inferred from them.
    sealed : frozenset of str
        Responses whose codes measure and never teach: what learns refuses them, and a coder that
        learned from one is not measured, unless it is cross-fitted. See :meth:`seal`.
    evidence : pandas.DataFrame, optional
        What carried each row of ``table``: ``response_id``, ``theme`` (its key), ``start`` and
        ``end`` (of the sentence in the response's text, end exclusive), ``margin`` (the sentence's
        score for the theme less its best for another; NaN in a frame of one theme), ``anchor`` and
        ``anchor_kind`` (the text of the theme that is nearest in meaning, and its field in the
        frame). It may have ``polarity`` ("said", "denied" or "mentioned": what the sentence does
        with the theme), ``polarity_reason`` and ``polarity_score``, as of
        :func:`iapt_topics.mapping.mark_polarity`. None where a coder gives no sentence.
    findings : pandas.DataFrame, optional
        What was found out about the file, as in :class:`iapt_topics.Responses`.

    Raises
    ------
    InputError
        If a table lacks a column or repeats its key, if ``table`` has a response that was not coded
        or a theme outside the code set, if ``evidence`` is not of the rows of ``table`` or has a
        polarity of another name, if an inclusion probability is out of range, or if a response is
        cross-fitted that did not train.

    Examples
    --------
    >>> seen = pd.DataFrame({"response_id": ["a", "b"], "respondent_id": ["p", "q"]})
    >>> given = pd.DataFrame({"response_id": ["a"], "theme": ["S1"], "score": [0.7]})
    >>> codes = Codes(coder="m", kind="machine", themes=("S1", "S2"), seen=seen, table=given)
    >>> codes.matrix().tolist()
    [[True, False], [False, False]]
    """

    coder: str
    kind: str
    themes: tuple[str, ...]
    seen: pd.DataFrame
    table: pd.DataFrame
    labels: Mapping[str, str] = field(default_factory=dict)
    trained_on: frozenset[str] = frozenset()
    cross_fitted: frozenset[str] = frozenset()
    picked: frozenset[str] = frozenset()
    sealed: frozenset[str] = frozenset()
    evidence: pd.DataFrame | None = None
    findings: pd.DataFrame = field(default_factory=findings_table)

    def _title(self) -> str:
        return f"Codes of {self.coder} ({self.kind}) on {len(self.seen):,} responses"

    def _shown(self) -> dict[str, pd.DataFrame]:
        """How many responses have each theme."""
        counts = self.table["theme"].value_counts().reindex(list(self.themes), fill_value=0)
        labels = [self.labels.get(t, t) for t in self.themes]
        table = {"theme": self.themes, "label": labels, "n": counts.to_numpy()}
        return {"themes": pd.DataFrame(table)}

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise InputError(
                "kind", f"must be one of {listed(KINDS)}", repr(self.kind), "Correct it."
            )
        if not self.themes:
            raise InputError("themes", "must contain at least one", "none", "Name the themes.")
        require_unique(self.themes, "themes", "Name each theme once.")
        require_columns(self.seen, ("response_id", "respondent_id"), "seen")
        require_columns(self.table, ("response_id", "theme", "score"), "table")
        coded = {c: texts(self.seen[c]) for c in ("response_id", "respondent_id")}
        given = {c: texts(self.table[c]) for c in ("response_id", "theme")}
        seen, table = pd.DataFrame(coded, dtype=str), pd.DataFrame(given, dtype=str)
        table["score"] = self.table["score"].to_numpy(dtype=float, na_value=np.nan)
        require_unique(coded["response_id"], "seen: response_id", "Give each response once.")
        picked = frozenset(map(str, self.picked))
        if PROBABILITY in self.seen:
            seen[PROBABILITY] = self._checked_probabilities()
            bare = seen[PROBABILITY].isna()
            if not bare.all():
                picked |= set(seen.loc[bare, "response_id"])
        pairs = list(zip(given["response_id"], given["theme"], strict=True))
        if len(set(pairs)) < len(pairs):
            twice = table.duplicated(["response_id", "theme"])
            rows = table.loc[twice, ["response_id", "theme"]].itertuples(index=False, name=None)
            raise InputError(
                "table", "must contain each pair of response and theme once", listed(rows),
                "Drop the repeats.",
            )  # fmt: skip
        for column, known, rule in (
            ("response_id", set(coded["response_id"]), "must contain only coded responses"),
            ("theme", set(self.themes), "must contain only themes of the code set"),
        ):
            other = [v for v in dict.fromkeys(given[column]) if v not in known]
            if other:
                raise InputError(f"table: {column}", rule, listed(other), "Check the ids.")
        self._check_evidence(table)
        object.__setattr__(self, "seen", seen)
        object.__setattr__(self, "table", table)
        object.__setattr__(self, "labels", dict(self.labels))
        for name in ("trained_on", "cross_fitted", "sealed"):
            object.__setattr__(self, name, frozenset(map(str, getattr(self, name))))
        if untaught := self.cross_fitted - self.trained_on:
            raise InputError(
                "cross_fitted", "must be among the responses in trained_on",
                listed(sorted(untaught)), "Name them in trained_on= too.",
            )  # fmt: skip
        object.__setattr__(self, "picked", picked)

    @property
    def unmeasured(self) -> frozenset[str]:
        """Responses on which this coder is not measured: it learned from them, uncrossed."""
        return self.trained_on - self.cross_fitted

    def _checked_probabilities(self) -> Floats:
        values = self.seen[PROBABILITY].to_numpy(dtype=float, na_value=np.nan)
        wrong = values[~np.isnan(values) & ~((values > 0) & (values <= 1))]
        if len(wrong):
            raise InputError(
                f"seen: {PROBABILITY}", "must be above 0 and at most 1, or blank", listed(wrong),
                "Take them from the plan of next_to_code().",
            )  # fmt: skip
        return values

    @property
    def probabilities(self) -> dict[str, float]:
        """Inclusion probability of each response that has one; empty where none is known."""
        if PROBABILITY not in self.seen:
            return {}
        known = self.seen[self.seen[PROBABILITY].notna()]
        return dict(zip(known["response_id"], known[PROBABILITY].astype(float), strict=True))

    def _check_evidence(self, table: pd.DataFrame) -> None:
        if self.evidence is None:
            return
        require_columns(self.evidence, EVIDENCE, "evidence")
        key = ["response_id", "theme"]
        pairs = [pd.MultiIndex.from_frame(t[key].astype(object)) for t in (table, self.evidence)]
        if not pairs[0].sort_values().equals(pairs[1].sort_values()):
            got = f"{len(pairs[1])} rows for {len(pairs[0])}"
            raise InputError("evidence", "must be of each row of the table", got, "Leave it out.")
        if "polarity" in self.evidence:
            require_columns(self.evidence, POLARITY, "evidence")
            marks = self.evidence["polarity"].unique()
            if other := [m for m in marks if m not in POLARITIES]:
                raise InputError(
                    "evidence: polarity", f"must be one of {listed(POLARITIES)}", listed(other),
                    "Make it by mark_polarity(), or leave its columns out.",
                )  # fmt: skip

    def matrix(
        self, response_ids: Sequence[str] | None = None, themes: Sequence[str] | None = None
    ) -> Bools:
        """Return the codes as a Boolean matrix, one row per response and one column per theme.

        Parameters
        ----------
        response_ids : sequence of str, optional
            Rows wanted, in this order; all coded responses, if None.
        themes : sequence of str, optional
            Columns wanted, in this order; the whole code set, if None.

        Returns
        -------
        ndarray of bool, shape (n_responses, n_themes)
            True where the theme was applied.

        Raises
        ------
        InputError
            If a response was not coded or a theme is not in the code set.
        """
        rows = pd.Index(self.seen["response_id"].to_numpy(dtype=object))
        columns = pd.Index(list(self.themes), dtype=object)
        cells = np.zeros((len(rows), len(columns)), dtype=bool)
        cells[
            rows.get_indexer(pd.Index(self.table["response_id"].to_numpy(dtype=object))),
            columns.get_indexer(pd.Index(self.table["theme"].to_numpy(dtype=object))),
        ] = True
        if response_ids is not None:
            cells = cells[_positions(rows, response_ids, "response_ids", "that were coded")]
        if themes is not None:
            cells = cells[:, _positions(columns, themes, "themes", "of the code set")]
        return cells

    def seal(self) -> Codes:
        """Seal the codes that were drawn at random as test codes: they measure and never teach.

        Returns
        -------
        Codes
            The same codes. :func:`iapt_topics.learn_codes` and
            :func:`iapt_topics.mapping.compare_encoders` raise an error for them, and so does every
            measure of a machine that learned from one of these responses without cross-fitting.
        """
        return replace(self, sealed=self.sealed | (set(self.seen["response_id"]) - self.picked))

    def with_respondents(self, responses: Responses) -> Codes:
        """Fill in the respondent of each response from the survey, where the codes have none.

        Parameters
        ----------
        responses : Responses
            The survey that was coded. A response it does not know stays as it is.

        Returns
        -------
        Codes
            The same codes; what they have of respondents stays.
        """
        mine = self.seen["respondent_id"]
        if (mine != "").all():
            return self
        who = responses.table.set_index("response_id")["respondent_id"]
        known = self.seen["response_id"].map(who).fillna("")
        return replace(self, seen=self.seen.assign(respondent_id=mine.where(mine != "", known)))

    def roll_up(self, frame: ThemeFrame) -> Codes:
        """Aggregate themes to top-level domains: applied if any theme under it is.

        Parameters
        ----------
        frame : ThemeFrame
            The frame of the themes.

        Returns
        -------
        Codes
            The same coder and responses. Its themes are the domains of the code set, in the
            order of the frame; a domain's score is the highest of its themes'.

        Raises
        ------
        InputError
            If a theme is not in the frame.
        """
        known = {t.id: t.label for t in frame.themes}
        unknown = [t for t in self.themes if t not in known]
        if unknown:
            raise InputError(
                "themes",
                "must be in the frame",
                listed(unknown, most=50),
                "Use the frame of the codes.",
            )
        domain = {t: frame.find_domain(t) for t in self.themes}
        reached = set(domain.values())
        domains = tuple(t for t in known if t in reached)
        table = self.table.assign(theme=[domain[t] for t in self.table["theme"]])
        table = table.groupby(["response_id", "theme"], sort=False)["score"].max().reset_index()
        labels = {t: known[t] for t in domains}
        return replace(self, themes=domains, table=table, labels=labels, evidence=None)


def require_sealed(one: Codes, two: Codes) -> None:
    """Raise :class:`InputError` if one of two coders learned from sealed test codes, uncrossed."""
    taught = (one.sealed | two.sealed) & (one.unmeasured | two.unmeasured)
    if taught:
        raise InputError(
            "sealed test codes", "must measure and never teach",
            f"{len(taught)} that a coder learned from, such as {listed(sorted(taught), 3)}",
            "Teach with other hand codes, or draw a new sample to measure with.",
        )  # fmt: skip


def refuse_sealed(human: Codes, learned: Iterable[str]) -> None:
    """Raise :class:`InputError` if sealed test codes are among those to learn from."""
    if broken := sorted(human.sealed.intersection(learned)):
        raise InputError(
            f"codes of {human.coder!r}", "must not teach where they are sealed test codes",
            f"{len(broken)} sealed responses, such as {listed(broken, 3)}",
            "Give hand codes of other responses, or the plan that holds these out (plan=), or use "
            "mapping.cross_fit_codes().",
        )  # fmt: skip


def attach_respondents(codes: Codes, responses: Responses) -> Codes:
    """The codes with the survey's respondents, once all their responses are known to be in it.

    Ids that differ from the survey's only by case, white space or ".0" are taken for these.

    Raises
    ------
    InputError
        If a response is not in the survey, or rows of the survey are known by their number alone
        while a column of it could hold the ids.
    """
    what = f"the codes of {codes.coder!r}"
    codes = _joined(codes, responses, what)
    unnamed = responses.findings[responses.findings["kind"] == "id column not named"]
    if len(unnamed) and all(i.isdecimal() for i in codes.seen["response_id"]):
        raise InputError(
            what, "must be joined by a column of response ids", str(unnamed["done"].iloc[0]),
            "Name the column: --response (response=). If the codes do hold row numbers, add a "
            "column response_id of 1, 2, 3 and so on to the survey.",
        )  # fmt: skip
    known = set(responses.table["response_id"].tolist())
    other = [i for i in codes.seen["response_id"].tolist() if i not in known]
    if other:
        raise InputError(
            what, "must be for responses of this survey", listed(other, most=20),
            "Name the column of the survey that holds these ids: --response (response=).",
        )  # fmt: skip
    return codes.with_respondents(responses)


def restrict_codes(codes: Codes, response_ids: Iterable[str]) -> Codes:
    """The codes of some responses."""
    known = set(response_ids)
    seen, table = (t[is_among(t["response_id"], known)] for t in (codes.seen, codes.table))
    return replace(codes, seen=seen, table=table, evidence=None)


def _joined(codes: Codes, responses: Responses, what: str) -> Codes:
    """The codes with the survey's spelling of each id."""
    known = set(responses.table["response_id"].tolist())
    other = [i for i in codes.seen["response_id"].tolist() if i not in known]
    if not other:
        return codes
    of: dict[str, list[str]] = {}
    for i in known:
        of.setdefault(_folded(i), []).append(i)
    taken = set(codes.seen["response_id"])
    spelt = {
        i: same[0]
        for i in other
        if len(same := of.get(_folded(i), [])) == 1 and same[0] not in taken
    }
    if not spelt or len(set(spelt.values())) < len(spelt):
        return codes
    done = (
        f"{len(spelt)} response ids differ from the survey's only by case, white space or '.0' and "
        f"are taken for the same, such as {next(iter(spelt))!r}"
    )
    found = Finding("near ids", what, len(spelt), done)
    return replace(
        codes,
        seen=codes.seen.assign(
            response_id=codes.seen["response_id"].map(lambda i: spelt.get(i, i))
        ),
        table=codes.table.assign(
            response_id=codes.table["response_id"].map(lambda i: spelt.get(i, i))
        ),
        evidence=None,
        findings=findings_table([*findings_of(codes.findings), found]),
    )


def _folded(identifier: str) -> str:
    return re.sub(r"\.0+$", "", "".join(identifier.casefold().split()))


def _positions(index: pd.Index, wanted: Sequence[str], what: str, rule: str) -> Ints:
    """Places of ``wanted`` in ``index``; InputError naming those that are not there."""
    at = index.get_indexer(pd.Index(list(wanted), dtype=object))
    missing = [w for w, i in zip(wanted, at, strict=True) if i < 0]
    if missing:
        raise InputError(what, f"must contain only those {rule}", listed(missing), "Check the ids.")
    return at


def texts(column: pd.Series) -> list[str]:
    """Every cell of a column as stripped text."""
    # Most cells are plain text, which need not be looked at further.
    return [
        v.strip() if type(v) is str and v.isascii() else cell_text(v).strip()
        for v in column.tolist()
    ]


def is_among(column: pd.Series, ids: Set[str] | pd.Series) -> Bools:
    """Whether each cell of a column is one of the ids: ``isin``, ten times as fast for texts."""
    known = set(ids.tolist()) if isinstance(ids, pd.Series) else ids
    return np.fromiter((v in known for v in column.tolist()), dtype=bool, count=len(column))


def spread(
    codes: Codes, response_ids: Sequence[str], themes: Sequence[str]
) -> tuple[Bools, Floats]:
    """Whether each theme was given to each response, and its score; False and NaN elsewhere."""
    rows = pd.Index(response_ids).get_indexer(pd.Index(codes.table["response_id"]))
    columns = pd.Index(themes).get_indexer(pd.Index(codes.table["theme"]))
    use = (rows >= 0) & (columns >= 0)
    at, score = (rows[use], columns[use]), np.full((len(response_ids), len(themes)), np.nan)
    given = np.zeros(score.shape, dtype=bool)
    given[at], score[at] = True, codes.table["score"].to_numpy(dtype=float)[use]
    return given, score
