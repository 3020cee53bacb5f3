"""YAML text -> plain data and the line of every key; imports only `errors`.

Only the plain half of YAML is read: mappings, lists, text, numbers, on/off. Tags, anchors, merge keys,
dates and base-60 numbers are refused, so a file cannot run code, cannot blow up in memory, and does
not mean something else than it seems to.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import yaml

from sim.errors import InputError, ScenarioError, shown

MOST_BYTES: Final = 1_000_000
MOST_DEPTH: Final = 16

Path_ = tuple[str | int, ...]

_INT: Final = re.compile(r"[-+]?(0|[1-9][0-9_]*)\Z", re.ASCII)
_FLOAT: Final = re.compile(r"[-+]?([0-9][0-9_]*)?(\.[0-9_]*)?([eE][-+]?[0-9]+)?\Z", re.ASCII)
_ODD_INT: Final = re.compile(r"[-+]?(0[0-7_]+|0x[0-9a-fA-F_]+|0b[01_]+)\Z", re.ASCII)
_BASE_60: Final = re.compile(r"[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?\Z", re.ASCII)
_DATE: Final = re.compile(r"\d{4}-\d{1,2}-\d{1,2}([Tt ].*)?\Z", re.ASCII)
_NOT_FINITE: Final = re.compile(r"[-+]?\.(inf|Inf|INF|nan|NaN|NAN)\Z")
_WORDS: Final[dict[str, bool | None]] = {
    **dict.fromkeys(("yes", "Yes", "YES", "on", "On", "ON", "true", "True", "TRUE"), True),
    **dict.fromkeys(("no", "No", "NO", "off", "Off", "OFF", "false", "False", "FALSE"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
}


class Document(NamedTuple):
    """What a file says: plain data, and the line on which each path begins."""

    data: Any
    lines: dict[Path_, int]

    def line(self, path: Path_) -> int | None:
        """Line of a path, or of the nearest thing around it."""
        for n in range(len(path), 0, -1):
            if path[:n] in self.lines:
                return self.lines[path[:n]]
        return None


def path_text(path: Path_) -> str:
    """A path as people write it.

    >>> path_text(("strategies", "coupons", 1, "face"))
    'strategies.coupons[1].face'
    """
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


class _Refusal(Exception):
    def __init__(self, line: int, problem: str, hint: str = "", found: Any = ..., path: Path_ = ()) -> None:
        self.line, self.problem, self.hint, self.found, self.path = line, problem, hint, found, path


class _Loader(yaml.BaseLoader):
    """Composes nodes and refuses what is not plain while it is still an event."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise _Refusal(line, "anchors and aliases (& and *) are not allowed", "Write the value out.")
        if getattr(event, "tag", None) is not None:
            raise _Refusal(
                line,
                "tags (!) are not allowed",
                "Write a plain value.",
                str(event.tag).replace("tag:yaml.org,2002:", "!!"),
            )
        self.depth += 1
        if self.depth > MOST_DEPTH:
            raise _Refusal(line, f"nested more than {MOST_DEPTH} levels deep")
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


def read_file(path: Path, what: str = "scenario", dates: bool = False) -> Document:
    """Read a file of `what`; everything wrong with it as text is a ScenarioError with file and line.

    `dates`: a date is text, as in a study file; a scenario refuses it.
    """
    try:
        if path.is_dir():
            raise ScenarioError("a file is expected, this is a folder", file=path)
        if path.stat().st_size > MOST_BYTES:
            raise ScenarioError(f"file is too large for a {what}", file=path, allowed="at most 1 MB")
        raw = path.read_bytes()
    except FileNotFoundError:
        raise ScenarioError("file not found", file=path) from None
    except OSError as error:
        raise ScenarioError(f"file cannot be read ({error.__class__.__name__})", file=path) from None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise ScenarioError("not UTF-8 text", file=path, line=line, hint="Save the file as UTF-8.") from None
    return read_text(text, file=path, what=what, dates=dates)


def read_text(text: str, file: str | Path | None = None, what: str = "scenario", dates: bool = False) -> Document:
    """Read a scenario (or `what`) from text; see `read_file`."""
    if len(text) > MOST_BYTES:
        raise ScenarioError(f"text is too long for a {what}", file=file, allowed="at most 1 MB")
    try:
        node = _compose(text)
        if node is None:
            hint = "`grapevine new NAME` writes a commented scenario." if what == "scenario" else None
            raise ScenarioError("file is empty", file=file, hint=hint)
        lines: dict[Path_, int] = {}
        data = _build(node, (), lines, dates)
    except _Refusal as refusal:
        raise ScenarioError(
            refusal.problem,
            file=file,
            line=refusal.line,
            path=path_text(refusal.path) or None,
            found=refusal.found,
            hint=refusal.hint,
        ) from None
    if not isinstance(data, dict):
        raise ScenarioError(
            f"a {what} is a mapping of keys to values",
            file=file,
            line=1,
            found=data,
            hint="For example: `days: 90`." if what == "scenario" else "For example: `name: my_shop`.",
        )
    return Document(data, lines)


def read_value(text: str) -> Any:
    """One value as it would stand in a file (for `--set path=value`)."""
    try:
        node = _compose(text)
        return None if node is None else _build(node, (), {})
    except _Refusal as refusal:
        raise ScenarioError(refusal.problem, found=refusal.found, hint=refusal.hint) from None


