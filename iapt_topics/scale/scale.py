"""A survey past one machine: partitions of it over Dask, joined by sums and never by texts.

Topics are fitted to a sample and the frame's reference scale is taken from it; each partition is
then coded alone, and written to a file of its own. A respondent's responses may lie in several
partitions: sums by respondent and year add up, and :func:`iapt_topics.measure_drift` needs nothing
else of a survey.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iapt_topics._base.errors import InputError
from iapt_topics._base.events import Event, OnEvent, ignore
from iapt_topics._base.files import claimed
from iapt_topics._base.kept import find_fault
from iapt_topics._base.private import private_folder
from iapt_topics._base.result import Result
from iapt_topics.drift.coded import find_baseline
from iapt_topics.drift.drift import Drift, drift_of_sums
from iapt_topics.encoders.embeddings import embed
from iapt_topics.encoders.encoder import Encoder, SentenceEncoder
from iapt_topics.frame.frame import ThemeFrame
from iapt_topics.mapping.coding import assign_themes
from iapt_topics.mapping.facets import assign_facets
from iapt_topics.mapping.mapping import TopicMapping, map_topics
from iapt_topics.mapping.polarity import PolarityReader
from iapt_topics.scale import partitions as _partitions
from iapt_topics.scale.partitions import Counted, Model
from iapt_topics.scale.sample import (
    check_scans,
    draw,
    find_partitions,
    join_scans,
    map_on,
    take_rows,
)
from iapt_topics.stats.share_model import PersonYearSums, add_up, sum_up
from iapt_topics.survey.responses import Responses
from iapt_topics.topics.cache import fit_once
from iapt_topics.topics.describe import unit_means
from iapt_topics.topics.labels import label_topics
from iapt_topics.topics.new_wave import novelty_by_year
from iapt_topics.topics.topics import TopicConfig, Topics

if TYPE_CHECKING:
    from distributed import Client


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class ScaledStudy(Result):
    """Results of a survey that was coded in partitions.

    Attributes
    ----------
    topics : Topics
        Fitted to the sample.
    mapping : TopicMapping
        Of these topics.
    drift : Drift
        Of the frame's themes, over all responses; as :func:`iapt_topics.measure_drift` gives it.
    topic_drift : Drift
        Of the topics, as "topic 0" and so on.
    novelty : DataFrame
        Proportion of novel responses by year, as ``Wave.novelty``.
    ledger : DataFrame
        ``year``, ``status``, ``n``: what became of every row.
    partitions : DataFrame
        One row a partition, in the order of the files: ``partition`` (its name); ``file`` (its
        coded rows); ``found`` (it was there already); ``seconds``; ``memory_mb`` (resident memory
        of the worker, after it); ``process`` (its number); ``source`` (the partition's path);
        ``sha256`` (of that file).
    question : str or None
        The question that was kept, if one was named.
    covariates : tuple of str
        Columns that were carried along.
    notes : tuple of str
        What should be known of the partitions.
    """

    topics: Topics
    mapping: TopicMapping
    drift: Drift
    topic_drift: Drift
    novelty: pd.DataFrame
    ledger: pd.DataFrame
    partitions: pd.DataFrame
    question: str | None
    covariates: tuple[str, ...]
    notes: tuple[str, ...]

    _view = (
        "novelty",
        "ledger",
        "partitions",
    )

    def _shown(self) -> dict[str, pd.DataFrame]:
        return self.drift._shown() | Result._shown(self)


def scale_study(
    source: str | Path | Sequence[str | Path],
    frame: ThemeFrame,
    encoder: Encoder,
    out: str | Path,
    *,
    cluster: Client | str | None = None,
    sample: int = 20_000,
    config: TopicConfig | None = None,
    question: str | None = None,
    covariates: Sequence[str] = (),
    baseline: int | None = None,
    n_boot: int = 1000,
    on_event: OnEvent = ignore,
) -> ScaledStudy:
    """Code a partitioned survey on a Dask cluster, and estimate prevalence by year.

    Parameters
    ----------
    source : path, or sequence of path
        Folder of Parquet files, or the files; each is a partition, best of 2,000 to 20,000 rows.
        Columns: ``response_id`` (text, unique over all), ``respondent_id`` (text; blank for a
        person of their own), ``year`` (integer), ``text``; if there, ``question`` and ``weight``
        (above 0).
    frame : ThemeFrame
        The codebook.
    encoder : Encoder
        Sent to the workers; a sentence encoder sends its folder's path, so that the model must be
        there on each of them.
    out : path
        Folder that all workers can write to. A file with a partition's results is not made again
        while partition and settings are the same; one that was changed or damaged is, and a warning
        says so.
    cluster : distributed.Client or str, optional
        A client or a scheduler's address; by default one worker for each core of this machine.
    sample : int, default 20,000
        Rows that topics are fitted to and the reference scale is taken from. The whole survey, if
        it has no more. :func:`sample_stability` says what size is enough.
    config : TopicConfig, optional
        How topics are fitted; its seed serves the sample and the drift too.
    question : str, optional
        The question to keep, if the survey has several.
    covariates : sequence of str, optional
        Columns to carry along.
    baseline : int, optional
        Year that others are compared with; the first one by default.
    n_boot : int, default 1000
        As for :func:`iapt_topics.measure_drift`.
    on_event : callable, optional
        Called with an :class:`iapt_topics.Event` for each stage that begins.

    Returns
    -------
    ScaledStudy
        The coded rows are in the files that its ``partitions`` names: ``response_id``,
        ``respondent_id``, ``year``, the covariates, ``weight``, ``status``, ``reason``, ``copy_of``
        (as in :class:`iapt_topics.Responses`), ``topic`` (-1 is unassigned), ``nearest``,
        ``support`` (0 to 1), ``cosine`` (to its centroid), ``novel``, ``theme <id>`` (bool) for
        each theme, and ``run <number>`` (topic that each run would give). Beside their folder lie
        ``codes``, with the sentence that carried each code by its place (as ``evidence`` of
        :class:`iapt_topics.codes.Codes`), and ``facets``, as
        :func:`iapt_topics.mapping.code_facets`
        gives them. None holds a text. :func:`collect_study` makes the two reports of them.

    Raises
    ------
    InputError
        If a partition lacks a column or has another type in it, ids repeat, there are several
        questions and none is chosen, the baseline is no year of the survey, there is no scheduler
        at the address, or it was lost: coded partitions are then kept, and found by the next call.

    Notes
    -----
    A response of the sample keeps what the fit says of it; any other goes to the topic with the
    nearest centroid, with the proportion of runs that would put it there as its consensus support.
    What a code takes from the survey as a whole (rarity of n-grams, spread of the views, similar
    responses, the cutoff below which no theme is applied) is that of the sample; so codes do not
    depend on partitions. If the sample is the whole survey, the results are those of
    :func:`iapt_topics.run_study`.

    Near copies of a person's own text in a year are looked for within a partition. The driver
    holds hashes of ids, the texts of the sample, and sums by respondent and year.

    References
    ----------
    Rocklin (2015), "Dask: Parallel computation with blocked algorithms and task scheduling",
    SciPy. Cochran (1977), *Sampling Techniques*, 3rd ed., Wiley, section 5 (proportional
    allocation).
    """
    config = config or TopicConfig()
    paths = find_partitions(source)
    covariates = tuple(covariates)
    if isinstance(sample, bool) or sample < 2:
        raise InputError("sample", "must be at least 2", repr(sample), "Use e.g. 20000.")
    out = Path(out).resolve()
    with claimed(out), _connected(cluster) as client, _loss_told(client, out):
        on_event(Event("stage", "Reading ids"))
        scans = map_on(
            client, _partitions.scan, paths,
            question=question, covariates=covariates, seed=config.seed,
        )  # fmt: skip
        notes = check_scans(scans, [p.name for p in paths])
        if baseline is not None:
            find_baseline(baseline, np.unique(np.concatenate([s.year for s in scans])))
        on_event(Event("stage", "Drawing the sample"))
        rows = draw(*join_scans(scans), sample)
        drawn = take_rows(paths, scans, rows, question, covariates, client)
        model, mapping, key = _fit(
            drawn, frame, encoder, config, question, covariates, out, on_event
        )
        on_event(Event("stage", f"Coding {len(paths)} partitions"))
        targets = [
            out / "parts" / f"{p.stem}-{s.digest[:16]}-{key}.parquet"
            for p, s in zip(paths, scans, strict=True)
        ]
        partitions = _code(client, model, key, paths, targets)
        on_event(Event("stage", "Adding up"))
        themes = tuple(t.id for t in frame.codable)
        counted: list[Counted] = map_on(
            client, _partitions.count_coded, targets,
            themes=themes, n_topics=model.topics.n_topics, weighted=scans[0].weighted,
        )  # fmt: skip
    on_event(Event("stage", "Measuring drift"))
    cells, years = _join(counted, weighted=scans[0].weighted)
    names = tuple(f"topic {t}" for t in model.topics.topics["topic"])
    n = len(themes), len(themes) + len(names)
    of_themes, of_topics = (sum_up(_columns(cells, part)) for part in (slice(n[0]), slice(*n)))
    drift = partial(
        drift_of_sums, years=years, weighted=scans[0].weighted, baseline=baseline, n_boot=n_boot,
        seed=config.seed,
    )  # fmt: skip
    flat = replace(cells, size=cells.n, total=cells.count)
    return ScaledStudy(
        topics=model.topics,
        mapping=mapping,
        drift=drift(of_themes, themes, coder="machine"),
        topic_drift=drift(of_topics, names, coder="topics"),
        novelty=novelty_by_year(sum_up(_columns(flat, slice(n[1], None))), years),
        ledger=_partitions.all_statuses([c.ledger for c in counted]),
        partitions=partitions.assign(sha256=[s.digest for s in scans]),
        question=question,
        covariates=covariates,
        notes=notes,
    )


@contextmanager
def _connected(cluster: Client | str | None) -> Iterator[Client]:
    """Hold a client: the one given, one of an address, or one of this machine's cores."""
    try:
        from distributed import Client, LocalCluster
    except ImportError as error:
        raise InputError(
            "scale_study()", "needs Dask", "no package 'distributed'",
            "Install it with: pip install 'iapt-topics[scale]'",
        ) from error  # fmt: skip
    if isinstance(cluster, Client):
        yield cluster
    elif cluster is not None:
        try:
            found = Client(cluster)
        except (OSError, TimeoutError) as error:
            raise InputError(
                "cluster", "must be the address of a scheduler that runs", repr(cluster),
                "Start it (dask scheduler), and give the address that it prints.",
            ) from error  # fmt: skip
        with found as client:
            yield client
    else:
        local = LocalCluster(threads_per_worker=1, dashboard_address="127.0.0.1:0")
        try:
            with Client(local) as client:
                yield client
        finally:
            # A worker that is slow to go, on a busy machine, must not cost the results.
            with suppress(TimeoutError):
                local.close()


@contextmanager
def _loss_told(client: Client, out: Path) -> Iterator[None]:
    """Say what is lost with the scheduler, and what to do; Dask itself ends what waits for it."""
    from distributed.client import FutureCancelledError
    from distributed.comm import CommClosedError

    try:
        yield
    except InputError:
        raise
    except Exception as error:
        cancelled = isinstance(error, FutureCancelledError) and "connection" in str(error.reason)
        if not (cancelled or isinstance(error, CommClosedError) or client.status != "running"):
            raise
        done = len(list((out / "parts").glob("*.parquet")))
        raise InputError(
            "the cluster", "must have its scheduler until the last partition is coded",
            f"a lost connection; nothing that was done is lost, {done} coded partitions are in "
            f"{str(out / 'parts')!r}",
            "Start scheduler and workers again, and call it again with the same settings: it finds "
            "these files and codes the others.",
        ) from error  # fmt: skip


def _fit(
    sample: Responses,
    frame: ThemeFrame,
    encoder: Encoder,
    config: TopicConfig,
    question: str | None,
    covariates: tuple[str, ...],
    out: Path,
    on_event: OnEvent,
) -> tuple[Model, TopicMapping, str]:
    """Fit the model to the sample, map its topics, and give the key of all that it depends on."""
    settings = (
        version("iapt-topics"),
        encoder.fingerprint,
        asdict(frame),
        asdict(config),
        question,
        covariates,
    )
    on_event(Event("stage", f"Embedding the sample of {len(sample)} responses"))
    embeddings = embed(sample, encoder)
    on_event(Event("stage", f"Finding topics: consensus of {config.n_runs} runs"))
    topics = fit_once(sample, embeddings, config, out, on_event)
    if not topics.config.is_own_model:  # whose names are its own
        topics = label_topics(topics, sample, embeddings, encoder)
    on_event(Event("stage", "Taking the reference scale"))
    mapping = map_topics(topics, frame, encoder, embeddings=embeddings)
    scores, given = assign_themes(sample, embeddings, frame, encoder)
    spread = assign_facets(scores, given, frame, encoder)[1] if frame.facets else {}
    if isinstance(encoder, SentenceEncoder):
        # The store of vectors is one file, which workers cannot share; their results are kept.
        encoder = replace(encoder, cache=None, on_event=ignore)
    vectors = embeddings.rows(topics.assignments["response_id"].tolist())
    model = Model(
        topics=topics,
        runs=tuple(unit_means(vectors, v) for v in topics.votes),
        frame=frame,
        encoder=encoder,
        reference_scale=scores.reference_scale,
        facet_spread=spread,
        reader=PolarityReader.of(frame, encoder),
        question=question,
        covariates=covariates,
    )
    # A fit of another machine may differ: then its partitions are others too.
    rows = pd.util.hash_pandas_object(sample.kept[["response_id", "text"]], index=False)
    digest = hashlib.sha256(repr(settings).encode("utf-8", "replace") + rows.to_numpy().tobytes())
    digest.update(topics.centroids.tobytes() + topics.assignments["topic"].to_numpy().tobytes())
    return model, mapping, digest.hexdigest()[:16]


def _code(
    client: Client, model: Model, key: str, paths: Sequence[Path], targets: Sequence[Path]
) -> pd.DataFrame:
    """Code the partitions, each worker having been given the model once; one row for each."""
    from distributed import WorkerPlugin

    class Ship(WorkerPlugin):  # type: ignore[misc]
        """Gives the model to each worker as it starts, those that replace a lost one too."""

        name = f"iapt-topics-{key}"

        def __init__(self, model: Model) -> None:
            self.model = model

        def setup(self, worker: Any) -> None:
            _partitions.MODELS[key] = self.model

    for path in _partitions.coded_paths(targets[0]):
        private_folder(path.parent)
    for target in (t for t in targets if t.exists()):
        # Its name is of all that it was made of.
        hashes = _partitions.coded_hashes(target)
        if fault := find_fault(_partitions.record_path(target), target.name, hashes):
            warnings.warn(f"coded rows are made again: {target.name}: {fault}", stacklevel=3)
            target.unlink()
    if not all(t.exists() for t in targets):
        client.register_plugin(Ship(model))
    tasks = client.map(_partitions.code_partition, paths, targets, model_key=key, pure=False)
    return pd.DataFrame(client.gather(tasks)).assign(source=list(map(str, paths)))


def _join(
    counted: Sequence[Counted], *, weighted: bool
) -> tuple[PersonYearSums, NDArray[np.int64]]:
    """Add up the partitions; a respondent in several of them is one respondent."""
    _, person = np.unique(np.concatenate([c.people for c in counted]), return_inverse=True)
    years, year = np.unique(np.concatenate([c.years for c in counted]), return_inverse=True)
    n, size, count = (
        np.concatenate([getattr(c.cells, name) for c in counted]) for name in ("n", "size", "count")
    )
    total = np.concatenate([c.cells.total for c in counted]) if weighted else count
    if not len(n):
        raise InputError("the survey", "must contain a codable response", "none", "See its texts.")
    cells = PersonYearSums(person=person, year=year, n=n, size=size, count=count, total=total)
    return add_up(cells), years


def _columns(cells: PersonYearSums, part: slice) -> PersonYearSums:
    count = cells.count[:, part]
    total = count if cells.total is cells.count else cells.total[:, part]
    return replace(cells, count=count, total=total)
