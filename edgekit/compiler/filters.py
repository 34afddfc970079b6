"""Copies of all filters and tests for tracing: guarded, but for the few that keep a slot's meaning.

These are written here for ropes as well, and equal Jinja's own for plain values.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import quote

from jinja2.filters import do_attr, do_default, do_join, do_tojson, do_urlencode, do_xmlattr, make_attrgetter
from jinja2.nodes import EvalContext
from jinja2.utils import htmlsafe_json_dumps, pass_environment, pass_eval_context

from edgekit.compiler.guard import find_opaque, guard
from edgekit.compiler.opaque import (
    Fields,
    Form,
    OpaqueSlot,
    Placed,
    Rope,
    is_markup,
    is_opaque,
    pieces_of,
    read_field,
    refuse,
    slot_of,
)
from edgekit.compiler.ropes import Ropes

if TYPE_CHECKING:
    from edgekit.compiler.environment import PageEnvironment

_Functions = Mapping[str, Callable[..., Any]]


def wrap_filters(environment: "PageEnvironment", ropes: Ropes) -> dict[str, Callable[..., Any]]:
    """All filters of an environment for tracing."""
    keeping = KeepingFilters(ropes)
    own: dict[str, Callable[..., Any]] = {
        "attr": keeping.attr,
        "d": keeping.default,
        "default": keeping.default,
        "e": ropes.escape,
        "escape": ropes.escape,
        "forceescape": keeping.forceescape,
        "join": keeping.join,
        "path_part": keeping.path_part(environment.filters["path_part"]),
        "safe": keeping.safe,
        "safe_url": keeping.safe_url(environment.filters["safe_url"]),
        "string": keeping.string,
        "tojson": keeping.tojson,
        "urlencode": keeping.urlencode,
        "xmlattr": keeping.xmlattr,
    }
    functions = cast(_Functions, environment.filters)
    guarded = {name: guard(name, function, ropes, "filter") for name, function in functions.items()}
    # The site's own see to their arguments themselves, whatever they are called.
    return {**guarded, **own, **{name: functions[name] for name in environment.site.jinja.functions.filters}}


def wrap_tests(environment: "PageEnvironment", ropes: Ropes) -> dict[str, Callable[..., Any]]:
    """All tests of an environment for tracing. A slot is always there and never none, whatever its value."""
    functions = cast(_Functions, environment.tests)
    guarded = {name: guard(name, function, ropes, "test") for name, function in functions.items()}
    for name in ("defined", "undefined", "none"):
        guarded[name] = _about_presence(name, functions[name])
    return {**guarded, **{name: functions[name] for name in environment.site.jinja.functions.tests}}


def _about_presence(name: str, test: Callable[[Any], bool]) -> Callable[[Any], bool]:
    def about_presence(value: Any) -> bool:
        if type(value) is Fields:
            raise refuse(value, "EK209", "", word=name)
        return name == "defined" if is_opaque(value) else test(value)

    return about_presence


class KeepingFilters:
    """The filters through which a slot keeps its meaning."""

    def __init__(self, ropes: Ropes) -> None:
        self.ropes = ropes
        self.run = ropes.run

    def string(self, value: Any) -> Any:
        if type(value) is OpaqueSlot and slot_of(value).type == "string":
            return value
        return self.ropes.soft_string(value)

    def safe(self, value: Any) -> Any:
        return self.ropes.markup(value)

    def forceescape(self, value: Any) -> Any:
        if type(value) is Rope and is_markup(value):
            raise refuse(value, "EK207", "it would be escaped twice", "leave out `|forceescape`", "forceescape")
        if not is_opaque(value) and hasattr(value, "__html__"):
            value = value.__html__()
        return self.ropes.escape(value if is_opaque(value) else self.ropes.string(value))

    def default(self, value: Any, default_value: Any = "", boolean: Any = False) -> Any:
        if is_opaque(value):
            if type(value) is Fields or is_opaque(boolean) or boolean:
                help = "leave out the second argument: the slot's own `default` is printed where there is no value"
                raise refuse(value, "EK202", "filter `default` tests its truth", help, "default")
            return value
        return do_default(value, default_value, boolean)

    @pass_environment
    def attr(self, environment: "PageEnvironment", obj: Any, name: Any) -> Any:
        if type(obj) is Fields:
            return read_field(obj, name)
        for value in (obj, name):
            if is_opaque(value):
                raise refuse(value, "EK202", "filter `attr` reads it", word="attr")
        return do_attr(environment, obj, name)

    @pass_eval_context
    def join(self, eval_ctx: EvalContext, value: Any, d: Any = "", attribute: Any = None) -> Any:
        if is_opaque(value):
            raise refuse(value, "EK202", "filter `join` takes it apart", word="join")
        if find_opaque(attribute) is not None:
            raise refuse(find_opaque(attribute), "EK202", "filter `join` reads it", word="join")
        if attribute is not None:
            value = map(make_attrgetter(eval_ctx.environment, attribute), value)
        parts = list(value)
        if not any(map(is_opaque, parts)) and not is_opaque(d):
            for part in (*parts, d):
                self.ropes.check_printable(part)
            return do_join(eval_ctx, parts, d)
        if not eval_ctx.autoescape:
            strings = [self.ropes.str_join([part]) for part in parts]
            return self.ropes.join_plain(_interleave(strings, self.ropes.str_join([d])))
        # With autoescaping, one escaped part makes the whole escaped; so does an escaped separator.
        strings = [self.ropes.soft_string(part) for part in parts]
        separator = self.ropes.soft_string(d)
        if any(map(_is_escaped, (*strings, separator))):
            joined = self.ropes.join_plain(
                _interleave([self.ropes.escape(s) for s in strings], self.ropes.escape(separator))
            )
            return self.ropes.markup_of_escaped(joined)
        return self.ropes.join_plain(_interleave(strings, separator))

    @pass_eval_context
    def tojson(self, eval_ctx: EvalContext, value: Any, indent: int | None = None) -> Any:
        found = find_opaque(value)
        if found is None:
            if find_opaque(indent) is not None:
                raise refuse(find_opaque(indent), "EK202", "filter `tojson` reads it", word="tojson")
            return do_tojson(eval_ctx, value, indent)
        if indent is not None:
            raise refuse(found, "EK207", "it is written as indented JSON", "leave out `indent`", "tojson")
        return Rope(self.run, self._json_pieces(value), markup=True)

    def _json_pieces(self, value: Any) -> Iterator[str | Placed]:
        """`htmlsafe_json_dumps(value, sort_keys=True)`, which is what Jinja's policies ask for, in pieces."""
        if type(value) is OpaqueSlot:
            (piece,) = pieces_of(self.ropes.as_rope(value))
            assert type(piece) is Placed
            yield piece._replace(form="json")
        elif is_opaque(value):
            if type(value) is Rope and any(type(piece) is Placed and piece.slot.island for piece in pieces_of(value)):
                raise refuse(value, "EK207", "it prints elements, and is written as JSON", word="tojson")
            help = "write the slot alone as JSON, or put the text together in a script of the page"
            raise refuse(value, "EK207", "it is joined text, and is written as JSON", help, "tojson")
        elif find_opaque(value) is None:
            yield str(htmlsafe_json_dumps(value, sort_keys=True))
        elif isinstance(value, Mapping):
            for key in value:
                if find_opaque(key) is not None:
                    raise refuse(find_opaque(key), "EK206", "it is the key of a dict", word="tojson")
            yield "{"
            for position, key in enumerate(sorted(value)):
                # The key's own notation, as json writes it: numbers and booleans become text.
                yield (", " if position else "") + str(htmlsafe_json_dumps({key: 0}))[1:-2]
                yield from self._json_pieces(value[key])
            yield "}"
        elif isinstance(value, list | tuple):
            yield "["
            for position, item in enumerate(value):
                if position:
                    yield ", "
                yield from self._json_pieces(item)
            yield "]"
        else:
            raise TypeError(f"a {type(value).__name__} cannot be written as JSON")

    def urlencode(self, value: Any) -> Any:
        if not is_opaque(value) and not isinstance(value, str | Mapping) and isinstance(value, Iterable):
            value = list(value)  # pairs from an iterator are looked at before they are used up
        found = find_opaque(value)
        if found is None:
            self.ropes.check_printable(value)
            return do_urlencode(value)
        if found is not value or type(value) is Fields:
            raise refuse(found, "EK207", "it is part of a query that is encoded as a whole", _QUERY_HELP, "urlencode")
        return Rope(self.run, self._encode(value, "url", lambda text: quote(text, safe="/"), "urlencode"), False)

    def _encode(self, value: Any, form: Form, plain: Callable[[str], str], word: str) -> Iterator[str | Placed]:
        for piece in pieces_of(self.ropes.as_rope(value)):
            if type(piece) is str and not is_markup_rope(value):
                yield plain(piece)
            elif type(piece) is Placed and piece.form == "raw":
                yield piece._replace(form=form)
            else:
                help = f"put `|{word}` right behind the slot, before it is escaped, captured or joined"
                raise refuse(value, "EK207", "it is encoded for a URL after it was escaped or encoded", help, word)

    def path_part(self, plain: Callable[[Any], str]) -> Callable[[Any], Any]:
        return self._alone("path", plain, "path_part")

    def safe_url(self, plain: Callable[[Any], str]) -> Callable[[Any], Any]:
        return self._alone("safe_url", plain, "safe_url")

    def _alone(self, form: Form, plain: Callable[[Any], str], word: str) -> Callable[[Any], Any]:
        """A filter that takes a slot alone: what it does to a value depends on the whole of it."""

        def keeping(value: Any) -> Any:
            if type(value) is OpaqueSlot:
                return Rope(self.run, self._encode(value, form, plain, word), markup=False)
            if is_opaque(value):
                help = f"put `|{word}` right behind the slot"
                raise refuse(value, "EK207", f"filter `{word}` needs the whole value", help, word)
            found = find_opaque(value)
            if found is not None:
                raise refuse(found, "EK202", f"filter `{word}` reads it", word=word)
            self.ropes.check_printable(value)
            return plain(value)

        return keeping

    @pass_eval_context
    def xmlattr(self, eval_ctx: EvalContext, d: Any, autospace: Any = True) -> Any:
        found = find_opaque(d)
        if found is None and find_opaque(autospace) is None:
            self.ropes.check_printable(d)
            return do_xmlattr(eval_ctx, d, autospace)
        if found is d or find_opaque(autospace) is not None or not isinstance(d, Mapping):
            raise refuse(found or find_opaque(autospace), "EK202", "filter `xmlattr` reads it", word="xmlattr")
        pieces: list[Any] = []
        for key, value in d.items():
            if is_opaque(value):
                # Jinja checks and escapes the key: let it, with a value that needs no escaping.
                name = str(do_xmlattr(eval_ctx, {key: "x"}, autospace=False))[: -len('"x"')]
                pieces += [" " if pieces or autospace else "", name + '"', self.ropes.escape(value), '"']
                continue
            self.ropes.check_printable(value)
            if plain := do_xmlattr(eval_ctx, {key: value}, autospace=False):
                pieces += [" " if pieces or autospace else "", str(plain)]
        joined = self.ropes.join_plain(pieces)
        return self.ropes.markup_of_escaped(joined) if eval_ctx.autoescape else joined


_QUERY_HELP: Final = "write the query out: `?q={{ … |urlencode }}`"


def is_markup_rope(value: Any) -> bool:
    return type(value) is Rope and is_markup(value)


def _is_escaped(string: Any) -> bool:
    return is_markup(string) if type(string) is Rope else hasattr(string, "__html__")


def _interleave(parts: list[Any], separator: Any) -> Iterator[Any]:
    for position, part in enumerate(parts):
        if position:
            yield separator
        yield part
