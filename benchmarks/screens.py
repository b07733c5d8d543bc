"""How soon the phone app can be used: on a slow line and a slow phone, the first time and again, in Debian's Chromium.

`python -m benchmarks.screens`; `BENCH_ROUNDS` is how often each is measured (6). The best of them is printed beside the
median, since whatever else the machine does only adds to it. A page can be used once its button is shown and the main
thread is free again after the next picture.
"""

import os
import shutil
import statistics
from dataclasses import dataclass

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from benchmarks.tables import machine, say, table
from devtools.postgres import temporary_server
from tests.browser.phones import Phone
from tests.serving import Service, serving, sign_ins

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "6"))
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
SLOWER = 4
READY = """{
    const watch = () => {
        if (!document.querySelector("main .button")) return requestAnimationFrame(watch);
        requestAnimationFrame(() => setTimeout(() => { window.ready = performance.now(); }));
    };
    requestAnimationFrame(watch);
}"""
RECEIVED = """() => {
    const all = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")];
    return { requests: all.length, bytes: all.reduce((sum, each) => sum + each.encodedBodySize, 0) };
}"""
CALIBRATION = """() => {
    const begin = performance.now();
    let sum = 0;
    for (let n = 0; n < 2e7; n += 1) sum = (sum * 31 + n) | 0;
    return performance.now() - begin + (sum & 0);
}"""
"""A loop of which the time says how fast the processor is at that moment, in ms."""


@dataclass(frozen=True)
class Line:
    """A line as DevTools slows it down: ms until an answer begins, and kilobits a second."""

    name: str
    latency: float
    down: int
    up: int

    def options(self) -> dict[str, object]:
        """For Network.emulateNetworkConditions, which counts bytes."""
        speed = {"downloadThroughput": self.down * 1000 / 8, "uploadThroughput": self.up * 1000 / 8}
        return {"offline": False, "latency": self.latency, **speed}


LINES = (
    Line("slow 4G as in Chrome's DevTools (563 ms, 1.4 Mbit/s)", 562.5, 1440, 675),
    Line("slow 4G as in Lighthouse (150 ms, 1.6 Mbit/s)", 150, 1638, 750),
)


def slowed(context: BrowserContext, line: Line) -> Page:
    """A page behind a line, on a processor that is slower."""
    page = context.new_page()
    tools = context.new_cdp_session(page)
    tools.send("Network.enable")
    tools.send("Network.emulateNetworkConditions", line.options())
    tools.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    page.add_init_script(READY)
    return page


def time_to_use(page: Page, service: Service) -> float:
    """Milliseconds from the start of the navigation until the page can be used."""
    page.goto(f"http://localhost:{service.port}/")
    handle = page.wait_for_function("() => window.ready", polling=50, timeout=60_000)
    return float(handle.json_value())


def first_visit(browser: Browser, service: Service, line: Line) -> tuple[float, dict[str, int]]:
    """With nothing kept: until the welcome can be tapped; and what was received by then."""
    context = browser.new_context(service_workers="block", bypass_csp=True)
    page = slowed(context, line)
    took = time_to_use(page, service)
    received: dict[str, int] = page.evaluate(RECEIVED)
    context.close()
    return took, received


def again(context: BrowserContext, service: Service, line: Line) -> float:
    """A resident who is signed in opens the app again: until the button at home can be tapped."""
    page = slowed(context, line)
    took = time_to_use(page, service)
    page.close()
    return took


def signed_in(browser: Browser, service: Service, who: str) -> BrowserContext:
    """A phone that was set up before, with the app kept."""
    context = browser.new_context(bypass_csp=True, base_url=f"http://localhost:{service.port}")
    phone = Phone(context, service)
    phone.activate(sign_ins(service)[who])
    phone.have_app_offline()
    phone.page.close()
    return context


def calibrate(browser: Browser) -> float:
    """The best of five runs of the loop, without slowing down."""
    page = browser.new_page()
    best = min(float(page.evaluate(CALIBRATION)) for _ in range(5))
    page.close()
    return best


def measure(browser: Browser, service: Service) -> None:
    """Measure both visits on both lines, in turn, and print them."""
    calibration = [calibrate(browser)]
    phone = signed_in(browser, service, "open")
    times: dict[tuple[str, str], list[float]] = {}
    received: dict[str, int] = {}
    for _ in range(ROUNDS):
        for line in LINES:
            took, received = first_visit(browser, service, line)
            times.setdefault((line.name, "first visit"), []).append(took)
            times.setdefault((line.name, "again"), []).append(again(phone, service, line))
        calibration.append(calibrate(browser))
    say(f"{machine()}; Chromium {browser.version}; processor slowed down by {SLOWER}; {ROUNDS} rounds.")
    say(f"The first visit receives {received['bytes'] / 1024:.0f} KiB in {received['requests']} requests.")
    say(f"Calibration, best and worst of {len(calibration)}: {min(calibration):.0f} and {max(calibration):.0f} ms.\n")
    bars = {"first visit": "2.0", "again": "0.7"}
    rows = [
        (f"{visit}, {line}", f"{min(each) / 1000:.2f}", f"{statistics.median(each) / 1000:.2f}", bars[visit])
        for (line, visit), each in times.items()
    ]
    table(("until it can be used", "best, s", "median, s", "bar, s"), rows)


def main() -> None:
    """Start the service as `make run` does, and measure."""
    assert CHROMIUM, "no Chromium: apt install chromium, or name one in CHROMIUM"
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
    with temporary_server() as server, serving(server, DEV_NOW="") as service, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        measure(browser, service)
        browser.close()


if __name__ == "__main__":
    main()
