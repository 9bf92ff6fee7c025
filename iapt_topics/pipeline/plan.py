"""What a study is made of, as a file that people write: study.toml."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any, Literal

from iapt_topics._base.errors import InputError, suggestion
from iapt_topics._base.files import read_toml
from iapt_topics.pipeline.keys import KEYS, KINDS, LEAST, Key, is_place

PLAN = "study.toml"
DEFAULT_FRAME = "iapt_identity_system"


_MODELS = "give a folder, all-MiniLM-L6-v2 or all-mpnet-base-v2: no model is fetched by its name"


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyPlan:
    """The plan of a study: survey, codebook, settings of the analysis and disclosure rule.

    Attributes
    ----------
    file : Path
        The survey.
    text : tuple of str
        Columns of the responses, one for each question.
    year : str
        Column of the year or wave.
    respondent, response, question, weight : str, optional
        Columns, as for :func:`iapt_topics.load_responses`.
    covariates, waves : tuple of str
        As for :func:`iapt_topics.load_responses`; so are ``language``,
        ``non_answers`` and ``skip_hidden``.
    language : str, optional
    non_answers : Path, optional
    skip_hidden : bool, default False
    withdrawn : Path, optional
        As for :func:`iapt_topics.load_responses`. A list in ``out`` is used in any case.
    deny : Path, optional
        Terms to redact, as for :func:`iapt_topics.redact_responses`.
    names : {"model"}, optional
        Likewise: how names are found in running text.
    redact_text : bool, default False
        Whether the redacted text is analysed.
    after : Path, optional
        Folder of results of the earlier waves. ``file`` is then a later wave, which is placed on
        their topics: what was found of them stays.
    codes, code_map : Path, optional
        Human codes, and the themes that their names stand for.
    codes_sample : str, optional
        "random" or "purposive": how the coded responses were chosen. Nothing is corrected by a
        purposive sample. Without it they are taken for a random sample, unless they look otherwise.
    documents : Path, optional
        As for :func:`iapt_topics.load_codes`; so is ``unlisted``.
    unlisted : str, default "not_coded"
    frame : str or Path, optional
        The codebook; without one, the labels of the human codes are the themes.
    model : str or Path, optional
        Folder of a sentence model, "all-MiniLM-L6-v2" or "all-mpnet-base-v2", as for
        :func:`iapt_topics.sentence_encoder`; so are ``prompt`` and ``theme_prompt``.
    second_model : str or Path, optional
        Another such model, joined with the first (:func:`iapt_topics.encoders.join_encoders`).
    prompt, theme_prompt : str, optional
    topic_model : {"bertopic"}, optional
        As ``model`` of :class:`iapt_topics.TopicConfig`.
    seed, n_runs : int
        As for :class:`iapt_topics.TopicConfig`; so are ``n_topics``, ``min_topic_size``, and
        ``min_support``.
    n_topics, min_topic_size : int, optional
    min_support : float, default 0
    learn_share : float, default 0
        Part of the respondents in ``codes`` whose codes teach the machine, as for
        :func:`iapt_topics.learn_codes`; those of the others measure it. Who is in which part
        depends on the id and the seed alone.
    learn_codes : Path, optional
        Further human codes that teach, of respondents who do not measure.
    topic_edits, mapping_edits : Path, optional
        What people decided on topics, and on topics and themes: files that ``iapt-topics edits``
        keeps, which name each topic by its responses.
    ratings : tuple of Path
        Convergence ratings, one sheet for each rater, as
        :func:`iapt_topics.agreement.write_convergence` writes it. Where raters differ, the
        proposed rating stays and the note says what each gave.
    baseline : int, optional
        Year that others are compared with.
    standardise : tuple of str
        Covariates whose mix is held fixed, as for :func:`iapt_topics.standardise_drift`.
    groups : tuple of str
        Covariates whose groups are compared over time, as ``interactions`` of
        :func:`iapt_topics.drift.theme_regression`.
    theme_words : bool, default False
        Whether words are compared over time within each theme, too.
    tests, answers : tuple of Path
        Blind tests, as :func:`iapt_topics.validation.save_task` keeps them, and the answers to
        them. Topics that people could not tell apart are marked in both reports.
    disclosure : int or str, default "default"
        The name of a rule ("default", "strict", "noise", "ons_10_5", "hes", "min5", "min10" or
        "min11"), or the fewest respondents behind any figure that is shown.
    quotes : bool, optional
        Whether redacted quotes are printed that nobody approved; by default only for the synthetic
        example.
    approved : Path, optional
        Approved quotes, as :func:`iapt_topics.publish.read_quotes` reads them.
    out : Path
        Folder of the results.

    Raises
    ------
    InputError
        Naming every value of another type or out of its range.
    """

    file: Path
    text: tuple[str, ...]
    year: str
    respondent: str | None = None
    response: str | None = None
    question: str | None = None
    covariates: tuple[str, ...] = ()
    weight: str | None = None
    waves: tuple[str, ...] = ()
    language: str | None = None
    non_answers: Path | None = None
    skip_hidden: bool = False
    withdrawn: Path | None = None
    deny: Path | None = None
    names: Literal["model"] | None = None
    redact_text: bool = False
    after: Path | None = None
    codes: Path | None = None
    code_map: Path | None = None
    codes_sample: str | None = None
    documents: Path | None = None
    unlisted: str = "not_coded"
    frame: str | Path | None = None
    model: str | Path | None = None
    second_model: str | Path | None = None
    prompt: str | None = None
    theme_prompt: str | None = None
    topic_model: str | None = None
    seed: int = 7
    n_runs: int = 12
    n_topics: int | None = None
    min_topic_size: int | None = None
    min_support: float = 0.0
    learn_share: float = 0.0
    learn_codes: Path | None = None
    topic_edits: Path | None = None
    mapping_edits: Path | None = None
    ratings: tuple[Path, ...] = ()
    baseline: int | None = None
    standardise: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    theme_words: bool = False
    tests: tuple[Path, ...] = ()
    answers: tuple[Path, ...] = ()
    disclosure: int | str = "default"
    quotes: bool | None = None
    approved: Path | None = None
    out: Path = Path("results")

    def __post_init__(self) -> None:
        values = {k.field: getattr(self, k.field) for k in KEYS}
        _raise(_wrong({f: v for f, v in values.items() if v is not None}), "a study's plan")
        for key in KEYS:
            if key.kind in ("file", "folder") and isinstance(values[key.field], str):
                object.__setattr__(self, key.field, Path(values[key.field]))
            elif key.kind == "files":
                object.__setattr__(self, key.field, tuple(map(Path, values[key.field] or ())))

    @property
    def learns(self) -> bool:
        """Whether human codes teach the machine."""
        return self.learn_share > 0 or self.learn_codes is not None


def read_plan(path: str | Path) -> StudyPlan:
    """Read the plan of a study.

    Parameters
    ----------
    path : str or Path
        A ``study.toml``, or a folder that has one, such as that of a result. Paths in it are
        relative to its own folder, and may begin with ``~``.

    Returns
    -------
    StudyPlan
        With whole paths.

    Raises
    ------
    InputError
        Naming every fault at once: an unknown section or key, with the known one that is like it; a
        value of another type or out of its range; a key or a file that is missing.
    """
    path = Path(path)
    path = path / PLAN if path.is_dir() else path
    what = f"study {str(path)!r}"
    values, faults = _values(read_toml(path, "study"))
    lists = {k.field for k in KEYS if k.kind in ("texts", "files")}
    values |= {f: (v,) for f, v in values.items() if f in lists and isinstance(v, str)}
    faults += _wrong(values)
    base = path.resolve().parent
    required = {f.name for f in fields(StudyPlan) if f.default is MISSING}
    for key in KEYS:
        value = values.get(key.field)
        if value is None and key.field in required:
            faults.append(f"{key} is missing ({key.about})")
        elif isinstance(value, str) and KINDS[key.kind].fits is is_place:
            path = _PARSERS.get(key.kind, Path)(value)
            values[key.field] = path if isinstance(path, str) else _whole(path, base)
            if key.kind == "file" and value.strip() and not values[key.field].exists():
                faults.append(f"{key}: no such file {str(values[key.field])!r}")
            elif isinstance(path, Path) and key.kind == "model" and not values[key.field].is_dir():
                faults.append(f"{key}: no such folder {str(values[key.field])!r}; {_MODELS}")
        elif key.kind == "files" and value and KINDS["files"].fits(value):
            values[key.field] = paths = tuple(_whole(Path(v), base) for v in value)
            faults += [f"{key}: no such file {str(p)!r}" for p in paths if not p.is_file()]
        elif key.kind == "texts" and isinstance(value, list):
            values[key.field] = tuple(value)
    _raise(faults, what)
    return StudyPlan(**{"out": base / "results"} | values)


def _whole(path: Path, base: Path) -> Path:
    """A path as a file of the folder ``base`` names it, as a whole; ``~`` is the home folder."""
    with suppress(RuntimeError):  # ~name of nobody here: a file may be called so
        path = path.expanduser()
    return (base / path).resolve()


def parse_frame(value: str) -> str | Path:
    """A path if it ends as a frame file does, else the name of a bundled frame."""
    from iapt_topics.frame.files import ENDINGS

    return Path(value) if Path(value).suffix.casefold() in ENDINGS else value


def parse_model(value: str) -> str | Path:
    """The path of a model's folder, or the name of one that a package carries."""
    from iapt_topics.encoders.names import known_name

    return known_name(value) or Path(value)


