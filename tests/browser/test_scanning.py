"""The code on the slip of a counter, by the camera or by the address that the slip's QR code says."""

import pytest
from playwright.sync_api import expect

from tests.browser.looking import look

DETECTOR = """{
    window.BarcodeDetector = class {
        static async getSupportedFormats() { return ["qr_code"]; }
        async detect(video) {
            if (video.videoWidth === 0) throw new Error("no picture yet");
            return window.shown ? [{ rawValue: window.shown }] : [];
        }
    };
}"""
"""In place of the platform's own detector, which Linux has none of; the camera is Chromium's."""


@pytest.fixture
def at_the_code(phone):
    """Opens the screen that asks for the code, with somebody's passport typed."""

    def go(who):
        phone.open("/#/activate")
        phone.page.locator("#number").fill(who["document_number"])
        phone.page.locator("#country").fill(who["issuing_state"])
        for box, text in zip(("#year", "#month", "#day"), who["birth_date"].split("-"), strict=True):
            phone.page.locator(box).fill(text)
        phone.tap("button", "Continue")
        expect(phone.heading).to_have_text("Your activation code")

    return go


def test_the_code_of_a_slip_is_scanned(phone, person, at_the_code, service):
    who = person("open")
    phone.context.grant_permissions(["camera"])
    phone.page.add_init_script(DETECTOR)
    at_the_code(who)
    phone.tap("button", "Scan the code on my slip")
    expect(phone.page.get_by_label("Picture of the camera")).to_be_visible()
    phone.page.evaluate("() => (window.shown = 'https://example.org/menu')")
    expect(phone.page.get_by_text("This is another kind of code.")).to_be_visible()
    look(phone, "scan")
    phone.page.evaluate("(text) => (window.shown = text)", f"http://x/#/activate/{who['activation_code']}")
    expect(phone.page.locator("#code")).to_have_value(who["activation_code"])
    expect(phone.page.get_by_label("Picture of the camera")).to_have_count(0)
    phone.tap("button", "Set up this phone")
    expect(phone.page.locator("[data-situation=open]")).to_be_visible()


def test_a_camera_that_is_refused_leaves_typing(phone, person, at_the_code):
    phone.page.add_init_script(DETECTOR)
    phone.page.add_init_script(
        "navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('', 'NotAllowedError'); }"
    )
    at_the_code(person("late"))
    phone.tap("button", "Scan the code on my slip")
    expect(phone.page.get_by_text("The camera cannot be used.")).to_be_visible()
    phone.tap("button", "Type the code instead")
    expect(phone.page.get_by_role("button", name="Scan the code on my slip")).to_be_visible()


def test_without_a_detector_no_scan_is_offered(phone, person, at_the_code):
    phone.page.add_init_script("delete window.BarcodeDetector")
    at_the_code(person("late"))
    expect(phone.page.get_by_role("button", name="Mail me a code")).to_be_visible()
    expect(phone.page.get_by_role("button", name="Scan the code on my slip")).to_have_count(0)


def test_the_address_on_a_slip_brings_its_code_along_and_does_not_keep_it(phone, person):
    who = person("not-open")
    phone.open(f"/#/activate/{who['activation_code']}")
    expect(phone.heading).to_have_text("Your passport")
    assert phone.page.url.endswith("#/activate")
    phone.page.locator("#number").fill(who["document_number"])
    phone.page.locator("#country").fill(who["issuing_state"])
    for box, text in zip(("#year", "#month", "#day"), who["birth_date"].split("-"), strict=True):
        phone.page.locator(box).fill(text)
    phone.tap("button", "Continue")
    expect(phone.page.locator("#code")).to_have_value(who["activation_code"])
    phone.tap("button", "Set up this phone")
    expect(phone.page.locator("[data-situation=not-open]")).to_be_visible()
