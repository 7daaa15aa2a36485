"""Evaluation windows, ratings, results and indicators as resources."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from flask import abort
from marshmallow import fields, validate
from sqlalchemy.orm import load_only

from trainmgr.api.fields import LARGE, Base, Id, choice, described, names_of
from trainmgr.api.reading import Asked, Resource, by_choice, by_id
from trainmgr.api.rules import Area
from trainmgr.enrolment.models import Enrolment
from trainmgr.enrolment.queries import visible_in
from trainmgr.evaluation import queries as evaluation
from trainmgr.evaluation import results
from trainmgr.evaluation.models import Rating, RatingScore, Result, Window
from trainmgr.evaluation.rules import Party, Phase, WindowKind
from trainmgr.kernel.access import Permission
from trainmgr.kernel.msgids import N_
from trainmgr.kernel.numbers import whole
from trainmgr.programs.queries import may
from trainmgr.quality import boards, measuring, seeing
from trainmgr.quality.rules import FIRST_YEAR, LAST_YEAR, Period, ScopeKind, Verdict

P = Permission


class WindowSchema(Base):
    """A time in which the parties rate."""

    id = Id()
    name = fields.String()
    name_en = fields.String()
    kind = choice(WindowKind)
    stage_number = fields.Integer()
    months_after = fields.Integer()
    scheme_id = Id()
    opens_at = fields.DateTime()
    closes_at = fields.DateTime()
    version = fields.Integer()


def _windows(asked: Asked) -> sa.Select[Any]:
    columns = [getattr(Window, name) for name in names_of(WindowSchema)]
    return sa.select(*columns).where(Window.program_id == asked.place.id)


class MarkSchema(Base):
    """A score on one criterion; none says “no chance to see”."""

    criterion_id = Id()
    score = fields.Integer(allow_none=True)


class RatingSchema(Base):
    """One person's judgement of a trainee, as far as the asker sees scores now; peers are never named.

    What a trainee says of the training itself stands in the marks for that trainee alone.
    """

    id = Id()
    window_id = Id()
    enrolment_id = Id()
    party = choice(Party)
    rater_id = Id()
    score = fields.Float(allow_none=True, metadata=described("1 to 5"))
    coverage = fields.Float(metadata=described("0 to 1: how much could be judged."))
    comment = fields.String()
    submitted_at = fields.DateTime()
    marks = fields.List(fields.Nested(MarkSchema))


def _ratings(asked: Asked) -> list[dict[str, Any]]:
    """Return a trainee's ratings like the page of the trainee's result."""
    enrolment = evaluation.trainee_or_404(asked.place, asked.args["enrolment_id"], asked.viewer)
    found: list[dict[str, Any]] = []
    for one in results.windows_with_result(asked.place, enrolment, asked.viewer, asked.now):
        if one.phase is Phase.PLANNED:
            continue
        ratings = list(one.shown.values())
        if one.sees_all:
            ratings += [
                each for party, given in one.raters.items() if party is not Party.PEER for each in given
            ]
        found += [_rating(each, one.readable(each)) for each in ratings]
    return sorted(found, key=lambda each: each["id"])


def _rating(rating: Rating, readable: Sequence[RatingScore]) -> dict[str, Any]:
    plain = {name: getattr(rating, name) for name in names_of(RatingSchema) if name != "marks"}
    marks = sorted(readable, key=lambda each: each.criterion_id)
    return plain | {"marks": [{"criterion_id": each.criterion_id, "score": each.score} for each in marks]}


class ResultSchema(Base):
    """What a trainee's ratings in a window come to, 1 to 5; scores are null where the asker may not see them yet."""

    enrolment_id = Id()
    window_id = Id()
    is_shown = fields.Boolean(metadata=described("Whether the asker may see the scores now."))
    is_provisional = fields.Boolean(allow_none=True)
    composite = fields.Float(allow_none=True)
    low = fields.Float(allow_none=True)
    high = fields.Float(allow_none=True)
    scores = fields.Dict(
        keys=fields.String(), values=fields.Float(allow_none=True), metadata=described("By party.")
    )
    divergence = fields.Float(allow_none=True)
    entry_level = fields.Float(allow_none=True)
    exit_level = fields.Float(allow_none=True)
    computed_at = fields.DateTime(allow_none=True)


_LOADED = (Enrolment.user_id, Enrolment.school_teacher_id, Enrolment.enterprise_mentor_id)
_RESULT = (
    *(getattr(Result, f"{party.value}_score") for party in Party),
    Result.is_provisional,
    Result.composite,
    Result.low,
    Result.high,
    Result.divergence,
    Result.entry_level,
    Result.exit_level,
    Result.computed_at,
)
_SCORES = ("composite", "low", "high", "divergence", "entry_level", "exit_level")


def _results(asked: Asked) -> sa.Select[Any]:
    window = asked.known["window"] = evaluation.window_or_404(asked.place.id, asked.args["window_id"])
    statement: Any = (
        sa.select(Enrolment, Result, Enrolment.id.label("id"))
        .outerjoin(Result, sa.and_(Result.window_id == window.id, Result.enrolment_id == Enrolment.id))
        .where(visible_in(asked.place, asked.viewer), evaluation.is_in_training())
        .options(load_only(*_LOADED), load_only(*_RESULT))
    )
    return statement


