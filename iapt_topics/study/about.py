"""What a study is called and how it was set up: names and settings, nothing that is counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from iapt_topics.study.results import Results
    from iapt_topics.topics.topics import TopicConfig


from iapt_topics._base.result import Result
from iapt_topics._base.status import SAMPLED
from iapt_topics.survey.respondents import is_panel

_NAMES = {"wording_weight": "Weight of wording beside meaning, in topics"}


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class About(Result):
    """Names and settings of a study, without counts.

    Attributes
    ----------
    source : str
        Name of the survey's file.
    synthetic : bool
        Whether it is the bundled example.
    questions : tuple of str
        What was asked.
    years : tuple of int
        Years with kept responses, rising.
    waves : mapping of int to str
        What to call each year of the file.
    weighted : bool
        Whether prevalence is weighted.
    panel : bool
        Whether the same people answered in several years.
    coder, coder_kind : str
        Whose codes are measured.
    coders : mapping of str to (str, str)
        Reference and other coder of the comparisons "agreement" (machine with people) and
        "people", those that there are.
    baseline : int
        Year that the others are compared with.
    poles : tuple of str
        Ids of the frame's two poles, or none.
    frame, frame_version, frame_note : str
        Title of the frame, its name and version, and what it says of itself.
    config : TopicConfig
        Settings of the topics.
    n_runs : int
        Clustering runs behind the topics.
    versions : mapping of str to str
        Of the packages that decide the result, and the encoder.
    by_people : tuple of (str, str)
        What people decided, or the machine learned from them, and whether topics are those of
        earlier waves or of a sample: in words, without a name.
    """

    source: str
    synthetic: bool
    questions: tuple[str, ...]
    years: tuple[int, ...]
    waves: Mapping[int, str]
    weighted: bool
    panel: bool
    coder: str
    coder_kind: str
    coders: Mapping[str, tuple[str, str]]
    baseline: int
    poles: tuple[str, ...]
    frame: str
    frame_version: str
    frame_note: str
    config: TopicConfig
    n_runs: int
    versions: Mapping[str, str]
    by_people: tuple[tuple[str, str], ...] = ()

    @property
    def settings(self) -> tuple[tuple[str, str], ...]:
        """Settings that reproduce the analysis, in words."""
        return (
            ("Seed", str(self.config.seed)),
            ("Runs", str(self.config.n_runs)),
            ("Number of topics requested", _asked(self.config.n_topics)),
            ("Smallest topic requested", _asked(self.config.min_topic_size)),
            ("Coder", f"{self.coder} ({self.coder_kind})"),
            ("Theme frame", f"{self.frame} ({self.frame_version})"),
            *self.by_people,
            *((_NAMES.get(k, k), v) for k, v in sorted(self.versions.items())),
        )

    def wave(self, year: object) -> str:
        """Return the label of a wave.

        Parameters
        ----------
        year : object
            A year of the survey.

        Returns
        -------
        str
            What to call it, by default its number.
        """
        name = str(year)
        return self.waves.get(int(name), name) if name.isdecimal() else name


def describe_study(study: Results) -> About:
    """Names and settings of a study."""
    responses, topics, frame = study.responses, study.topics, study.mapping.frame
    return About(
        source=responses.source,
        synthetic=responses.synthetic,
        questions=tuple(str(q) for q in responses.kept["question"].unique() if q),
        years=tuple(responses.years),
        waves=responses.wave_labels,
        weighted="weight" in responses.kept,
        panel=is_panel(responses),
        coder=study.codes.coder,
        coder_kind=study.codes.kind,
        coders={
            name: (result.reference, result.other)
            for name, result in (("agreement", study.comparison), ("people", study.benchmark))
            if result is not None
        },
        baseline=study.drift.baseline,
        poles=tuple(frame.axis or ()),
        frame=frame.title,
        frame_version=f"{frame.name}, version {frame.version}",
        frame_note=frame.note,
        config=topics.config,
        n_runs=len(topics.runs),
        versions={str(k): str(v) for k, v in topics.versions.items()},
        by_people=_by_people(study),
    )


def _by_people(study: Results) -> tuple[tuple[str, str], ...]:
    """What of the study people settled after the machine's proposal."""
    said: list[tuple[str, str]] = []
    decided: list[Any] = list(study.manifest.get("decisions", ()))
    for what, words in (("topics", "Topics edited"), ("mapping", "Mapping edited")):
        n = sum(one["n"] for one in decided if one["what"] == what)
        if n:
            said.append((f"{words} by people", f"{n:,} decision{'s' * (n != 1)}"))
    raters = {who for one in decided if one["what"] == "convergence" for who in one["who"]}
    if raters:
        people = f"{len(raters)} {'person' if len(raters) == 1 else 'people'}"
        said.append(("Convergence rated by", people))
    if "learned" in study.manifest:
        said.append(("Learned from human codes", "yes, measured on codes of other respondents"))
    if "sample" in study.manifest:
        size = study.manifest["sample"]
        said.append((SAMPLED, f"a sample of about {float(f'{size:.2g}'):,.0f} responses"))
    if study.wave is not None:
        said.append(("Topics", "found in earlier waves; the last wave was placed on them"))
    return tuple(said)


def _asked(value: int | None) -> str:
    return "chosen by the data" if value is None else f"{value:,}"
