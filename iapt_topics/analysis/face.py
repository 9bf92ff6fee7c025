"""A study as a researcher uses it: exact results, with methods to check, report and publish."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from iapt_topics._base.errors import InputError, listed, suggestion
from iapt_topics.analysis.checks import check_study, macro_f1, with_interval
from iapt_topics.analysis.theme_summary import ThemeSummary, summarise_theme
from iapt_topics.pipeline.saved import save_study
from iapt_topics.publish.disclosure import EXACT, Disclosure
from iapt_topics.publish.published import Private, Published, Version, keep_private, publish
from iapt_topics.report import format as form
from iapt_topics.report.draft import write_draft
from iapt_topics.report.key_results import write_results_workbook
from iapt_topics.report.pictures import figure_makers, last_changes
from iapt_topics.report.write import write_report
from iapt_topics.study.study import Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False, kw_only=True)
class Analysis(Study):
    """Every exact result of a survey, with methods to check, draw, report, publish and save it.

    Made by :func:`iapt_topics.analyse` or :func:`iapt_topics.load_study`. The attributes are those
    of :class:`iapt_topics.Study`. Its methods return exact figures, for the researcher alone,
    except :meth:`publish`.
    """

    def __repr__(self) -> str:
        years = [self.about.wave(y) for y in self.about.years]
        span = years[0] if len(years) == 1 else f"{years[0]} to {years[-1]}"
        made_up = "SYNTHETIC " if self.about.synthetic else ""
        return (
            f"Analysis of {made_up}{self.about.source}: {len(self.responses):,} responses, {span}; "
            f"{self.topics.n_topics} topics, {len(self.codes.themes)} themes of "
            f"{self.about.frame or self.mapping.frame.name}; {self._validity()}"
        )

    def _validity(self) -> str:
        """How far machine and human codes agree, if they were compared."""
        if self.comparison is None:
            return "NOT VALIDATED: not compared with human codes"
        row = macro_f1(self.comparison)
        if pd.isna(row["estimate"]):
            return f"F1 with human codes not estimable, {self.comparison.n:,} responses"
        return f"F1 with human codes {with_interval(row)}, {self.comparison.n:,} responses"

    def _title(self) -> str:
        return repr(self)

    def _shown(self) -> dict[str, pd.DataFrame]:
        rows = self.change_table().head(8).to_dict("records")
        table = {
            "theme": [r["label"] for r in rows],
            "prevalence": [form.percent(r["prevalence"]) for r in rows],
            "change, points": [form.points(r["change"]) for r in rows],
            "95 % CI": [form.interval(r["low"], r["high"], form.points) for r in rows],
            "adjusted p": [form.p_value(r["p_bh"]) for r in rows],
            "finding": [r["finding"] for r in rows],
        }
        look = self.check()
        look = look.loc[look["status"] != "fine", ["check", "finding"]]
        shown = {"largest changes": pd.DataFrame(table), "to check before interpretation": look}
        return {name: rows for name, rows in shown.items() if len(rows)}

    def _picture(self) -> str:
        from iapt_topics.figures.notebook import as_picture

        return as_picture(self._title(), lambda: self.plot("changes"))

    def change_table(self) -> pd.DataFrame:
        """Tabulate each theme's prevalence and its change from the baseline to the last wave.

        Returns
        -------
        DataFrame
            ``theme``, ``label``, ``prevalence`` (over all waves), ``change``, ``low``, ``high``
            (95 % confidence interval), ``p_bh`` (adjusted by Benjamini and Hochberg), ``finding``
            ("rose", "fell" or "no significant change" as human codes of a random sample back it,
            else "not checked"), the largest change first. Proportions, not per cent. Empty if there
            is one wave.
        """
        last = last_changes(self.tables["drift_changes"])
        over_all = self.tables["theme_shares"].set_index("theme")
        order = last["estimate"].abs().sort_values(ascending=False, kind="stable").index
        rows = last.loc[order]
        return pd.DataFrame(
            {
                "theme": rows["theme"],
                "label": over_all["label"].reindex(rows["theme"]).to_numpy(),
                "prevalence": over_all["estimate"].reindex(rows["theme"]).to_numpy(),
                "change": rows["estimate"],
                "low": rows["low"],
                "high": rows["high"],
                "p_bh": rows["p_bh"],
                "finding": rows["finding"],
            }
        ).reset_index(drop=True)

    def check(self) -> pd.DataFrame:
        """Check agreement, stability, respondent mix and size of waves before interpretation.

        Returns
        -------
        DataFrame
            ``check`` (its name), ``status`` ("fine", "look" or "not checked"), ``finding`` (a
            sentence), ``n`` (responses, rows or respondents that it rests on).
        """
        return check_study(self)

    def theme(self, theme: str) -> ThemeSummary:
        """Collect one theme's definition, prevalence, change, agreement and evidence.

        Parameters
        ----------
        theme : str
            Its id or its label.

        Returns
        -------
        ThemeSummary
            Its definition, prevalence by wave, changes, agreement, and the sentences behind its
            codes, redacted by rule.

        Raises
        ------
        InputError
            If the codebook has no such codable theme.
        """
        return summarise_theme(self, theme)

    def plot(self, name: str) -> Figure:
        """Draw one figure of the report, with exact figures.

        Parameters
        ----------
        name : str
            "changes", "prevalence", "poles", "agreement", "mapping", ...; another name raises an
            error that lists them.

        Returns
        -------
        matplotlib.figure.Figure
            It shows itself in a notebook; ``.savefig(path)`` writes it.

        Raises
        ------
        InputError
            If there is no figure of that name for this study.
        """
        # Without the quotes, which a figure does not show.
        exact = Private(tables=self.tables, about=self.about, disclosure=EXACT)
        return _draw(exact, name)

    def report(self, path: str | Path) -> Path:
        """Write the private report: exact figures, marked PRIVATE on every page.

        Parameters
        ----------
        path : str or Path
            An ``.html`` file, which this account alone can read.

        Returns
        -------
        Path
            The file.
        """
        return write_report(path, keep_private(self))

    def publish(
        self,
        disclosure: int | str | Disclosure = "default",
        *,
        quotes: pd.DataFrame | bool | None = None,
        secret: bytes | None = None,
    ) -> PublicVersion:
        """Apply statistical disclosure control.

        Parameters
        ----------
        disclosure : int, str or Disclosure, default "default"
            The rule, as for :func:`iapt_topics.publish.publish`.
        quotes : DataFrame or bool, optional
            Quotes to print, likewise.
        secret : bytes, optional
            For a rule with noise, likewise.

        Returns
        -------
        PublicVersion
            With ``.report(path)``, ``.to_excel(path)``, ``.draft(path)`` and ``.plot(name)``.
        """
        public = publish(self, disclosure, quotes=quotes, secret=secret)
        return PublicVersion(**{f.name: getattr(public, f.name) for f in fields(public)})

    def save(self, folder: str | Path) -> Path:
        """Save the study, WITH TEXTS, in a folder that :func:`iapt_topics.load_study` loads.

        Parameters
        ----------
        folder : str or Path
            Made anew, for this account alone; one with a saved study is replaced.

        Returns
        -------
        Path
            The folder. It holds tables as Parquet and values as JSON; nothing in it is run.

        Raises
        ------
        InputError
            If the folder holds something else.
        """
        return save_study(folder, Study(**{f.name: getattr(self, f.name) for f in fields(Study)}))


@dataclass(frozen=True, eq=False, kw_only=True)
class PublicVersion(Published):
    """The public version of an :class:`iapt_topics.Analysis`, with methods to report and export it.

    The attributes are those of :class:`iapt_topics.Published`.
    """

    def report(self, path: str | Path) -> Path:
        """Write the public report as an ``.html`` file.

        Parameters
        ----------
        path : str or Path
            An ``.html`` file.

        Returns
        -------
        Path
            The file.
        """
        return write_report(path, self)

    def to_excel(self, path: str | Path) -> Path:
        """Write the published tables as a workbook that begins with the key results.

        Parameters
        ----------
        path : str or Path
            An ``.xlsx`` file.

        Returns
        -------
        Path
            The file, which others may read.
        """
        return write_results_workbook(path, self)

    def plot(self, name: str) -> Figure:
        """Draw one figure of the public report; see :meth:`Analysis.plot`.

        Parameters
        ----------
        name : str
            "changes", "prevalence", ...; another name raises an error that lists them.

        Returns
        -------
        matplotlib.figure.Figure
            It shows itself in a notebook; ``.savefig(path)`` writes it.
        """
        return _draw(self, name)

    def draft(self, path: str | Path) -> Path:
        """Write a draft of methods and results, ``.docx``; see :func:`iapt_topics.write_draft`.

        Parameters
        ----------
        path : str or Path
            A ``.docx`` file.

        Returns
        -------
        Path
            The file.
        """
        return write_draft(path, self)


def _draw(version: Version, name: str) -> Figure:
    makers = figure_makers(version)
    if name not in makers:
        raise InputError(
            "the figure", f"must be one of {listed(makers, most=20)}", repr(name),
            f"{suggestion(name, list(makers))}Name one that this study has.",
        )  # fmt: skip
    return makers[name]()