def _as_shown(asked: Asked, rows: Sequence[Any]) -> list[dict[str, Any]]:
    """Leave out the scores that the asker may not see yet, as the table of the page does."""
    window: Window = asked.known["window"]
    if window.phase(asked.now) is Phase.PLANNED:
        return []
    judges = evaluation.still_judges(window, asked.viewer, asked.now)
    sees_all = may(asked.place, asked.viewer, P.RESULT_VIEW_ALL) and not judges
    shows = results.discretion(window, asked.viewer, sees_all, asked.now)
    parties = list(window.parties)
    return [
        _result(window, parties, enrolment, result, shows(enrolment, result))
        for enrolment, result, _id in rows
    ]


def _result(
    window: Window, parties: Sequence[Party], enrolment: Enrolment, result: Result | None, is_shown: bool
) -> dict[str, Any]:
    known = result if is_shown else None
    return {
        "enrolment_id": enrolment.id,
        "window_id": window.id,
        "is_shown": is_shown,
        "is_provisional": known and known.is_provisional,
        "scores": {party.value: known and known.score(party) for party in parties},
        "computed_at": known and known.computed_at,
    } | {name: known and getattr(known, name) for name in _SCORES}


class IndicatorSchema(Base):
    """An indicator's figure in a scope and year, as it was computed last."""

    code = fields.String()
    name = fields.String()
    name_en = fields.String()
    group = fields.String()
    unit = fields.String()
    value = fields.Float(allow_none=True, metadata=described("Shares lie between 0 and 1; null: no data."))
    numerator = fields.Float(allow_none=True)
    denominator = fields.Float(allow_none=True)
    target = fields.Float(allow_none=True)
    verdict = choice(Verdict, allow_none=True)
    is_small = fields.Boolean(metadata=described("Too few people answered for it to be shown."))
    as_of = fields.DateTime(allow_none=True)
    scope = fields.String()
    year = fields.Integer()


def _indicators(asked: Asked) -> list[dict[str, Any]]:
    """Return a scope's figures of a year like the dashboard."""
    seen = _scope(asked)
    if seen is None:
        return []
    year = asked.args.get("year", asked.now.year)
    found = measuring.catalogue(seen.scope.college_id, Period.of_year(year).last)
    definitions = measuring.for_reader(found, asked.viewer, seen.scope)
    named = {"scope": f"{seen.scope.kind.value}-{seen.scope.id}", "year": year}
    return [_line(line) | named for line in boards.board(seen.scope, year, definitions)]


def _scope(asked: Asked) -> seeing.Seen | None:
    college_id = asked.args.get("college")
    kind, _dash, number = asked.args.get("scope", "").partition("-")
    if not kind:
        return seeing.default_scope(asked.viewer, college_id)
    scope_id = whole(number)
    if scope_id is None:
        return abort(404)
    return seeing.scope_or_404(ScopeKind(kind), scope_id, asked.viewer, college_id)


def _line(line: boards.Line) -> dict[str, Any]:
    one, figure = line.definition, line.figure
    open_figure = figure if figure is not None and not figure.is_small else None
    return {
        "code": one.code,
        "name": one.name,
        "name_en": one.name_en,
        "group": one.group.value,
        "unit": one.unit_name,
        "value": open_figure and open_figure.value,
        "numerator": open_figure and open_figure.numerator,
        "denominator": open_figure and open_figure.denominator,
        "target": figure and figure.target,
        "verdict": open_figure and open_figure.verdict,
        "is_small": bool(figure and figure.is_small),
        "as_of": figure and figure.as_of,
    }


_SCOPES = "|".join(kind.value for kind in ScopeKind)
_ASKED_OF_INDICATORS: dict[str, fields.Field[Any]] = {
    "scope": fields.String(
        validate=validate.Regexp(rf"^({_SCOPES})-[0-9]{{1,10}}$", error=f"({_SCOPES})-1"),
        metadata=described(
            "Whose figures: college-3, department-4, program-5, enterprise-6; one's own unless told."
        ),
    ),
    "college": Id(metadata=described("Of an enterprise's figures, the college that leads.")),
    "year": fields.Integer(
        validate=validate.Range(FIRST_YEAR, LAST_YEAR, error=LARGE),
        metadata=described("The present year unless told."),
    ),
}
RESOURCES = (
    Resource(
        "windows", "window", Area.RATINGS, P.EVALUATION_VIEW, WindowSchema, N_("Evaluation windows"), [Window.id],
        _windows,
        filters=by_choice("kind", Window.kind, WindowKind, "The kind of window."), has_version=True,
    ),
    Resource(
        "ratings", "rating", Area.RATINGS, P.RESULT_VIEW, RatingSchema, N_("The ratings of one trainee"),
        whole=_ratings,
        needed={"enrolment_id": Id(required=True, metadata=described("Whose ratings."))}, has_one=False,
    ),
    Resource(
        "results", "result", Area.RESULTS, P.RESULT_VIEW, ResultSchema, N_("Results of a window"), [Enrolment.id],
        _results,
        _as_shown, filters=by_id("cohort_id", Enrolment.cohort_id, "Only of this class."),
        needed={"window_id": Id(required=True, metadata=described("Of which window."))}, has_one=False,
    ),
    Resource(
        "indicators", "indicator", Area.INDICATORS, P.QUALITY_VIEW, IndicatorSchema, N_("Quality indicators"),
        whole=_indicators, needed=_ASKED_OF_INDICATORS, in_program=False, has_one=False,
    ),
)  # fmt: skip
