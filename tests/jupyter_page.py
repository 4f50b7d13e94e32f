"""What browser tests share: Chromium, and a JupyterLab of their own in which notebooks are opened and run."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[1]
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM_OPTIONS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
CHROMIUM_OPTIONS += ["--enable-unsafe-swiftshader"]  # WebGL without a graphics processor
SETTINGS = {
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "notebook-extension/tracker": {"windowingMode": "none"},  # or cells out of sight would not exist
}
RUN_ALL = """async () => {
    const session = window.jupyterapp.shell.currentWidget.sessionContext;
    await session.ready;
    await session.session.kernel.info;  // JupyterLab asks back if it is told to run before the kernel is there
    void window.jupyterapp.commands.execute("notebook:run-all-cells");
}"""
START_SECONDS = 120
RUN_SECONDS = 180


def missing(reason: str) -> None:
    """Skip the test, or fail it where nothing may be missing."""
    (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)


@pytest.fixture(scope="session")
def chromium():
    """A running Chromium: the system's, or Playwright's own."""
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError:
        missing("Playwright is missing: pip install playwright")
    system = next(filter(None, map(shutil.which, BROWSERS)), None)
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=system, args=CHROMIUM_OPTIONS)
        except Error as error:
            missing(f"no Chromium can be started (install chromium, or: playwright install chromium): {error}")
        yield browser
        browser.close()


class Lab:
    """A JupyterLab server at `address` that serves `folder`."""

    def __init__(self, address: str, folder: Path):
        self.address, self.folder = address, folder

    def open(self, page, cells: list[str], name: str = "trial") -> None:
        """Open a notebook of these code cells in the page, and run them all."""
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
        notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
        path = self.folder / "notebooks" / f"{name}.ipynb"
        nbformat.write(notebook, path)
        page.goto(f"{self.address}/lab/workspaces/{name}/tree/notebooks/{path.name}?reset")
        page.wait_for_selector(".jp-NotebookPanel .jp-CodeCell", timeout=START_SECONDS * 1000)
        page.wait_for_selector(".jp-Notebook-ExecutionIndicator[data-status=idle]", timeout=START_SECONDS * 1000)
        page.wait_for_function("() => window.jupyterapp.shell.currentWidget?.sessionContext")
        page.evaluate(RUN_ALL)


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    """A JupyterLab that runs as long as the tests do, on a copy of the course's folders."""
    pytest.importorskip("jupyterlab")
    folder = tmp_path_factory.mktemp("lab")
    (folder / "notebooks").mkdir()
    (folder / "notebooks" / "previews").symlink_to(ROOT / "notebooks" / "previews")
    (folder / "data").symlink_to(ROOT / "data")
    for name, values in SETTINGS.items():
        path = folder / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces"),
    }
    options = ["--no-browser", "--allow-root", "--expose-app-in-browser", "--ip=127.0.0.1", f"--port={port}"]
    options += ["--ServerApp.port_retries=0", "--IdentityProvider.token=", f"--ServerApp.root_dir={folder}"]
    log = (folder / "lab.log").open("wb")
    server = subprocess.Popen(
        [sys.executable, "-m", "jupyterlab", *options], env=environment, stdout=log, stderr=subprocess.STDOUT
    )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(address, server, folder / "lab.log")
        yield Lab(address, folder)
    finally:
        server.terminate()
        with suppress(subprocess.TimeoutExpired):
            server.wait(20)
        server.kill()
        log.close()


def _wait_for(address: str, server: subprocess.Popen, log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        assert server.poll() is None, log.read_text()
        try:
            urllib.request.urlopen(f"{address}/api/status", timeout=5)
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise TimeoutError(log.read_text())


@pytest.fixture
def page(chromium):
    """A page of its own for a test, as large as a laptop's."""
    context = chromium.new_context(viewport={"width": 1440, "height": 1000})
    page = context.new_page()
    page.set_default_timeout(RUN_SECONDS * 1000)
    yield page
    context.close()


def until(page, condition, what: str) -> None:
    """Wait until a condition holds: a kernel answers when it can, and one widget after another."""
    from playwright.sync_api import Error

    def holds() -> bool:
        with suppress(Error):  # what was just replaced by something newer
            return condition()
        return False

    end = time.monotonic() + RUN_SECONDS
    while not holds():
        assert time.monotonic() < end, f"{what}: it never was so; the page says: {page.locator('body').inner_text()}"
        page.wait_for_timeout(100)


def keep_screenshot(page, name: str) -> None:
    """Take a picture of the whole page, for people to look at, if NST_SCREENSHOTS names a folder for it."""
    if folder := os.environ.get("NST_SCREENSHOTS"):
        page.wait_for_timeout(500)
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def serious(page) -> list[str]:
    """What axe-core finds in a page that keeps some readers out."""
    try:
        from axe_playwright_python.sync_playwright import Axe
    except ImportError:
        missing("axe-core is missing: pip install axe-playwright-python")
    found = Axe().run(page).response["violations"]
    return [f"{each['id']}: {each['help']}" for each in found if each["impact"] in ("serious", "critical")]


def pixels_out_of_sight(page) -> int:
    """Make the window as narrow as a tablet's; return how far one has to scroll sideways within the widgets then.

    The margins of a widget that is as wide as it may be, 4 pixels, do not count.
    """
    page.set_viewport_size({"width": 700, "height": 1000})
    page.wait_for_timeout(500)
    boxes = ".jp-OutputArea-output :is(.widget-box, .widget-gridbox)"
    script = "boxes => Math.max(...boxes.map(box => box.scrollWidth - box.clientWidth - 4))"
    return max(0, page.locator(boxes).evaluate_all(script))
