"""The picture of a stack: what is in it, and that it can be read."""

from __future__ import annotations

import json
import re
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pulumi_operations.events import Step
from railyard.accounts.running_services import RunningService, RunningSystem
from railyard.application import application
from railyard.map import generate
from railyard.map.command import text
from railyard.map.layout import LABEL_CHARACTER, LONGEST, place
from railyard.map.picture import declared, draw, with_plan, with_status
from railyard.map.svg import Mark, Picture, page, svg
from railyard.map.topology import Edge, Kind, Node, Reason, System, topology
from railyard.review.diff_document import Diff, Side, StackDiff
from railyard.review.resource_changes import Change
from railyard.review.resource_changes import Kind as ChangeKind
from railyard.shared.stack import read_stack
from tests.lifecycle.conftest import Checkout
from tests.needs import CHROMIUM

MEASURE = """
<script>
const wrong = [];
for (const group of document.querySelectorAll('svg g')) {
  const box = group.querySelector(':scope > .box');
  if (!box) continue;
  const frame = box.getBBox();
  for (const text of group.querySelectorAll(':scope > text')) {
    const bounds = text.getBBox();
    if (bounds.x < 0 || bounds.x + bounds.width > frame.width || bounds.y + bounds.height > frame.height + 2)
      wrong.push(text.textContent);
  }
}
document.title = 'outside:' + JSON.stringify(wrong) + ' boxes:' + document.querySelectorAll('svg .box').length;
</script>
"""
"""Writes into the title which texts reach out of their boxes, by the browser's own measure."""


@pytest.fixture(scope="session")
def production() -> Sequence[Step]:
    """What production declares, from one preview in this process."""
    return declared("production")


@pytest.fixture(scope="session")
def picture(production: Sequence[Step]) -> Picture:
    return draw(read_stack("production"), production)


@pytest.mark.parametrize(
    ("kind", "label"), [("Redis", "cache"), ("Postgres", "database"), ("Mysql", "database"), ("Mongodb", "database")]
)
def test_a_store_is_called_what_it_is(production: Sequence[Step], kind: str, label: str) -> None:
    """By the component that it is, whichever image it runs."""
    valkey = [each for each in production if each.name.startswith("seance-valkey")]
    steps = [replace(each, urn=each.urn.replace("components:Redis", f"components:{kind}")) for each in valkey]

    (store,) = (node for system in topology(steps) for node in system.nodes if node.kind is Kind.STORE)

    assert store.label == label


def leads(picture: Picture, system: str) -> set[str]:
    """Every arrow of a system in words, ``app :4000 → postgres :5432``."""
    system_picture = next(each for each in picture.systems if each.name == system)
    names = {node.id: node.title for node in system_picture.nodes}
    return {f"{names[edge.source]} → {names[edge.target]}" for edge in system_picture.edges}


@pytest.mark.parametrize(
    ("system", "arrows"),
    [
        ("omega", ["internet → ….up.railway.app", "….up.railway.app → bot :3001", "bot :3001 → Discord",
                   "bot :3001 → OpenAI", "bot :3001 → Turso", "bot :3001 → /data"]),
        ("seance", ["internet → seance.dev", "seance.dev → landing :80", "backend.seance.dev → backend :8765",
                    "signaling.seance.dev → signaling :4444", "beholder.seance.dev → beholder :80",
                    "litellm.seance.dev → litellm :4000", "backend :8765 → valkey :6379",
                    "backend :8765 → seance-cdn", "….cdn.digitaloceanspaces.com → seance-cdn"]),
        ("omnistack", ["api :8000 → postgres :5432", "worker → postgres :5432", "api :8000 → redis :6379",
                       "worker → redis :6379", "worker → api :8000", "postgres :5432 → /var/lib/postgresql/data"]),
        ("netia", ["app.netia.example → app :4000", "app :4000 → postgres :5432", "app :4000 → redis :6379",
                   "app :4000 → OpenAI"]),
        ("rose", ["rose.example → web :8080", "www.rose.example → web :8080", "web :8080 → /app/data"]),
    ],
)  # fmt: skip
def test_every_box_and_arrow_of_a_document_is_there(picture: Picture, system: str, arrows: list[str]) -> None:
    """Somebody who knows a system's document finds its services, names, stores and connections."""
    assert set(arrows) <= leads(picture, system)


