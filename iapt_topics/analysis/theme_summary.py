"""The results of a study on one theme, with the sentences behind its codes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from iapt_topics._base.errors import InputError, listed, suggestion
from iapt_topics._base.result import Result
from iapt_topics.survey.redaction import redacted_part, safe_texts

if TYPE_CHECKING:
    from iapt_topics.frame.theme import Theme
    from iapt_topics.study.study import Study


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class ThemeSummary(Result):
    """One theme of a study: definition, prevalence, change, agreement and evidence. Private.

    Attributes
    ----------
    theme : Theme
        Its id, label, definition and where it comes from.
    prevalence : DataFrame
        By wave: the rows of ``drift_shares``.
    changes : DataFrame
        Against the baseline: the rows of ``drift_changes``.
    agreement : DataFrame
        Machine with people: its row of ``agreement_themes``; empty without human codes.
    sentences : DataFrame
        ``response_id``, ``wave``, ``sentence`` (redacted by rule), ``polarity`` (see
        :func:`iapt_topics.mapping.mark_polarity`), ``score``, ``margin``, ``anchor`` (the nearest
        words of the codebook), the highest score first. Empty if the codes name no sentence.
    """

    theme: Theme
    prevalence: pd.DataFrame
    changes: pd.DataFrame
    agreement: pd.DataFrame
    sentences: pd.DataFrame

    def __repr__(self) -> str:
        return (
            f"Theme {self.theme.id}, {self.theme.label}: {len(self.sentences):,} responses, "
            f"{len(self.prevalence)} waves"
        )

    def _title(self) -> str:
        return f"{self.theme.id} {self.theme.label}: {self.theme.definition or 'no definition'}"

    def _shown(self) -> dict[str, pd.DataFrame]:
        sentences = self.sentences.drop(columns="response_id")
        named = ("prevalence", "changes", "agreement")
        return {n: getattr(self, n) for n in named if len(getattr(self, n))} | {
            "sentences": sentences
        }


def summarise_theme(study: Study, theme: str) -> ThemeSummary:
    """Summarise the theme of this id or label."""
    frame = study.mapping.frame
    codable = {t.id: t for t in frame.codable}
    labels = {t.label.casefold(): t for t in frame.codable}
    found = codable.get(theme) or labels.get(theme.strip().casefold())
    if found is None:
        names = [*codable, *(t.label for t in frame.codable)]
        raise InputError(
            f"theme {theme!r}", f"must be a codable theme of {frame.name!r}", "no such id or label",
            f"{suggestion(theme, names)}Its ids are {listed(codable, most=40)}.",
        )  # fmt: skip

    def rows(name: str) -> pd.DataFrame:
        table = study.tables.get(name)
        if table is None:
            return pd.DataFrame(columns=["theme"])
        return table[table["theme"] == found.id].reset_index(drop=True)

    changes = rows("drift_changes")
    return ThemeSummary(
        theme=found,
        prevalence=rows("drift_shares"),
        changes=changes[changes["kind"] == "baseline"].reset_index(drop=True),
        agreement=rows("agreement_themes"),
        sentences=_sentences(study, found.id),
    )


def _sentences(study: Study, theme: str) -> pd.DataFrame:
    """The sentence behind each code of a theme, redacted, the highest score first."""
    columns = ["response_id", "wave", "sentence", "polarity", "score", "margin", "anchor"]
    codes = study.codes
    if codes.evidence is None:
        return pd.DataFrame(columns=columns)
    rows = codes.evidence[codes.evidence["theme"] == theme]
    if "polarity" not in rows:  # of an earlier version
        rows = rows.assign(polarity="")
    rows = rows.merge(codes.table, on=["response_id", "theme"]).merge(
        study.responses.kept[["response_id", "year", "text"]], on="response_id"
    )
    safe = safe_texts(study.responses, rows["response_id"].tolist())
    places = zip(rows["text"], safe, rows["start"], rows["end"], strict=True)
    return (
        rows.assign(
            wave=[study.about.wave(y) for y in rows["year"]],
            sentence=[redacted_part(*place) for place in places],
        )
        .sort_values("score", ascending=False, kind="stable")[columns]
        .reset_index(drop=True)
    )
