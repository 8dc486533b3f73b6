"""The files that install the product say what the code says: settings, versions, and what CI runs."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic.fields import FieldInfo

from cgn_core.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = (ROOT / ".env.example").read_text("utf-8")
COMPOSE_FILES = ("docker-compose.yml", "docker-compose.override.example.yml")
NAMED = re.compile(r"^# (CGN_\w+)=(.*)$", re.MULTILINE)
APPLICATION = {"web", "worker", "reconciler", "migrate"}


def variables_of_compose(*files: str) -> set[str]:
    """Those that a compose file itself reads, beside what it hands on."""
    return set(re.findall(r"(?<!\$)\$\{(CGN_\w+)", "\n".join((ROOT / name).read_text("utf-8") for name in files)))


def written(field: FieldInfo) -> str:
    """A default as a line of the example writes it."""
    if field.default_factory is not None:
        return "/data"  # what the image sets
    match field.default:
        case bool(value):
            return str(value).lower()
        case float(value):
            return f"{value:g}"
        case str(value) if " " in value:
            return f'"{value}"'
        case value:
            return str(value)


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_the_example_has_every_setting_once_with_its_default_below_a_sentence(name: str) -> None:
    variable = f"CGN_{name.upper()}"
    assert [value for found, value in NAMED.findall(EXAMPLE) if found == variable] == [
        written(Settings.model_fields[name])
    ]
    above = EXAMPLE[: EXAMPLE.index(f"\n# {variable}=")].rpartition("\n\n")[2]
    assert re.fullmatch(r"(# .+(\n|$))+", above)
    assert len(above) > 15, "no sentence says what it is"
    assert "=" not in above


def test_the_example_names_nothing_that_nobody_reads() -> None:
    settings = {f"CGN_{name.upper()}" for name in Settings.model_fields}
    compose = variables_of_compose("docker-compose.yml")
    assert {name for name, _ in NAMED.findall(EXAMPLE)} == settings | compose


def test_the_example_sets_nothing_until_somebody_edits_it() -> None:
    assert [line for line in EXAMPLE.splitlines() if line and not line.startswith("#")] == []


def test_uncommented_as_it_stands_the_example_is_what_an_installation_without_it_has(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in NAMED.findall(EXAMPLE):
        monkeypatch.setenv(name, value.strip('"'))
    apart = {"data_dir"}
    fields = {name: field for name, field in Settings.model_fields.items() if name not in apart}
    assert Settings().model_dump(exclude=apart) == {name: field.default for name, field in fields.items()}


def test_a_proxys_variables_are_explained_where_it_stands() -> None:
    override = (ROOT / COMPOSE_FILES[1]).read_text("utf-8")
    for name in variables_of_compose(COMPOSE_FILES[1]):
        assert re.search(rf"^# .*{name}=", override, re.MULTILINE), name


class Loader(yaml.SafeLoader):
    """Knows the mark with which an override takes a list away."""


Loader.add_constructor("!reset", lambda loader, node: loader.construct_sequence(node))


def services(name: str) -> dict[str, Any]:
    # A safe loader of our own, which knows one tag more.
    return dict(yaml.load((ROOT / name).read_text("utf-8"), Loader)["services"])  # noqa: S506 - it is a SafeLoader


@pytest.mark.parametrize("file", COMPOSE_FILES)
def test_every_container_is_held_as_tight_as_it_works(file: str) -> None:
    for name, service in services(file).items():
        if set(service) == {"ports"}:
            continue  # it only takes the ports of another file's service away
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["mem_limit"], name
        assert service["pids_limit"], name
        assert service["restart"] == ("no" if name == "migrate" else "unless-stopped"), name


@pytest.mark.parametrize("file", COMPOSE_FILES)
def test_configurations_are_files_because_compose_writes_no_text_into_a_read_only_root(file: str) -> None:
    read = yaml.load((ROOT / file).read_text("utf-8"), Loader)  # noqa: S506 - it is a SafeLoader
    for name, configuration in read.get("configs", {}).items():
        assert set(configuration) == {"file"}, name
        assert (ROOT / configuration["file"]).is_file(), name


def test_only_the_migration_knows_the_role_that_owns_the_tables() -> None:
    told = {
        name: set(service.get("secrets", ())) & {"cgn_database_owner_url", "postgres_password"}
        for name, service in services("docker-compose.yml").items()
    }
    assert told == {
        **{name: set() for name in APPLICATION | {"redis"}},
        "migrate": {"cgn_database_owner_url"},
        "postgres": {"postgres_password"},
    }


def test_redis_and_the_database_have_no_way_out_and_nothing_but_the_portal_is_published() -> None:
    composed = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
    assert composed["networks"]["inside"] == {"internal": True}
    assert {name for name, one in composed["services"].items() if one["networks"] == ["inside"]} == {
        "redis",
        "postgres",
    }
    published = {name: one["ports"] for name, one in composed["services"].items() if one.get("ports")}
    assert published == {"web": ["127.0.0.1:${CGN_PORT:-8050}:8050"]}


def chart(name: str) -> Any:
    return yaml.safe_load((ROOT / "deploy/helm/creator-growth-navigator" / name).read_text("utf-8"))


def test_the_chart_sets_nothing_that_is_no_setting() -> None:
    chosen = chart("values.yaml")["settings"]
    fields = Settings.model_fields
    assert set(chosen) <= set(fields)
    apart = chart("values.schema.json")["properties"]["settings"]["propertyNames"]["not"]["enum"]
    assert set(apart) <= set(fields)
    assert not set(apart) & set(chosen)


def test_the_charts_schema_knows_every_value_that_there_is() -> None:
    def compare(values: dict[str, Any], schema: dict[str, Any], at: str) -> None:
        if schema.get("additionalProperties") is not False:
            return
        assert set(values) == set(schema["properties"]) - {"global"}, at
        for name, value in values.items():
            if isinstance(value, dict):
                compare(value, schema["properties"][name], f"{at}.{name}")

    compare(chart("values.yaml"), chart("values.schema.json"), "values")


def test_the_chart_starts_the_processes_that_compose_starts() -> None:
    composed = services("docker-compose.yml")
    for name in APPLICATION:
        text = (ROOT / f"deploy/helm/creator-growth-navigator/templates/{name}.yaml").read_text("utf-8")
        (command,) = re.findall(r"^ +command: (\[.*\])$", text, re.MULTILINE)
        assert yaml.safe_load(command) == composed[name]["command"], name


def test_workers_grow_with_a_metric_that_the_portal_has() -> None:
    text = (ROOT / "deploy/helm/creator-growth-navigator/templates/worker.yaml").read_text("utf-8")
    asked = [*re.findall(r"\bcgn_[a-z_]+\b", text), chart("values.yaml")["worker"]["autoscaling"]["metric"]]
    source = "\n".join(path.read_text("utf-8") for path in (ROOT / "cgn_core/services").rglob("*.py"))
    source += "\n".join(path.read_text("utf-8") for path in (ROOT / "webapp").glob("*.py"))
    assert asked
    assert all(f'"{name}"' in source for name in asked), asked


def test_all_that_names_the_version_names_the_same() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    released = re.findall(r"^## \[(\d\S*)\] - (\S+)$", (ROOT / "docs/CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert (citation["version"], chart("Chart.yaml")["appVersion"]) == (version, version)
    assert released[0] == (version, citation["date-released"])


def test_the_workflow_runs_what_developers_run() -> None:
    text = (ROOT / ".github/workflows/test.yml").read_text("utf-8")
    steps = [step for job in yaml.safe_load(text)["jobs"].values() for step in job["steps"]]
    assert {step["run"] for step in steps if "run" in step} == {"bash .ci/run", "make chart", "make containers"}
    assert "exec make test" in (ROOT / ".ci/run").read_text("utf-8")
    assert all(re.search(r"@(v\d+|[0-9a-f]{40})$", step["uses"]) for step in steps if "uses" in step)


@pytest.mark.parametrize("form", ["bug.yml", "wish.yml"])
def test_a_form_for_issues_has_the_parts_that_the_site_asks_for(form: str) -> None:
    read = yaml.safe_load((ROOT / ".github/ISSUE_TEMPLATE" / form).read_text("utf-8"))
    assert {"name", "description", "body"} <= set(read)
    ids = [part["id"] for part in read["body"] if part["type"] != "markdown"]
    assert len(ids) == len(set(ids))
    assert all(part["attributes"]["label"] for part in read["body"] if part["type"] != "markdown")
