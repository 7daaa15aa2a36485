"""The child process that opens a college's own template: looks it through, or fills it. It may die without harm.

`template_main.py check TEMPLATE SHAPE` and `… fill TEMPLATE CONTEXT OUT`; one line of JSON tells the parent what came
of it. It knows no database and no secrets, has little memory and little time.
"""

from __future__ import annotations

import json
import re
import sys
import zipfile
from collections.abc import Iterator, Mapping
from typing import Any

from docx.document import Document
from docx.opc.exceptions import PackageNotFoundError
from docxtpl import DocxTemplate
from jinja2 import ChainableUndefined, TemplateError, TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment
from lxml import etree

from trainmgr.reporting.blocks import from_document
from trainmgr.reporting.writing import Writer, tidied

resource: Any
try:
    import resource
except (
    ImportError
):  # Windows has no such limits; the parent's time limit and the checks below stand in for them.
    resource = None

MEMORY, SECONDS, OUTPUT = 1_500 * 1024**2, 60, 100 * 1024**2
MOST_PARTS, MOST_UNPACKED, MOST_RATIO = 2_000, 120 * 1024**2, 200
FILTERS = ("default", "first", "join", "last", "length", "lower", "round", "title", "trim", "upper")
TESTS = ("defined", "none", "undefined", "equalto")
# All that may stand in braces: fields, loops over them, conditions. No calls, no arithmetic, no other templates.
HARMLESS = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.For, nodes.If, nodes.CondExpr,
    nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Concat, nodes.Getattr, nodes.Getitem,
    nodes.Filter, nodes.Test, nodes.Keyword,
)  # fmt: skip
PROPERTIES = ("author", "comments", "identifier", "language", "subject", "title")
FORBIDDEN_PARTS = re.compile(r"(?i)vbaproject|activex|oleobject|\.bin$|altchunk|afchunk")


class Refused(Exception):
    """Why a template cannot be taken: a code that the parent has a sentence for, and what it is about."""

    def __init__(self, code: str, what: str = "") -> None:
        super().__init__(code)
        self.code, self.what = code, what


def lower_limits() -> None:
    """Give this process less memory, time and disk than a template could make it want."""
    if resource is None:
        return
    for kind, amount in (
        (resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_CPU, SECONDS), (resource.RLIMIT_FSIZE, OUTPUT),
        (resource.RLIMIT_CORE, 0),
    ):  # fmt: skip
        resource.setrlimit(kind, (amount, amount))


# --- the package ------------------------------------------------------------------------------------


def look_at_parts(path: str) -> None:
    """Refuse a file that unpacks to too much, carries programs, or fetches something from elsewhere."""
    try:
        with zipfile.ZipFile(path) as archive:
            infos = archive.infolist()
            size = sum(info.file_size for info in infos)
            packed = sum(info.compress_size for info in infos)
            if len(infos) > MOST_PARTS or size > MOST_UNPACKED or size > MOST_RATIO * max(packed, 4096):
                raise Refused("large")
            if "word/document.xml" not in archive.namelist():
                raise Refused("no-word")
            for info in infos:
                _look_at_part(archive, info)
    except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError):
        raise Refused("damaged") from None


