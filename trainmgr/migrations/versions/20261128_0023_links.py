"""personal links of mentors without an account

Revision: 0023
After: 0022
"""

import sqlalchemy as sa
from alembic import op

import trainmgr.kernel.db

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

ROLES = (
    "administrator",
    "staff",
    "department_staff",
    "school_teacher",
    "college_counsellor",
    "enterprise_coordinator",
    "enterprise_mentor",
    "enterprise_counsellor",
    "trainee",
    "outside_assessor",
)
TOGETHER = (
    "(link_id IS NULL AND link_program_id IS NULL AND link_role IS NULL)"
    " OR (link_id IS NOT NULL AND link_program_id IS NOT NULL AND link_role IS NOT NULL)"
)


def choice(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def moment() -> trainmgr.kernel.db.UTCDateTime:
    return trainmgr.kernel.db.UTCDateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "mentor_link",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("program_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("side", choice("side", "college", "enterprise"), nullable=False),
        sa.Column("token_digest", sa.String(length=64), nullable=False),
        sa.Column("issued_by_id", sa.Integer(), nullable=False),
        sa.Column("issued_at", moment(), nullable=False),
        sa.Column("expires_at", moment(), nullable=False),
        sa.Column("ended_at", moment(), nullable=True),
        sa.Column("ended_by_id", sa.Integer(), nullable=True),
        sa.Column("browser_digest", sa.String(length=64), nullable=True),
        sa.Column("browser", sa.String(length=120), nullable=False),
        sa.Column("bound_at", moment(), nullable=True),
        sa.Column("code_digest", sa.String(length=64), nullable=True),
        sa.Column("code_until", moment(), nullable=True),
        sa.Column("code_tries", sa.Integer(), nullable=False),
        sa.Column("last_used_at", moment(), nullable=True),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.Column("mail_state", choice("mailstate", "none", "waiting", "sent", "failed"), nullable=False),
        sa.Column("mail_to", sa.String(length=120), nullable=False),
        sa.Column("mail_at", moment(), nullable=True),
        sa.Column("mail_sealed", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("expires_at > issued_at", name=op.f("ck_mentor_link_lasts")),
        sa.CheckConstraint("code_tries >= 0", name=op.f("ck_mentor_link_tries")),
        sa.CheckConstraint("(code_digest IS NULL) = (code_until IS NULL)", name=op.f("ck_mentor_link_code")),
        sa.CheckConstraint(
            "(browser_digest IS NULL) = (bound_at IS NULL)", name=op.f("ck_mentor_link_bound")
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_mentor_link_program_id_program")
        ),
        *(
            sa.ForeignKeyConstraint(
                [column], ["user_account.id"], name=op.f(f"fk_mentor_link_{column}_user_account")
            )
            for column in ("user_id", "issued_by_id", "ended_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_mentor_link_organization_id_organization")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mentor_link")),
        sa.UniqueConstraint("token_digest", name=op.f("uq_mentor_link_token_digest")),
    )
    op.create_index(
        "ix_mentor_link_program_id_organization_id", "mentor_link", ["program_id", "organization_id"]
    )
    op.create_index(op.f("ix_mentor_link_user_id"), "mentor_link", ["user_id"])
    op.create_index(
        "uq_mentor_link_live",
        "mentor_link",
        ["program_id", "user_id"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    with op.batch_alter_table("sign_in_session") as batch:
        batch.add_column(sa.Column("link_id", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("link_program_id", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("link_role", choice("link_role", *ROLES), nullable=True))
        batch.create_index(batch.f("ix_sign_in_session_link_id"), ["link_id"])
        batch.create_foreign_key(
            batch.f("fk_sign_in_session_link_id_mentor_link"),
            "mentor_link",
            ["link_id"],
            ["id"],
            ondelete="CASCADE",
        )
        batch.create_foreign_key(
            batch.f("fk_sign_in_session_link_program_id_program"), "program", ["link_program_id"], ["id"]
        )
        batch.create_check_constraint(batch.f("ck_sign_in_session_link"), TOGETHER)


def downgrade() -> None:
    op.execute("DELETE FROM sign_in_session WHERE link_id IS NOT NULL")
    with op.batch_alter_table("sign_in_session") as batch:
        for check in ("ck_sign_in_session_link", "ck_sign_in_session_link_role"):
            batch.drop_constraint(batch.f(check), type_="check")
        batch.drop_constraint(batch.f("fk_sign_in_session_link_program_id_program"), type_="foreignkey")
        batch.drop_constraint(batch.f("fk_sign_in_session_link_id_mentor_link"), type_="foreignkey")
        batch.drop_index(batch.f("ix_sign_in_session_link_id"))
        batch.drop_column("link_role")
        batch.drop_column("link_program_id")
        batch.drop_column("link_id")
    op.drop_table("mentor_link")
