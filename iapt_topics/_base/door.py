"""The door of the library: what a public function or class is given is of the types it names.

The checks stand where a user comes in. Rooms hand their functions on with a check of every argument
before the call; files of the library import from files, so that what they pass to each other, which
mypy has checked, costs nothing. A class that takes a user's values derives from :class:`Checked`.
"""

from __future__ import annotations

import builtins
import functools
import inspect
import sys
import types
from collections.abc import Callable, Iterable, Mapping, Sequence, Sized
from collections.abc import Set as AnySet
from itertools import chain
from numbers import Integral, Real
from pathlib import Path
from typing import Any, Literal, Self, Union, get_args, get_origin

import lazy_loader

from iapt_topics._base.errors import InputError

#: Which functions make a class; of one that is not here, the error names the class alone.
MAKERS = {
    "Analysis": "analyse() or load_study()",
    "Answers": "read_answers()",
    "BlindResult": "score_test()",
    "Certificate": "certify_codes()",
    "Codes": "load_codes() or code_responses()",
    "Comparison": "compare_codes()",
    "Disclosure": "Disclosure(min_cell=...)",
    "Drift": "measure_drift()",
    "Embeddings": "embed()",
    "Encoder": "sentence_encoder()",
    "Figure": "drift_figure() or another figure function",
    "MappingEdits": "read_mapping() or read_edits()",
    "Project": "read_project()",
    "Published": "publish()",
    "Responses": "load_responses()",
    "SamplePlan": "next_to_code()",
    "ScaledStudy": "scale_study()",
    "SentenceEncoder": "sentence_encoder()",
    "Study": "run_study()",
    "StudyPlan": "read_plan()",
    "Task": "draw_test() or another maker of a task",
    "Theme": "Theme(id=..., label=...)",
    "ThemeFrame": "load_frame()",
    "TopicConfig": "TopicConfig(...)",
    "TopicEdit": "TopicEdit(...)",
    "TopicMapping": "map_topics()",
    "Topics": "fit_topics() or load_topics()",
    "TopicTracking": "topic_tracking()",
}
#: Other types in words, one and many.
_WORDS = {
    "None": ("None", "None"),
    "NoneType": ("None", "None"),
    "str": ("a text", "texts"),
    "int": ("a whole number", "whole numbers"),
    "float": ("a number", "numbers"),
    "bool": ("True or False", "True or False"),
    "Path": ("a path", "paths"),
    "DataFrame": ("a DataFrame", "DataFrames"),
    "ndarray": ("an array", "arrays"),
    "_Numbers": ("a number or an array of numbers", "arrays of numbers"),
    "Callable": ("a function", "functions"),
    "Any": ("anything", "anything"),
}


def open_room(name: str, file: str) -> tuple[Callable[[str], Any], Callable[[], list[str]], Any]:
    """Hand on what the stub beside ``file`` names, loaded when it is used and checked at the call.

    A function's room then stands as its module, so that it is pickled as it is called.
    """
    load, names, public = lazy_loader.attach_stub(name, file)

    def __getattr__(wanted: str) -> Any:  # noqa: N807 as modules name it
        found = load(wanted)
        if inspect.isfunction(found):
            found = checked(found)
            found.__module__ = name
            setattr(sys.modules[name], wanted, found)
        return found

    return __getattr__, names, public


