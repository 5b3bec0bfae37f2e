"""The means by which pages are tested find what is wrong with a page, and nothing wrong with a good one."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Page

from tests.docs.conftest import BuiltOnce, NewPage
from tests.docs.means import Faults, axe, chosen, forget, needed, valid

ROOT = Path(__file__).resolve().parents[2]
POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'"
PAGE = f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>A page</title>
<link rel="stylesheet" href="page.css">
<script src="page.js" defer></script>
</head>
<body>
<main>
<h1>A page</h1>
<p id="text">Its text.</p>
</main>
</body>
</html>
"""
STYLE = """:root { color-scheme: light dark; --ink: #111; --paper: #fff; }
@media (prefers-color-scheme: dark) { :root { --ink: #eee; --paper: #111; } }
body { color: var(--ink); background: var(--paper); }
"""
SCRIPT = "document.getElementById('text').dataset.script = 'ran';\n"


def write(folder: Path, page: str = PAGE, style: str = STYLE, script: str = SCRIPT, name: str = "index.html") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "page.css").write_text(style, encoding="utf-8")
    (folder / "page.js").write_text(script, encoding="utf-8")
    (folder / name).write_text(page, encoding="utf-8")
    return folder / name


def without_policy(page: str = PAGE) -> str:
    return "".join(line for line in page.splitlines(keepends=True) if "Content-Security-Policy" not in line)


def test_a_good_page_passes_everything(tmp_path: Path, page: Page, faults: Faults) -> None:
    path = write(tmp_path)
    page.goto(path.as_uri())
    assert page.locator("#text").get_attribute("data-script") == "ran"
    assert axe(page) == []
    page.screenshot(path=tmp_path / "page.png")
    page.pdf(path=tmp_path / "page.pdf")
    assert faults.take() == []


@pytest.mark.parametrize("script", ["console.error('broken')", "console.warn('broken')", "console.assert(false, 'broken')"])
def test_what_a_page_writes_to_the_console_is_a_fault(tmp_path: Path, page: Page, faults: Faults, script: str) -> None:
    page.goto(write(tmp_path, script=script).as_uri())
    (fault,) = faults.take()
    assert fault.startswith("console") and "broken" in fault


def test_an_exception_is_a_fault_also_after_the_page_has_loaded(tmp_path: Path, page: Page, faults: Faults) -> None:
    page.goto(write(tmp_path, script="addEventListener('click', () => { throw new Error('broken') })").as_uri())
    assert faults.take() == []
    page.locator("#text").click()
    assert [fault for fault in faults.take() if fault.startswith("exception") and "broken" in fault]


def test_a_dialog_is_a_fault_and_stops_nothing(tmp_path: Path, page: Page, faults: Faults) -> None:
    page.goto(write(tmp_path, script="alert('hostile'); document.title = 'went on'").as_uri())
    assert page.title() == "went on"
    assert faults.take() == ["dialog: hostile"]


@pytest.mark.parametrize(
    "fetched",
    ['<img src="https://example.org/logo.png" alt="Logo">', '<link rel="stylesheet" href="http://192.0.2.1/theme.css">'],
)
def test_a_request_to_elsewhere_is_a_fault_and_is_not_let_through(
    tmp_path: Path, page: Page, faults: Faults, fetched: str
) -> None:
    page.goto(write(tmp_path, without_policy().replace("</main>", f"{fetched}</main>")).as_uri())
    found = faults.take()
    assert [fault for fault in found if fault.startswith("request: http")]
    assert [fault for fault in found if "ERR_INTERNET_DISCONNECTED" in fault]


@pytest.mark.parametrize(
    ("put", "directive"),
    [
        ("<button type=button onclick=\"document.title='hostile'\">Press</button>", "script-src"),
        ("<script>document.title = 'hostile'</script>", "script-src"),
        ('<p style="color: red">Red</p>', "style-src"),
        ('<svg width="9" height="9"><rect style="fill: red" width="9" height="9"/></svg>', "style-src"),
        ('<img src="https://example.org/logo.png" alt="Logo">', "img-src"),
    ],
)
def test_what_the_policy_forbids_is_a_fault(tmp_path: Path, page: Page, faults: Faults, put: str, directive: str) -> None:
    page.goto(write(tmp_path, PAGE.replace("</main>", f"{put}</main>")).as_uri())
    for button in page.locator("button").all():
        button.click()
    assert page.title() == "A page"
    assert [fault for fault in faults.take() if "Content Security Policy" in fault and directive in fault]


