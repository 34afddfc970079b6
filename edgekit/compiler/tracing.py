"""The tracing environment: Jinja's own compiled templates with our escape, join, macros and blocks in their globals.

No patched jinja2 and no code generator of our own: a compiled template looks its runtime names up late, in the globals
of its module, and `Template._from_namespace` is where they can be replaced.
"""

import functools
import sys
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from contextlib import suppress
from datetime import date, time
from types import BuiltinMethodType, MethodType
from typing import Any, Final

from jinja2 import Environment, Template, nodes
from jinja2.compiler import CodeGenerator, Frame, optimizeconst
from jinja2.runtime import BlockReference, Context, Macro, TemplateReference
from jinja2.sandbox import SandboxedEscapeFormatter, SandboxedFormatter
from markupsafe import Markup

from edgekit.compiler.asked import Asked
from edgekit.compiler.environment import PageEnvironment, PageTemplate, check_date_format
from edgekit.compiler.filters import wrap_filters, wrap_tests
from edgekit.compiler.guard import LAZY, find_opaque
from edgekit.compiler.island import END, check_use, format_begin
from edgekit.compiler.mentions import Mentions, find_mentions
from edgekit.compiler.names import ASSET, FUNCTIONS, ISLAND, UNSETTLED, name_read
from edgekit.compiler.opaque import Fields, Mark, Rope, is_opaque, read_field, refuse
from edgekit.compiler.ropes import Ropes
from edgekit.compiler.run import Run, TraceError, find_location
from edgekit.compiler.translation import trace_translations
from edgekit.project.islands import FOLDER
from edgekit.project.site import Site

BlockRenderer = Callable[[Context], Iterator[Any]]


_resolve_or_missing: Final = Context.resolve_or_missing


class TracingContext(Context):
    """Notes that the tier is read, and hands out blocks whose captures may be ropes."""

    environment: "TracingEnvironment"

    def resolve_or_missing(self, key: str) -> Any:
        if key == "tier":
            self.environment.run.read_tier(key)
        elif key == "build_time":
            self.environment.run.read_clock()
        elif key in ("page", self.environment.run.page.item_name):
            self.environment.asked.own = True
        return _resolve_or_missing(self, key)

    def super(self, name: str, current: BlockRenderer) -> Any:
        reference = super().super(name, current)
        return _tracing(reference) if isinstance(reference, BlockReference) else reference


class TracingBlockReference(BlockReference):
    """`super()` and `self.block()`: a capture."""

    @property
    def super(self) -> Any:
        reference = BlockReference.super.fget(self)  # type: ignore[attr-defined]
        return _tracing(reference) if isinstance(reference, BlockReference) else reference

    def __call__(self) -> Any:
        environment: TracingEnvironment = self._context.environment  # type: ignore[assignment]
        printed = environment.concat(self._stack[self._depth](self._context))
        return environment.ropes.markup(printed) if self._context.eval_ctx.autoescape else printed


def _tracing(reference: BlockReference) -> TracingBlockReference:
    return TracingBlockReference(reference.name, reference._context, reference._stack, reference._depth)


class TracingTemplateReference(TemplateReference):
    """`self` in templates."""

    def __getitem__(self, name: str) -> Any:
        return _tracing(super().__getitem__(name))


class TracingMacro(Macro):
    """A macro, `caller()` included: a capture."""

    def _invoke(self, arguments: list[Any], autoescape: bool) -> Any:
        printed = self._func(*arguments)
        return self._environment.ropes.markup(printed) if autoescape else printed  # type: ignore[attr-defined]


class TracingTemplate(PageTemplate):
    environment: "TracingEnvironment"

    @classmethod
    def _from_namespace(
        cls, environment: Environment, namespace: MutableMapping[str, Any], globals: MutableMapping[str, Any]
    ) -> "TracingTemplate":
        assert isinstance(environment, TracingEnvironment)
        ropes = environment.ropes
        namespace.update(
            escape=ropes.print,
            Markup=ropes.markup,
            str=ropes.string,
            str_join=ropes.str_join,
            markup_join=ropes.markup_join,
            Macro=TracingMacro,
            TemplateReference=TracingTemplateReference,
        )
        template = super()._from_namespace(environment, namespace, globals)
        assert isinstance(template, TracingTemplate)
        return template


