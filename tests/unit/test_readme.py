"""What the documents name exists: commands, targets, settings, metrics, rules, files, and the lines of the walk."""

import json
import os
import re
import shlex
import subprocess
from pathlib import Path

import click
import pytest

from app import COMMANDS as PRODUCTION
from devtools.commands import COMMANDS as DEVELOPMENT
from foundation import config
from immigration.registries.law import law
from immigration.rules.rows import KINDS
from operations import message_metrics, pages

ROOT = Path(__file__).resolve().parents[2]
PAGES = (
    "architecture",
    "benchmarks",
    "configuration",
    "console",
    "drills",
    "proof",
    "records",
    "rules",
    "runbook",
    "web",
)
BY_HAND = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs" / "adr").glob("*.md"), *(ROOT / "docs" / f"{page}.md" for page in PAGES)]
)
TEXTS = {path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in BY_HAND}
README, RUNBOOK, RULES = TEXTS["README.md"], TEXTS["docs/runbook.md"], TEXTS["docs/rules.md"]
CONFIGURATION, RECORDS = TEXTS["docs/configuration.md"], TEXTS["docs/records.md"]
COMMANDS = {command.name: command for command in (*PRODUCTION, *DEVELOPMENT)}
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FLASK = re.compile(r"flask --app app ([^\n`|>)]+)")


def anchors(path):
    """The anchors that a Markdown file's headings make."""
    headings = re.findall(r"^#+ (.+)$", path.read_text("utf-8"), re.M)
    return {re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("name", TEXTS)
def test_a_link_points_to_something_that_exists(name):
    broken = []
    for link in LINK.findall(TEXTS[name]):
        if re.match(r"https?:", link):
            continue
        place, _, anchor = link.partition("#")
        path = (ROOT / name).parent / place if place else ROOT / name
        if not path.exists() or (anchor and anchor not in anchors(path)):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize("name", TEXTS)
def test_a_target_of_make_exists(name):
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.M))
    named = set(re.findall(r"(?:`|\$ |[A-Z]+=\S+ )make ([a-z]+)", TEXTS[name]))
    assert named <= targets


@pytest.mark.parametrize("name", TEXTS)
def test_a_command_and_its_options_exist(name):
    assert [line for line in FLASK.findall(TEXTS[name]) if not understood(line)] == []


def understood(line):
    """Whether `line` begins with a command of the project and has only options that the command takes."""
    words = shlex.split(line.replace("'", " "), comments=True)
    command = COMMANDS.get(words.pop(0))
    if isinstance(command, click.Group):
        command = command.commands.get(words.pop(0)) if words else None
    if command is None:
        return False
    known = {option for parameter in command.params for option in parameter.opts}
    return {word for word in words if word.startswith("--")} <= known


def test_the_readme_has_commands_to_check():
    assert len(FLASK.findall(README)) >= 4


def test_the_configuration_page_lists_every_setting_and_no_other():
    source = Path(config.__file__).read_text("utf-8")
    read = set(re.findall(r'env(?:\.get\(|, )"([A-Z_]+)"', source))
    assert set(re.findall(r"^\| `([A-Z_]+)` \|", CONFIGURATION, re.M)) == read


def test_the_records_page_lists_every_kind_with_its_columns_and_no_other():
    written = dict(re.findall(r"^\| `(\w+)` \| `([\w, ]+)` \|$", RECORDS, re.M))
    assert written == {name: ", ".join(kind.columns) for name, kind in KINDS.items()}


def test_the_readme_names_every_folder_of_code():
    folders = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests"}
    places = README.partition("## Where things are")[2].partition("\n## ")[0]
    assert [folder for folder in sorted(folders) if folder not in places] == []


def test_the_runbook_explains_every_metric_and_no_other():
    written = set(re.findall(r"^\| `tm47_(\w+)` \|", RUNBOOK, re.M))
    assert written == {*pages._METRICS, *pages._COVERAGE, *message_metrics.NAMES}


def test_the_table_of_rules_says_what_the_files_say():
    newest = law().on(max(law()._starts)).rules
    table = RULES.partition("## The rules in force")[2].partition("\n## ")[0]
    written = {
        key: (value, grade) for key, value, grade in re.findall(r"^\| `(\S+)` \| (\S+) \| (\S+) \|", table, re.M)
    }
    assert written == {key: (str(rule.value).replace("True", "true").replace("False", "false"), rule.grade)
                       for key, rule in newest.items()}  # fmt: skip


def test_every_law_file_is_explained():
    assert set(re.findall(r"^\| `(\w+\.toml)` \|", RULES, re.M)) == {
        path.name for path in (ROOT / "immigration" / "law").glob("*.toml")
    }


def test_the_calls_of_the_walk_are_in_the_api_document():
    document = json.loads((ROOT / "docs" / "openapi.json").read_text("utf-8"))
    known = [re.sub(r"{\w+}", "[^/]+", path) for path in document["paths"]]
    paths = re.findall(r"\$BASE(/api/[^\s\"?]+)", README)
    assert len(paths) > 10
    assert [path for path in paths if not any(re.fullmatch(each, path) for each in known)] == []


def test_the_walk_can_be_run():
    script = ROOT / "docs" / "walkthrough.sh"
    assert os.access(script, os.X_OK)
    assert subprocess.run(["bash", "-n", script], check=False).returncode == 0


def test_each_part_of_the_walk_is_followed_by_what_it_prints():
    walk = README.partition("## A walk through it with curl")[2].partition("\n## ")[0]
    fences = re.findall(r"^```(\w*)$", walk, re.M)
    assert fences == ["sh", "", "text", ""] * (len(fences) // 4)
    commands = "\n".join(re.findall(r"^```sh\n(.*?)^```$", walk, re.M | re.S))
    assert subprocess.run(["bash", "-n"], input=commands.encode(), check=False).returncode == 0
