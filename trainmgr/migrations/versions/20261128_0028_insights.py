"""what ratings say together

Revision: 0028
After: 0027
"""

import sqlalchemy as sa
from alembic import op

import trainmgr.kernel.db

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


ENDS = ("gain_low", "gain_high", "closed_low", "closed_high")


def upgrade() -> None:
    """Intervals of what was closed (known with the next rating), and what is worked out beside requests."""
    with op.batch_alter_table("gap_closure") as batch_op:
        for name in ENDS:
            batch_op.add_column(sa.Column(name, sa.Double(), nullable=True))
    op.create_table(
        "window_insight",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("program_id", sa.Integer(), nullable=False),
        sa.Column("window_id", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=True),
        sa.Column("asked", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("ratings", sa.Integer(), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("computed_at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_window_insight_organization_id_organization")
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_window_insight_program_id_program")
        ),
        sa.ForeignKeyConstraint(
            ["window_id"], ["evaluation_window.id"], name=op.f("fk_window_insight_window_id_evaluation_window")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_window_insight")),
        sa.UniqueConstraint(
            "window_id", "organization_id", name=op.f("uq_window_insight_window_id_organization_id")
        ),
    )
    with op.batch_alter_table("window_insight") as batch_op:
        batch_op.create_index(op.f("ix_window_insight_program_id"), ["program_id"], unique=False)
        batch_op.create_index(
            "uq_window_insight_whole",
            ["window_id"],
            unique=True,
            sqlite_where=sa.text("organization_id IS NULL"),
            postgresql_where=sa.text("organization_id IS NULL"),
        )


def downgrade() -> None:
    op.drop_table("window_insight")
    with op.batch_alter_table("gap_closure") as batch_op:
        for name in reversed(ENDS):
            batch_op.drop_column(name)
