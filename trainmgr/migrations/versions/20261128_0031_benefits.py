"""research and products with shares, income with its split, subsidy claims with their people

Revision: 0031
After: 0030
"""

import sqlalchemy as sa
from alembic import op

import trainmgr.kernel.db

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "joint_yield",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("program_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "paper",
                "patent",
                "software",
                "product",
                "standard",
                "teaching_resource",
                name="yieldkind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("title", sa.String(length=160), nullable=False),
        sa.Column("number", sa.String(length=80), nullable=False),
        sa.Column("achieved_on", sa.Date(), nullable=False),
        sa.Column("ownership", sa.String(length=500), nullable=False),
        sa.Column("benefit", sa.String(length=500), nullable=False),
        sa.Column("file_id", sa.Integer(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "draft", "signed", name="yieldstate", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("replaces_id", sa.Integer(), nullable=True),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("by_name", sa.String(length=80), nullable=False),
        sa.Column("at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["by_id"], ["user_account.id"], name=op.f("fk_joint_yield_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["file_id"], ["stored_file.id"], name=op.f("fk_joint_yield_file_id_stored_file")
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_joint_yield_program_id_program")
        ),
        sa.ForeignKeyConstraint(
            ["replaces_id"], ["joint_yield.id"], name=op.f("fk_joint_yield_replaces_id_joint_yield")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_joint_yield")),
        sa.UniqueConstraint("replaces_id", name=op.f("uq_joint_yield_replaces_id")),
    )
    with op.batch_alter_table("joint_yield", schema=None) as batch_op:
        batch_op.create_index(
            "ix_joint_yield_program_id_achieved_on", ["program_id", "achieved_on", "id"], unique=False
        )

    op.create_table(
        "program_income",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("program_id", sa.Integer(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "training_fee",
                "funding",
                "service",
                "subsidy",
                "donation",
                "other",
                name="incomekind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("source", sa.String(length=120), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("cancels_id", sa.Integer(), nullable=True),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("by_name", sa.String(length=80), nullable=False),
        sa.Column("at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(amount_cents > 0) = (cancels_id IS NULL) AND amount_cents <> 0",
            name=op.f("ck_program_income_amount"),
        ),
        sa.ForeignKeyConstraint(
            ["by_id"], ["user_account.id"], name=op.f("fk_program_income_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["cancels_id"], ["program_income.id"], name=op.f("fk_program_income_cancels_id_program_income")
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_program_income_program_id_program")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_program_income")),
        sa.UniqueConstraint("cancels_id", name=op.f("uq_program_income_cancels_id")),
    )
    with op.batch_alter_table("program_income", schema=None) as batch_op:
        batch_op.create_index(
            "ix_program_income_program_id_received_on", ["program_id", "received_on", "id"], unique=False
        )

    op.create_table(
        "subsidy_claim",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("program_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "training",
                "assessment",
                "apprenticeship",
                "living",
                name="claimkind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("office", sa.String(length=120), nullable=False),
        sa.Column("basis", sa.String(length=200), nullable=False),
        sa.Column("amount_cents", sa.Integer(), nullable=False),
        sa.Column("least_minutes", sa.Integer(), nullable=False),
        sa.Column("needs_certificate", sa.Boolean(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "draft",
                "submitted",
                "approved",
                "paid",
                "returned",
                name="claimstate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("total_cents", sa.BigInteger(), nullable=False),
        sa.Column("submitted_on", sa.Date(), nullable=True),
        sa.Column("paid_on", sa.Date(), nullable=True),
        sa.Column("paid_cents", sa.BigInteger(), nullable=True),
        sa.Column("replaces_id", sa.Integer(), nullable=True),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("by_name", sa.String(length=80), nullable=False),
        sa.Column("at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state = 'draft' OR people > 0", name=op.f("ck_subsidy_claim_people")),
        sa.CheckConstraint("amount_cents > 0", name=op.f("ck_subsidy_claim_amount")),
        sa.CheckConstraint("least_minutes >= 0", name=op.f("ck_subsidy_claim_least_minutes")),
        sa.ForeignKeyConstraint(
            ["by_id"], ["user_account.id"], name=op.f("fk_subsidy_claim_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_subsidy_claim_program_id_program")
        ),
        sa.ForeignKeyConstraint(
            ["replaces_id"], ["subsidy_claim.id"], name=op.f("fk_subsidy_claim_replaces_id_subsidy_claim")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subsidy_claim")),
        sa.UniqueConstraint("program_id", "number", name=op.f("uq_subsidy_claim_program_id_number")),
        sa.UniqueConstraint("replaces_id", name=op.f("uq_subsidy_claim_replaces_id")),
    )
    op.create_table(
        "claim_move",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("claim_id", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "draft",
                "submitted",
                "approved",
                "paid",
                "returned",
                name="claimmovestate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("by_name", sa.String(length=80), nullable=False),
        sa.Column("at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["by_id"], ["user_account.id"], name=op.f("fk_claim_move_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["claim_id"], ["subsidy_claim.id"], name=op.f("fk_claim_move_claim_id_subsidy_claim")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim_move")),
    )
    with op.batch_alter_table("claim_move", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_claim_move_claim_id"), ["claim_id"], unique=False)

    op.create_table(
        "income_part",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("income_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("label", sa.String(length=120), nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=True),
        sa.Column("basis_points", sa.Integer(), nullable=False),
        sa.Column("cents", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["income_id"], ["program_income.id"], name=op.f("fk_income_part_income_id_program_income")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_income_part_organization_id_organization")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_income_part")),
        sa.UniqueConstraint("income_id", "label", name=op.f("uq_income_part_income_id_label")),
    )
    with op.batch_alter_table("income_part", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_income_part_organization_id"), ["organization_id"], unique=False)

    op.create_table(
        "yield_share",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("yield_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("owner", sa.String(length=120), nullable=False),
        sa.Column("is_person", sa.Boolean(), nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=True),
        sa.Column("basis_points", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "basis_points > 0 AND basis_points <= 10000", name=op.f("ck_yield_share_basis_points")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_yield_share_organization_id_organization")
        ),
        sa.ForeignKeyConstraint(
            ["yield_id"], ["joint_yield.id"], name=op.f("fk_yield_share_yield_id_joint_yield")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_yield_share")),
        sa.UniqueConstraint("yield_id", "owner", name=op.f("uq_yield_share_yield_id_owner")),
    )
    op.create_table(
        "claim_person",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("claim_id", sa.Integer(), nullable=False),
        sa.Column("program_id", sa.Integer(), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "training",
                "assessment",
                "apprenticeship",
                "living",
                name="claimpersonkind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("certificate", sa.String(length=80), nullable=False),
        sa.Column("amount_cents", sa.Integer(), nullable=False),
        sa.Column("is_live", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["claim_id"], ["subsidy_claim.id"], name=op.f("fk_claim_person_claim_id_subsidy_claim")
        ),
        sa.ForeignKeyConstraint(
            ["enrolment_id"], ["enrolment.id"], name=op.f("fk_claim_person_enrolment_id_enrolment")
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_claim_person_program_id_program")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_claim_person_user_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim_person")),
        sa.UniqueConstraint("claim_id", "enrolment_id", name=op.f("uq_claim_person_claim_id_enrolment_id")),
    )
    with op.batch_alter_table("claim_person", schema=None) as batch_op:
        batch_op.create_index("ix_claim_person_claim_id_name", ["claim_id", "name", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_claim_person_enrolment_id"), ["enrolment_id"], unique=False)
        batch_op.create_index(
            "uq_claim_person_program_id_user_id_kind",
            ["program_id", "user_id", "kind"],
            unique=True,
            sqlite_where=sa.text("is_live"),
            postgresql_where=sa.text("is_live"),
        )


def downgrade() -> None:
    with op.batch_alter_table("claim_person", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_claim_person_program_id_user_id_kind",
            sqlite_where=sa.text("is_live"),
            postgresql_where=sa.text("is_live"),
        )
        batch_op.drop_index(batch_op.f("ix_claim_person_enrolment_id"))
        batch_op.drop_index("ix_claim_person_claim_id_name")

    op.drop_table("claim_person")
    op.drop_table("yield_share")
    with op.batch_alter_table("income_part", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_income_part_organization_id"))

    op.drop_table("income_part")
    with op.batch_alter_table("claim_move", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_claim_move_claim_id"))

    op.drop_table("claim_move")
    op.drop_table("subsidy_claim")
    with op.batch_alter_table("program_income", schema=None) as batch_op:
        batch_op.drop_index("ix_program_income_program_id_received_on")

    op.drop_table("program_income")
    with op.batch_alter_table("joint_yield", schema=None) as batch_op:
        batch_op.drop_index("ix_joint_yield_program_id_achieved_on")

    op.drop_table("joint_yield")