_PARSERS = {"frame": parse_frame, "model": parse_model}


def plan_text(plan: StudyPlan, path: Path) -> str:
    """The plan as the content of a study.toml at ``path``, which may have a plan already.

    Of that one, comments and order stay, and so does each value that is the same. A new one has
    every key, with what it means; those without a value are commented out.
    """
    import tomlkit

    try:
        before, text = read_plan(path), path.read_text("utf-8-sig")
    except InputError:  # there is none
        before, text = None, _template()
    values = {k: v for k in KEYS if (v := getattr(plan, k.field)) not in (None, ())}
    for line in map(_template_line, values):
        text = text.replace(f"# {line}", line)
    content: Any = tomlkit.parse(text)
    for key in KEYS:
        section, value = content.get(key.section, {}), values.get(key)
        if value is None:
            section.pop(key.name, None)
            continue
        if key.kind == "files":
            value = [_beside(v, path.parent) for v in value]
        item = tomlkit.item(_beside(value, path.parent) if isinstance(value, Path) else value)
        if key.name not in section:
            content.setdefault(key.section, {})[key.name] = item.comment(key.about)
        elif before is None or getattr(before, key.field) != value:
            section[key.name] = item  # with the comment of the one before
    return tomlkit.dumps(content)


def _template() -> str:
    lines = ["# The plan of a study: iapt-topics run study.toml", "# Paths start from this folder."]
    for section in dict.fromkeys(k.section for k in KEYS):
        lines += ["", f"[{section}]"]
        lines += [f"# {_template_line(k)}" for k in KEYS if k.section == section]
    return "\n".join(lines) + "\n"


