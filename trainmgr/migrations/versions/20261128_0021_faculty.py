"""faculty: profiles, qualifications, ratings, practice ledger, grades, teams; alliances, industry colleges, bases

Revision: 0021
After: 0020
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

import trainmgr.kernel.db

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

KINDS = ("operator", "college", "department", "enterprise", "outside")
PARTIES = ("lead_college", "partner_college", "enterprise", "outside")
NEW = ("alliance", "industry_college", "base")


def upgrade() -> None:
    op.create_table('faculty_profile',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=False),
    sa.Column('organization_id', sa.Integer(), nullable=False),
    sa.Column('department_id', sa.Integer(), nullable=True),
    sa.Column('side', sa.Enum('college', 'enterprise', name='side', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('fields', sa.String(length=200), nullable=False),
    sa.Column('post', sa.String(length=80), nullable=False),
    sa.Column('title', sa.String(length=60), nullable=False),
    sa.Column('education', sa.String(length=60), nullable=False),
    sa.Column('since', sa.Date(), nullable=True),
    sa.Column('enterprise_years', sa.Integer(), nullable=True),
    sa.Column('capacity', sa.Integer(), nullable=True),
    sa.Column('sites', sa.String(length=200), nullable=False),
    sa.Column('working_time', sa.JSON(), nullable=False),
    sa.Column('dual_level', sa.Enum('junior', 'middle', 'senior', name='duallevel', native_enum=False, create_constraint=True, length=32), nullable=True),
    sa.Column('dual_number', sa.String(length=60), nullable=False),
    sa.Column('dual_on', sa.Date(), nullable=True),
    sa.Column('is_expert', sa.Boolean(), nullable=False),
    sa.Column('grade', sa.Enum('new', 'qualified', 'backbone', 'master', name='grade', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('created_at', trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.CheckConstraint('capacity IS NULL OR capacity BETWEEN 0 AND 500', name=op.f('ck_faculty_profile_capacity')),
    sa.CheckConstraint('enterprise_years IS NULL OR enterprise_years BETWEEN 0 AND 60', name=op.f('ck_faculty_profile_years')),
    sa.ForeignKeyConstraint(['department_id'], ['organization.id'], name=op.f('fk_faculty_profile_department_id_organization')),
    sa.ForeignKeyConstraint(['organization_id'], ['organization.id'], name=op.f('fk_faculty_profile_organization_id_organization')),
    sa.ForeignKeyConstraint(['user_id'], ['user_account.id'], name=op.f('fk_faculty_profile_user_id_user_account')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_faculty_profile')),
    sa.UniqueConstraint('user_id', 'organization_id', name=op.f('uq_faculty_profile_user_id_organization_id'))
    )
    with op.batch_alter_table('faculty_profile', schema=None) as batch_op:
        batch_op.create_index('ix_faculty_profile_organization_id_grade', ['organization_id', 'grade'], unique=False)

    op.create_table('grade_need',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('college_id', sa.Integer(), nullable=False),
    sa.Column('grade', sa.Enum('new', 'qualified', 'backbone', 'master', name='grade', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('valid_from', sa.Date(), nullable=False),
    sa.Column('years', sa.Integer(), nullable=False),
    sa.Column('practice_days', sa.Integer(), nullable=False),
    sa.Column('rating', sa.Integer(), nullable=False),
    sa.Column('courses', sa.Integer(), nullable=False),
    sa.Column('qualifications', sa.Integer(), nullable=False),
    sa.Column('tutored', sa.Integer(), nullable=False),
    sa.Column('dual', sa.Enum('junior', 'middle', 'senior', name='duallevel', native_enum=False, create_constraint=True, length=32), nullable=True),
    sa.Column('reason', sa.String(length=200), nullable=False),
    sa.Column('by_id', sa.Integer(), nullable=False),
    sa.Column('by_name', sa.String(length=80), nullable=False),
    sa.Column('at', trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['by_id'], ['user_account.id'], name=op.f('fk_grade_need_by_id_user_account')),
    sa.ForeignKeyConstraint(['college_id'], ['organization.id'], name=op.f('fk_grade_need_college_id_organization')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_grade_need')),
    sa.UniqueConstraint('college_id', 'grade', 'valid_from', name=op.f('uq_grade_need_college_id_grade_valid_from'))
    )
    op.create_table('organization_unit',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('organization_id', sa.Integer(), nullable=False),
    sa.Column('unit_id', sa.Integer(), nullable=True),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('part', sa.String(length=40), nullable=False),
    sa.Column('since', sa.Date(), nullable=False),
    sa.Column('until', sa.Date(), nullable=True),
    sa.CheckConstraint('unit_id IS NULL OR unit_id <> organization_id', name=op.f('ck_organization_unit_other')),
    sa.CheckConstraint('until IS NULL OR until >= since', name=op.f('ck_organization_unit_days')),
    sa.ForeignKeyConstraint(['organization_id'], ['organization.id'], name=op.f('fk_organization_unit_organization_id_organization')),
    sa.ForeignKeyConstraint(['unit_id'], ['organization.id'], name=op.f('fk_organization_unit_unit_id_organization')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_organization_unit'))
    )
    with op.batch_alter_table('organization_unit', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_organization_unit_unit_id'), ['unit_id'], unique=False)
        batch_op.create_index('uq_organization_unit_present', ['organization_id', 'name'], unique=True, sqlite_where=sa.text('until IS NULL'), postgresql_where=sa.text('until IS NULL'))

    op.create_table('practice_base',
    sa.Column('organization_id', sa.Integer(), nullable=False),
    sa.Column('on_campus', sa.Boolean(), nullable=False),
    sa.Column('host_id', sa.Integer(), nullable=True),
    sa.Column('capacity', sa.Integer(), nullable=True),
    sa.Column('address', sa.String(length=120), nullable=False),
    sa.CheckConstraint('capacity IS NULL OR capacity > 0', name=op.f('ck_practice_base_capacity')),
    sa.ForeignKeyConstraint(['host_id'], ['organization.id'], name=op.f('fk_practice_base_host_id_organization')),
    sa.ForeignKeyConstraint(['organization_id'], ['organization.id'], name=op.f('fk_practice_base_organization_id_organization')),
    sa.PrimaryKeyConstraint('organization_id', name=op.f('pk_practice_base'))
    )
    with op.batch_alter_table('practice_base', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_practice_base_host_id'), ['host_id'], unique=False)

    op.create_table('practice_limit',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('college_id', sa.Integer(), nullable=False),
    sa.Column('valid_from', sa.Date(), nullable=False),
    sa.Column('days_a_year', sa.Integer(), nullable=False),
    sa.Column('days_in_window', sa.Integer(), nullable=False),
    sa.Column('window_years', sa.Integer(), nullable=False),
    sa.Column('reason', sa.String(length=200), nullable=False),
    sa.Column('by_id', sa.Integer(), nullable=False),
    sa.Column('by_name', sa.String(length=80), nullable=False),
    sa.Column('at', trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
    sa.CheckConstraint('days_a_year BETWEEN 0 AND 366', name=op.f('ck_practice_limit_days_a_year')),
    sa.CheckConstraint('days_in_window BETWEEN 0 AND 3660', name=op.f('ck_practice_limit_days_in_window')),
    sa.CheckConstraint('window_years BETWEEN 1 AND 10', name=op.f('ck_practice_limit_window_years')),
    sa.ForeignKeyConstraint(['by_id'], ['user_account.id'], name=op.f('fk_practice_limit_by_id_user_account')),
    sa.ForeignKeyConstraint(['college_id'], ['organization.id'], name=op.f('fk_practice_limit_college_id_organization')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_practice_limit')),
    sa.UniqueConstraint('college_id', 'valid_from', name=op.f('uq_practice_limit_college_id_valid_from'))
    )
    op.create_table('faculty_qualification',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('profile_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('level', sa.String(length=40), nullable=False),
    sa.Column('issuer', sa.String(length=120), nullable=False),
    sa.Column('number', sa.String(length=60), nullable=False),
    sa.Column('valid_from', sa.Date(), nullable=True),
    sa.Column('valid_until', sa.Date(), nullable=True),
    sa.Column('needed', sa.Boolean(), nullable=False),
    sa.Column('file_id', sa.Integer(), nullable=True),
    sa.Column('by_id', sa.Integer(), nullable=True),
    sa.Column('at', trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
    sa.Column('checked_by_id', sa.Integer(), nullable=True),
    sa.Column('checked_at', trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=True),
    sa.Column('withdrawn_at', trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=True),
    sa.Column('withdrawn_reason', sa.String(length=200), nullable=False),
    sa.CheckConstraint('valid_until IS NULL OR valid_from IS NULL OR valid_until >= valid_from', name=op.f('ck_faculty_qualification_days')),
    sa.ForeignKeyConstraint(['by_id'], ['user_account.id'], name=op.f('fk_faculty_qualification_by_id_user_account')),
    sa.ForeignKeyConstraint(['checked_by_id'], ['user_account.id'], name=op.f('fk_faculty_qualification_checked_by_id_user_account')),
    sa.ForeignKeyConstraint(['file_id'], ['stored_file.id'], name=op.f('fk_faculty_qualification_file_id_stored_file')),
    sa.ForeignKeyConstraint(['profile_id'], ['faculty_profile.id'], name=op.f('fk_faculty_qualification_profile_id_faculty_profile')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_faculty_qualification'))
    )
    with op.batch_alter_table('faculty_qualification', schema=None) as batch_op:
        batch_op.create_index('ix_faculty_qualification_profile_id_valid_until', ['profile_id', 'valid_until'], unique=False)

    op.create_table('faculty_rating',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('profile_id', sa.Integer(), nullable=False),
    sa.Column('rated_on', sa.Date(), nullable=False),
    sa.Column('teaching', sa.Integer(), nullable=False),
    sa.Column('technology', sa.Integer(), nullable=False),
    sa.Column('service', sa.Integer(), nullable=False),
    sa.Column('evidence', sa.String(length=500), nullable=False),
    sa.Column('by_id', sa.Integer(), nullable=False),
    sa.Column('by_name', sa.String(length=80), nullable=False),
    sa.Column('at', trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
    sa.CheckConstraint('teaching BETWEEN 1 AND 5 AND technology BETWEEN 1 AND 5 AND service BETWEEN 1 AND 5', name=op.f('ck_faculty_rating_values')),
    sa.ForeignKeyConstraint(['by_id'], ['user_account.id'], name=op.f('fk_faculty_rating_by_id_user_account')),
    sa.ForeignKeyConstraint(['profile_id'], ['faculty_profile.id'], name=op.f('fk_faculty_rating_profile_id_faculty_profile')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_faculty_rating'))
    )
    with op.batch_alter_table('faculty_rating', schema=None) as batch_op:
        batch_op.create_index('ix_faculty_rating_profile_id_rated_on', ['profile_id', 'rated_on', 'id'], unique=False)

    op.create_table('grade_step',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('profile_id', sa.Integer(), nullable=False),
    sa.Column('grade', sa.Enum('new', 'qualified', 'backbone', 'master', name='grade', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('holds_from', sa.Date(), nullable=False),
    sa.Column('reason', sa.String(length=200), nullable=False),
    sa.Column('missing', sa.JSON(), nullable=False),
    sa.Column('by_id', sa.Integer(), nullable=False),
    sa.Column('by_name', sa.String(length=80), nullable=False),
    sa.Column('at', trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['by_id'], ['user_account.id'], name=op.f('fk_grade_step_by_id_user_account')),
    sa.ForeignKeyConstraint(['profile_id'], ['faculty_profile.id'], name=op.f('fk_grade_step_profile_id_faculty_profile')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_grade_step'))
    )
    with op.batch_alter_table('grade_step', schema=None) as batch_op:
        batch_op.create_index('ix_grade_step_profile_id', ['profile_id', 'id'], unique=False)

    op.create_table('practice_entry',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('profile_id', sa.Integer(), nullable=False),
    sa.Column('organization_id', sa.Integer(), nullable=True),
    sa.Column('enterprise', sa.String(length=120), nullable=False),
    sa.Column('post', sa.String(length=80), nullable=False),
    sa.Column('starts_on', sa.Date(), nullable=False),
    sa.Column('ends_on', sa.Date(), nullable=False),
    sa.Column('weekdays', sa.String(length=7), nullable=False),
    sa.Column('days', sa.Integer(), nullable=False),
    sa.Column('proof', sa.String(length=200), nullable=False),
    sa.Column('file_id', sa.Integer(), nullable=True),
    sa.Column('by_id', sa.Integer(), nullable=False),
    sa.Column('at', trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
    sa.Column('state', sa.Enum('entered', 'confirmed', 'refused', 'withdrawn', name='entrystate', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('confirmed', sa.Enum('enterprise', 'paper', name='confirmed', native_enum=False, create_constraint=True, length=32), nullable=True),
    sa.Column('decided_by_id', sa.Integer(), nullable=True),
    sa.Column('decided_by_name', sa.String(length=80), nullable=False),
    sa.Column('decided_at', trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=True),
    sa.Column('reason', sa.String(length=200), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.CheckConstraint("(state = 'entered') = (decided_at IS NULL)", name=op.f('ck_practice_entry_decided')),
    sa.CheckConstraint('ends_on >= starts_on', name=op.f('ck_practice_entry_days')),
    sa.ForeignKeyConstraint(['by_id'], ['user_account.id'], name=op.f('fk_practice_entry_by_id_user_account')),
    sa.ForeignKeyConstraint(['decided_by_id'], ['user_account.id'], name=op.f('fk_practice_entry_decided_by_id_user_account')),
    sa.ForeignKeyConstraint(['file_id'], ['stored_file.id'], name=op.f('fk_practice_entry_file_id_stored_file')),
    sa.ForeignKeyConstraint(['organization_id'], ['organization.id'], name=op.f('fk_practice_entry_organization_id_organization')),
    sa.ForeignKeyConstraint(['profile_id'], ['faculty_profile.id'], name=op.f('fk_practice_entry_profile_id_faculty_profile')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_practice_entry'))
    )
    with op.batch_alter_table('practice_entry', schema=None) as batch_op:
        batch_op.create_index('ix_practice_entry_organization_id_state', ['organization_id', 'state'], unique=False)
        batch_op.create_index('ix_practice_entry_profile_id_starts_on', ['profile_id', 'starts_on'], unique=False)

    op.create_table('practice_run',
    sa.Column('profile_id', sa.Integer(), nullable=False),
    sa.Column('first_day', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('last_day', sa.Integer(), nullable=False),
    sa.CheckConstraint('last_day >= first_day', name=op.f('ck_practice_run_days')),
    sa.ForeignKeyConstraint(['profile_id'], ['faculty_profile.id'], name=op.f('fk_practice_run_profile_id_faculty_profile')),
    sa.PrimaryKeyConstraint('profile_id', 'first_day', name=op.f('pk_practice_run'))
    )
    op.create_table('teaching_team',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('organization_id', sa.Integer(), nullable=False),
    sa.Column('program_id', sa.Integer(), nullable=True),
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('field', sa.String(length=80), nullable=False),
    sa.Column('composition', sa.Enum('seven_five', 'one_one_n', name='composition', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('created_at', trainmgr.kernel.db.UTCDateTime(timezone=True), nullable=False),
    sa.Column('ended_on', sa.Date(), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['organization_id'], ['organization.id'], name=op.f('fk_teaching_team_organization_id_organization')),
    sa.ForeignKeyConstraint(['program_id'], ['program.id'], name=op.f('fk_teaching_team_program_id_program')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_teaching_team')),
    sa.UniqueConstraint('organization_id', 'name', name=op.f('uq_teaching_team_organization_id_name'))
    )
    with op.batch_alter_table('teaching_team', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_teaching_team_program_id'), ['program_id'], unique=False)

    op.create_table('team_member',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('team_id', sa.Integer(), nullable=False),
    sa.Column('profile_id', sa.Integer(), nullable=False),
    sa.Column('role', sa.Enum('theory_teacher', 'resident_expert', 'master', 'enterprise_mentor', 'teacher', name='seatrole', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('leads', sa.Boolean(), nullable=False),
    sa.Column('since', sa.Date(), nullable=False),
    sa.Column('until', sa.Date(), nullable=True),
    sa.CheckConstraint('until IS NULL OR until >= since', name=op.f('ck_team_member_days')),
    sa.ForeignKeyConstraint(['profile_id'], ['faculty_profile.id'], name=op.f('fk_team_member_profile_id_faculty_profile')),
    sa.ForeignKeyConstraint(['team_id'], ['teaching_team.id'], name=op.f('fk_team_member_team_id_teaching_team')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_team_member'))
    )
    with op.batch_alter_table('team_member', schema=None) as batch_op:
        batch_op.create_index('ix_team_member_profile_id', ['profile_id'], unique=False)
        batch_op.create_index('uq_team_member_present', ['team_id', 'profile_id'], unique=True, sqlite_where=sa.text('until IS NULL'), postgresql_where=sa.text('until IS NULL'))

    op.create_table('team_seat',
    sa.Column('team_id', sa.Integer(), nullable=False),
    sa.Column('role', sa.Enum('theory_teacher', 'resident_expert', 'master', 'enterprise_mentor', 'teacher', name='seatrole', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('side', sa.Enum('college', 'enterprise', name='side', native_enum=False, create_constraint=True, length=32), nullable=True),
    sa.Column('least', sa.Integer(), nullable=False),
    sa.Column('most', sa.Integer(), nullable=True),
    sa.CheckConstraint('least BETWEEN 0 AND 100', name=op.f('ck_team_seat_least')),
    sa.CheckConstraint('most IS NULL OR most >= least', name=op.f('ck_team_seat_most')),
    sa.ForeignKeyConstraint(['team_id'], ['teaching_team.id'], name=op.f('fk_team_seat_team_id_teaching_team')),
    sa.PrimaryKeyConstraint('team_id', 'role', name=op.f('pk_team_seat'))
    )
    with op.batch_alter_table('room', schema=None) as batch_op:
        batch_op.add_column(sa.Column('base_id', sa.Integer(), nullable=True))
        batch_op.create_index(batch_op.f('ix_room_base_id'), ['base_id'], unique=False)
        batch_op.create_foreign_key(batch_op.f('fk_room_base_id_organization'), 'organization', ['base_id'], ['id'])


    _allow("organization", "kind", "organizationkind", (*KINDS, *NEW))
    _allow("program_party", "role", "partyrole", (*PARTIES, *NEW))
    _take_over_mentors()


def _allow(table: str, column: str, name: str, values: tuple[str, ...]) -> None:
    """Let a column hold these values and no others."""
    listed = ", ".join(f"'{value}'" for value in values)
    with op.batch_alter_table(table) as batch_op:
        batch_op.drop_constraint(op.f(f"ck_{table}_{name}"), type_="check")
        batch_op.create_check_constraint(op.f(f"ck_{table}_{name}"), f"{column} IN ({listed})")


def _take_over_mentors() -> None:
    """Give every mentor a profile, and turn what the mentor's profile said of a qualification into one."""
    connection, now = op.get_bind(), datetime.now(UTC)
    tables = sa.MetaData()
    tables.reflect(connection, only=["mentor", "faculty_profile", "faculty_qualification"])
    mentor, profile = tables.tables["mentor"], tables.tables["faculty_profile"]
    held = connection.execute(sa.select(mentor).order_by(mentor.c.id)).mappings().all()
    stated = [{"capacity": min(max(one["capacity"], 0), 500), **_of(one)} for one in held]
    if not stated:
        return
    empty = {"post": "", "title": "", "education": "", "dual_number": "", "is_expert": False, "grade": "new"}
    # The empty object goes through the column's own type, as text on one database and JSON on the other.
    typed = sa.table(
        "faculty_profile",
        *(sa.column(name) for name in (*stated[0], *empty, "version")),
        sa.column("working_time", sa.JSON),
        sa.column("created_at", trainmgr.kernel.db.UTCDateTime(timezone=True)),
    )
    rows = [one | empty | {"working_time": {}, "created_at": now, "version": 1} for one in stated]
    connection.execute(sa.insert(typed), rows)
    ids = {
        (user_id, home): key
        for key, user_id, home in connection.execute(
            sa.select(profile.c.id, profile.c.user_id, profile.c.organization_id)
        )
    }
    qualification = sa.table(
        "faculty_qualification",
        *(
            sa.column(name)
            for name in (
                "profile_id", "name", "level", "issuer", "number", "needed", "withdrawn_reason",
            )
        ),
        sa.column("valid_until", sa.Date),
        sa.column("at", trainmgr.kernel.db.UTCDateTime(timezone=True)),
        sa.column("checked_at", trainmgr.kernel.db.UTCDateTime(timezone=True)),
    )  # fmt: skip
    named = [
        {
            "profile_id": ids[one["user_id"], one["organization_id"]],
            "name": one["qualification"] or "资格",
            "level": "", "issuer": "", "number": "", "valid_until": one["qualified_until"],
            "needed": True, "withdrawn_reason": "", "at": now, "checked_at": now,
        }
        for one in held
        if one["qualification"] or one["qualified_until"]
    ]  # fmt: skip
    if named:
        connection.execute(sa.insert(qualification), named)