def test_a_service_that_only_waits_is_told_from_one_that_uses(picture: Picture) -> None:
    """OmniStack's worker starts after the API, whose migrations it needs, and asks it nothing."""
    omnistack = next(each for each in picture.systems if each.name == "omnistack")
    reasons = {(edge.source, edge.target): edge.reason for edge in omnistack.edges}
    assert reasons["service worker", "service api"] is Reason.WAITS
    assert reasons["service worker", "service postgres"] is Reason.USES


def test_boxes_never_overlap_and_arrows_go_between_them(picture: Picture) -> None:
    """Of any two boxes of a system one is beside, above or below the other; where an arrow passes is one, too."""
    for system in picture.systems:
        layout = place(system)
        for one, other in combinations(layout.boxes, 2):
            apart = (
                one.x + one.width <= other.x
                or other.x + other.width <= one.x
                or one.y + one.height <= other.y
                or other.y + other.height <= one.y
            )
            assert apart, (system.name, one, other)


def test_the_same_settings_give_the_same_picture(production: Sequence[Step], picture: Picture) -> None:
    """To the character, in whatever order the engine came to the resources."""
    assert svg(draw(read_stack("production"), list(reversed(production)))) == svg(picture)


def test_the_picture_of_the_readme_is_current(picture: Picture) -> None:
    """``docs/map.svg`` is what ``make generate`` writes, with all five systems, and the README shows it."""
    assert Path(generate.FILE).read_text(encoding="utf-8") == svg(picture)
    assert [system.name for system in picture.systems] == ["netia", "omega", "omnistack", "rose", "seance"]
    assert f"({generate.FILE})" in Path("README.md").read_text(encoding="utf-8")


def test_a_plan_marks_boxes_by_word_and_line(picture: Picture) -> None:
    """New, changed, replaced and deleted stand there as words; what is declared no more has a box of its own."""
    netia = next(each for each in picture.systems if each.name == "netia")
    urns = {node.id: node.urns[0] for node in netia.nodes if node.urns}
    gone = "urn:pulumi:production::railyard::railyard:systems:Netia$railway:index:TcpProxy::netia-app-tcp-proxy"

    def change(kind: ChangeKind, urn: str) -> Change:
        return Change(
            kind=kind,
            urn=urn,
            type="railway:TcpProxy",
            name=urn.rsplit("::", maxsplit=1)[-1],
            system="Netia",
            component="",
        )

    marked = with_plan(
        picture,
        [
            change(ChangeKind.CREATE, urns["service redis"]),
            change(ChangeKind.UPDATE, urns["service app"]),
            change(ChangeKind.REPLACE, urns["volume postgres"]),
            change(ChangeKind.DELETE, gone),
        ],
    )

    assert {key[1]: mark for key, mark in marked.marks.items()} == {
        "service redis": Mark.NEW,
        "service app": Mark.CHANGED,
        "volume postgres": Mark.REPLACED,
        gone: Mark.DELETED,
    }
    drawn = svg(marked)
    assert all(f">{mark.words}<" in drawn for mark in (Mark.NEW, Mark.CHANGED, Mark.REPLACED, Mark.DELETED))
    assert "netia-app-tcp-proxy" in drawn


def test_a_system_that_is_declared_no_more_is_drawn(picture: Picture) -> None:
    """It goes as a whole, the gravest of all changes; a picture of other systems alone leaves it out."""
    urn = "urn:pulumi:production::railyard::railyard:systems:Gone$railway:index:Volume::gone-db-volume-disk"
    change = Change(
        kind=ChangeKind.DELETE, urn=urn, type="railway:Volume", name="gone-db-volume-disk", system="Gone", component=""
    )

    planned = with_plan(picture, [change])

    assert planned.marks == {("gone", urn): Mark.DELETED}
    assert "gone-db-volume-disk" in svg(planned)
    assert "gone" in list(text(planned))
    assert with_plan(picture, [change], alone=["netia"]).systems == picture.systems