def checked(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, which refuses an argument of another type than its annotation before it begins.

    Missing and unknown arguments are left to Python's own errors.
    """
    hints: dict[str, Any] = {}

    @functools.wraps(function)
    def call(*given: Any, **named: Any) -> Any:
        if not hints:
            hints.update(_hints(function, function.__globals__))
        _require_types(function.__name__, hints, given, named)
        return function(*given, **named)

    return call


class Checked:
    """A class whose constructor and public methods refuse arguments of another type."""

    __slots__ = ()

    def __new__(cls, *given: Any, **named: Any) -> Self:
        """Check what the constructor is given; copying and unpickling give nothing here."""
        if given or named:
            _require_types(cls.__name__, _constructor_hints(cls), (None, *given), named)  # type: ignore[arg-type]
        return super().__new__(cls)

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        for name, method in list(vars(cls).items()):
            # A dataclass with slots is made anew from a class that has them checked already.
            if inspect.isfunction(method) and name[0] != "_" and not hasattr(method, "__wrapped__"):
                setattr(cls, name, checked(method))


def _require_types(
    what: str, hints: Mapping[str, Any], given: Iterable[Any], named: Mapping[str, Any]
) -> None:
    """Raise :class:`InputError` for the first argument that is not of its type."""
    for name, value in chain(zip(hints, given, strict=False), named.items()):
        hint = hints.get(name, Any)
        if not _fits(value, hint):
            makers = [MAKERS[c] for c in _class_names(hint) if c in MAKERS]
            do = f"Use {' or '.join(makers)}." if makers else f"See help({what})."
            raise InputError(f"`{name}` of {what}", f"must be {_words(hint)}", _shown(value), do)
        if name == "seed" and value < 0:
            raise InputError(f"`seed` of {what}", "must be at least 0", str(value), "Use e.g. 0.")


@functools.cache
def _constructor_hints(cls: type) -> dict[str, Any]:
    known: dict[str, Any] = {}
    for part in reversed(cls.__mro__):
        known |= vars(sys.modules[part.__module__])
    return _hints(cls.__init__, known)  # type: ignore[misc]


def _hints(function: Callable[..., Any], known: Mapping[str, Any]) -> dict[str, Any]:
    """Type of each parameter; a name that only type checkers import is a class by its name."""
    names = _Names({**known, "ArrayLike": _Numbers, "Labels": Any})
    written = inspect.get_annotations(function, globals={}, locals=names, eval_str=True)
    return {p: written.get(p, Any) for p in inspect.signature(function).parameters}


class _Names(dict[str, Any]):
    """Names that annotations are written in."""

    def __missing__(self, name: str) -> Any:
        return getattr(builtins, name, None) or _ByName(name, (), {})


class _ByName(type):
    """A class of which only the name is known: instances are those of a class of that name."""

    def __instancecheck__(cls, value: object) -> bool:
        return any(c.__name__ == cls.__name__ for c in type(value).__mro__)


class _OfNumbers(type):
    def __instancecheck__(cls, value: object) -> bool:
        import numpy as np  # not before: the command line can say what it does without

        if value is None or isinstance(value, str | bytes | Path):
            return False
        try:
            return np.asarray(value).dtype.kind not in "US" and np.asarray(value, float).ndim >= 0
        except (TypeError, ValueError):
            return False


class _Numbers(metaclass=_OfNumbers):
    """What numpy makes an array of numbers of: what ``ArrayLike`` is taken to mean."""


def _fits(value: Any, hint: Any) -> bool:
    """Whether a value is of a type; what is not understood is taken to fit."""
    if type(value) is hint or hint is Any:  # as most are
        return True
    origin, args = get_origin(hint), get_args(hint)
    if origin is None:
        return _is(value, hint) if isinstance(hint, type) else hint is not None or value is None
    if origin in (Union, types.UnionType):
        return any(_fits(value, a) for a in args)
    if origin is Literal:
        return any(type(value) is type(a) and value == a for a in args)
    if origin is Callable:
        return callable(value)
    if not isinstance(origin, type):
        return True
    if origin is Sequence and type(value).__name__ in ("Series", "Index", "ndarray"):
        value = list(value)  # as good as a list of their values
    if not isinstance(value, AnySet | list | tuple if origin is frozenset else origin):
        return False
    if origin.__name__ == "ndarray":
        return True
    if isinstance(value, str | bytes):  # which are sequences, of letters
        return False
    if isinstance(value, Mapping) and len(args) == 2:
        return all(_fits(k, args[0]) and _fits(v, args[1]) for k, v in value.items())
    parts: list[Any] = list(value) if isinstance(value, Iterable) else []
    if origin is tuple and args[-1] is not ...:
        return len(parts) == len(args) and all(map(_fits, parts, args))
    return all(_fits(v, args[0]) for v in parts)


def _is(value: object, cls: type) -> bool:
    """Whether a value is of a class; a flag is no number, and a number of numpy's is one."""
    flag = type(value).__name__ == "bool"  # Python's or numpy's
    if cls is bool:
        return flag
    if cls in (int, float):
        return isinstance(value, Integral if cls is int else Real) and not flag
    if getattr(cls, "_is_protocol", False):
        wanted = [name for name in vars(cls) if name[0] != "_"]
        return not isinstance(value, type) and all(hasattr(value, name) for name in wanted)
    return isinstance(value, cls)


def _words(hint: Any, many: bool = False) -> str:
    """A type in words."""
    origin, args = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return " or ".join(dict.fromkeys(_words(a, many) for a in args))
    if origin is Literal:
        return " or ".join(map(repr, args))
    name = str(getattr(origin or hint, "__name__", hint))
    if name in _WORDS:
        return _WORDS[name][many]
    if not args:
        return name
    inner = [_words(a, True) for a in args if a is not ...]
    if name in ("Mapping", "dict"):
        return f"a mapping of {' to '.join(inner)}"
    kind = {"tuple": "tuple", "frozenset": "set"}.get(name, "list")
    return f"a {kind} of {' and '.join(inner)}"


def _class_names(hint: Any) -> list[str]:
    """Names of the classes that a type is made of."""
    if args := get_args(hint):
        return [name for a in args for name in _class_names(a)]
    return [getattr(hint, "__name__", "")]


def _shown(value: object) -> str:
    """What was given, in a few words; of a long text or a list of texts no word."""
    kind = type(value).__name__
    if value is None or isinstance(value, bool | Real):
        return str(value)
    if isinstance(value, str):
        return repr(value) if len(value) <= 60 else f"a text of {len(value):,} characters"
    if isinstance(value, Path):
        return f"the path {str(value)!r}"
    if isinstance(value, type):
        return f"the class {value.__name__}"
    if kind == "DataFrame" and isinstance(value, Sized):
        return f"a DataFrame of {len(value):,} rows"
    article = "an" if kind[0].lower() in "aeiou" else "a"
    if isinstance(value, list | tuple | AnySet):
        parts = sorted({type(v).__name__ for v in value})
        return f"{article} {kind} of {' and '.join(parts)}" if parts else f"an empty {kind}"
    return f"{article} {kind}"
