"""One training project: parties, duties, revenue, people, signatures, the state of its thread, what is due."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trainmgr.identity.models import Organization, User
from trainmgr.kernel.access import Role
from trainmgr.kernel.db import Model, UTCDateTime, choice
from trainmgr.kernel.tenancy import COLLEGE, OfCollege, compare_with_college
from trainmgr.programs import labels
from trainmgr.programs.rules import PartyRole, ProgramKind, Side, State, StepState


class Program(Model):
    """A training programme. `pathway_document` is the pathway as it was chosen (see pathways.rules).

    `planned_minutes` are what the signed edition plans for each trainee (see programs.planned).
    """

    __tablename__ = "program"
    __table_args__ = (
        sa.Index("uq_program_id_lead_college_id", "id", "lead_college_id", unique=True),
        sa.UniqueConstraint("lead_college_id", "code"),
        sa.CheckConstraint("ends_on IS NULL OR starts_on IS NULL OR ends_on >= starts_on", name="dates"),
        sa.CheckConstraint("planned_size IS NULL OR planned_size > 0", name="planned_size"),
        sa.CheckConstraint("budget_cents IS NULL OR budget_cents >= 0", name="budget"),
        sa.Index("ix_program_lead_college_id_state", "lead_college_id", "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(40))
    name: Mapped[str] = mapped_column(sa.String(120))
    name_en: Mapped[str] = mapped_column(sa.String(160), default="")
    kind: Mapped[ProgramKind] = mapped_column(choice(ProgramKind))
    state: Mapped[State] = mapped_column(choice(State), default=State.DRAFT)
    state_before: Mapped[State | None] = mapped_column(choice(State, "state_before"))
    lead_college_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"))
    department_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organization.id"), index=True)
    pathway_slug: Mapped[str] = mapped_column(sa.String(60))
    pathway_version: Mapped[int]
    pathway_document: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None]
    planned_size: Mapped[int | None]
    planned_minutes: Mapped[int] = mapped_column(default=0)
    budget_cents: Mapped[int | None] = mapped_column(sa.BigInteger)
    current_stage: Mapped[int] = mapped_column(default=0)
    predecessor_id: Mapped[int | None] = mapped_column(sa.ForeignKey("program.id"))
    created_by_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    version: Mapped[int] = mapped_column(default=1)

    lead_college: Mapped[Organization] = relationship(foreign_keys=[lead_college_id], lazy="raise_on_sql")
    department: Mapped[Organization | None] = relationship(foreign_keys=[department_id], lazy="raise_on_sql")
    parties: Mapped[list[ProgramParty]] = relationship(
        back_populates="program",
        order_by="ProgramParty.id",
        lazy="raise_on_sql",
        cascade="all, delete-orphan",
    )
    steps: Mapped[list[ProgramStep]] = relationship(order_by="ProgramStep.step", lazy="raise_on_sql")

    __mapper_args__ = {"version_id_col": version}

    @property
    def label(self) -> str:
        """The programme's name in the reader's language (Chinese where there is no English one)."""
        return labels.in_language(self.name, self.name_en)

    @property
    def state_label(self) -> Any:
        """The state in words."""
        return labels.STATES[self.state]

    @property
    def state_tone(self) -> str:
        """The tone of the state's pill: `is-<tone>`."""
        return labels.STATE_TONES[self.state]

    @property
    def kind_label(self) -> Any:
        """The kind in words."""
        return labels.KINDS[self.kind]

    @property
    def parties_line(self) -> str:
        """The parties on one line, colleges × enterprises (the parties must be loaded)."""
        return labels.parties_line((party.role, party.short_label) for party in self.parties)


compare_with_college(Program, "id")


@sa.event.listens_for(Program, "before_update")
def refuse_another_college(mapper: object, connection: object, program: Program) -> None:
    """A programme stays with the college that leads it: all its rows carry that college (decision 47)."""
    if sa.inspect(program).attrs[COLLEGE].history.has_changes():
        raise AssertionError(f"programme {program.id} stays with its college")


class ProgramParty(Model):
    """An organisation that takes part in a programme."""

    __tablename__ = "program_party"
    __table_args__ = (
        sa.UniqueConstraint("program_id", "organization_id"),
        sa.Index(
            "uq_program_party_lead", "program_id", unique=True,
            sqlite_where=sa.text("role = 'lead_college'"), postgresql_where=sa.text("role = 'lead_college'"),
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int] = mapped_column(sa.ForeignKey("program.id"))
    organization_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"), index=True)
    role: Mapped[PartyRole] = mapped_column(choice(PartyRole))
    contact: Mapped[str] = mapped_column(sa.String(80), default="")

    program: Mapped[Program] = relationship(back_populates="parties", lazy="raise_on_sql")
    organization: Mapped[Organization] = relationship(lazy="raise_on_sql")

    @property
    def label(self) -> str:
        """The organisation's name in the reader's language."""
        return labels.in_language(self.organization.name, self.organization.name_en)

    @property
    def short_label(self) -> str:
        """The organisation's name as it stands in narrow places, in the reader's language."""
        return labels.in_language(self.organization.short, self.organization.name_en)

    @property
    def role_label(self) -> Any:
        """What the organisation is to the programme, in words."""
        return labels.PARTY_ROLES[self.role]


class Duty(Model):
    """What one party answers for in a programme."""

    __tablename__ = "program_duty"

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int] = mapped_column(sa.ForeignKey("program.id"), index=True)
    organization_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"))
    text: Mapped[str] = mapped_column(sa.String(200))
    person: Mapped[str] = mapped_column(sa.String(80), default="")


