"""A version as its pages show it: what it holds, who signed it, what the reader may do with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from trainmgr.identity.models import User
from trainmgr.programs.labels import SIDES, in_language
from trainmgr.programs.rules import Side
from trainmgr.programs.signing import digest_of
from trainmgr.standards import labels, queries, versions
from trainmgr.standards.content import Content, content_of, framework_of
from trainmgr.standards.framework import Framework, document_of
from trainmgr.standards.models import (
    CertificateUnit,
    JobStandard,
    StandardSignature,
    StandardTask,
    StandardVersion,
    VersionCompetency,
)
from trainmgr.standards.rules import TaskKind, VersionState


def label_of(thing: Any) -> str:
    """Return the name of a task or competency in the reader's language."""
    return in_language(thing.name, thing.name_en)


@dataclass(frozen=True)
class CompetencyRow:
    """A competency with what it is linked to."""

    competency: VersionCompetency
    tasks: Sequence[StandardTask]
    units: Sequence[CertificateUnit]


@dataclass
class View:
    """One version of a standard and what its pages ask of it; read when it is asked for."""

    standard: JobStandard
    version: StandardVersion
    viewer: User

    @property
    def title(self) -> str:
        """The post in the reader's language."""
        return in_language(self.standard.post, self.standard.post_en)

    @property
    def is_draft(self) -> bool:
        """Whether the version can still change."""
        return self.version.state is VersionState.DRAFT

    @property
    def state_label(self) -> Any:
        """The version's state in words."""
        return labels.STATES[self.version.state]

    @cached_property
    def content(self) -> Content:
        """The rows of the version."""
        return content_of(self.version)

    @cached_property
    def framework(self) -> Framework:
        """The version as plain values."""
        return framework_of(self.standard, self.content)

    @cached_property
    def signatures(self) -> list[StandardSignature]:
        """The signatures that stand."""
        return queries.signatures_of(self.version)

    @cached_property
    def digest(self) -> str:
        """The digest of the content as it stands."""
        return digest_of(document_of(self.framework) | {"number": self.version.number})

    @cached_property
    def lacks(self) -> list[Any]:
        """What a draft still lacks before it can be signed, in words."""
        return [labels.LACKS[lack] for lack in versions.lacks(self.standard, self.framework)]

    @property
    def is_builder(self) -> bool:
        """Whether the reader belongs to a side that builds the standard, and so reads what it rests on."""
        return queries.is_builder(self.standard, self.viewer)

    @property
    def may_edit(self) -> bool:
        """Whether the reader changes drafts of this standard."""
        return queries.may_edit(self.standard, self.viewer)

    @property
    def may_change(self) -> bool:
        """Whether the reader may change this version now."""
        return self.is_draft and self.may_edit and not self.signatures

    @property
    def sides(self) -> list[Side]:
        """The sides for which the reader may sign now."""
        if not self.is_draft or self.lacks:
            return []
        signed = {signature.side for signature in self.signatures}
        return [side for side in queries.sides_of(self.standard, self.viewer) if side not in signed]

    @property
    def signature_lines(self) -> Iterator[dict[str, Any]]:
        """Who signed and who is awaited, as the macro `signatures` takes it."""
        signed = {signature.side: signature for signature in self.signatures}
        homes = {Side.COLLEGE: self.standard.college, Side.ENTERPRISE: self.standard.enterprise}
        for side in Side:
            one = signed.get(side)
            home = homes[side]
            name = one.user.name if one else (in_language(home.name, home.name_en) if home else "")
            yield {"side": SIDES[side], "name": name, "signed_at": one.signed_at if one else None}

    @property
    def holds(self) -> bool:
        """Whether the content is still exactly what was signed."""
        return all(signature.digest == self.digest for signature in self.signatures)

    @cached_property
    def rows(self) -> list[CompetencyRow]:
        """The competencies with their tasks and units."""
        content, units = self.content, {unit.id: unit for unit in self.content.units}
        return [
            CompetencyRow(
                one,
                [content.task_by_id[task] for task in content.tasks_of.get(one.competency_id, ())],
                [units[unit] for unit in content.units_of.get(one.competency_id, ())],
            )
            for one in content.competencies
        ]

    @property
    def chain(self) -> list[tuple[TaskKind, list[StandardTask]]]:
        """The tasks by kind, in the order of the chain."""
        return [(kind, self.content.of_kind(kind)) for kind in TaskKind]