def test_each_mark_looks_different_from_a_box_without_one() -> None:
    """By a rule of its own, whatever words it has."""
    for mark in Mark:
        node = Node(id="a", kind=Kind.SERVICE, label="", title="a")
        systems = [System(name="s", project="", nodes=(node,))]
        drawn = svg(Picture(title="", systems=systems, marks={("s", "a"): mark}))
        (name,) = re.findall(r'<g class="service ([^"]+)"', drawn)
        assert re.search(rf"\.{name} \.box[,{{]", drawn), mark


def test_the_legend_is_within_a_narrow_picture() -> None:
    """One small box leaves less room than the words of the legend take."""
    nodes = tuple(Node(id=str(mark), kind=Kind.SERVICE, label="", title="a") for mark in Mark)
    marks = {("s", str(mark)): mark for mark in Mark}
    tree = ET.fromstring(svg(Picture(title="", systems=[System(name="s", project="", nodes=nodes)], marks=marks)))

    legend = [each for each in tree if each.tag.endswith("text")]
    assert len(legend) == 4
    for each in legend:
        assert float(each.attrib["x"]) + len(each.text or "") * LABEL_CHARACTER < float(tree.attrib["width"])


def test_a_status_marks_services_and_stores(picture: Picture) -> None:
    """A service that Railway does not have is missing; volumes and names have no status of their own."""
    running = RunningSystem(
        name="netia", project_name="netia-production", services=(RunningService(name="app", declared=None),)
    )
    marks = with_status(picture, [running]).marks
    assert marks == {("netia", "service app"): Mark.MISSING}


def test_hostile_names_stay_text() -> None:
    """A stranger's name makes no element, closes none, and runs nothing; a long one is cut, whole in its title."""
    hostile = '"><script>alert(1)</script>' + "x" * 80
    node = Node(id="a", kind=Kind.SERVICE, label=hostile, title=hostile, lines=(hostile,))
    system = System(
        name=hostile, project=hostile, nodes=(node,), edges=(Edge(source="a", target="a", reason=Reason.WAITS),)
    )
    drawn = Picture(title=hostile, systems=[system])

    tree = ET.fromstring(svg(drawn))
    assert [element.tag for element in tree.iter() if "script" in element.tag] == []
    assert "<script" not in page(drawn, [hostile])
    titles = [text for text in tree.itertext() if text.startswith(hostile[:20])]
    assert any(len(text) == LONGEST for text in titles)
    assert any(hostile in text for text in titles)


def test_a_page_needs_nothing_else(picture: Picture) -> None:
    """No address, no script, and a policy that would let none in; the content stands there as a table as well."""
    made = page(picture)
    assert "default-src 'none'" in made
    assert re.findall(r"(?:src|href)=|url\((?!#)|@import|<script", made) == []
    assert made.count("<table>") == len(picture.systems)
    assert "prefers-color-scheme:dark" in made


@pytest.mark.needs("chromium")
@pytest.mark.parametrize("width", [390, 1400])
def test_in_a_real_browser_every_text_stands_inside_its_box(picture: Picture, tmp_path: Path, width: int) -> None:
    """By the browser's own measure of its own font, on a phone and on a desk."""
    file = tmp_path / "map.html"
    made = page(picture)
    allowed = made.replace("default-src 'none'; ", "")
    file.write_text(allowed.replace("</body>", f"{MEASURE}</body>"), encoding="utf-8")
    command = [
        str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", f"--window-size={width},900",
        f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", file.as_uri(),
    ]  # fmt: skip

    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)

    title = re.search(r"<title>outside:(.*?) boxes:(\d+)</title>", done.stdout)
    assert title is not None, done.stdout[:500]
    assert title[1] == "[]"
    assert int(title[2]) == sum(len(system.nodes) for system in picture.systems)


