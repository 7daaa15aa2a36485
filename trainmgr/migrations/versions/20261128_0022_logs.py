"""logs of weeks and cases; terms, comments, signs worth a question, spot checks

Revision: 0022
After: 0021
"""

import json
from datetime import timedelta

import sqlalchemy as sa
from alembic import op

import trainmgr.kernel.db

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

KINDS = "kind IN ('practice', 'case')"
HANDED_IN = "state = 'draft' OR ((minutes > 0 OR kind = 'case') AND submitted_at IS NOT NULL)"
HANDED_IN_BEFORE = "state = 'draft' OR (minutes > 0 AND submitted_at IS NOT NULL)"
TABLES = (
    "spot_check", "spot_draw", "log_hint", "log_band", "log_reading", "log_comment", "log_opening", "log_case",
    "practice_terms",
)


def upgrade() -> None:
    with op.batch_alter_table("practice_log") as batch_op:
        batch_op.add_column(sa.Column("until", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("day_minutes", sa.JSON(none_as_null=True), nullable=True))
        batch_op.add_column(sa.Column("kind", sa.String(length=32), nullable=False, server_default="practice"))
        batch_op.add_column(sa.Column("typed_signs", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("pasted_signs", sa.Integer(), nullable=True))
        batch_op.drop_constraint(op.f("ck_practice_log_minutes"), type_="check")
        batch_op.drop_constraint(op.f("ck_practice_log_handed_in"), type_="check")
        batch_op.create_check_constraint(op.f("ck_practice_log_minutes"), "minutes >= 0 AND minutes <= 10080")
        batch_op.create_check_constraint(op.f("ck_practice_log_handed_in"), HANDED_IN)
        batch_op.create_check_constraint(op.f("ck_practice_log_until"), "until IS NULL OR until > day")
        batch_op.create_check_constraint(op.f("ck_practice_log_logkind"), KINDS)
    _create()
    _stay_daily()


def _stay_daily() -> None:
    """Programmes that are under way or have logs have been keeping one a day; they go on so until they decide."""
    op.execute(
        "INSERT INTO practice_terms (program_id, frequency, back_days, day_limit, spot_percent, version) "
        "SELECT id, 'daily', 7, 720, 5, 1 FROM program "
        "WHERE state IN ('running', 'evaluating') "
        "OR EXISTS (SELECT 1 FROM practice_log WHERE practice_log.program_id = program.id)"
    )


def _create() -> None:
    op.create_table('practice_terms',
    sa.Column('program_id', sa.Integer(), nullable=False),
    sa.Column('frequency', sa.Enum('daily', 'weekly', name='logfrequency', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('back_days', sa.Integer(), nullable=False),
    sa.Column('day_limit', sa.Integer(), nullable=False),
    sa.Column('spot_percent', sa.Integer(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.CheckConstraint('back_days BETWEEN 0 AND 60', name=op.f('ck_practice_terms_back_days')),
    sa.CheckConstraint('day_limit BETWEEN 60 AND 1440', name=op.f('ck_practice_terms_day_limit')),
    sa.CheckConstraint('spot_percent BETWEEN 0 AND 100', name=op.f('ck_practice_terms_spot_percent')),
    sa.ForeignKeyConstraint(['program_id'], ['program.id'], name=op.f('fk_practice_terms_program_id_program')),
    sa.PrimaryKeyConstraint('program_id', name=op.f('pk_practice_terms'))
    )
    op.create_table('log_opening',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('enrolment_id', sa.Integer(), nullable=False),
    sa.Column('starts_on', sa.Date(), nullable=False),
    sa.Column('ends_on', sa.Date(), nullable=False),
    sa.Column('until', sa.Date(), nullable=False),
    sa.Column('reason', sa.String(length=200), nullable=False),
    sa.Column('by_id', sa.Integer(), nullable=False),
    sa.Column('by_name', sa.String(length=80), nullable=False),
    sa.Column('at', trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
    sa.CheckConstraint('ends_on >= starts_on', name=op.f('ck_log_opening_dates')),
    sa.ForeignKeyConstraint(['by_id'], ['user_account.id'], name=op.f('fk_log_opening_by_id_user_account')),
    sa.ForeignKeyConstraint(['enrolment_id'], ['enrolment.id'], name=op.f('fk_log_opening_enrolment_id_enrolment')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_log_opening'))
    )
    op.create_index('ix_log_opening_enrolment_id_until', 'log_opening', ['enrolment_id', 'until'], unique=False)
    op.create_table('log_comment',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('log_id', sa.Integer(), nullable=False),
    sa.Column('text', sa.String(length=500), nullable=False),
    sa.Column('by_id', sa.Integer(), nullable=False),
    sa.Column('by_name', sa.String(length=80), nullable=False),
    sa.Column('at', trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
    sa.Column('withdrawn_at', trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['by_id'], ['user_account.id'], name=op.f('fk_log_comment_by_id_user_account')),
    sa.ForeignKeyConstraint(['log_id'], ['practice_log.id'], name=op.f('fk_log_comment_log_id_practice_log')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_log_comment'))
    )
    op.create_index('ix_log_comment_log_id', 'log_comment', ['log_id', 'id'], unique=False)
    op.create_table('log_reading',
    sa.Column('log_id', sa.Integer(), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=False),
    sa.Column('unread', sa.Integer(), nullable=False),
    sa.Column('since', trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['log_id'], ['practice_log.id'], name=op.f('fk_log_reading_log_id_practice_log')),
    sa.ForeignKeyConstraint(['user_id'], ['user_account.id'], name=op.f('fk_log_reading_user_id_user_account')),
    sa.PrimaryKeyConstraint('log_id', 'user_id', name=op.f('pk_log_reading'))
    )
    op.create_index('ix_log_reading_user_id_unread', 'log_reading', ['user_id', 'unread'], unique=False)
    op.create_table('log_band',
    sa.Column('program_id', sa.Integer(), nullable=False),
    sa.Column('value', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('log_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['log_id'], ['practice_log.id'], name=op.f('fk_log_band_log_id_practice_log')),
    sa.ForeignKeyConstraint(['program_id'], ['program.id'], name=op.f('fk_log_band_program_id_program')),
    sa.PrimaryKeyConstraint('program_id', 'value', 'log_id', name=op.f('pk_log_band'))
    )
    op.create_table('log_hint',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('log_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.Enum('similar_own', 'similar_other', 'same_photo', 'pasted', 'long_day', 'closed_day', 'two_places', 'over_session', name='hintkind', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('other_id', sa.Integer(), nullable=True),
    sa.Column('params', sa.JSON(), nullable=False),
    sa.Column('at', trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
    sa.Column('dismissed_at', trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=True),
    sa.Column('dismissed_by_id', sa.Integer(), nullable=True),
    sa.Column('dismissed_by', sa.String(length=80), nullable=False),
    sa.Column('note', sa.String(length=200), nullable=False),
    sa.CheckConstraint('(dismissed_at IS NULL) = (dismissed_by_id IS NULL)', name=op.f('ck_log_hint_dismissed')),
    sa.ForeignKeyConstraint(['dismissed_by_id'], ['user_account.id'], name=op.f('fk_log_hint_dismissed_by_id_user_account')),
    sa.ForeignKeyConstraint(['log_id'], ['practice_log.id'], name=op.f('fk_log_hint_log_id_practice_log')),
    sa.ForeignKeyConstraint(['other_id'], ['practice_log.id'], name=op.f('fk_log_hint_other_id_practice_log')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_log_hint')),
    sa.UniqueConstraint('log_id', 'kind', name=op.f('uq_log_hint_log_id_kind'))
    )
    op.create_table('spot_draw',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('program_id', sa.Integer(), nullable=False),
    sa.Column('week', sa.Date(), nullable=False),
    sa.Column('mentor_id', sa.Integer(), nullable=False),
    sa.Column('pool', sa.Integer(), nullable=False),
    sa.Column('percent', sa.Integer(), nullable=False),
    sa.Column('seed', sa.String(length=40), nullable=False),
    sa.Column('at', trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['mentor_id'], ['user_account.id'], name=op.f('fk_spot_draw_mentor_id_user_account')),
    sa.ForeignKeyConstraint(['program_id'], ['program.id'], name=op.f('fk_spot_draw_program_id_program')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_spot_draw')),
    sa.UniqueConstraint('program_id', 'week', 'mentor_id', name=op.f('uq_spot_draw_program_id_week_mentor_id'))
    )
    op.create_table('spot_check',
    sa.Column('log_id', sa.Integer(), nullable=False),
    sa.Column('draw_id', sa.Integer(), nullable=False),
    sa.Column('program_id', sa.Integer(), nullable=False),
    sa.Column('mentor_id', sa.Integer(), nullable=False),
    sa.Column('due_on', sa.Date(), nullable=False),
    sa.Column('result', sa.Enum('confirmed', 'doubtful', 'could_not', name='spotresult', native_enum=False, create_constraint=True, length=32), nullable=True),
    sa.Column('note', sa.String(length=200), nullable=False),
    sa.Column('done_at', trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=True),
    sa.Column('by_id', sa.Integer(), nullable=True),
    sa.Column('by_name', sa.String(length=80), nullable=False),
    sa.CheckConstraint('(result IS NULL) = (done_at IS NULL)', name=op.f('ck_spot_check_done')),
    sa.ForeignKeyConstraint(['by_id'], ['user_account.id'], name=op.f('fk_spot_check_by_id_user_account')),
    sa.ForeignKeyConstraint(['draw_id'], ['spot_draw.id'], name=op.f('fk_spot_check_draw_id_spot_draw')),
    sa.ForeignKeyConstraint(['log_id'], ['practice_log.id'], name=op.f('fk_spot_check_log_id_practice_log')),
    sa.ForeignKeyConstraint(['mentor_id'], ['user_account.id'], name=op.f('fk_spot_check_mentor_id_user_account')),
    sa.ForeignKeyConstraint(['program_id'], ['program.id'], name=op.f('fk_spot_check_program_id_program')),
    sa.PrimaryKeyConstraint('log_id', name=op.f('pk_spot_check'))
    )
    op.create_index(op.f('ix_spot_check_draw_id'), 'spot_check', ['draw_id'], unique=False)
    op.create_index('ix_spot_check_mentor_id_result', 'spot_check', ['mentor_id', 'result'], unique=False)
    op.create_index('ix_spot_check_program_id_result', 'spot_check', ['program_id', 'result'], unique=False)
    op.create_table('log_case',
    sa.Column('log_id', sa.Integer(), nullable=False),
    sa.Column('facts', sa.Text(), nullable=False),
    sa.Column('analysis', sa.Text(), nullable=False),
    sa.Column('plan', sa.Text(), nullable=False),
    sa.Column('effect', sa.Text(), nullable=False),
    sa.Column('lessons', sa.Text(), nullable=False),
    sa.Column('material_id', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['log_id'], ['practice_log.id'], name=op.f('fk_log_case_log_id_practice_log')),
    sa.ForeignKeyConstraint(['material_id'], ['material.id'], name=op.f('fk_log_case_material_id_material'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('log_id', name=op.f('pk_log_case')),
    sa.UniqueConstraint('material_id', name=op.f('uq_log_case_material_id'))
    )


def downgrade() -> None:
    _give_cases_back()
    _split_weeks()
    for name in TABLES:
        op.drop_table(name)
    with op.batch_alter_table("practice_log") as batch_op:
        for name in ("until", "logkind", "handed_in", "minutes"):
            batch_op.drop_constraint(op.f(f"ck_practice_log_{name}"), type_="check")
        batch_op.create_check_constraint(op.f("ck_practice_log_minutes"), "minutes >= 0 AND minutes <= 1440")
        batch_op.create_check_constraint(op.f("ck_practice_log_handed_in"), HANDED_IN_BEFORE)
        for name in ("pasted_signs", "typed_signs", "kind", "day_minutes", "until"):
            batch_op.drop_column(name)


def _give_cases_back() -> None:
    """Before, a log had hours: a case goes back to its trainee as a draft that holds its text."""
    parts = " || char(10) || ".join(f"log_case.{part}" for part in ("facts", "analysis", "plan", "effect", "lessons"))
    if op.get_bind().dialect.name == "postgresql":
        parts = parts.replace("char(10)", "chr(10)")
    op.execute("DELETE FROM log_decision WHERE log_id IN (SELECT id FROM practice_log WHERE kind = 'case')")
    op.execute(
        "UPDATE practice_log SET state = 'draft', learned = coalesce("
        f"(SELECT {parts} FROM log_case WHERE log_case.log_id = practice_log.id), learned) WHERE kind = 'case'"
    )


def _split_weeks() -> None:
    """Before, a log was of one day: one of several days becomes a log of each day with work, signed like it."""
    tables, connection = sa.MetaData(), op.get_bind()
    tables.reflect(connection, only=["practice_log", "log_decision"])
    logs, decisions = tables.tables["practice_log"], tables.tables["log_decision"]
    weeks = connection.execute(sa.select(logs).where(logs.c.until.is_not(None)).order_by(logs.c.id)).mappings().all()
    for week in weeks:
        minutes = json.loads(week["day_minutes"]) if isinstance(week["day_minutes"], str) else week["day_minutes"]
        worked = [(week["day"] + timedelta(days=n), amount) for n, amount in enumerate(minutes or ()) if amount]
        decision = connection.execute(sa.select(decisions).where(decisions.c.log_id == week["id"])).mappings().first()
        facts = {"until": None, "day_minutes": None}
        first = {"minutes": worked[0][1], "day": worked[0][0]} if worked else {}
        connection.execute(sa.update(logs).where(logs.c.id == week["id"]).values(**facts, **first))
        for day, amount in worked[1:]:
            copy = dict(week) | facts | {"day": day, "minutes": amount, "client_key": None, "replaces_id": None}
            del copy["id"]
            key = connection.execute(sa.insert(logs).values(**copy).returning(logs.c.id)).scalar_one()
            if decision is not None:
                said = {name: value for name, value in decision.items() if name != "id"} | {"log_id": key}
                connection.execute(sa.insert(decisions).values(**said))
