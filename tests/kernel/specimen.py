"""A small application that shows every shared macro once, with the real frame and without a database."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from flask import Flask, flash, redirect, render_template, request
from flask_wtf.csrf import CSRFProtect
from jinja2 import ChoiceLoader, FileSystemLoader
from wtforms import (
    BooleanField,
    DateField,
    DecimalField,
    Form,
    PasswordField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from trainmgr.kernel import headers, i18n, shell
from trainmgr.kernel.paging import Page

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 11, 22, 1, 30, tzinfo=UTC)


class SpecimenForm(Form):
    """Every kind of control."""

    name = StringField("Name", [InputRequired("Say who it is."), Length(max=40)])
    why = StringField("Reason", [Optional()])
    hours = DecimalField("Hours", [InputRequired(), NumberRange(0, 12, "At most 12 hours a day.")])
    share = DecimalField("Share", [InputRequired("How large is it?")])
    day = DateField("Day", [InputRequired()])
    kind = SelectField(
        "Kind", choices=[SelectChoice("a", "Order class"), SelectChoice("b", "Apprenticeship")]
    )
    skills = SelectMultipleField(
        "Skills", choices=[SelectChoice("1", "Measuring"), SelectChoice("2", "Diagnosis")]
    )
    side = RadioField("Side", choices=[SelectChoice("c", "College"), SelectChoice("e", "Enterprise")])
    learned = TextAreaField("Learned", [Length(max=500)])
    agreed = BooleanField("I have read it", [InputRequired("Tick it when you have read it.")])
    password = PasswordField("Password")


def _thread() -> list[Any]:
    states = ["done"] * 5 + ["asking", "now", "asking", "next"]
    notes = {"done": ("check2", ""), "asking": ("hourglass-split", "warn"), "now": ("exclamation-circle-fill", "bad"),
             "next": ("dash", "")}  # fmt: skip
    return [
        SimpleNamespace(
            number=step.number, slug=step.slug, name=step.name, short_name=step.short_name, state=state,
            url=f"/{step.slug}", is_here=step.number == 7, count_text="35 / 38", state_text="3 …",
            state_icon=notes[state][0], state_tone=notes[state][1],
        )
        for step, state in zip(shell.STEPS, states, strict=True)
    ]  # fmt: skip


def _job(state: str, **changes: Any) -> Any:
    values: dict[str, Any] = {
        "id": len(state), "title": "2026 秋季补录.xlsx", "state": SimpleState(state), "total": 412, "done": 284,
        "fault": None, "fault_params": {}, "is_live": state in ("queued", "running"),
    }  # fmt: skip
    return SimpleNamespace(**(values | changes))


class SimpleState(str):
    """A job's state with a label, as kernel.jobs has it."""

    @property
    def label(self) -> str:
        return self.title()


def _signatures() -> list[dict[str, Any]]:
    return [
        {"side": "学院", "name": "谭晓峰", "signed_at": NOW, "due": None},
        {"side": "企业", "name": "邓丽", "signed_at": None, "due": date(2026, 11, 25)},
    ]


def _points() -> list[dict[str, Any]]:
    places = [
        (2.9, 4.7),
        (2.8, 4.6),
        (2.9, 4.6),
        (2.7, 4.8),
        (2.4, 3.9),
        (3.3, 4.5),
        (3.2, 4.1),
        (4.1, 4.7),
        (4.1, 4.7),
    ]
    return [
        {"number": n, "x": x, "y": y, "name": f"能力 {n}", "first": n < 5}
        for n, (x, y) in enumerate(places, 1)
    ]


def make_app(who: Any = None) -> Flask:
    """Make the application; `who` is the signed-in person, None for a stranger."""
    app = Flask(__name__, template_folder=str(ROOT / "templates"), static_folder=str(ROOT / "static"))
    app.config.update(
        SECRET_KEY="specimen", TIMEZONE="Asia/Shanghai", CLOCK=lambda: NOW, MAX_CONTENT_LENGTH=100_000
    )
    app.jinja_loader = ChoiceLoader(
        [FileSystemLoader(ROOT / "templates"), FileSystemLoader(Path(__file__).parent / "templates")]
    )
    shell.init_app(app)
    i18n.init_app(app)
    app.extensions.update(drafts=[], taken=[])
    app.after_request(headers._dress)
    CSRFProtect(app)
    reader = who or SimpleNamespace(name="", is_authenticated=False)

    @app.context_processor
    def frame() -> dict[str, Any]:
        return {
            "current_user": reader,
            "may_open": lambda endpoint: endpoint in app.view_functions,
            "shell": shell.Shell("staff", due_count=5, area="programs", where="湖南工业职业技术学院"),
        }

    for endpoint in ("inbox.show_inbox", "programs.list_programs", "people.list_people", "pathways.list_pathways",
                     "identity.show_account", "help.show_help", "search.show_results"):  # fmt: skip
        app.add_url_rule(f"/{endpoint}", endpoint, lambda: "")
    app.add_url_rule("/language", "identity.set_language", lambda: "", methods=["POST"])

    @app.route("/", methods=["GET", "POST"])
    def show_specimen() -> Any:
        form = SpecimenForm(request.form if request.method == "POST" else None)
        status = 200 if request.method == "GET" or form.validate() else 422
        flash("12 ✓", "success")
        page = Page(
            list(range(50)), int(request.args.get("page", 2)), 50, 1800, q="王", sort="name", direction="asc"
        )
        return render_template(
            "specimen.html", form=form, page=page, thread=_thread(), points=_points(), signatures_made=_signatures(),
            jobs=[_job("running"), _job("done"), _job("failed", fault="%(n)s rows", fault_params={"n": 3})],
            program=SimpleNamespace(name="蓝思精密制造学徒班 2024 级", state="running", state_label="运行中",
                                    parties_line="湖南工业职业技术学院 × 蓝思科技"),
            kept=[SimpleNamespace(id=7, url="/static/icon.svg", alt="检测工位")],
        ), status  # fmt: skip

    @app.post("/draft")
    def keep_draft() -> Any:
        app.extensions["drafts"].append(request.form.to_dict() | {"files": len(request.files)})
        return "", 204 if len(app.extensions["drafts"]) < 2 else 500

    @app.post("/slow")
    def take_slowly() -> Any:
        app.extensions["taken"].append(request.form["x"])
        time.sleep(1)
        return redirect("/door")

    @app.get("/slow")
    def show_slow() -> str:
        return render_template("specimen_slow.html")

    @app.get("/door")
    def show_door() -> str:
        return render_template("specimen_door.html", form=SpecimenForm())

    @app.route("/error/<int:status>", methods=["GET", "POST"])
    def show_error(status: int) -> Any:
        if status >= 500:
            return shell.render_standalone("errors/500.html"), status
        return render_template(
            f"errors/{status}.html", message=request.args.get("message"), status=status
        ), status

    return app


if __name__ == "__main__":
    make_app(SimpleNamespace(name="李文静", is_authenticated=True)).run(port=5987)