def test_a_file_that_is_not_there_is_a_fault(tmp_path: Path, page: Page, faults: Faults) -> None:
    page.goto(write(tmp_path, PAGE.replace("page.js", "other.js")).as_uri())
    (fault,) = faults.take()
    assert "ERR_FILE_NOT_FOUND" in fault


@pytest.mark.parametrize(
    ("page_text", "style", "rule"),
    [
        (PAGE.replace("</main>", '<img src="page.png"></main>'), STYLE, "image-alt"),
        (PAGE, STYLE.replace("#111;", "#999;", 1), "color-contrast"),
        (PAGE.replace(' lang="en"', ""), STYLE, "html-has-lang"),
        (PAGE.replace("<main>", "<div>").replace("</main>", "</div>"), STYLE, "landmark-one-main"),
        (PAGE.replace("</p>", ' <button type="button">x</button><button type="button">y</button></p>'),
         STYLE + "button { display: block; padding: 0; border: 0; width: 9px; height: 9px; }", "target-size"),
    ],
)  # fmt: skip
def test_axe_finds_what_shuts_people_out(
    tmp_path: Path, page: Page, faults: Faults, page_text: str, style: str, rule: str
) -> None:
    page.goto(write(tmp_path, page_text, style).as_uri())
    found = axe(page)
    assert [text for text in found if text.startswith(f"{rule} (")], found
    faults.take()  # the picture is not there


def test_axe_judges_the_colours_that_are_shown(tmp_path: Path, page: Page) -> None:
    path = write(tmp_path, style=STYLE.replace("#eee", "#444"))
    found = {}
    schemes: tuple[Literal["light", "dark"], ...] = ("light", "dark")
    for scheme in schemes:
        page.emulate_media(color_scheme=scheme)
        page.goto(path.as_uri())
        found[scheme] = [text.split()[0] for text in axe(page)]
    assert found["light"] == []
    assert set(found["dark"]) == {"color-contrast"}


def test_the_validator_finds_what_is_not_valid_and_nothing_else(tmp_path: Path) -> None:
    faults = {
        "heading": ("index.html", "</h1>", "</h2>", "“h2”"),
        "align": ("index.html", 'id="text"', 'id="text" align="left"', "“align” attribute"),
        "twice": ("index.html", "</main>", '<p id="text">Again</p></main>', "Duplicate ID"),
        "nameless": ("index.html", "<title>A page</title>", "", "“title”"),
        "policy": ("index.html", "base-uri", "base-url", "base-url"),
        "handler": ("index.html", "<p id", '<p onclick="go()" id', "Event handler attribute"),
        "style": ("page.css", "color: var(--ink);", "colour: red;", "“colour”"),
    }
    write(tmp_path / "good")
    for folder, (name, old, new, _) in faults.items():
        write(tmp_path / folder)
        text = (tmp_path / folder / name).read_text(encoding="utf-8")
        assert old in text
        (tmp_path / folder / name).write_text(text.replace(old, new), encoding="utf-8")
    found = valid(tmp_path)
    for folder, (name, _, _, said) in faults.items():
        assert [text for text in found if f"/{folder}/{name}:" in text and said in text], found
    assert not [text for text in found if "/good/" in text]


def test_a_page_without_scripts(tmp_path: Path, new_page: NewPage) -> None:
    page = new_page(java_script_enabled=False)
    page.goto(write(tmp_path).as_uri())
    assert page.locator("#text").get_attribute("data-script") is None
    assert page.locator("#text").inner_text() == "Its text."


NOTHING = "() => [history.length, localStorage.length, sessionStorage.length, matchMedia('(prefers-color-scheme: dark)').matches]"


def test_a_page_has_forgotten_what_was_done_with_it(tmp_path: Path, page: Page) -> None:
    path = write(tmp_path, script="localStorage.a = 1; sessionStorage.b = 2; window.c = 3")
    page.goto(path.as_uri())
    page.goto(f"{path.as_uri()}#further")
    page.emulate_media(color_scheme="dark", media="print")
    assert page.evaluate(NOTHING) != [1, 0, 0, False]
    forget(page)
    assert page.url == "about:blank"
    (tmp_path / "page.js").write_text("")
    page.goto(path.as_uri())
    assert page.evaluate(NOTHING)[1:] == [0, 0, False] and page.evaluate("window.c") is None
    page.go_back()
    assert page.url == "about:blank" and page.go_back() is None


