"""amendments with a day of effect; resources in the rings of lesson plans

Revision: 0014
After: 0013
"""

from datetime import UTC
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from alembic import op
from flask import current_app

import trainmgr.kernel.db

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

STATES = "state IN ('draft', 'offered', 'agreed', 'signed', 'superseded')"
STATES_BEFORE = "state IN ('draft', 'offered', 'signed', 'superseded')"
RINGS = (
    "preparation",
    "opening",
    "teaching",
    "discussion",
    "simulation",
    "problem_solving",
    "check",
    "on_the_job",
)


def upgrade() -> None:
    with op.batch_alter_table("edition") as batch_op:
        batch_op.add_column(sa.Column("effective_on", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("in_force_from", sa.Date(), nullable=True))
        batch_op.drop_constraint(op.f("ck_edition_editionstate"), type_="check")
        batch_op.create_check_constraint(op.f("ck_edition_editionstate"), STATES)
    _date_amendments()
    op.create_table(
        "lesson_ring_material",
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column(
            "ring",
            sa.Enum(*RINGS, name="material_ring", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("material_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["material_id"], ["material.id"], name=op.f("fk_lesson_ring_material_material_id_material")
        ),
        sa.ForeignKeyConstraint(
            ["plan_id"], ["lesson_plan.id"], name=op.f("fk_lesson_ring_material_plan_id_lesson_plan")
        ),
        sa.PrimaryKeyConstraint("plan_id", "ring", "material_id", name=op.f("pk_lesson_ring_material")),
    )
    op.create_index(op.f("ix_lesson_ring_material_material_id"), "lesson_ring_material", ["material_id"])


def _date_amendments() -> None:
    """Editions that replaced another have held since the day on which the second side signed them."""
    edition = sa.table(
        "edition",
        sa.column("id", sa.Integer),
        sa.column("based_on_id", sa.Integer),
        sa.column("signed_at", trainmgr.kernel.db.UTCDateTime),
        sa.column("in_force_from", sa.Date),
    )
    connection, zone = op.get_bind(), ZoneInfo(current_app.config["TIMEZONE"])
    signed = sa.select(edition.c.id, edition.c.signed_at).where(
        edition.c.based_on_id.is_not(None), edition.c.signed_at.is_not(None)
    )
    for key, moment in connection.execute(signed).all():
        day = moment.astimezone(UTC).astimezone(zone).date()
        connection.execute(sa.update(edition).where(edition.c.id == key).values(in_force_from=day))


def downgrade() -> None:
    op.drop_table("lesson_ring_material")
    # What was agreed for a later day was signed by both; before, that meant to be in force at once.
    op.execute(
        "UPDATE edition SET state = 'superseded' WHERE state IN ('signed', 'agreed') AND number < "
        "(SELECT max(later.number) FROM edition AS later "
        "WHERE later.program_id = edition.program_id AND later.state = 'agreed')"
    )
    op.execute("UPDATE edition SET state = 'signed' WHERE state = 'agreed'")
    with op.batch_alter_table("edition") as batch_op:
        batch_op.drop_constraint(op.f("ck_edition_editionstate"), type_="check")
        batch_op.create_check_constraint(op.f("ck_edition_editionstate"), STATES_BEFORE)
        batch_op.drop_column("in_force_from")
        batch_op.drop_column("effective_on")
