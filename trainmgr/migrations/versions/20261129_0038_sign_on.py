"""sign-on: accounts linked to providers, second factors

Revision: 0038
After: 0037
"""

import sqlalchemy as sa
from alembic import op

from trainmgr.kernel.db import UTCDateTime

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

MOMENT = UTCDateTime(timezone=True)


def upgrade() -> None:
    """New tables only."""
    op.create_table(
        "second_factor",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("secret_sealed", sa.Text(), nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("confirmed_at", MOMENT, nullable=True),
        sa.Column("last_step", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_second_factor_user_id_user_account")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_second_factor")),
    )
    op.create_table(
        "recovery_code",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("used_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_recovery_code_user_id_user_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_code")),
        sa.UniqueConstraint("user_id", "digest", name=op.f("uq_recovery_code_user_id_digest")),
    )
    op.create_table(
        "sign_in_rule",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("factor_required", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_sign_in_rule_organization_id_organization")
        ),
        sa.PrimaryKeyConstraint("organization_id", name=op.f("pk_sign_in_rule")),
    )
    op.create_table(
        "sign_in_provider",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "oidc", "cas", "wecom", "dingtalk", name="providerkind", native_enum=False, create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("issuer", sa.String(length=255), nullable=False),
        sa.Column("authorize_url", sa.String(length=255), nullable=False),
        sa.Column("token_url", sa.String(length=255), nullable=False),
        sa.Column("person_url", sa.String(length=255), nullable=False),
        sa.Column("client_id", sa.String(length=200), nullable=False),
        sa.Column("agent", sa.String(length=40), nullable=False),
        sa.Column("secret_sealed", sa.Text(), nullable=True),
        sa.Column("scopes", sa.String(length=200), nullable=False),
        sa.Column("claim", sa.String(length=80), nullable=False),
        sa.Column(
            "link_rule",
            sa.Enum(
                "number", "phone", "self", name="linkrule", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("creates", sa.Boolean(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("name <> ''", name=op.f("ck_sign_in_provider_name")),
        sa.ForeignKeyConstraint(["by_id"], ["user_account.id"], name=op.f("fk_sign_in_provider_by_id_user_account")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_sign_in_provider_organization_id_organization")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_provider")),
    )
    op.create_index("ix_sign_in_provider_organization_id", "sign_in_provider", ["organization_id", "id"])
    op.create_index("ix_sign_in_provider_active_name", "sign_in_provider", ["active", "name", "id"])
    op.create_table(
        "provider_account",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.Column("issuer", sa.String(length=255), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("linked_at", MOMENT, nullable=False),
        sa.Column("last_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["sign_in_provider.id"], name=op.f("fk_provider_account_provider_id_sign_in_provider")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_provider_account_user_id_user_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_provider_account")),
        sa.UniqueConstraint(
            "provider_id", "issuer", "subject", name=op.f("uq_provider_account_provider_id_issuer_subject")
        ),
        sa.UniqueConstraint("provider_id", "user_id", name=op.f("uq_provider_account_provider_id_user_id")),
    )
    op.create_index(op.f("ix_provider_account_user_id"), "provider_account", ["user_id"])
    op.create_table(
        "provider_visit",
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.Column("ticket_digest", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["sign_in_provider.id"], name=op.f("fk_provider_visit_provider_id_sign_in_provider")
        ),
        sa.ForeignKeyConstraint(
            ["session_id"], ["sign_in_session.id"], ondelete="CASCADE",
            name=op.f("fk_provider_visit_session_id_sign_in_session"),
        ),
        sa.PrimaryKeyConstraint("session_id", name=op.f("pk_provider_visit")),
    )
    op.create_index(op.f("ix_provider_visit_provider_id"), "provider_visit", ["provider_id"])
    op.create_index(op.f("ix_provider_visit_ticket_digest"), "provider_visit", ["ticket_digest"])


def downgrade() -> None:
    """Take the new tables away."""
    for table in (
        "provider_visit", "provider_account", "sign_in_provider", "sign_in_rule", "recovery_code", "second_factor",
    ):
        op.drop_table(table)
