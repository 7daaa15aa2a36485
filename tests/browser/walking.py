"""How a person gets about in the browser: signing in, filling in, pressing, reading."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import xlsxwriter
from playwright.sync_api import Error, expect

from trainmgr.identity.passwords import hash_password
from trainmgr.kernel.access import Role

PASSWORD = "kafei-yu-cha-2026"


class Walker:
    """One person with a browser of their own."""

    def __init__(self, open_page: Callable[..., Any], username: str, *, phone: bool = False) -> None:
        self.page = open_page(phone=phone)
        self.username = username

    def sign_in(self, password: str = PASSWORD) -> Walker:
        self.go("/sign-in")
        self.fill(name=self.username, password=password)
        self.press("form[action*='sign-in'] button[type=submit], main form button[type=submit]")
        return self

    def go(self, path: str) -> Walker:
        answer = self.page.goto(path)
        assert answer is None or answer.status < 400, f"{path}: {answer.status} {self.text()[:400]}"
        return self

    def fill(self, within: str = "body", **values: str) -> Walker:
        """Fill in fields by their names; True ticks a box, a list ticks several or picks several."""
        for name, value in values.items():
            field = self.page.locator(f"{within} [name='{name}']:not([type=hidden])")
            kind = field.first.evaluate("field => field.tagName + ':' + field.type")
            if kind.startswith("SELECT"):
                field.first.select_option(value)
            elif kind in ("INPUT:checkbox", "INPUT:radio"):
                for one in value if isinstance(value, list) else [value]:
                    self.page.locator(f"{within} [name='{name}'][value='{one}']").check(force=True)
            else:
                field.first.fill(value)
        return self

    def press(self, selector: str) -> Walker:
        """Press a button or follow a link and wait for the page that answers."""
        target = self.page.locator(selector).locator("visible=true").first
        try:
            target.wait_for()
        except Error as missing:
            raise AssertionError(f"no {selector} on {self.page.url}:\n{self.text()[:3000]}") from missing
        with self.page.expect_navigation():
            target.click()
        return self

    def send(self, action: str, **values: str) -> Walker:
        """Fill in the form that goes to an address and send it by its submit button."""
        form = f"form[action$='{action}']"
        if values:
            self.fill(within=form, **values)
        return self.press(f"{form} button[type=submit], {form} button:not([type])")

    def upload(self, name: str, path: Path) -> Walker:
        self.page.locator(f"input[type=file][name='{name}']").set_input_files(str(path))
        return self

    def text(self) -> str:
        """Return what stands in the page's main part."""
        return str(self.page.locator("body").inner_text())

    def sees(self, *texts: str) -> Walker:
        for text in texts:
            expect(self.page.locator("body")).to_contain_text(text, use_inner_text=True)
        return self

    @property
    def path(self) -> str:
        from urllib.parse import urlsplit

        return urlsplit(self.page.url).path


def workbook(path: Path, rows: Sequence[Sequence[Any]]) -> Path:
    """Write rows, the header first, as an Excel file and return where it is."""
    with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False}) as book:
        sheet = book.add_worksheet()
        for line, row in enumerate(rows):
            sheet.write_row(line, 0, row)
    return path


def advance(staff: Walker, program: str, reason: str) -> None:
    """Take the programme one step forward."""
    staff.go(f"{program}/forward")
    assert staff.page.locator("[name=reason]").count(), staff.text()
    staff.fill(reason=reason).press("main form.form .actions button.btn-primary")


def accounts(world: Any, app: Any) -> Callable[..., Any]:
    """Return a function that makes people who sign in with the walk's password: role, home, user name, name."""
    with app.app_context():
        secret = hash_password(PASSWORD)

    def person(role: Role, home: Any, username: str, name: str) -> Any:
        return world.user(
            role, home, username=username, name=name, password_hash=secret, number=username.upper()
        )

    return person
