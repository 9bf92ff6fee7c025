"""The whole way from a survey to its results, as the command line runs it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

import pandas as pd

from iapt_topics._base.errors import InputError, listed
from iapt_topics._base.files import write_whole
from iapt_topics._base.memory import check_memory
from iapt_topics._base.one_line import one_line
from iapt_topics._base.private import private_folder, refuse_links
from iapt_topics._base.sheets import private_csv
from iapt_topics.agreement.comparison import Comparison, compare_codes
from iapt_topics.codes.axis import axis_codes
from iapt_topics.codes.codes import Codes
from iapt_topics.drift.drift import Drift, measure_drift, require_baseline
from iapt_topics.drift.standardise import Standardised, standardise_drift
from iapt_topics.encoders.embeddings import Encoder, embed
from iapt_topics.figures import figure_bytes
from iapt_topics.frame.frame import ThemeFrame
from iapt_topics.mapping.edits import mapping_coverage
from iapt_topics.mapping.mapping import TopicMapping, code_responses, map_topics
from iapt_topics.pipeline.manifest import describe_run, remove_manifest, write_manifest
from iapt_topics.publish.disclosure import Disclosure, rule_of
from iapt_topics.publish.exports import export_tables
from iapt_topics.publish.results import publish
from iapt_topics.report import write_page
from iapt_topics.report.pictures import draw
from iapt_topics.survey.respondents import how_answered, tabulated, who_answered
from iapt_topics.survey.responses import Responses
from iapt_topics.topics.cache import fit_once
from iapt_topics.topics.topics import TopicConfig, Topics, unassigned_band

#: Folders of a result: for the researcher alone, and to be passed on.
PRIVATE, PUBLIC = "tables_private", "publish"


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Study:
    """Every result of one run of the main job.

    Attributes
    ----------
    responses : Responses
    topics : Topics
    mapping : TopicMapping
    codes : Codes
        The machine's.
    drift : Drift
        Of the machine's codes.
    axis_drift : Drift or None
        Of the frame's two poles; None if the frame names none.
    comparison : Comparison or None
        Machine with the first human coder; None without human codes.
    ceiling : Comparison or None
        First with second human coder; None without a second.
    manifest : mapping of str to object
        What the result was made of: hashes, settings, versions, machine, time.
    standardised : Standardised or None
        Change with the mix of respondents held fixed; None unless it was asked for.
    redactions : DataFrame or None
        Counts of what was redacted, from :func:`iapt_topics.count_redactions`.
    human : tuple of Codes
        The people's codes that were compared.
    """

    responses: Responses
    topics: Topics
    mapping: TopicMapping
    codes: Codes
    drift: Drift
    axis_drift: Drift | None
    comparison: Comparison | None
    ceiling: Comparison | None
    manifest: Mapping[str, Any] = field(default_factory=dict)
    standardised: Standardised | None = None
    redactions: pd.DataFrame | None = None
    human: tuple[Codes, ...] = ()

    __repr__ = one_line

    def _repr_html_(self) -> str:
        """The topics, the changes, and the shares by year as a figure; no quote."""
        from iapt_topics.figures import drift_figure
        from iapt_topics.figures.notebook import as_html

        topics = self.topics.topics.drop(columns="exemplars")
        title = f"Study of {self.responses.source}: {len(self.responses):,} responses"
        tables = {"topics": topics, "changes": self.drift.changes}
        return as_html(title, tables, lambda: drift_figure(self.drift, self.mapping.frame))


def run_study(
    responses: Responses,
    frame: ThemeFrame,
    encoder: Encoder,
    *,
    human: tuple[Codes, ...] = (),
    config: TopicConfig | None = None,
    baseline: int | None = None,
    standardise: Sequence[str] = (),
    cache: Path | None = None,
    tell: Callable[[str], None] = lambda _: None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Study:
    """Run every stage: embeddings, topics, mapping, codes, comparison, drift.

    Parameters
    ----------
    responses : Responses
        The survey.
    frame : ThemeFrame
        The codebook.
    encoder : Encoder
        For example :func:`iapt_topics.sentence_encoder`.
    human : tuple of Codes, optional
        The first is compared with the machine and, if there is a second, with that one as well.
    config : TopicConfig, optional
        How topics are fitted; its seed serves the later stages too.
    baseline : int, optional
        Year that others are compared with; the first one by default.
    standardise : sequence of str, optional
        Covariates for :func:`iapt_topics.standardise_drift`.
    cache : path, optional
        Folder in which fitted topics are kept, and from which they are taken if they were fitted
        to the same responses, vectors and config.
    tell : callable, optional
        Called with the name of each stage as it begins.
    progress : callable, optional
        As for :func:`iapt_topics.fit_topics`.

    Returns
    -------
    Study
        The result of every stage.

    Raises
    ------
    InputError
        Whatever a stage cannot use, or if the run cannot fit into memory. That it may not is a
        warning.
    """
    began = perf_counter()
    config = config or TopicConfig()
    _check_early(responses, human, baseline)
    check_memory(len(responses.kept))
    tell("Embedding the responses")
    embeddings = embed(responses, encoder)
    tell(f"Finding topics: consensus of {config.n_runs} runs")
    topics = fit_once(responses, embeddings, config, cache, progress)
    tell("Mapping topics and responses onto the frame")
    mapping = map_topics(topics, frame, encoder, embeddings=embeddings)
    machine = code_responses(responses, embeddings, frame, encoder)
    tell("Measuring agreement and drift")
    human = tuple(codes.with_respondents(responses) for codes in human)
    drift = measure_drift(machine, responses, baseline=baseline, seed=config.seed)
    axis_drift = None
    if frame.axis is not None:
        poles = axis_codes(machine, frame)
        axis_drift = measure_drift(poles, responses, baseline=baseline, seed=config.seed)
    standardised = None
    if standardise:
        standardised = standardise_drift(machine, responses, standardise, baseline=baseline)
    compare = partial(compare_codes, responses=responses, seed=config.seed)
    comparison = compare(human[0], machine) if human else None
    ceiling = compare(human[0], human[1]) if len(human) > 1 else None
    return Study(
        responses=responses,
        topics=topics,
        mapping=mapping,
        codes=machine,
        drift=drift,
        axis_drift=axis_drift,
        comparison=comparison,
        ceiling=ceiling,
        human=human,
        manifest=describe_run(
            responses, embeddings, topics, frame, encoder, human,
            baseline=baseline, seconds=perf_counter() - began,
        ),
        standardised=standardised,
    )  # fmt: skip


def _check_early(responses: Responses, human: tuple[Codes, ...], baseline: int | None) -> None:
    """Find before the long stages what the last ones could not use."""
    if baseline is not None:
        require_baseline(baseline, responses.years)
    kept = responses.kept["response_id"]
    for codes in human:
        if not kept.isin(codes.seen["response_id"]).any():
            raise InputError(
                f"the codes of {codes.coder!r}",
                "must be for responses of this survey",
                f"ids such as {listed(codes.seen['response_id'].head(2))}, while the survey has "
                f"{listed(kept.head(2))}",
                "Name the column of response ids of the survey (--response).",
            )


def write_study(
    study: Study,
    out: Path,
    *,
    min_cell: int | Disclosure = 10,
    quotes: pd.DataFrame | bool | None = None,
    command: Sequence[str] = (),
) -> dict[str, Path]:
    """Write what may be passed on, and apart from it what is for the researcher's own eyes.

    Parameters
    ----------
    study : Study
        From :func:`run_study`.
    out : path
        Folder; made if need be. Files of the same names are replaced, each as a whole.
    min_cell : int or Disclosure, default 10
        As for :func:`iapt_topics.write_report`.
    quotes : DataFrame or bool, optional
        As for :func:`iapt_topics.write_report`.
    command : sequence of str, optional
        The words after ``iapt-topics`` that made the study, for ``iapt-topics verify``.

    Returns
    -------
    dict of str to Path
        "report", "published", "workbook", "manifest" and the name of each private table, to where
        it is. The folder ``publish`` has the report and the same tables as CSV files and as a
        workbook, all by one rule of disclosure control. ``tables_private`` has the exact tables,
        row by row, for this account alone. The manifest is written last: a folder without one is
        not a whole result.

    Raises
    ------
    InputError
        If the folder has a manifest of something else, or a link where a file is to go.
    """
    remove_manifest(out)
    rule = rule_of(min_cell)
    private, public = out / PRIVATE, out / PUBLIC
    private_folder(private)
    for name in (PUBLIC, f"{PUBLIC}/tables"):
        refuse_links(out, name)
    written = {}
    for name, table in _tables(study).items():
        written[name] = private / f"{name}.csv"
        # With a byte-order mark, without which Excel takes UTF-8 for the local code page.
        write_whole(written[name], private_csv(table), encoding="utf-8-sig", private=True)
    write_whole(private / "README.txt", _PRIVATE, private=True)
    results = publish(**parts_of(study), rule=rule)
    written["report"] = write_page(public / "report.html", results, quotes)
    written["workbook"] = export_tables(results.tables, public / "tables.xlsx", disclosure=rule)
    written["published"] = export_tables(results.tables, public / "tables", disclosure=rule)
    files = [p for p in written.values() if p.is_file()]
    files += [private / "README.txt", *written["published"].iterdir()]
    return written | {"manifest": write_manifest(study.manifest, out, files, command)}


def write_figures(
    study: Study, folder: Path, *, min_cell: int | Disclosure = 10
) -> dict[str, Path]:
    """Write every figure of a study for a paper, as SVG, PDF and PNG from the same object.

    Parameters
    ----------
    study : Study
        From :func:`run_study`.
    folder : path
        Made if need be. Files of the same names are replaced, each as a whole.
    min_cell : int or Disclosure, default 10
        As for :func:`iapt_topics.write_report`: the figures show the numbers of the report.

    Returns
    -------
    dict of str to Path
        Name of each file, such as "drift.pdf", to where it is.
    """
    written = {}
    for name, figure in draw(publish(**parts_of(study), rule=rule_of(min_cell))).items():
        for kind in ("svg", "pdf", "png"):
            written[f"{name}.{kind}"] = Path(folder) / f"{name}.{kind}"
            write_whole(written[f"{name}.{kind}"], figure_bytes(figure, kind))
    return written


_PRIVATE = (
    "For the researcher alone: do not pass on. These tables are exact, go down to single responses "
    "and have small counts. What may be passed on is in the folder publish.\n"
)
_PARTS = (
    "responses", "topics", "mapping", "codes", "comparison", "drift", "ceiling", "axis_drift",
    "standardised", "human",
)  # fmt: skip


def parts_of(study: Study) -> dict[str, Any]:
    """What tables to publish are made of, by the names that :func:`publishable_tables` has."""
    return {name: getattr(study, name) for name in _PARTS}


def _tables(study: Study) -> dict[str, pd.DataFrame]:
    tables = {
        "ledger": study.responses.ledger,
        "answering": how_answered(study.responses),
        "topics": study.topics.topics.drop(columns="exemplars"),
        "topic_assignments": study.topics.assignments,
        "topic_resolution": study.topics.resolution,
        "topic_hierarchy": study.topics.hierarchy,
        "topic_unassigned": unassigned_band(study.topics, study.responses),
        "topic_mapping": study.mapping.table,
        "machine_codes": study.codes.table,
        "drift_shares": study.drift.shares,
        "drift_changes": study.drift.changes,
        "drift_trends": study.drift.trends,
        "drift_distances": study.drift.distances,
        "drift_changepoints": study.drift.changepoints,
        "drift_sources": study.drift.sources,
    }
    if shown := tabulated(study.responses):
        tables["who_answered"] = who_answered(study.responses, shown)
    covered = mapping_coverage(study.mapping, study.topics)
    tables |= dict(zip(("theme_coverage", "topic_coverage"), covered, strict=True))
    if study.redactions is not None:
        tables["redactions"] = study.redactions
    if study.standardised is not None:
        tables["standardised_shares"] = study.standardised.shares
        tables["standardised_changes"] = study.standardised.changes
        tables["standardised_trends"] = study.standardised.trends
    if study.axis_drift is not None:
        tables["axis_shares"] = study.axis_drift.shares
    if study.comparison is not None:
        tables["agreement_overall"] = study.comparison.overall
        tables["agreement_themes"] = study.comparison.themes
        tables["agreement_years"] = study.comparison.years
        tables["agreement_matches"] = study.comparison.matches
        tables["convergence"] = study.comparison.convergence
    if study.ceiling is not None:
        tables["agreement_of_people"] = study.ceiling.themes
    return tables