@functools.lru_cache(maxsize=16)
def _compose(text: str) -> yaml.Node | None:
    """The nodes of a text, which nobody changes; the same scenario is often read many times in one process."""
    loader = None
    try:
        loader = _Loader(text)
        return loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        problem = error.problem or error.context or "malformed YAML"
        if "\\t" in problem:
            raise _Refusal(line, "a tab is used for indentation", "Indent with spaces.") from None
        if "document" in problem and "found another document" in problem:
            raise _Refusal(line, "more than one document in the file", "Keep one, without `---`.") from None
        raise _Refusal(line, f"malformed YAML: {problem}") from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1 if isinstance(error.position, int) else 1
        raise _Refusal(line, "malformed YAML: a character that is not text") from None
    except (yaml.YAMLError, ValueError, OverflowError, IndexError, TypeError, AttributeError):
        line = 1 if loader is None else loader.get_mark().line + 1
        raise _Refusal(line, "malformed YAML") from None
    finally:
        if loader is not None:
            loader.dispose()


def _build(node: yaml.Node, path: Path_, lines: dict[Path_, int], dates: bool = False) -> Any:
    line = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        mapping: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key_line = key_node.start_mark.line + 1
            key = _build(key_node, (), {}) if isinstance(key_node, yaml.ScalarNode) else None
            if not isinstance(key, str) or key == "<<" or not key:
                hint = "Merge keys are not allowed." if key == "<<" else "Keys are text; put others in quotes."
                found = key_node.value if isinstance(key_node, yaml.ScalarNode) else ...
                raise _Refusal(key_line, "not a key", hint, found, path)
            if key in mapping:
                first = lines[(*path, key)]
                raise _Refusal(key_line, f"key '{key}' appears twice", f"It is already on line {first}.", path=path)
            lines[(*path, key)] = key_line
            mapping[key] = _build(value_node, (*path, key), lines, dates)
        return mapping
    if isinstance(node, yaml.SequenceNode):
        items = []
        for i, item_node in enumerate(node.value):
            lines[(*path, i)] = item_node.start_mark.line + 1
            items.append(_build(item_node, (*path, i), lines, dates))
        return items
    try:
        return _scalar(str(node.value), getattr(node, "style", None) is None, line, dates)
    except _Refusal as refusal:
        refusal.path = path
        raise


def _scalar(text: str, is_plain: bool, line: int, dates: bool = False) -> Any:
    problem = not_text(text)
    if problem:
        raise _Refusal(line, problem)
    if not is_plain:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INT.match(text):
        digits = text.replace("_", "")
        if len(digits) > 25:
            raise _Refusal(line, "number too large", found=text)
        return int(digits)
    if _NOT_FINITE.match(text):
        raise _Refusal(line, "not a finite number", "Infinity and NaN are not allowed.", text)
    if _ODD_INT.match(text):
        raise _Refusal(line, "not a plain number", "Write it without leading zeros; text goes in quotes.", text)
    if _FLOAT.match(text) and any(c.isdigit() for c in text.split("e")[0].split("E")[0]):
        number = float(text.replace("_", ""))
        if not math.isfinite(number):
            raise _Refusal(line, "number too large", found=text)
        return number
    if _BASE_60.match(text):
        raise _Refusal(line, "YAML reads this as a base-60 number", "Put text in quotes.", text)
    if _DATE.match(text) and not dates:
        raise _Refusal(line, "a date is not allowed here", "Put text in quotes; days are whole numbers.", text)
    return text


def not_text(text: str) -> str:
    """What is wrong with a piece of text, or nothing: control characters and halves of characters."""
    if any(ord(c) < 32 and c not in "\n\t" for c in text) or "\x7f" in text:
        return "control characters are not allowed in text"
    if any("\ud800" <= c <= "\udfff" for c in text):
        return "half of a character is not text"
    return ""


def plain(value: Any, path: Path_ = ()) -> Any:
    """A copy of a value given from Python as the plain data a file would give; anything else is refused."""
    if hasattr(value, "item") and not hasattr(value, "__len__"):
        value = value.item()  # a NumPy scalar
    if isinstance(value, float) and not math.isfinite(value):
        raise ScenarioError("not a finite number", path=path_text(path), found=value)
    if isinstance(value, str) and not_text(value):
        raise ScenarioError(not_text(value), path=path_text(path))
    if value is None or type(value) in (bool, int, float, str):
        return value
    if len(path) > MOST_DEPTH:
        raise ScenarioError(f"nested more than {MOST_DEPTH} levels deep", path=path_text(path[:3]))
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                raise ScenarioError("not a key", path=path_text(path), found=key, allowed="text")
        return {key: plain(item, (*path, key)) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item, (*path, i)) for i, item in enumerate(value)]
    if isinstance(value, Path):
        return str(value)
    raise ScenarioError("wrong type", path=path_text(path), found=type(value).__name__, allowed="plain data")


def parse_assignment(text: str) -> tuple[str, Any]:
    """`path=value` as typed after `--set`.

    >>> parse_assignment("strategies.coupons[1].face=4.50")
    ('strategies.coupons[1].face', 4.5)
    """
    path, equals, value = text.partition("=")
    path = path.strip()
    if not equals or not path:
        raise InputError("not an assignment", found=text, allowed="path=value, like params.b_h=0.4")
    try:
        return path, read_value(value.strip())
    except ScenarioError as error:
        raise ScenarioError(
            f"{error.problem}: found {error.found or shown(value)}", path=path, hint=error.hint
        ) from None


def parse_path(text: str) -> Path_:
    """`strategies.coupons[1].face` -> ('strategies', 'coupons', 1, 'face')."""
    parts: list[str | int] = []
    for piece in text.split("."):
        match = re.fullmatch(r"([^\[\]]+)((?:\[\d{1,6}\])*)", piece.strip())
        if not match:
            raise ScenarioError(
                "not a path", found=text, allowed="keys joined by dots, like strategies.coupons[1].face"
            )
        parts.append(match[1])
        parts.extend(int(number) for number in re.findall(r"\d+", match[2]))
    return tuple(parts)
