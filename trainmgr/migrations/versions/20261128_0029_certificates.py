"""certificates of completion with their serials and revocations, certificates of others

Revision: 0029
After: 0028
"""

import sqlalchemy as sa
from alembic import op

import trainmgr.kernel.db

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "certificate_serial",
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["college_id"], ["organization.id"], name=op.f("fk_certificate_serial_college_id_organization")
        ),
        sa.PrimaryKeyConstraint("college_id", "year", name=op.f("pk_certificate_serial")),
    )
    op.create_table(
        "certificate",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("program_id", sa.Integer(), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=16), nullable=False),
        sa.Column("holder_part", sa.String(length=6), nullable=False),
        sa.Column("credential_id", sa.String(length=36), nullable=False),
        sa.Column("origin", sa.String(length=200), nullable=False),
        sa.Column("is_present", sa.Boolean(), nullable=False),
        sa.Column("replaces_id", sa.Integer(), nullable=True),
        sa.Column("holder_name", sa.String(length=80), nullable=False),
        sa.Column("student_number", sa.String(length=40), nullable=False),
        sa.Column("program_name", sa.String(length=120), nullable=False),
        sa.Column("program_name_en", sa.String(length=160), nullable=False),
        sa.Column("college_name", sa.String(length=120), nullable=False),
        sa.Column("college_name_en", sa.String(length=160), nullable=False),
        sa.Column("enterprise_name", sa.String(length=120), nullable=False),
        sa.Column("enterprise_name_en", sa.String(length=160), nullable=False),
        sa.Column("field", sa.String(length=60), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("issued_at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("by_name", sa.String(length=80), nullable=False),
        sa.CheckConstraint("number > 0", name=op.f("ck_certificate_number")),
        sa.ForeignKeyConstraint(
            ["by_id"], ["user_account.id"], name=op.f("fk_certificate_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["college_id"], ["organization.id"], name=op.f("fk_certificate_college_id_organization")
        ),
        sa.ForeignKeyConstraint(
            ["enrolment_id"], ["enrolment.id"], name=op.f("fk_certificate_enrolment_id_enrolment")
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_certificate_program_id_program")
        ),
        sa.ForeignKeyConstraint(
            ["replaces_id"], ["certificate.id"], name=op.f("fk_certificate_replaces_id_certificate")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_certificate_user_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certificate")),
        sa.UniqueConstraint("code", name=op.f("uq_certificate_code")),
        sa.UniqueConstraint(
            "college_id", "year", "number", name=op.f("uq_certificate_college_id_year_number")
        ),
        sa.UniqueConstraint("credential_id", name=op.f("uq_certificate_credential_id")),
        sa.UniqueConstraint("replaces_id", name=op.f("uq_certificate_replaces_id")),
    )
    with op.batch_alter_table("certificate", schema=None) as batch_op:
        batch_op.create_index(
            "ix_certificate_college_id_issued_on", ["college_id", "issued_on", "id"], unique=False
        )
        batch_op.create_index("ix_certificate_enrolment_id", ["enrolment_id", "id"], unique=False)
        batch_op.create_index("ix_certificate_program_id", ["program_id", "id"], unique=False)
        batch_op.create_index("ix_certificate_user_id", ["user_id", "id"], unique=False)
        batch_op.create_index(
            "uq_certificate_present",
            ["enrolment_id"],
            unique=True,
            sqlite_where=sa.text("is_present"),
            postgresql_where=sa.text("is_present"),
        )

    op.create_table(
        "external_certificate",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("program_id", sa.Integer(), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column(
            "level",
            sa.Enum(
                "apprentice",
                "junior",
                "intermediate",
                "senior",
                "technician",
                "senior_technician",
                "special_technician",
                "chief_technician",
                "one_x_junior",
                "one_x_intermediate",
                "one_x_senior",
                name="certificatelevel",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("number_key", sa.String(length=60), nullable=False),
        sa.Column("issuer", sa.String(length=120), nullable=False),
        sa.Column("issuer_key", sa.String(length=16), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("file_id", sa.Integer(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "entered",
                "verified",
                "refused",
                "withdrawn",
                name="externalstate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("entered_by_id", sa.Integer(), nullable=False),
        sa.Column("entered_by_name", sa.String(length=80), nullable=False),
        sa.Column("entered_at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("settled_by_id", sa.Integer(), nullable=True),
        sa.Column("settled_by_name", sa.String(length=80), nullable=False),
        sa.Column("settled_at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=True),
        sa.CheckConstraint("number_key <> ''", name=op.f("ck_external_certificate_number")),
        sa.CheckConstraint(
            "expires_on IS NULL OR expires_on >= issued_on", name=op.f("ck_external_certificate_days")
        ),
        sa.ForeignKeyConstraint(
            ["enrolment_id"], ["enrolment.id"], name=op.f("fk_external_certificate_enrolment_id_enrolment")
        ),
        sa.ForeignKeyConstraint(
            ["entered_by_id"],
            ["user_account.id"],
            name=op.f("fk_external_certificate_entered_by_id_user_account"),
        ),
        sa.ForeignKeyConstraint(
            ["file_id"], ["stored_file.id"], name=op.f("fk_external_certificate_file_id_stored_file")
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_external_certificate_program_id_program")
        ),
        sa.ForeignKeyConstraint(
            ["settled_by_id"],
            ["user_account.id"],
            name=op.f("fk_external_certificate_settled_by_id_user_account"),
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_external_certificate_user_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_external_certificate")),
    )
    with op.batch_alter_table("external_certificate", schema=None) as batch_op:
        batch_op.create_index("ix_external_certificate_enrolment_id", ["enrolment_id"], unique=False)
        batch_op.create_index("ix_external_certificate_program_id", ["program_id", "id"], unique=False)
        batch_op.create_index(
            "ix_external_certificate_state_expires_on", ["state", "expires_on", "id"], unique=False
        )
        batch_op.create_index("ix_external_certificate_user_id", ["user_id", "level"], unique=False)
        batch_op.create_index(
            "uq_external_certificate_issuer_key_number_key",
            ["issuer_key", "number_key"],
            unique=True,
            sqlite_where=sa.text("state IN ('entered', 'verified')"),
            postgresql_where=sa.text("state IN ('entered', 'verified')"),
        )

    op.create_table(
        "certificate_revocation",
        sa.Column("certificate_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "revoked",
                "replaced",
                name="revocationkind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("by_name", sa.String(length=80), nullable=False),
        sa.Column("at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_certificate_revocation_reason")),
        sa.ForeignKeyConstraint(
            ["by_id"], ["user_account.id"], name=op.f("fk_certificate_revocation_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["certificate_id"],
            ["certificate.id"],
            name=op.f("fk_certificate_revocation_certificate_id_certificate"),
        ),
        sa.PrimaryKeyConstraint("certificate_id", name=op.f("pk_certificate_revocation")),
    )


def downgrade() -> None:
    op.drop_table("certificate_revocation")
    with op.batch_alter_table("external_certificate", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_external_certificate_issuer_key_number_key",
            sqlite_where=sa.text("state IN ('entered', 'verified')"),
            postgresql_where=sa.text("state IN ('entered', 'verified')"),
        )
        batch_op.drop_index("ix_external_certificate_user_id")
        batch_op.drop_index("ix_external_certificate_state_expires_on")
        batch_op.drop_index("ix_external_certificate_program_id")
        batch_op.drop_index("ix_external_certificate_enrolment_id")

    op.drop_table("external_certificate")
    with op.batch_alter_table("certificate", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_certificate_present",
            sqlite_where=sa.text("is_present"),
            postgresql_where=sa.text("is_present"),
        )
        batch_op.drop_index("ix_certificate_user_id")
        batch_op.drop_index("ix_certificate_program_id")
        batch_op.drop_index("ix_certificate_enrolment_id")
        batch_op.drop_index("ix_certificate_college_id_issued_on")

    op.drop_table("certificate")
    op.drop_table("certificate_serial")
