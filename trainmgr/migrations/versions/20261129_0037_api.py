"""api: tokens, idempotency keys, webhooks and their deliveries

Revision: 0037
After: 0036
"""

import sqlalchemy as sa
from alembic import op

import trainmgr.kernel.db

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """New tables only."""
    op.create_table(
        "api_integration",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
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
                name="integrationrole",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("by_name", sa.String(length=80), nullable=False),
        sa.Column("at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("name <> ''", name=op.f("ck_api_integration_name")),
        sa.ForeignKeyConstraint(
            ["by_id"], ["user_account.id"], name=op.f("fk_api_integration_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name=op.f("fk_api_integration_organization_id_organization"),
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_api_integration_user_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_integration")),
        sa.UniqueConstraint("user_id", name=op.f("uq_api_integration_user_id")),
    )
    op.create_index(
        "ix_api_integration_organization_id", "api_integration", ["organization_id", "id"], unique=False
    )
    op.create_table(
        "webhook",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("url", sa.String(length=500), nullable=False),
        sa.Column("secret_sealed", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("by_name", sa.String(length=80), nullable=False),
        sa.Column("at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("name <> ''", name=op.f("ck_webhook_name")),
        sa.ForeignKeyConstraint(["by_id"], ["user_account.id"], name=op.f("fk_webhook_by_id_user_account")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_webhook_organization_id_organization")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook")),
    )
    op.create_index("ix_webhook_organization_id", "webhook", ["organization_id", "id"], unique=False)
    op.create_table(
        "api_token",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("integration_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("beginning", sa.String(length=12), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("per_minute", sa.Integer(), nullable=False),
        sa.Column("created_at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("expires_at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("last_used_at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=True),
        sa.CheckConstraint("name <> ''", name=op.f("ck_api_token_name")),
        sa.CheckConstraint("per_minute > 0", name=op.f("ck_api_token_pace")),
        sa.ForeignKeyConstraint(
            ["integration_id"],
            ["api_integration.id"],
            name=op.f("fk_api_token_integration_id_api_integration"),
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_api_token_user_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("digest", name=op.f("uq_api_token_digest")),
    )
    op.create_index("ix_api_token_integration_id", "api_token", ["integration_id", "id"], unique=False)
    op.create_index("ix_api_token_user_id", "api_token", ["user_id", "id"], unique=False)
    op.create_table(
        "webhook_topic",
        sa.Column("webhook_id", sa.Integer(), nullable=False),
        sa.Column(
            "event",
            sa.Enum(
                "enrolment.admitted",
                "log.signed",
                "rating.submitted",
                "certificate.issued",
                name="webhookevent",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["webhook_id"],
            ["webhook.id"],
            name=op.f("fk_webhook_topic_webhook_id_webhook"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("webhook_id", "event", name=op.f("pk_webhook_topic")),
    )
    op.create_table(
        "api_answer",
        sa.Column("token_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("request_digest", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("headers", sa.JSON(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["token_id"], ["api_token.id"], name=op.f("fk_api_answer_token_id_api_token"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("token_id", "key", name=op.f("pk_api_answer")),
    )
    op.create_index("ix_api_answer_at", "api_answer", ["at"], unique=False)
    op.create_table(
        "api_use",
        sa.Column("token_id", sa.Integer(), nullable=False),
        sa.Column("minute", sa.BigInteger(), nullable=False),
        sa.Column("given", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["token_id"], ["api_token.id"], name=op.f("fk_api_use_token_id_api_token"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("token_id", name=op.f("pk_api_use")),
    )
    op.create_table(
        "webhook_delivery",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("webhook_id", sa.Integer(), nullable=False),
        sa.Column(
            "event",
            sa.Enum(
                "enrolment.admitted",
                "log.signed",
                "rating.submitted",
                "certificate.issued",
                name="deliveryevent",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("program_id", sa.Integer(), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "waiting",
                "sending",
                "sent",
                "failed",
                "dropped",
                name="deliverystate",
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
        sa.CheckConstraint("state <> 'sent' OR sent_at IS NOT NULL", name=op.f("ck_webhook_delivery_sent")),
        sa.CheckConstraint("attempts >= 0", name=op.f("ck_webhook_delivery_attempts")),
        sa.ForeignKeyConstraint(
            ["enrolment_id"],
            ["enrolment.id"],
            name=op.f("fk_webhook_delivery_enrolment_id_enrolment"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["program_id"],
            ["program.id"],
            name=op.f("fk_webhook_delivery_program_id_program"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["webhook_id"],
            ["webhook.id"],
            name=op.f("fk_webhook_delivery_webhook_id_webhook"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_delivery")),
    )
    op.create_index(
        op.f("ix_webhook_delivery_enrolment_id"), "webhook_delivery", ["enrolment_id"], unique=False
    )
    op.create_index(
        "ix_webhook_delivery_state_not_before",
        "webhook_delivery",
        ["state", "not_before", "id"],
        unique=False,
    )
    op.create_index("ix_webhook_delivery_webhook_id", "webhook_delivery", ["webhook_id", "id"], unique=False)


def downgrade() -> None:
    """Take them away again."""
    op.drop_index("ix_webhook_delivery_webhook_id", table_name="webhook_delivery")
    op.drop_index("ix_webhook_delivery_state_not_before", table_name="webhook_delivery")
    op.drop_index(op.f("ix_webhook_delivery_enrolment_id"), table_name="webhook_delivery")
    op.drop_table("webhook_delivery")
    op.drop_table("api_use")
    op.drop_index("ix_api_answer_at", table_name="api_answer")
    op.drop_table("api_answer")
    op.drop_table("webhook_topic")
    op.drop_index("ix_api_token_user_id", table_name="api_token")
    op.drop_index("ix_api_token_integration_id", table_name="api_token")
    op.drop_table("api_token")
    op.drop_index("ix_webhook_organization_id", table_name="webhook")
    op.drop_table("webhook")
    op.drop_index("ix_api_integration_organization_id", table_name="api_integration")
    op.drop_table("api_integration")
