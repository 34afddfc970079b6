"""The objects that stand for what is not known when a page is built.

`OpaqueSlot` is one slot's value; `Rope` is a string with such values in it; `Fields` is `user`, `segment` or `request`.
They are no `str` and answer no question: every operation of Python's data model records a violation and raises. Only
this module reads their own attributes, through the slot descriptors, because `__getattribute__` records too.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final, Literal, NamedTuple, NoReturn

from edgekit.compiler.run import Location, Run
from edgekit.model.slot import KNOWN, Slot

Form = Literal["raw", "safe_url", "", "url", "path", "href", "json"]
"""How a slot's value stands in a rope: `raw` and `safe_url` not escaped yet, the others as placeholder encodings."""

_PRINT_IT: Final = "print it as it is, or join it with text by `~`"

WAYS_OUT: Final[dict[str, str]] = {
    "EK201": "without a value a slot prints its `default`, no test is needed; to branch, give it `choices`, or ask the "
    'tier, a frozen value or a slot `from = "user.known"`, or leave it to a script of the page',
    "EK202": "print it as it is, and store the value in the form it shall have; or change it in CSS or a script of the "
    "page",
    "EK203": "store what you need of it as a field of its own, and declare that as a slot",
    "EK204": "loop over frozen values; a slot is one text or one integer, unless it is a list slot (`island`, "
    "`max_items`), which prints an item for each key in the user's record",
    "EK205": "join texts by `~`; store a result as a field of its own, and declare that as a slot",
    "EK206": _PRINT_IT,
    "EK207": _PRINT_IT,
}

_MOST_NAMED: Final = 6
"""Fields that a message names: who wants to see all looks into edgekit.toml."""

_LIST_HELP: Final = (
    "print it as it is, `{{ user.… }}`: replay puts the items there, or the default island; how an item looks is for "
    "its template in `islands/` to say"
)

_ISLAND_HELP: Final = "print it as it is: what an island shows is known only at request time"

# What the operation does, by the special method that Python calls for it.
_READS: Final[dict[str, tuple[str, str]]] = {
    "EK201": ("its truth or value is tested", "bool eq ne lt le gt ge contains hash"),
    # No __getitem__: what has one counts as a mapping for `"text" % it`, which then reads nothing of it.
    "EK203": ("an attribute or item of it is read", "setitem delitem missing setattr delattr dir"),
    "EK204": ("it is looped over or measured", "iter next reversed len length_hint await aiter anext"),
    "EK205": (
        "it is calculated with",
        "add radd iadd sub rsub isub mul rmul imul matmul rmatmul imatmul truediv rtruediv itruediv floordiv rfloordiv "
        "ifloordiv mod rmod imod divmod rdivmod pow rpow ipow lshift rlshift ilshift rshift rrshift irshift and rand "
        "iand xor rxor ixor or ror ior neg pos abs invert int float complex index round trunc floor ceil",
    ),
    "EK206": (
        "it is handed to code that needs the value itself",
        "str repr format bytes call enter exit fspath html copy deepcopy reduce reduce_ex getstate sizeof "
        "instancecheck subclasscheck buffer",
    ),
}


def _recording(code: str, what: str) -> Callable[..., NoReturn]:
    def record(self: object, *args: object, **kwargs: object) -> NoReturn:
        raise refuse(self, code, what)

    return record


class Opaque:
    """Every operation of the data model records a violation of the run and raises TraceError."""

    __slots__ = ("run",)

    def __getattribute__(self, name: str) -> NoReturn:
        if name == "__class__":  # isinstance(), in code that was handed the object
            raise refuse(self, "EK206", _READS["EK206"][0])
        raise refuse(self, "EK203", f"its attribute `{name}` is read")

    for _code, (_what, _names) in _READS.items():
        for _name in _names.split():
            locals()[f"__{_name}__"] = _recording(_code, _what)
    del _code, _what, _names, _name


class OpaqueSlot(Opaque):
    """One slot's value; one object per source and run, so that identity behaves."""

    __slots__ = ("slot",)

    def __init__(self, run: Run, slot: Slot) -> None:
        _set(self, "run", run)
        _set(self, "slot", slot)


