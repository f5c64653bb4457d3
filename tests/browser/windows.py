"""Windows of the browser, which tests use one after another.

A page is loaded anew for a test, so nothing of the last one is left; but a window that has shown it has
parsed its scripts already, which is two thirds of the work of showing it. The rest is 2 s of CPU: tests that
leave nothing but another state of the page can share one (`same_page` in conftest.py).
"""

from __future__ import annotations

from typing import Any

CLEAR = "() => { localStorage.clear(); sessionStorage.clear(); return true; }"


class Windows:
    """Those of one browser, Playwright's. offline: whether they have no network."""

    def __init__(self, browser: Any, offline: bool = False) -> None:
        self._browser, self._offline = browser, offline
        self._idle: list[Any] = []
        self._errors: list[str] = []

    def take(
        self,
        width: int,
        height: int,
        color_scheme: str = "light",
        reduced_motion: str = "no-preference",
        forced_colors: str = "none",
    ) -> Any:
        """A window of that size with nothing in it; the rest is what its visitor prefers."""
        page = self._idle.pop() if self._idle else self._new()
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(
            color_scheme=color_scheme, reduced_motion=reduced_motion, forced_colors=forced_colors
        )
        return page

    def give_back(self, pages: list[Any]) -> list[str]:
        """Empty these windows; returns the errors that have happened on their pages."""
        from playwright.sync_api import Error

        for page in pages:
            try:
                page.unroute_all()
                page.wait_for_function(CLEAR)  # unlike `evaluate`, it gives up where a page is stuck
                page.goto("about:blank")
                page.mouse.up()
                page.mouse.move(0, 0)
                self._idle.append(page)
            except Error:
                page.context.close()
        return self.errors()

    def errors(self) -> list[str]:
        """The errors that have happened on pages since this was last asked."""
        errors, self._errors = self._errors, []
        return errors

    def _new(self) -> Any:
        page = self._browser.new_context(offline=self._offline).new_page()
        page.on("pageerror", lambda error: self._errors.append(str(error)))
        page.on("console", lambda message: self._errors.extend(breaches(message.text)))
        return page


def breaches(text: str) -> list[str]:
    """The message, if it is about something that the page's security policy forbids."""
    return [text] if "Content Security Policy" in text else []
