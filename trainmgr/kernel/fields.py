"""What the form macros need to know of WTForms fields: which control they are and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from wtforms import Form
from wtforms import widgets as w
from wtforms.fields import Field

Fault = tuple[str, str, str]


def control_of(field: Field) -> str:
    """Return which control a field is drawn as: check, chips, radios, select, textarea, file, hidden or input."""
    widget = field.widget
    if isinstance(widget, w.CheckboxInput):
        return "check"
    if isinstance(widget, w.ListWidget | w.TableWidget) and hasattr(field, "iter_choices"):
        return "radios" if isinstance(field.option_widget, w.RadioInput) else "chips"
    if isinstance(widget, w.Select):
        return "chips" if widget.multiple else "select"
    if isinstance(widget, w.TextArea):
        return "textarea"
    if isinstance(widget, w.FileInput):
        return "file"
    return "hidden" if isinstance(widget, w.HiddenInput) else "input"


def number_mode(field: Field) -> str | None:
    """Return the keyboard for a number. It stays a text input, so that what was typed wrongly is not swallowed."""
    if not isinstance(field.widget, w.NumberInput):
        return None
    return "numeric" if field.type == "IntegerField" else "decimal"


def reasons_of(field: Field) -> list[Any]:
    """Return what is wrong with a field; what cannot be read at all is not measured by its limits as well."""
    errors = list(field.errors)
    return (errors and list(getattr(field, "process_errors", ()))) or errors


def faults_of(form: Form) -> list[Fault]:
    """Return every fault of a form as (id of the field, label, message), those of inner forms too; "" is the form."""
    return list(_faults(form))


def _faults(form: Form) -> Iterator[Fault]:
    for message in getattr(form, "form_errors", ()):
        yield "", "", str(message)
    for field in form:
        yield from _field_faults(field)


def _field_faults(field: Any) -> Iterator[Fault]:
    inner = getattr(field, "entries", None)
    if inner is not None:
        for entry in inner:
            yield from _field_faults(entry)
    if isinstance(getattr(field, "form", None), Form) and hasattr(field, "form_class"):
        yield from _faults(field.form)
        return
    for message in reasons_of(field):
        if isinstance(message, str) or not isinstance(message, dict | list | tuple):
            yield field.id, str(field.label.text), str(message)
