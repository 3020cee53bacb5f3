"""A run's state as a tree of plain values and arrays, and back into a fresh run; imports `_jit`.

Everything that is reached from the run is kept, by itself: new columns and what tactics note down need no line here.
What is left out: the world and what the scenario says (the fresh run has them; they are named, not stored), functions,
and the few attributes named in `SCRATCH`. Coming back makes arrays and objects of known classes and copies; no code
comes out of a file, so a file from anybody is only data.
"""

from __future__ import annotations

import functools
import itertools
import sys
import types
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sim._jit import Direct

Node = Any  # JSON: numbers, texts and None are themselves, everything else is a list that begins with its sort

#: what a day makes anew before it reads it, or what says how the machine is used; by the name of the class
SCRATCH: Final[Mapping[str, frozenset[str]]] = {
    "Columnar": frozenset({"threads", "parts", "desks", "views", "churn_word", "flags"}),
    "Operations": frozenset({"_running", "happening", "_is_back"}),
}
_PLAIN: Final = (str, int, float, bool, type(None))
_DATA: Final = "biufcSUM"  # kinds of arrays that hold no Python objects


class CannotKeep(TypeError):
    """Something in a run is no data."""


class NotTheSame(ValueError):
    """A tree does not fit the run it is to be put into."""


_FUNCTIONS: Final = (
    types.FunctionType, types.MethodType, types.BuiltinFunctionType, types.MethodWrapperType, functools.partial, Direct,
)  # fmt: skip


def _is_function(value: object) -> bool:
    return isinstance(value, _FUNCTIONS) or type(value).__module__.startswith("numba.")


def _is_model(value: object) -> bool:
    """Part of a scenario: pydantic's, which this floor does not import."""
    return hasattr(type(value), "model_fields")


def _has_attributes(value: object) -> bool:
    return hasattr(value, "__dict__") or hasattr(type(value), "__slots__")


def _attributes(value: Any) -> dict[str, Any]:
    found = dict(getattr(value, "__dict__", {}))
    for cls in type(value).__mro__:
        slots = cls.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if hasattr(value, name):
                found[name] = getattr(value, name)
    return found


class Outside:
    """What a run was given and did not make, by path: its world, its tactics, its events."""

    def __init__(self, **roots: Any) -> None:
        self.roots = roots
        self._paths: dict[int, list[Any]] = {}
        self._alive: list[Any] = []
        for name, root in roots.items():
            self._walk(root, [name])

    def _walk(self, value: Any, path: list[Any]) -> None:
        if isinstance(value, (*_PLAIN, np.generic, type)) or id(value) in self._paths:
            return
        if isinstance(value, (list, tuple)):
            children: Iterator[tuple[Any, Any]] = iter(enumerate(value))
        elif isinstance(value, dict):
            children = ((["key", key], child) for key, child in value.items() if isinstance(key, (str, int)))
        else:
            children = iter(() if isinstance(value, np.ndarray) else _attributes(value).items())
        if not (isinstance(value, (list, tuple, dict)) and len(value) == 0):  # Python shares empty ones
            self._paths[id(value)] = path
            self._alive.append(value)
        for step, child in children:
            self._walk(child, [*path, step])

    def path(self, value: Any) -> list[Any] | None:
        """Where this very thing is; None for what the run made itself."""
        return self._paths.get(id(value))

    def at(self, path: list[Any]) -> Any:
        """What is there."""
        found = self.roots[path[0]]
        for step in path[1:]:
            if isinstance(step, list):
                found = found[step[1]]
            else:
                found = found[step] if isinstance(step, int) else getattr(found, step)
        return found


