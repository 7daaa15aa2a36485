"""identity: how long a first password lasts, notices about the own account

Revision: 0042
After: 0041
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from trainmgr.kernel.db import UTCDateTime

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

MOMENT = UTCDateTime(timezone=True)
TOPICS = ("digest", "invitation", "late", "test")


def upgrade() -> None:
    """First passwords that are in somebody's hands run from now on, so that nobody is shut out by the upgrade."""
    op.add_column("user_account", sa.Column("first_password_at", MOMENT, nullable=True))
    account = sa.table("user_account", sa.column("password_hash"), sa.column("first_password_at", MOMENT))
    op.execute(
        sa.update(account)
        .where(account.c.password_hash.like("first:given:%"))
        .values(first_password_at=datetime.now(UTC))
    )
    with op.batch_alter_table("sign_in_rule") as batch_op:
        batch_op.add_column(
            sa.Column("first_password_days", sa.Integer(), nullable=False, server_default="30")
        )
    with op.batch_alter_table("sign_in_rule") as batch_op:  # the rows have their days by now
        batch_op.create_check_constraint(
            op.f("ck_sign_in_rule_first_password_days"), "first_password_days BETWEEN 1 AND 365"
        )
        batch_op.alter_column("first_password_days", server_default=None)
    _topics((*TOPICS, "account"))


def downgrade() -> None:
    op.execute("DELETE FROM notice_message WHERE topic = 'account'")
    _topics(TOPICS)
    with op.batch_alter_table("sign_in_rule") as batch_op:
        batch_op.drop_constraint(op.f("ck_sign_in_rule_first_password_days"), type_="check")
        batch_op.drop_column("first_password_days")
    op.drop_column("user_account", "first_password_at")


def _topics(topics: tuple[str, ...]) -> None:
    words = ", ".join(f"'{topic}'" for topic in topics)
    with op.batch_alter_table("notice_message") as batch_op:
        batch_op.drop_constraint(op.f("ck_notice_message_topic"), type_="check")
        batch_op.create_check_constraint(op.f("ck_notice_message_topic"), f"topic IN ({words})")