def _template_line(key: Key) -> str:
    return f"{key.name} = {KINDS[key.kind].example or 0}  # {key.about}"


def _values(content: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Values by attribute, and what is in the file and no key."""
    faults: list[str] = []
    values: dict[str, Any] = {}
    known = {(k.section, k.name): k.field for k in KEYS}
    sections = list(dict.fromkeys(k.section for k in KEYS))
    for section, part in content.items():
        if section not in sections:
            hint = suggestion(section, sections) or _elsewhere(section)
            faults.append(f"unknown section [{section}]. {hint}".strip().removesuffix("."))
        elif not isinstance(part, dict):
            faults.append(f"[{section}] must be a section, not a value")
        else:
            names = [n for s, n in known if s == section]
            for name, value in part.items():
                if name in names:
                    values[known[section, name]] = value
                    continue
                hint = _elsewhere(name) or suggestion(name, names)
                faults.append(f"unknown key {section}.{name}. {hint}".strip().removesuffix("."))
    return values, faults


def _elsewhere(name: str) -> str:
    places = [str(k) for k in KEYS if name in (k.name, k.before)]
    return f"The key is {' or '.join(places)}. " if places else ""


def _wrong(values: Mapping[str, Any]) -> list[str]:
    """What is wrong with values by their own: another type, or out of range."""
    faults = []
    for key in (k for k in KEYS if k.field in values):
        value, kind, least = values[key.field], KINDS[key.kind], LEAST.get(key.field)
        if not kind.fits(value):
            faults.append(f"{key} must be {kind.words}; got {_shown(value)}")
        elif least is not None and value < least:
            faults.append(f"{key} must be {kind.words} of at least {least}; got {value}")
    return faults


def _shown(value: object) -> str:
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else f"{text[:57]}..."


def _raise(faults: Collection[str], what: str) -> None:
    if faults:
        got = f"{len(faults)} fault(s): {'; '.join(faults)}"
        raise InputError(what, "must be complete and valid", got, "Correct these values.")


def _beside(path: Path, folder: Path) -> str:
    """A path as seen from a folder, if it lies in it or beside it; else as a whole."""
    path, folder = path.resolve(), folder.resolve()
    if path.is_relative_to(folder):
        return path.relative_to(folder).as_posix()
    if path.is_relative_to(folder.parent):
        return f"../{path.relative_to(folder.parent).as_posix()}"
    return path.as_posix()