def _of(mentor) -> dict:
    levels = (("高", "senior"), ("中", "middle"), ("初", "junior"))
    level = mentor["level"]
    return {
        "user_id": mentor["user_id"],
        "organization_id": mentor["organization_id"],
        "side": mentor["side"],
        "fields": mentor["fields"],
        "sites": mentor["site"],
        "dual_level": next((key for sign, key in levels if sign in level), None) if "双师" in level else None,
    }


def downgrade() -> None:
    for table, column, name, values in (
        ("program_party", "role", "partyrole", PARTIES),
        ("organization", "kind", "organizationkind", KINDS),
    ):
        listed = ", ".join(f"'{value}'" for value in NEW)
        op.execute(f"UPDATE {table} SET {column} = 'outside' WHERE {column} IN ({listed})")
        _allow(table, column, name, values)
    with op.batch_alter_table('room', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_room_base_id_organization'), type_='foreignkey')
        batch_op.drop_index(batch_op.f('ix_room_base_id'))
        batch_op.drop_column('base_id')

    op.drop_table('team_seat')
    with op.batch_alter_table('team_member', schema=None) as batch_op:
        batch_op.drop_index('uq_team_member_present', sqlite_where=sa.text('until IS NULL'), postgresql_where=sa.text('until IS NULL'))
        batch_op.drop_index('ix_team_member_profile_id')

    op.drop_table('team_member')
    with op.batch_alter_table('teaching_team', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_teaching_team_program_id'))

    op.drop_table('teaching_team')
    op.drop_table('practice_run')
    with op.batch_alter_table('practice_entry', schema=None) as batch_op:
        batch_op.drop_index('ix_practice_entry_profile_id_starts_on')
        batch_op.drop_index('ix_practice_entry_organization_id_state')

    op.drop_table('practice_entry')
    with op.batch_alter_table('grade_step', schema=None) as batch_op:
        batch_op.drop_index('ix_grade_step_profile_id')

    op.drop_table('grade_step')
    with op.batch_alter_table('faculty_rating', schema=None) as batch_op:
        batch_op.drop_index('ix_faculty_rating_profile_id_rated_on')

    op.drop_table('faculty_rating')
    with op.batch_alter_table('faculty_qualification', schema=None) as batch_op:
        batch_op.drop_index('ix_faculty_qualification_profile_id_valid_until')

    op.drop_table('faculty_qualification')
    op.drop_table('practice_limit')
    with op.batch_alter_table('practice_base', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_practice_base_host_id'))

    op.drop_table('practice_base')
    with op.batch_alter_table('organization_unit', schema=None) as batch_op:
        batch_op.drop_index('uq_organization_unit_present', sqlite_where=sa.text('until IS NULL'), postgresql_where=sa.text('until IS NULL'))
        batch_op.drop_index(batch_op.f('ix_organization_unit_unit_id'))

    op.drop_table('organization_unit')
    op.drop_table('grade_need')
    with op.batch_alter_table('faculty_profile', schema=None) as batch_op:
        batch_op.drop_index('ix_faculty_profile_organization_id_grade')

    op.drop_table('faculty_profile')