def test_the_command_lists_draws_and_answers(tmp_path: Path) -> None:
    """Without --out the connections are listed; with it a picture or a page is written, whatever the ending says."""
    out = tmp_path / "omega.svg"
    done = CliRunner().invoke(application, ["map", "omega", "-s", "production", "--out", str(out), "--json"])
    assert done.exit_code == 0, done.stderr
    assert '"title": "bot :3001"' in done.stdout
    assert ET.parse(out).getroot().tag.endswith("svg")


def test_a_comparison_becomes_a_page_for_each_stack(tmp_path: Path, production: Sequence[Step]) -> None:
    """What changes is marked; a stack that cannot be drawn is told, and the others are drawn."""
    urn = next(step.urn for step in production if step.name == "omega-bot-instance")
    change = Change(kind=ChangeKind.UPDATE, urn=urn, type="", name="omega-bot-instance", system="Omega", component="")
    stacks = (StackDiff(stack="production", changes=(change,)), StackDiff(stack="gone"))
    comparison = tmp_path / "diff.json"
    comparison.write_text(Diff(base=Side(name="a"), head=Side(name="b"), stacks=stacks).model_dump_json())

    done = CliRunner().invoke(application, ["map", "--comparison", str(comparison), "--out", str(tmp_path / "pages")])

    assert done.exit_code == 0, done.stderr
    assert "gone: no picture: there is no stack 'gone'" in done.stdout
    assert [file.name for file in (tmp_path / "pages").iterdir()] == ["production.html"]
    assert "~ changed" in (tmp_path / "pages" / "production.html").read_text()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--out", "map.png"], "map.png: a file ends in .svg or .html"),
        (["--plan", "--status"], "one of --plan and --status"),
        (["--comparison", "diff.json"], "give it with --out FOLDER alone"),
        (["omga"], "name one of omega, seance, omnistack, netia, rose"),
    ],
)
def test_a_wrong_call_says_what_is_right(arguments: list[str], said: str) -> None:
    """Before anything is drawn."""
    done = CliRunner().invoke(application, ["map", *arguments])
    assert done.exit_code == 2
    assert said in done.stderr


def test_an_empty_stack_has_an_empty_picture() -> None:
    """No systems, no boxes, and still a document."""
    assert ET.fromstring(svg(Picture(title="nothing", systems=topology([])))).tag.endswith("svg")


def test_a_stack_that_costs_too_much_can_be_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A budget refuses an up, not a look: with --plan the picture is written, beside the refusal."""
    checkout = Checkout(tmp_path / "railyard")
    checkout.change("staging", "config:\n", "config:\n  railyard:budget: 1\n")
    monkeypatch.setenv("RAILYARD_PROJECT", str(checkout.directory))
    monkeypatch.setenv("RAILYARD_SANDBOX", str(checkout.sandbox))
    assert len(topology(declared("staging"))) == 5

    drawn = tmp_path / "map.svg"
    done = CliRunner().invoke(application, ["map", "-s", "staging", "--plan", "--sandbox", "--out", str(drawn)])

    assert done.exit_code == 1
    assert "railyard:budget" in done.stderr
    assert "+ new" in drawn.read_text()


def test_a_refusal_that_only_the_clis_output_explains_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A document with steps and without an error comes from a CLI that failed later; the exit code says so, too."""
    step = {"op": "create", "urn": "urn:pulumi:staging::railyard::railyard:systems:Rose::rose", "newState": {}}
    program = tmp_path / "pulumi"
    program.write_text(f"#!/bin/sh\necho '{json.dumps({'steps': [step]})}'\necho 'the backend is gone' >&2\nexit 255\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setenv("RAILWAY_API_TOKEN", "made-up")
    monkeypatch.delenv("RAILWAY_API_URL", raising=False)

    done = CliRunner().invoke(application, ["map", "rose", "-s", "staging", "--plan"])

    assert (done.exit_code, "the backend is gone" in done.stderr) == (1, True)
    assert done.stdout.startswith("rose (")