def test_a_fault_that_no_test_expects_fails_it(tmp_path: Path) -> None:
    path = write(tmp_path / "site", script="console.error('broken')")
    (tmp_path / "conftest.py").write_text("from tests.docs.conftest import *\n", encoding="utf-8")
    (tmp_path / "test_it.py").write_text(f"def test_it(page):\n    page.goto({path.as_uri()!r})\n", encoding="utf-8")
    done = in_pytest(tmp_path)
    assert "console error: broken" in done.stdout
    assert done.returncode == 1


@pytest.mark.parametrize(("ci", "code", "word"), [("true", 1, "1 error"), ("", 0, "1 skipped")])
def test_without_a_browser_tests_are_skipped_and_say_so_but_fail_in_ci(tmp_path: Path, ci: str, code: int, word: str) -> None:
    (tmp_path / "conftest.py").write_text("from tests.docs.conftest import *\n", encoding="utf-8")
    (tmp_path / "test_it.py").write_text("def test_it(page):\n    pass\n", encoding="utf-8")
    done = in_pytest(tmp_path, CI=ci, PATH="")
    assert "chromium" in done.stdout and "environment.py" in done.stdout
    assert word in done.stdout
    assert done.returncode == code


@pytest.mark.parametrize("works", [True, False])
def test_what_the_system_lacks_is_installed_or_said(tmp_path: Path, works: bool) -> None:
    (tmp_path / "npm").symlink_to("/bin/true")
    apt = tmp_path / "apt-get"
    apt.write_text(f"#!/bin/sh\necho $@ >> {tmp_path}/asked\necho hm\nexit {0 if works else 100}\n", encoding="utf-8")
    apt.chmod(0o755)
    command = [sys.executable, "-c", "import system; system.provide()"]
    done = subprocess.run(
        command,
        env={"PATH": str(tmp_path), "PYTHONPATH": str(ROOT / ".ci")},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "chromium" in done.stderr and "default-jre-headless" in done.stderr and "npm" not in done.stderr
    if os.geteuid():
        assert "sudo apt-get install chromium" in done.stderr
    else:
        asked = (tmp_path / "asked").read_text(encoding="utf-8").splitlines()
        assert [words.split()[1] for words in asked] == ["update", "install", "install"]
        assert ("apt-get update ended with 100:\nhm" in done.stderr) == (not works)


def in_pytest(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", "--rootdir", folder, folder],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


def test_a_site_is_built_once(built_once: BuiltOnce) -> None:
    built = []

    def build(folder: Path) -> None:
        write(folder)
        built.append(folder)

    first, second = built_once("stub", build), built_once("stub", build)
    assert first == second and (first / "index.html").is_file()
    assert len(built) == 1


def test_pictures_of_a_site_have_readable_names_and_are_cut(tmp_path: Path) -> None:
    needed(shutil.which("chromium"), "the browser")
    write(tmp_path / "site")
    write(tmp_path / "site" / "runs" / "one", style=STYLE + "@media (max-width: 400px) { main { height: 7000px; } }")
    out = tmp_path / "out"
    command = [sys.executable, "-m", "tests.docs.looks", tmp_path / "site", out, "--pages", "runs/**/*.html"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", timeout=120, check=False)
    assert done.stdout == f"6 pictures in {out}\n", done.stderr
    assert {path.name for path in out.iterdir()} == {
        f"runs.one.index-{width}-{look}.png" for width in (375, 768, 1440) for look in ("light", "dark")
    }
    light, dark = out / "runs.one.index-375-light.png", out / "runs.one.index-375-dark.png"
    assert size(light) == size(dark) == (375, 6000)
    assert size(out / "runs.one.index-1440-light.png") == (1440, 900)
    assert light.read_bytes() != dark.read_bytes()


def size(path: Path) -> tuple[int, int]:
    header = path.read_bytes()[16:24]
    return int.from_bytes(header[:4]), int.from_bytes(header[4:])


def test_pages_to_look_at_are_some_of_each_folder(tmp_path: Path) -> None:
    for number in range(5):
        write(tmp_path / "rules", name=f"{number}.html")
    write(tmp_path)
    assert [path.relative_to(tmp_path).as_posix() for path in chosen(tmp_path)] == [
        "index.html",
        "rules/0.html",
        "rules/1.html",
        "rules/2.html",
    ]
