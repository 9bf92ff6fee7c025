"""What may leave the machine, made once of a study, so that no two outputs can be differenced."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd

from iapt_topics._base.errors import InputError
from iapt_topics._base.result import Result
from iapt_topics._base.text import clean
from iapt_topics.publish.cells import Cells
from iapt_topics.publish.certified import publish_certificate
from iapt_topics.publish.corrected import publish_corrected
from iapt_topics.publish.counts import (
    LinkedCounts,
    few_cells,
    hide_last,
    hide_totals_first,
    is_base,
    link_counts,
)
from iapt_topics.publish.disclosure import EXACT, Disclosure, parse_rule
from iapt_topics.publish.of_agreement import agreement_by_year, publish_agreement
from iapt_topics.publish.of_drift import publish_drift
from iapt_topics.publish.of_facets import publish_facets
from iapt_topics.publish.of_map import place_responses
from iapt_topics.publish.of_survey import publish_survey
from iapt_topics.publish.of_topics import publish_topics
from iapt_topics.publish.of_words import publish_words
from iapt_topics.publish.quotes import Quote, choose_quotes
from iapt_topics.publish.suppression import Key, Protection, suppress
from iapt_topics.publish.workbook import cells_of_files, write_published
from iapt_topics.study.about import About
from iapt_topics.study.study import Study

AnyVersion = TypeVar("AnyVersion", bound="Version")

#: How many values a count of few must still have for a reader who knows all other counts exactly.
FEWEST_VALUES = 3
#: Shortest secret that noise is made with.
_SECRET_BYTES = 16


@dataclass(frozen=True, eq=False, kw_only=True)  # no slots: names are kept once worked out
class Version(Result):
    """A study as a report shows it: tables, names and quotes, with the rule they were made by.

    Attributes
    ----------
    tables : mapping of str to DataFrame
        By name.
    about : About
        Names and settings.
    disclosure : Disclosure
        The rule that the tables were made by.
    quotes : tuple of Quote
        Quotes to print, by topic.
    approved : bool
        Whether a named person approved each quote.
    """

    tables: Mapping[str, pd.DataFrame]
    about: About
    disclosure: Disclosure
    quotes: tuple[Quote, ...] = ()
    approved: bool = False

    def _title(self) -> str:
        made_up = "SYNTHETIC " if self.about.synthetic else ""
        return f"{made_up}{self.about.source}. {self.disclosure.sentence}"

    def _shown(self) -> dict[str, pd.DataFrame]:
        first = ("drift_shares", "drift_changes", "topics", "agreement_overall")
        return {name: self.tables[name] for name in first if name in self.tables}

    def _sheets(self) -> dict[str, pd.DataFrame]:
        return dict(self.tables)

    @cached_property
    def labels(self) -> dict[str, str]:
        """Label of each theme and domain of the frame, in its order."""
        frame = self.tables["frame"]
        return {t: clean(label) for t, label in zip(frame["theme"], frame["label"], strict=True)}

    @cached_property
    def waves(self) -> dict[int, str]:
        """What to call each year."""
        return {year: clean(name) for year, name in self.about.waves.items()}

    def wave(self, year: int) -> str:
        """What to call one year."""
        return self.waves.get(int(year), str(year))

    @cached_property
    def topic_names(self) -> dict[int, str]:
        """What to call each topic of which anything may be said."""
        rows = self.tables["topics"]
        rows = rows[(rows["topic"] >= 0) & (rows["label"] != "")]
        return {int(t): clean(name) for t, name in zip(rows["topic"], rows["label"], strict=True)}

    @property
    def names(self) -> dict[str, Mapping[Any, str]]:
        """What files call the ids of their columns; a wave, only if it has a name."""
        themes = ("theme", "reference_theme", "other_theme")
        named: dict[str, Mapping[Any, str]] = dict.fromkeys(themes, self.labels)
        named["topic"] = self.topic_names
        if any(name != str(year) for year, name in self.waves.items()):
            named["year"] = self.waves
        return named


class Published(Version):
    """Tables, names and quotes after statistical disclosure control; no figure is exact.

    The attributes are those of :class:`Version`. The tables have the columns of the exact ones of
    :class:`iapt_topics.Study`. A figure that is not shown is missing, and ``status`` says why:
    "suppressed" ([c] in files), "small base", "not coded"; ``note`` says it to people.
    """

    @cached_property
    def cells(self) -> dict[str, pd.DataFrame]:
        """Cells of the tables as files have them, and of the dictionary of every column."""
        return cells_of_files(self.tables, self.names)

    def to_excel(self, path: str | Path) -> Path:
        """Write the published tables as a workbook, with a sheet that describes every column.

        Parameters
        ----------
        path : str or Path
            An ``.xlsx`` file.

        Returns
        -------
        Path
            The file, which others may read.
        """
        return write_published(path, self.cells, self.disclosure)


@dataclass(frozen=True, eq=False, kw_only=True)
class Private(Version):
    """The exact tables, and redacted texts that nobody approved: for the researcher alone.

    The attributes are those of :class:`Version`, and one more.

    Attributes
    ----------
    responses : DataFrame or None
        Every response on the map of the report: ``x``, ``y``, ``topic``, ``wave``, ``themes``,
        ``text`` (redacted). In no table; None leaves the map with its topics alone.
    """

    responses: pd.DataFrame | None = None


def publish(
    study: Study,
    disclosure: int | str | Disclosure = "default",
    *,
    quotes: pd.DataFrame | bool | None = None,
    secret: bytes | None = None,
) -> Published:
    """Apply statistical disclosure control to a study: suppression, rounding, minimum base.

    Parameters
    ----------
    study : Study
        Every exact result of one run.
    disclosure : int, str or Disclosure, default "default"
        Fewest respondents that anything shown may rest on; or the name of a rule, such as "hes"; or
        a whole rule. With 1 nothing is suppressed or rounded, and every output says so.
    quotes : DataFrame or bool, optional
        The quotes to print: a table with ``response_id``, ``text``, ``approved_by`` and
        ``paraphrase``, of which the rows that somebody approved are printed, in the paraphrase if
        there is one, and then as such. A text must be what the response says, redacted, or whole
        words in a row of it. ``theme`` is the theme that it is quoted for ("" for none; without
        that column, one of its themes). True prints for each theme the sentences that carried it,
        redacted by machine but read by nobody. By default only the synthetic example has quotes.
    secret : bytes, optional
        What noise is made with, if the rule asks for it: the same 16 bytes or more for every
        publication of these data, and known to nobody else. Nothing keeps it.

    Returns
    -------
    Published
        Prevalence is that of rounded counts, and their intervals by the formula of the exact ones,
        with the exact design effect to one decimal and the variance of rounding. Changes, trends
        and their tests are worked out from published prevalence; ``finding`` says what was found,
        and ``checked`` whether people's codes back it. With survey weights the count of a theme is
        a rounded sum of weights, and ``note`` says "weighted". Agreement by theme is that of
        rounded counts, F1 with an interval that allows for rounding; other measures have two
        decimals. Prevalence corrected by human codes is worked out from these, and widths of
        intervals by source are those of the median change.

    Raises
    ------
    InputError
        If there is no such rule, the drift was corrected by hand codes, or the table of quotes
        lacks a column, has responses that were not kept, or texts that its responses do not say.

    Notes
    -----
    All tables are suppressed together: by year and theme, over all years, by class of the axis, by
    topic, by what became of each row, by covariate and year, and for the responses that people
    coded.

    With survey weights the same is suppressed, since it is respondents that are protected. The
    count of a theme is then its sum of weights, of mean 1 in each year as in exact prevalence, so
    that the base stays the number of responses. It is rounded to 5 or more (under every rule but
    that which rounds and suppresses nothing) and to twice the largest weight or more; the number of
    responses behind it is not published. So one response exchanged for another of its year, in one
    of the two directions at least, moves no published sum of weights, and no count follows from one
    even for a reader who knows the weights.
    """
    rule = parse_rule(disclosure)
    if (study.drift.sources["source"] == "coding").any():
        raise InputError(
            "drift", "must be measured without human=", "corrected prevalence",
            "Call measure_drift without human=; the study's human codes correct the tables.",
        )  # fmt: skip
    if rule.noise and (secret is None or len(secret) < _SECRET_BYTES):
        raise InputError(
            "secret", f"must be {_SECRET_BYTES} bytes or more for a rule with noise",
            "none" if secret is None else f"{len(secret)} bytes",
            "Give secrets.token_bytes(32), and keep it for the next publication of these data.",
        )  # fmt: skip
    counts = link_counts(study, secret if rule.noise else None)
    if rule.noise and counts.weights:
        raise InputError(
            "disclosure", "must be a rule without noise for a survey with weights",
            repr(rule.name), "Use \"default\" or \"strict\".",
        )  # fmt: skip
    cells = Cells(counts, frozenset(hidden_counts(counts, rule)), rule)
    years = agreement_by_year(cells) if "comparison" in counts.compared else None
    drift, model = publish_drift(study, cells)
    tables = {
        "frame": study.tables["frame"],
        **publish_survey(study.tables, cells),
        **drift,
        "word_shifts": publish_words(study.tables["word_shifts"], cells),
        **publish_topics(study, cells),
        **publish_agreement(study, cells, years),
    }
    tables |= publish_corrected(study, tables, cells, years, model)
    tables |= publish_facets(study, cells)
    tables |= publish_certificate(study, tables, cells)
    return Published(
        tables=tables,
        about=study.about,
        disclosure=rule,
        quotes=choose_quotes(study, tables, quotes),
        approved=isinstance(quotes, pd.DataFrame),
    )


def with_looks(version: AnyVersion, looks: int) -> AnyVersion:
    """Say beside the verdicts which look at the hand codes it was; 0 where that is not known."""
    table = version.tables.get("certificate")
    if table is None or not looks:
        return version
    return replace(version, tables={**version.tables, "certificate": table.assign(looks=looks)})


def hidden_counts(counts: LinkedCounts, rule: Disclosure) -> set[Key]:
    """The counts that the rule hides; by noise only those of groups that are too small."""
    if rule.noise:
        small = (k for k, c in counts.cells.items() if is_base(k) and k not in counts.never_shown)
        return {k for k in small if rule.is_small_base(len(counts.cells[k].people))}
    few = {} if rule.show_zero else few_cells(counts, rule.min_cell)
    protection = Protection(
        least=rule.min_cell,
        least_of={key: rule.min_base for key in counts.cells if is_base(key)},
        few=few,
        values=None if rule.show_zero else FEWEST_VALUES,
        order=hide_last if rule.show_zero else partial(hide_totals_first, counts),
    )
    return suppress(
        counts.cells,
        counts.lines,
        protection,
        most=counts.most,
        never_shown=counts.never_shown,
        unprotected=counts.unprotected,
    )


def keep_private(study: Study) -> Private:
    """A study with nothing suppressed or rounded, for the researcher's own report.

    Parameters
    ----------
    study : Study
        Every exact result of one run.

    Returns
    -------
    Private
        Its tables are the study's own. Sentences are quoted for each theme, redacted by machine,
        with the respondent's covariates and what human coders did.
    """
    tables = study.tables
    return Private(
        tables=tables,
        about=study.about,
        disclosure=EXACT,
        quotes=choose_quotes(study, tables, True, private=True),
        responses=place_responses(study),
    )