class RevenueShare(Model):
    """One share of a programme's revenue, in hundredths of a percent; all shares add to 10,000."""

    __tablename__ = "revenue_share"
    __table_args__ = (
        sa.UniqueConstraint("program_id", "label"),
        sa.CheckConstraint("basis_points > 0 AND basis_points <= 10000", name="basis_points"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int] = mapped_column(sa.ForeignKey("program.id"))
    organization_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organization.id"))
    label: Mapped[str] = mapped_column(sa.String(80))
    basis_points: Mapped[int]


class ProgramPerson(OfCollege, Model):
    """A person's relation to a programme: teacher, mentor, counsellor, assessor, trainee …"""

    __tablename__ = "program_person"
    __table_args__ = (
        sa.UniqueConstraint("program_id", "user_id", "role"),
        sa.Index("ix_program_person_user_id_role", "user_id", "role"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int]
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    organization_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"))
    role: Mapped[Role] = mapped_column(choice(Role))
    since: Mapped[date]
    until: Mapped[date | None]

    user: Mapped[User] = relationship(lazy="raise_on_sql")
    organization: Mapped[Organization] = relationship(lazy="raise_on_sql")


class Signature(Model):
    """One side's signature under a thing (a needs analysis, an edition of the plan); `digest` is of its content."""

    __tablename__ = "signature"
    __table_args__ = (sa.UniqueConstraint("subject_kind", "subject_id", "side"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int] = mapped_column(sa.ForeignKey("program.id"), index=True)
    subject_kind: Mapped[str] = mapped_column(sa.String(40))
    subject_id: Mapped[int]
    side: Mapped[Side] = mapped_column(choice(Side))
    organization_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"))
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    digest: Mapped[str] = mapped_column(sa.String(64))
    signed_at: Mapped[datetime] = mapped_column(UTCDateTime)

    user: Mapped[User] = relationship(lazy="raise_on_sql")
    organization: Mapped[Organization] = relationship(lazy="raise_on_sql")


class ProgramStep(Model):
    """How one of the nine steps of a programme stands; written when its records change (see programs.thread)."""

    __tablename__ = "program_step"

    program_id: Mapped[int] = mapped_column(sa.ForeignKey("program.id"), primary_key=True)
    step: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    state: Mapped[StepState] = mapped_column(choice(StepState))
    count: Mapped[str] = mapped_column(sa.String(200), default="")
    note: Mapped[str] = mapped_column(sa.String(200), default="")
    note_tone: Mapped[str] = mapped_column(sa.String(10), default="")
    params: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    missing: Mapped[list[Any]] = mapped_column(sa.JSON, default=list)
    figures: Mapped[list[Any]] = mapped_column(sa.JSON, default=list)
    assessed_at: Mapped[datetime] = mapped_column(UTCDateTime)


class Due(OfCollege, Model):
    """One line of somebody's inbox: what is due from a person, or from whoever holds a role somewhere.

    Kept up to date by the actions that change its cause; `code` picks its words (see programs.dues).
    `paused` while the programme is suspended; `reminded_at`/`reminded_by` tell who last asked for it.
    """

    __tablename__ = "due"
    __table_args__ = (
        sa.UniqueConstraint("key"),
        sa.CheckConstraint("(user_id IS NULL) <> (organization_id IS NULL)", name="owner"),
        sa.Index("ix_due_user_id_due_on", "user_id", "due_on"),
        sa.Index("ix_due_organization_id_role_due_on", "organization_id", "role", "due_on"),
        sa.Index("ix_due_program_id_code", "lead_college_id", "program_id", "code"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(sa.String(120))
    program_id: Mapped[int]
    code: Mapped[str] = mapped_column(sa.String(60))
    user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    organization_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organization.id"))
    role: Mapped[Role | None] = mapped_column(choice(Role))
    subject_id: Mapped[int] = mapped_column(default=0)
    amount: Mapped[int] = mapped_column(default=1)
    params: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    visible_from: Mapped[date]
    due_on: Mapped[date | None]
    paused: Mapped[bool] = mapped_column(default=False)
    reminded_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    reminded_by: Mapped[str] = mapped_column(sa.String(80), default="", server_default="")

    program: Mapped[Program] = relationship(
        primaryjoin="Program.id == foreign(Due.program_id)", lazy="raise_on_sql"
    )