class Placed(NamedTuple):
    """A slot's value at its place in a rope, and the template line that put it there."""

    slot: Slot
    form: Form
    location: Location | None


class Mark(NamedTuple):
    """An island's place in a rope, and the template line that put it there."""

    island: str
    location: Location | None


class Rope(Opaque):
    """A string that holds what is not known: text, `Placed`s and `Mark`s in order; `markup` says that it is escaped."""

    __slots__ = ("markup", "pieces")

    def __init__(self, run: Run, pieces: Iterable["str | Placed | Mark"], markup: bool) -> None:
        _set(self, "run", run)
        _set(self, "pieces", tuple(pieces))
        _set(self, "markup", markup)


class Fields(Opaque):
    """`user`, `segment`, `request` and the like: names and what they stand for, without methods.

    `name` is how the template writes it, `known` are its fields; `read` gives the value of a field, or raises.
    """

    __slots__ = ("known", "name", "read")

    def __init__(self, run: Run, name: str, known: tuple[str, ...], read: Callable[[str], Any]) -> None:
        _set(self, "run", run)
        _set(self, "name", name)
        _set(self, "known", known)
        _set(self, "read", read)


_set: Final = object.__setattr__
run_of: Final[Callable[[object], Run]] = Opaque.__dict__["run"].__get__
slot_of: Final[Callable[[object], Slot]] = OpaqueSlot.__dict__["slot"].__get__
pieces_of: Final[Callable[[object], tuple["str | Placed | Mark", ...]]] = Rope.__dict__["pieces"].__get__
is_markup: Final[Callable[[object], bool]] = Rope.__dict__["markup"].__get__
_name_of: Final[Callable[[object], str]] = Fields.__dict__["name"].__get__
_known_of: Final[Callable[[object], tuple[str, ...]]] = Fields.__dict__["known"].__get__
_read_of: Final[Callable[[object], Callable[[str], Any]]] = Fields.__dict__["read"].__get__


def is_opaque(value: object) -> bool:
    return type(value) in _OPAQUE_TYPES


_OPAQUE_TYPES: Final = frozenset({OpaqueSlot, Rope, Fields})


def read_field(fields: object, name: object) -> Any:
    """`user.name` of a template: what the field stands for.

    Raises TraceError for a name that is no text, that is private or that is not declared.
    """
    if type(name) is not str:
        raise refuse(fields, "EK206", "a field is looked up by something that is no text known at build time")
    return _read_of(fields)(name)


def describe(value: object) -> str:
    """How a message names an opaque object."""
    if type(value) is OpaqueSlot:
        return f"`{slot_of(value).source}`"
    if type(value) is Rope:
        slots = [piece.slot for piece in pieces_of(value) if type(piece) is Placed]
        if len(pieces_of(value)) == 1 and slots and slots[0].island:
            return f"`{slots[0].source}`"
        sources = sorted({slot.source for slot in slots})
        return "text that holds " + (" and ".join(f"`{source}`" for source in sources) or "an island")
    return f"`{_name_of(value)}`"


def _namespace_help(fields: object) -> str:
    name, known = _name_of(fields), _known_of(fields)
    named = ", ".join(f"`{name}.{field}`" for field in known[:_MOST_NAMED])
    more = ", …" if len(known) > _MOST_NAMED else ""
    help = f"name one of its fields: {named}{more}" if known else "declare a slot that reads it"
    if name == "user" and "known" not in known:
        help += f'; whether somebody is known tells a slot `from = "{KNOWN}"`'
    return help


def refuse(value: object, code: str, what: str, help: str = "", word: str = "") -> Exception:
    """Record that `what` was done to an opaque object; the caller raises what is returned."""
    run = run_of(value)
    if type(value) is Fields:
        what = "it is used as a value, but it is only a namespace"
        return run.refuse("EK209", describe(value), what, _namespace_help(value), word)
    if type(value) is Rope and not help:
        slots = [piece.slot for piece in pieces_of(value) if type(piece) is Placed]
        help = _LIST_HELP if any(slot.island for slot in slots) else "" if slots else _ISLAND_HELP
    return run.refuse(code, describe(value), what, help or WAYS_OUT[code], word)
