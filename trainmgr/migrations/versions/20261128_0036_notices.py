"""notices: what people and organisations want sent, group robots, the outbox

Revision: 0036
After: 0035
"""

import sqlalchemy as sa
from alembic import op

import trainmgr.kernel.db

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """New tables only."""
    op.create_table(
        "notice_hours",
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("quiet_begins", sa.Time(), nullable=False),
        sa.Column("quiet_ends", sa.Time(), nullable=False),
        sa.Column("closed_days", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name=op.f("fk_notice_hours_organization_id_organization"),
        ),
        sa.PrimaryKeyConstraint("organization_id", name=op.f("pk_notice_hours")),
    )
    op.create_table(
        "notice_robot",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "wecom", "dingtalk", name="robotkind", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("url_sealed", sa.Text(), nullable=False),
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("secret_sealed", sa.Text(), nullable=True),
        sa.Column("topics", sa.JSON(), nullable=False),
        sa.Column("language", sa.String(length=5), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("by_name", sa.String(length=80), nullable=False),
        sa.Column("at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("name <> ''", name=op.f("ck_notice_robot_name")),
        sa.ForeignKeyConstraint(
            ["by_id"], ["user_account.id"], name=op.f("fk_notice_robot_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name=op.f("fk_notice_robot_organization_id_organization"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_robot")),
    )
    op.create_index(
        "ix_notice_robot_organization_id_active",
        "notice_robot",
        ["organization_id", "active", "id"],
        unique=False,
    )
    op.create_table(
        "notice_setting",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("mail_sealed", sa.Text(), nullable=True),
        sa.Column("mail_masked", sa.String(length=120), nullable=False),
        sa.Column("confirmed_at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("code_digest", sa.String(length=64), nullable=False),
        sa.Column("code_until", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("code_tries", sa.Integer(), nullable=False),
        sa.Column("digest", sa.Boolean(), nullable=False),
        sa.Column("reminders", sa.Boolean(), nullable=False),
        sa.Column("language", sa.String(length=5), nullable=False),
        sa.Column("quiet_begins", sa.Time(), nullable=True),
        sa.Column("quiet_ends", sa.Time(), nullable=True),
        sa.Column("closed_days", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(quiet_begins IS NULL) = (quiet_ends IS NULL)", name=op.f("ck_notice_setting_hours")
        ),
        sa.CheckConstraint(
            "confirmed_at IS NULL OR mail_sealed IS NOT NULL", name=op.f("ck_notice_setting_confirmed")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_notice_setting_user_id_user_account")
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_notice_setting")),
    )
    op.create_index(
        "ix_notice_setting_confirmed_at", "notice_setting", ["confirmed_at", "user_id"], unique=False
    )
    op.create_table(
        "notice_message",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column(
            "channel",
            sa.Enum("mail", "robot", name="channel", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column(
            "topic",
            sa.Enum(
                "digest",
                "invitation",
                "late",
                "test",
                name="topic",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("robot_id", sa.Integer(), nullable=True),
        sa.Column("params", sa.JSON(), nullable=False),
        sa.Column("not_before", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "waiting",
                "sending",
                "sent",
                "failed",
                "dropped",
                name="outcome",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("claimed_at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("sent_at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("fault", sa.String(length=200), nullable=False),
        sa.Column("made_at", trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state <> 'sent' OR sent_at IS NOT NULL", name=op.f("ck_notice_message_sent")),
        sa.CheckConstraint("(user_id IS NULL) <> (robot_id IS NULL)", name=op.f("ck_notice_message_whom")),
        sa.CheckConstraint("attempts >= 0", name=op.f("ck_notice_message_attempts")),
        sa.ForeignKeyConstraint(
            ["robot_id"], ["notice_robot.id"], name=op.f("fk_notice_message_robot_id_notice_robot")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_notice_message_user_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_message")),
        sa.UniqueConstraint("key", name=op.f("uq_notice_message_key")),
    )
    op.create_index("ix_notice_message_robot_id", "notice_message", ["robot_id", "id"], unique=False)
    op.create_index(
        "ix_notice_message_state_not_before", "notice_message", ["state", "not_before", "id"], unique=False
    )
    op.create_index("ix_notice_message_user_id", "notice_message", ["user_id", "id"], unique=False)


def downgrade() -> None:
    """Away with them."""
    op.drop_index("ix_notice_message_robot_id", table_name="notice_message")
    op.drop_index("ix_notice_message_state_not_before", table_name="notice_message")
    op.drop_index("ix_notice_message_user_id", table_name="notice_message")
    op.drop_table("notice_message")
    op.drop_index("ix_notice_setting_confirmed_at", table_name="notice_setting")
    op.drop_table("notice_setting")
    op.drop_index("ix_notice_robot_organization_id_active", table_name="notice_robot")
    op.drop_table("notice_robot")
    op.drop_table("notice_hours")