class Keeper:
    """Turns a run into a tree; `arrays` are those that the tree names by number."""

    def __init__(self, outside: Outside) -> None:
        self.outside = outside
        self.arrays: list[NDArray[Any]] = []
        self._numbers: dict[int, int] = {}
        self._of_array: dict[int, int] = {}
        self._alive: list[Any] = []

    def keep(self, value: Any, where: str = "run") -> Node:
        """One value as a node of the tree; `where` is for the message if it is no data."""
        if isinstance(value, np.generic):
            return ["scalar", value.dtype.str, value.tobytes().hex()]
        if type(value) in _PLAIN:
            return value
        if isinstance(value, np.dtype) and value.fields is None and value.kind in _DATA:
            return ["dtype", value.str]
        path = self.outside.path(value)
        if path is not None:
            return ["outside", path]
        if isinstance(value, np.ndarray):
            return self._array(value, where)
        name = f"{type(value).__module__}:{type(value).__qualname__}"
        if isinstance(value, tuple) and hasattr(value, "_fields"):
            pairs = zip(value._fields, value, strict=True)
            return ["record", name, [self.keep(one, f"{where}.{field}") for field, one in pairs]]
        number = self._numbers.get(id(value))
        if number is not None:  # a thing that several hold is written once and referred to
            return ["again", number]
        number = self._numbers[id(value)] = len(self._numbers)
        self._alive.append(value)
        return ["new", number, self._whole(value, name, where)]

    def _whole(self, value: Any, name: str, where: str) -> Node:
        if type(value) in (list, tuple, set, frozenset):
            return [type(value).__name__, [self.keep(one, f"{where}[{k}]") for k, one in enumerate(value)]]
        if type(value) is deque:
            return ["deque", [self.keep(one, where) for one in value], value.maxlen]
        if type(value) is dict:
            pairs = [[self.keep(key, where), self.keep(one, f"{where}[{key!r}]")] for key, one in value.items()]
            return ["dict", pairs]
        if hasattr(value, "indptr") and getattr(value, "format", "") == "csr":
            parts = [self.keep(one, where) for one in (value.data, value.indices, value.indptr)]
            return ["csr", *parts, list(value.shape)]
        is_odd = isinstance(value, (*_PLAIN[:3], list, tuple, set, frozenset, dict, deque, type))
        if is_odd or _is_function(value) or _is_model(value) or not _has_attributes(value):
            raise CannotKeep(f"{where} is a {type(value).__name__}")
        scratch = SCRATCH.get(type(value).__name__, frozenset())
        kept = [(key, one) for key, one in _attributes(value).items() if key not in scratch]
        # a function that is an attribute is the fresh run's own; anywhere else it would be lost
        return ["object", name, [
            [key, ["function"] if _is_function(one) else self.keep(one, f"{where}.{key}")] for key, one in kept
        ]]  # fmt: skip

    def _array(self, value: NDArray[Any], where: str) -> Node:
        kinds = [value.dtype] if value.dtype.fields is None else [kind for kind, *_ in value.dtype.fields.values()]
        if type(value) is not np.ndarray or any(kind.kind not in _DATA for kind in kinds):
            raise CannotKeep(f"{where} is an array of {value.dtype}")
        if id(value) not in self._of_array:
            self._of_array[id(value)] = len(self.arrays)
            self.arrays.append(value)
        return ["array", self._of_array[id(value)], bool(value.flags.c_contiguous or value.flags.f_contiguous)]


