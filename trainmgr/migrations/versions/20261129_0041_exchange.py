"""exchange: what other systems call our records, column maps of files that leave

Revision: 0041
After: 0040
"""

import sqlalchemy as sa
from alembic import op

import trainmgr.kernel.db

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """New tables only."""
    op.create_table(
        "column_map",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "internship",
                "real_names",
                name="mappedfile",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("columns", sa.JSON(), nullable=False),
        sa.Column("day_format", sa.String(length=20), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("by_name", sa.String(length=80), nullable=False),
        sa.Column("at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["by_id"], ["user_account.id"], name=op.f("fk_column_map_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["college_id"], ["organization.id"], name=op.f("fk_column_map_college_id_organization")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_column_map")),
        sa.UniqueConstraint(
            "college_id", "kind", "number", name=op.f("uq_column_map_college_id_kind_number")
        ),
    )
    op.create_table(
        "exchange_line",
        sa.Column("job_id", sa.Integer(), nullable=False),
        sa.Column("file", sa.String(length=20), nullable=False),
        sa.Column("line", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column(
            "outcome",
            sa.Enum(
                "new",
                "changed",
                "suspended",
                "same",
                "left",
                "wrong",
                name="lineoutcome",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_exchange_line_job_id_job")),
        sa.PrimaryKeyConstraint("job_id", "file", "line", name=op.f("pk_exchange_line")),
    )
    op.create_index(
        "ix_exchange_line_job_id_outcome",
        "exchange_line",
        ["job_id", "outcome", "file", "line"],
        unique=False,
    )
    op.create_table(
        "learning_store",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("url", sa.String(length=500), nullable=False),
        sa.Column("username", sa.String(length=120), nullable=False),
        sa.Column("password_sealed", sa.Text(), nullable=False),
        sa.Column("root", sa.String(length=200), nullable=False),
        sa.Column("tells_names", sa.Boolean(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("since", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("filled_at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("by_name", sa.String(length=80), nullable=False),
        sa.Column("at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("name <> ''", name=op.f("ck_learning_store_name")),
        sa.ForeignKeyConstraint(
            ["by_id"], ["user_account.id"], name=op.f("fk_learning_store_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["college_id"], ["organization.id"], name=op.f("fk_learning_store_college_id_organization")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_learning_store")),
    )
    op.create_index("ix_learning_store_college_id", "learning_store", ["college_id", "id"], unique=False)
    op.create_table(
        "sourced_person",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("sourced_id", sa.String(length=255), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("suspended", sa.Boolean(), nullable=False),
        sa.Column("at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["college_id"], ["organization.id"], name=op.f("fk_sourced_person_college_id_organization")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_sourced_person_user_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sourced_person")),
        sa.UniqueConstraint("college_id", "sourced_id", name=op.f("uq_sourced_person_college_id_sourced_id")),
        sa.UniqueConstraint("college_id", "user_id", name=op.f("uq_sourced_person_college_id_user_id")),
    )
    op.create_index(op.f("ix_sourced_person_user_id"), "sourced_person", ["user_id"], unique=False)
    op.create_table(
        "sourced_thing",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "org",
                "course",
                "class",
                name="sourcedkind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("sourced_id", sa.String(length=255), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["college_id"], ["organization.id"], name=op.f("fk_sourced_thing_college_id_organization")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sourced_thing")),
        sa.UniqueConstraint(
            "college_id", "kind", "sourced_id", name=op.f("uq_sourced_thing_college_id_kind_sourced_id")
        ),
        sa.UniqueConstraint(
            "college_id", "kind", "subject_id", name=op.f("uq_sourced_thing_college_id_kind_subject_id")
        ),
    )
    op.create_table(
        "learning_statement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("store_id", sa.Integer(), nullable=False),
        sa.Column(
            "source",
            sa.Enum(
                "log_handed_in",
                "log_signed",
                "test",
                "gate",
                "completion",
                "voided",
                name="statementsource",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("happened_at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "waiting",
                "sending",
                "sent",
                "failed",
                "dropped",
                name="statementstate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("not_before", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("claimed_at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("sent_at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("fault", sa.String(length=200), nullable=False),
        sa.CheckConstraint("state <> 'sent' OR sent_at IS NOT NULL", name=op.f("ck_learning_statement_sent")),
        sa.CheckConstraint("attempts >= 0", name=op.f("ck_learning_statement_attempts")),
        sa.ForeignKeyConstraint(
            ["college_id"], ["organization.id"], name=op.f("fk_learning_statement_college_id_organization")
        ),
        sa.ForeignKeyConstraint(
            ["store_id"],
            ["learning_store.id"],
            name=op.f("fk_learning_statement_store_id_learning_store"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_learning_statement")),
        sa.UniqueConstraint(
            "store_id", "source", "subject_id", name=op.f("uq_learning_statement_store_id_source_subject_id")
        ),
    )
    op.create_index(
        "ix_learning_statement_college_id",
        "learning_statement",
        ["college_id", "store_id", "id"],
        unique=False,
    )
    op.create_index(
        "ix_learning_statement_state_not_before",
        "learning_statement",
        ["state", "not_before", "id"],
        unique=False,
    )


def downgrade() -> None:
    """The new tables go."""
    op.drop_index("ix_learning_statement_state_not_before", table_name="learning_statement")
    op.drop_index("ix_learning_statement_college_id", table_name="learning_statement")
    op.drop_table("learning_statement")
    op.drop_table("sourced_thing")
    op.drop_index(op.f("ix_sourced_person_user_id"), table_name="sourced_person")
    op.drop_table("sourced_person")
    op.drop_index("ix_learning_store_college_id", table_name="learning_store")
    op.drop_table("learning_store")
    op.drop_index("ix_exchange_line_job_id_outcome", table_name="exchange_line")
    op.drop_table("exchange_line")
    op.drop_table("column_map")