def _look_at_part(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> None:
    if FORBIDDEN_PARTS.search(info.filename):
        raise Refused("programs", info.filename)
    if not info.filename.endswith((".xml", ".rels")):
        return
    content = archive.read(info)
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise Refused("entities", info.filename)
    if info.filename.endswith(".rels") and b"External" in content:
        for relation in etree.fromstring(content):
            kind = relation.get("Type", "").rpartition("/")[2]
            if relation.get("TargetMode") == "External" and kind != "hyperlink":
                raise Refused("outside", relation.get("Target", "")[:80])


# --- what stands in braces --------------------------------------------------------------------------


def environment() -> ImmutableSandboxedEnvironment:
    """Return an environment that knows the permitted filters and tests and nothing else; unknown fields stay empty."""
    made = ImmutableSandboxedEnvironment(autoescape=True, undefined=ChainableUndefined)
    made.globals.clear()
    made.filters = {name: made.filters[name] for name in FILTERS}
    made.tests = {name: made.tests[name] for name in TESTS}
    return made


def sources(template: DocxTemplate) -> Iterator[str]:
    """Yield everything in a template that may hold braces."""
    template.init_docx()
    yield template.patch_xml(template.get_xml())
    for uri in (template.HEADER_URI, template.FOOTER_URI):
        for _key, part in template.get_headers_footers(uri):
            yield template.patch_xml(template.get_part_xml(part))
    document = template.docx
    for part in document.part.package.iter_parts():
        if part.content_type.endswith("footnotes+xml"):
            yield template.patch_xml(part.blob.decode("utf-8", "replace"))
    for name in PROPERTIES:
        yield str(getattr(document.core_properties, name) or "")


class Fields:
    """Walks what stands in braces: refuses what may not, notes the names and those that no report fills."""

    def __init__(self, shape: Mapping[str, Any]) -> None:
        self.shape = shape
        self.found: dict[str, bool] = {}

    def walk(self, node: nodes.Node, scope: Mapping[str, Any]) -> None:
        """Look at a node and all below it; `scope` holds the loops' own names with what they stand for."""
        if not isinstance(node, HARMLESS):
            raise Refused("hostile", self.named(node))
        if isinstance(node, nodes.For):
            self._loop(node, scope)
            return
        if isinstance(node, (nodes.Getattr, nodes.Getitem, nodes.Name)):
            self.resolve(node, scope)
            return
        if isinstance(node, nodes.Filter) and node.name not in FILTERS:
            raise Refused("hostile", f"|{node.name}")
        if isinstance(node, nodes.Test) and node.name not in TESTS:
            raise Refused("hostile", f"is {node.name}")
        for below in node.iter_child_nodes():
            self.walk(below, scope)

    def _loop(self, node: nodes.For, scope: Mapping[str, Any]) -> None:
        if not isinstance(node.target, nodes.Name) or node.recursive:
            raise Refused("hostile", "for")
        self.walk(node.iter, scope)
        _path, shape = (
            self.resolve(node.iter, scope)
            if isinstance(node.iter, nodes.Getattr | nodes.Name)
            else ("", None)
        )
        inner = shape[0] if isinstance(shape, list) and shape else None
        own = {
            **scope,
            node.target.name: inner,
            "loop": {"index": "", "index0": "", "first": "", "last": "", "length": ""},
        }
        for below in (*node.body, *node.else_, *([node.test] if node.test else [])):
            self.walk(below, own)

    def resolve(self, node: nodes.Node, scope: Mapping[str, Any]) -> tuple[str, Any]:
        """Return the path of a field and what stands there in the shape; notes it when it is a whole path."""
        path, parts = self._path(node)
        if any(part.startswith("_") for part in parts):
            raise Refused("hostile", path)
        own = parts[0] in scope
        shape: Any = scope[parts[0]] if own else self.shape.get(parts[0])
        for part in parts[1:]:
            shape = shape.get(part) if isinstance(shape, Mapping) else None
        known = shape is not None
        self.found[path] = self.found.get(path, True) and known
        return path, shape

    def _path(self, node: nodes.Node) -> tuple[str, list[str]]:
        parts: list[str] = []
        while not isinstance(node, nodes.Name):
            if isinstance(node, nodes.Getattr):
                parts.append(node.attr)
            elif isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const):
                parts.append(str(node.arg.value))
            else:
                raise Refused("hostile", self.named(node))
            node = node.node
        parts.append(node.name)
        parts.reverse()
        return ".".join(parts), parts

    @staticmethod
    def named(node: nodes.Node) -> str:
        """Return how a forbidden node is named to people."""
        if isinstance(node, nodes.Call):
            inner = node.node
            return f"{getattr(inner, 'attr', '') or getattr(inner, 'name', '')}()"
        return str(getattr(node, "name", "") or getattr(node, "attr", "") or type(node).__name__.lower())


def look_through(template: DocxTemplate, shape: Mapping[str, Any]) -> dict[str, bool]:
    """Return every field that a template asks for, and whether a report fills it; raises Refused."""
    fields, env = Fields(shape), environment()
    for source in sources(template):
        try:
            tree = env.parse(source)
        except TemplateSyntaxError as fault:
            raise Refused("syntax", str(fault.message)[:120]) from None
        fields.walk(tree, {})
    return fields.found


# --- filling ----------------------------------------------------------------------------------------


def fill(path: str, context: Mapping[str, Any], out: str) -> None:
    """Fill a template: fields by docxtpl in the sandbox, whole chapters where their marks stand."""
    template = DocxTemplate(path)
    look_through(template, context["values"])
    template = DocxTemplate(path)
    template.render(context["values"], environment(), autoescape=True)
    document: Document = template.docx
    writer = Writer(document, dict(context["words"]))
    for mark, blocks in context["blocks"].items():
        _put(document, writer, mark, blocks)
    document.save(out)
    tidied(out)


def _put(document: Document, writer: Writer, mark: str, blocks: list[dict[str, Any]]) -> None:
    """Write blocks where a mark stands, wherever that is; without the mark they are left out."""
    body = document.element.body
    places = [
        each for each in body.iter("{*}p") if mark in "".join(text.text or "" for text in each.iter("{*}t"))
    ]
    for place in places:
        before = set(body)
        writer.write(from_document(blocks))
        for element in [each for each in body if each not in before]:
            place.addprevious(element)
        for text in place.iter("{*}t"):
            text.text = (text.text or "").replace(mark, "")


def main(what: str, path: str, given: str, out: str = "") -> int:
    """Do one thing; the exit code is 0 even for a refusal that was understood."""
    lower_limits()
    with open(given, encoding="utf-8") as stream:
        values = json.load(stream)
    answer: dict[str, Any]
    try:
        look_at_parts(path)
        if what == "check":
            found = look_through(DocxTemplate(path), values)
            answer = {
                "fields": sorted(found),
                "unknown": sorted(path for path, known in found.items() if not known),
            }
        else:
            fill(path, values, out)
            answer = {"filled": True}
    except Refused as refusal:
        answer = {"refused": refusal.code, "what": refusal.what[:200]}
    except (PackageNotFoundError, KeyError, ValueError, etree.XMLSyntaxError, TemplateError) as fault:
        answer = {"refused": "damaged", "what": str(fault)[:120]}
    except MemoryError:
        answer = {"refused": "large", "what": ""}
    sys.stdout.write(json.dumps(answer) + "\n")
    return 0