class CheckingGenerator(CodeGenerator):
    """Leaves to run time, where it can be refused, what prints something that is no data."""

    def _output_child_to_const(self, node: nodes.Expr, frame: Frame, finalize: Any) -> str:
        if not isinstance(node, nodes.TemplateData) and not isinstance(node.as_const(frame.eval_ctx), _CONSTANTS):
            raise nodes.Impossible
        return super()._output_child_to_const(node, frame, finalize)

    @optimizeconst
    def visit_Mod(self, node: nodes.BinExpr, frame: Frame) -> None:  # noqa: N802  (Jinja finds it by the node)
        # No `intercepted_binops`: those are not folded, and `~` of folded constants does not know Markup.
        self.write("environment.call_binop(context, '%', ")
        self.visit(node.left, frame)
        self.write(", ")
        self.visit(node.right, frame)
        self.write(")")


_METHODS = frozenset({MethodType, BuiltinMethodType})


_CONSTANTS = (str, int, float, type(None))


class _TextFormatter(SandboxedFormatter):
    """`str.format` that refuses to write an address, or what the machine knows of time."""

    def get_field(self, field_name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[Any, str]:
        value, first = super().get_field(field_name, args, kwargs)
        self._env.check_printable(value)  # type: ignore[attr-defined]
        return value, first

    def format_field(self, value: Any, format_spec: str) -> Any:
        if isinstance(value, date | time):
            check_date_format(format_spec)
        return super().format_field(value, format_spec)


class _MarkupFormatter(_TextFormatter, SandboxedEscapeFormatter):
    pass


class TracingEnvironment(PageEnvironment):
    """A site's environment in which slots are opaque; renders one page after the other."""

    template_class = TracingTemplate
    context_class = TracingContext
    code_generator_class = CheckingGenerator

    def __init__(self, site: Site, run: Run | None = None) -> None:
        super().__init__(site)
        self.run = run or Run()
        self.asked = Asked()
        self._mentions: dict[str, Mentions] = {}
        self.ropes = Ropes(self.run)
        self.filters.update(wrap_filters(self, self.ropes))
        self.tests.update(wrap_tests(self, self.ropes))
        trace_translations(self, self.ropes)
        self.concat = self.ropes.concat  # type: ignore[method-assign]

    def _generate(self, source: nodes.Template, name: str | None, *args: Any, **kwargs: Any) -> str:
        # Jinja folds constants. What is refused there is refused again when it is reached: only then has it a line.
        self._mentions[name or ""] = find_mentions(source, self.site.jinja.functions)
        recorded = len(self.run.violations)
        try:
            generated = super()._generate(source, name, *args, **kwargs)
        finally:
            del self.run.violations[recorded:]
        self._check_folded(source, name)
        return generated

    def _check_folded(self, source: nodes.Template, name: str | None) -> None:
        """Refuse constants that were folded into text and print an address: `'a' ~ [1]|reverse`."""
        for node in source.find_all((nodes.Concat, nodes.Mod)):
            for operand in node.iter_child_nodes():
                try:
                    value = operand.as_const(nodes.EvalContext(self, name))  # type: ignore[attr-defined]
                except Exception:  # noqa: S112  (no constant, then, and nothing was folded)
                    continue
                try:
                    self.check_printable(value)
                except TraceError:
                    self.run.violations[-1].location = name or "", node.lineno
                    raise

    def read_attribute(self, obj: Any, attribute: str) -> Any:
        if type(obj) is Fields:
            return read_field(obj, attribute)
        if is_opaque(obj):
            raise refuse(obj, "EK203", f"its attribute `{attribute}` is read", word=attribute)
        return super().read_attribute(obj, attribute)

    def read_item(self, obj: Any, argument: Any) -> Any:
        if type(obj) is Fields:
            return read_field(obj, argument)
        if is_opaque(obj):
            raise refuse(obj, "EK203", "an item of it is read")
        if is_opaque(argument):
            raise refuse(argument, "EK206", "it is used as a key")
        return super().read_item(obj, argument)

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805
        if type(__obj) is TracingMacro:  # the most frequent by far, and always safe to call
            return __context.call(__obj, *args, **kwargs)
        if is_opaque(__obj):
            raise refuse(__obj, "EK206", "it is called")
        if type(__obj) is BuiltinMethodType and __obj.__name__ == "strftime":
            check_date_format(*args, *kwargs.values())
        if type(__obj) in _METHODS and (type(__obj.__self__) is Markup or __obj.__self__ is Markup):
            args = tuple(list(arg) if type(arg) in LAZY else arg for arg in args)
            for arg in (*args, *kwargs.values()):  # escaped, whatever they are
                __self.check_printable(arg)
        return super().call(__context, __obj, *args, **kwargs)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        if type(left) in (str, Markup, bytes):
            if is_opaque(right):  # Python takes what has items for a dict, and asks for none without a conversion
                raise refuse(right, "EK206", "it is formatted into text")
            self.check_printable(right)
        return super().call_binop(context, operator, left, right)

    def wrap_str_format(self, value: Any) -> Callable[..., str] | None:
        if is_opaque(value) or super().wrap_str_format(value) is None:
            return None
        text: str = value.__self__
        text_type = type(text)
        formatter = _MarkupFormatter(self, escape=text.escape) if isinstance(text, Markup) else _TextFormatter(self)

        def format(*args: Any, **kwargs: Any) -> str:
            if value.__name__ == "format_map":
                if kwargs or len(args) != 1:
                    raise TypeError("format_map() takes exactly one argument")
                return text_type(formatter.vformat(text, (), args[0]))
            return text_type(formatter.vformat(text, args, kwargs))

        return functools.update_wrapper(format, value)

    def check_printable(self, value: Any) -> None:
        """Refuse an address that would be formatted or joined into text; a slot is left to say so itself."""
        if find_opaque(value) is None:
            self.ropes.check_printable(value)

    def refuse_argument(self, what: str, name: str, value: object) -> Exception:
        if is_opaque(value):
            return refuse(value, "EK202", f"{what} `{name}` reads it", word=name)
        return super().refuse_argument(what, name, value)

    def get_template(self, name: Any, parent: str | None = None, globals: Any = None) -> Template:
        self._check_name(name)
        return super().get_template(name, parent, globals)

    def get_or_select_template(self, name: Any, parent: str | None = None, globals: Any = None) -> Template:
        self._check_name(name)
        return super().get_or_select_template(name, parent, globals)

    def _check_name(self, name: Any) -> None:
        if is_opaque(name):
            raise refuse(name, "EK206", "it is used as the name of a template")

    def asset_url(self, name: str) -> str:
        if is_opaque(name):
            raise refuse(name, "EK206", "it is used as the name of an asset", word="asset")
        self.asked.others.add(name_read(ASSET, str(name)))
        url = super().asset_url(name)
        self.run.assets[name] = None
        return url

    def note_function(self) -> None:
        self.asked.others.add(FUNCTIONS)

    def place_island(self, name: str) -> Any:
        self._check_island(name)
        return Rope(self.run, [Mark(name, find_location(sys._getframe(1)))], markup=True)

    def begin_island(self, name: str) -> Any:
        self._check_island(name)
        self.run.clients[name] = None
        return Rope(self.run, [format_begin(name)], markup=True)

    def _check_island(self, name: str) -> None:
        if name not in self.site.islands:
            self.asked.templates[f"{FOLDER}/{name}.html"] = ""
        self.asked.others.add(name_read(ISLAND, name))
        check_use(self.site, self.run.page, name)

    def end_island(self) -> Any:
        return Rope(self.run, [END], markup=True)

    def _load_template(self, name: str, globals: MutableMapping[str, Any] | None) -> Template:
        try:
            template = super()._load_template(name, globals)
        finally:
            self.asked.templates[str(name)] = self.site_loader.digests.get(name, "")
            if name in self._mentions:
                self.asked.others |= self._mentions[name].reads
        self.run.templates[name] = None
        return template

    def ask_for_all(self, name: str) -> None:
        """Ask for every template that `name` may lead to: a page that reads the clock may need them another time."""
        pending, seen = [name], set[str]()
        while pending:
            if (name := pending.pop()) in seen:
                continue
            seen.add(name)
            with suppress(Exception):  # a template that cannot be compiled leads nowhere
                self.get_template(name)
                for reference in self._mentions[name].templates:
                    if reference is None:
                        self.asked.others.add(UNSETTLED)
                    else:
                        pending.append(reference)