class Restorer:
    """Puts a tree back into a fresh run of the same world.

    Where the fresh run has an array of the same shape, it is filled and stays: others may look at it (`Part`). `load`
    reads array k; `modules` are the packages whose classes may be made anew.
    """

    def __init__(self, outside: Outside, load: Callable[[int], NDArray[Any]], modules: Collection[str]) -> None:
        self.outside, self._load, self._modules = outside, load, frozenset(modules)
        self._made: dict[int, Any] = {}
        self._arrays: dict[int, NDArray[Any]] = {}
        self._filled: set[int] = set()
        self._alive: list[Any] = []

    def restore(self, node: Node, fresh: Any = None) -> Any:
        """What the node stands for: `fresh` itself, changed, where that is possible."""
        if not isinstance(node, list):
            return node
        sort, *rest = node
        return getattr(self, f"_{sort}")(fresh, *rest)

    def _scalar(self, fresh: Any, dtype: str, data: str) -> Any:
        return np.frombuffer(bytes.fromhex(data), dtype=dtype)[0]

    def _dtype(self, fresh: Any, name: str) -> Any:
        return np.dtype(name)

    def _outside(self, fresh: Any, path: list[Any]) -> Any:
        return self.outside.at(path)

    def _function(self, fresh: Any) -> Any:
        if fresh is None:
            raise NotTheSame("a function that the fresh run does not have")
        return fresh

    def _again(self, fresh: Any, number: int) -> Any:
        return self._made[number]

    def _new(self, fresh: Any, number: int, node: Node) -> Any:
        sort, *rest = node
        return getattr(self, f"_new_{sort}")(fresh, number, *rest)

    def _new_list(self, fresh: Any, number: int, nodes: list[Node]) -> Any:
        found = self._made[number] = fresh if type(fresh) is list else []
        before = [*found, *itertools.repeat(None, max(len(nodes) - len(found), 0))]
        found[:] = [self.restore(node, old) for node, old in zip(nodes, before, strict=False)]
        return found

    def _new_tuple(self, fresh: Any, number: int, nodes: list[Node]) -> Any:
        old = fresh if type(fresh) is tuple and len(fresh) == len(nodes) else itertools.repeat(None, len(nodes))
        self._made[number] = tuple([self.restore(node, one) for node, one in zip(nodes, old, strict=True)])
        return self._made[number]

    def _new_set(self, fresh: Any, number: int, nodes: list[Node]) -> Any:
        self._made[number] = {self.restore(node) for node in nodes}
        return self._made[number]

    def _new_frozenset(self, fresh: Any, number: int, nodes: list[Node]) -> Any:
        self._made[number] = frozenset(self.restore(node) for node in nodes)
        return self._made[number]

    def _new_deque(self, fresh: Any, number: int, nodes: list[Node], most: int | None) -> Any:
        found = self._made[number] = deque(maxlen=most)
        found.extend(self.restore(node) for node in nodes)
        return found

    def _new_dict(self, fresh: Any, number: int, pairs: list[list[Node]]) -> Any:
        found = self._made[number] = fresh if type(fresh) is dict else {}
        keys = [self.restore(key) for key, _ in pairs]
        values = [self.restore(node, found.get(key)) for key, (_, node) in zip(keys, pairs, strict=True)]
        found.clear()
        found.update(zip(keys, values, strict=True))
        return found

    def _new_csr(self, fresh: Any, number: int, data: Node, indices: Node, indptr: Node, shape: list[int]) -> Any:
        from scipy.sparse import csr_matrix

        parts = tuple(self.restore(node) for node in (data, indices, indptr))
        self._made[number] = csr_matrix(parts, shape=tuple(shape), copy=False)
        return self._made[number]

    def _new_object(self, fresh: Any, number: int, name: str, pairs: list[list[Any]]) -> Any:
        cls = self._class(name)
        found = self._made[number] = fresh if type(fresh) is cls else object.__new__(cls)
        for key, node in pairs:
            old = _attributes(found).get(key)
            new = self.restore(node, old)
            if new is not old or old is None:
                object.__setattr__(found, key, new)
        return found

    def _record(self, fresh: Any, name: str, nodes: list[Node]) -> Any:
        cls = self._class(name)
        if not (issubclass(cls, tuple) and hasattr(cls, "_make")):
            raise NotTheSame(f"{name} is no record")
        old = fresh if type(fresh) is cls else itertools.repeat(None, len(nodes))
        return cls._make([self.restore(node, one) for node, one in zip(nodes, old, strict=True)])

    def _array(self, fresh: Any, number: int, is_contiguous: bool) -> NDArray[Any]:
        if number not in self._arrays:
            found = self._load(number)
            if self._fits(fresh, found):
                fresh[...] = found
                found = fresh
            elif not is_contiguous:  # compiled loops were promised that it is not
                spread = np.empty((*found.shape, 2), dtype=found.dtype)[..., 0]
                spread[...] = found
                found = spread
            self._filled.add(id(found))
            self._arrays[number] = found
        return self._arrays[number]

    def _fits(self, fresh: Any, found: NDArray[Any]) -> bool:
        """May this array of the fresh run be filled: is it the run's own, and not filled already as something else?"""
        return (
            isinstance(fresh, np.ndarray) and fresh.shape == found.shape and fresh.dtype == found.dtype
            and fresh.flags.writeable and self.outside.path(fresh) is None and id(fresh) not in self._filled
        )  # fmt: skip

    def _class(self, name: str) -> Any:
        module, _, qualified = name.partition(":")
        if module.partition(".")[0] not in self._modules or module not in sys.modules:
            raise NotTheSame(f"no class of this run: {name}")
        found: Any = sys.modules[module]
        for part in qualified.split("."):
            found = getattr(found, part, None)
        if not isinstance(found, type):
            raise NotTheSame(f"no class: {name}")
        return found
