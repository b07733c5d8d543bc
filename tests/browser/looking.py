"""Looks at a screen for everybody: what axe finds wrong, what is cut off at any size of text, and pictures of it."""

import os
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from tests.architecture.sources import ROOT
from tests.browser.phones import Phone

AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
SCREENSHOTS = os.environ.get("SCREENSHOTS")
"""A folder to write a picture of each screen to."""
NARROW, USUAL, WIDE = (320, 640), (390, 844), (1280, 900)
FOUND = """async (options) => (await axe.run(document, { resultTypes: ["violations"], ...options })).violations
    .map((each) => each.id + ": " + each.nodes.map((node) => node.target.join(" ")).join(", "))"""
COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast"]}}
"""The rules about what a theme changes."""
TOO_WIDE = """() => [...document.querySelectorAll("body *")]
    .filter((each) => each.getBoundingClientRect().right > innerWidth + 1 && !each.closest(".skip, .visually-hidden"))
    .map((each) => each.tagName + "." + each.className)"""
TWICE_AS_LONG = """() => {
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    window.texts = [];
    while (walk.nextNode()) {
        const { currentNode } = walk;
        if (currentNode.parentElement.closest("select, script, .address")) continue;
        window.texts.push([currentNode, currentNode.data]);
        currentNode.data = currentNode.data.replace(/\\p{L}+/gu, "$&$&");
    }
}"""
"""Words that are all twice as long: in other languages terms grow by 60 to 107 %."""
AS_BEFORE = "() => { for (const [node, text] of window.texts) node.data = text; }"


def axe(page: Page, *, colours_only: bool = False) -> list[str]:
    """What axe finds wrong; it is run in the page's own world, where the content security policy holds."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE.read_text("utf-8"))
    faults: list[str] = page.evaluate(FOUND, COLOURS if colours_only else {})
    return faults


def picture(page: Page, name: str) -> None:
    """Picture a page where pictures are wanted."""
    if not SCREENSHOTS:
        return
    Path(SCREENSHOTS).mkdir(parents=True, exist_ok=True)
    before: Any = page.viewport_size
    whole = max(before["height"], int(page.evaluate("document.documentElement.scrollHeight")))
    page.set_viewport_size({"width": before["width"], "height": whole})  # so that the menu stands at the end of it
    page.screenshot(path=Path(SCREENSHOTS) / f"{name}.png", full_page=True)
    page.set_viewport_size(before)


def look(phone: Phone, name: str) -> None:
    """Check the present screen in every theme, language and size of text, and picture it."""
    page = phone.page
    for language in ("th", "en"):
        if page.locator("html").get_attribute("lang") != language:
            page.locator("select.language").select_option(language)
            expect(page.locator("html")).to_have_attribute("lang", language)
        for theme in ("dark", "light"):
            page.emulate_media(color_scheme=theme)
            expect(page.locator("html")).to_have_attribute("data-theme", theme)
            assert axe(page, colours_only=theme == "dark") == [], (name, language, theme)
            _picture_sizes(page, f"{name}-{language}-{theme}")
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        _check_width(page, f"{name}-{language}-200")
        page.evaluate("document.documentElement.style.fontSize = ''")
        _check_width(page, f"{name}-{language}")
    page.evaluate(TWICE_AS_LONG)
    _check_width(page, f"{name}-long")
    page.evaluate(AS_BEFORE)


def _check_width(page: Page, name: str) -> None:
    assert page.evaluate(TOO_WIDE) == [], name
    if not name.endswith(("th", "en")):
        picture(page, name)


def _picture_sizes(page: Page, name: str) -> None:
    if not SCREENSHOTS:
        return
    before: Any = page.viewport_size
    for width, height in (NARROW, USUAL, *((WIDE,) if name.endswith("en-light") else ())):
        page.set_viewport_size({"width": width, "height": height})
        picture(page, f"{name}-{width}")
    page.set_viewport_size(before)
