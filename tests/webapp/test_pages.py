from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from dash import Dash
from sqlalchemy import select

import datagen
from cgn_core.access import Actor
from cgn_core.db.models import DataVersion, Job, JobState, Upload, Workspace
from cgn_core.db.session import reading, transaction
from cgn_core.ingest.reading import read_bytes
from cgn_core.jobs import JobKind, claimed
from cgn_core.services import validations
from cgn_core.services.imports import Imported
from webapp.pages import new_workspace

CSV = (
    b"creator,date,followers,posts\nann,2026-11-01,10,1\nann,2026-11-02,12,0\nben,2026-11-01,5,1\nben,2026-11-02,6,0\n"
)


def callback(portal: Dash, name: str) -> str:
    return next(
        output
        for output, declared in portal.callback_map.items()
        if "callback" in declared and f"{declared['callback'].__module__}.{declared['callback'].__name__}" == name
    )


def as_dropped(data: bytes) -> str:
    import base64

    return "data:text/csv;base64," + base64.b64encode(data).decode()


def only(model: type, column: str = "id") -> Any:
    with reading() as session:
        return session.execute(select(getattr(model, column))).scalar_one()


def test_an_empty_portfolio_says_what_to_do_next(browser: Callable[..., Any], outsider: Actor) -> None:
    shown = browser(outsider).page("/")
    assert "No creator yet" in shown
    assert "New workspace" in shown


@pytest.mark.usefixtures("workspace")
def test_a_creator_without_data_needs_somebody(browser: Callable[..., Any], owner: Actor) -> None:
    shown = browser(owner).page("/")
    assert "No data yet" in shown
    assert "nothing to do" not in shown


@pytest.mark.usefixtures("imported")
def test_the_portfolio_shows_each_creator_with_growth_state_and_freshness(
    browser: Callable[..., Any], owner: Actor
) -> None:
    shown = browser(owner).page("/")
    assert "@lena.moves" in shown
    assert "Waiting to train" in shown
    assert "no model yet" in shown
    assert "Followers gained per week" in shown


@pytest.mark.usefixtures("imported")
def test_the_portfolio_sorts_by_any_column(
    browser: Callable[..., Any], owner: Actor, new_workspace: Callable[..., Workspace], agency: Any
) -> None:
    new_workspace(agency, "aaron")
    who = browser(owner)
    ascending, descending = who.page("/"), who.page("/", "?sort=-creator")
    # The header's list names everyone too, always from A to Z and before the table: so the last mention counts.
    assert ascending.rindex("@aaron") < ascending.rindex("@lena.moves")
    assert descending.rindex("@lena.moves") < descending.rindex("@aaron")
    assert "Reference:" not in who.page("/", "?sort=nonsense")


def kept(*files: tuple[str, bytes]) -> dict[str, Any]:
    """Files as the browser keeps them while they are decided upon."""
    return {"contents": [as_dropped(data) for _, data in files], "names": [name for name, _ in files]}


def test_several_files_of_an_account_become_one_history_and_a_question_is_asked_and_answered(
    portal: Dash, browser: Callable[..., Any], owner: Actor
) -> None:
    who = browser(owner)
    read, again = (callback(portal, f"webapp.pages.new_workspace.{name}") for name in ("read_file", "read_again"))
    followers = b"creator,date,followers\nann,01/02/2026,10\nann,03/02/2026,12\n"
    posts = b"creator,date,follows,posts\nann,2026-02-01,3,1\nann,2026-02-02,1,0\n"
    dropped = kept(("followers.csv", followers), ("posts.csv", posts))
    asked = who.call(read, {"new-workspace-dropped.data": dropped})
    assert "Nothing is stored yet" in asked.text
    (place,) = re.findall(r'"key":"(\w+).{1,6}date_order"', asked.text)
    key = f"{place}/date_order"
    values = {
        "new-workspace-again.n_clicks": 1,
        "new-workspace-dropped.data": dropped,
        "new-workspace-answer": [({"key": key}, "day_first")],
    }
    answered = who.call(again, values)
    assert "2 files, 3 days together" in answered.text
    upload_id = answered.json["response"]["new-workspace-uploaded"]["data"]
    take = callback(portal, "webapp.pages.new_workspace.import_file")
    who.call(take, {"new-workspace-import.n_clicks": 1, "new-workspace-uploaded.data": upload_id})
    with reading() as session:
        (version,) = session.scalars(select(DataVersion))
        assert (version.rows, version.first_date.isoformat()) == (3, "2026-02-01")
        assert version.report["answers"] == {key: "day_first"}


def test_a_file_with_two_creators_becomes_two_workspaces_each_with_a_retraining(
    portal: Dash, browser: Callable[..., Any], owner: Actor
) -> None:
    who = browser(owner)
    read = callback(portal, "webapp.pages.new_workspace.read_file")
    answer = who.call(read, {"new-workspace-dropped.data": kept(("two.csv", CSV))})
    assert "Import 2 creators" in answer.text
    upload_id = answer.json["response"]["new-workspace-uploaded"]["data"]
    take = callback(portal, "webapp.pages.new_workspace.import_file")
    done = who.call(take, {"new-workspace-import.n_clicks": 1, "new-workspace-uploaded.data": upload_id})
    assert "A retraining is queued" in done.text
    with reading() as session:
        assert set(session.scalars(select(Workspace.handle))) == {"ann", "ben"}
        assert len(session.scalars(select(Job.id)).all()) == 2
    again = who.call(take, {"new-workspace-import.n_clicks": 2, "new-workspace-uploaded.data": upload_id})
    assert "nothing changed" in again.text
    with reading() as session:
        assert len(session.scalars(select(Job.id)).all()) == 2


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is empty"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "picture.csv"),
        (b"date,followers,posts\n2026-11-01,10,-3\n2026-11-02,12,0\n", "negative"),
        (b"date,followers,posts\n2026-11-01,10,many\n2026-11-02,12,0\n", "text where a number belongs"),
        (b"date,followers,posts\n2026-11-01,10,1\n2026-11-01,12,0\n", "more than once"),
    ],
)
def test_a_bad_file_is_a_sentence_and_nothing_is_stored(
    portal: Dash, browser: Callable[..., Any], owner: Actor, data: bytes, said: str
) -> None:
    read = callback(portal, "webapp.pages.new_workspace.read_file")
    values = {"new-workspace-dropped.data": kept(("picture.csv", data))}
    answer = browser(owner).call(read, values)
    assert answer.status_code == 200
    assert said in answer.text
    assert "Nothing was stored" in answer.text
    assert answer.json["response"]["new-workspace-uploaded"]["data"] is None
    with reading() as session:
        assert session.scalars(select(Upload.id)).all() == []


@pytest.mark.parametrize("contents", ["no data url", "data:text/csv;base64,%%%", "data:text/csv,plain", 7, {"a": 1}])
def test_contents_that_no_browser_sends_are_a_sentence(
    portal: Dash, browser: Callable[..., Any], owner: Actor, contents: Any
) -> None:
    read = callback(portal, "webapp.pages.new_workspace.read_file")
    for dropped in (contents, {"contents": [contents], "names": ["a.csv"]}, {"contents": [contents], "names": []}):
        answer = browser(owner).call(read, {"new-workspace-dropped.data": dropped})
        assert answer.status_code == 200
        assert "arrive whole" in answer.text


def test_a_file_beyond_the_limit_is_refused_by_the_server_too(
    portal: Dash, browser: Callable[..., Any], owner: Actor, change_settings: Callable[..., None]
) -> None:
    change_settings(upload_limit_bytes=100)
    read = callback(portal, "webapp.pages.new_workspace.read_file")
    answer = browser(owner).call(read, {"new-workspace-dropped.data": kept(("a.csv", b"x" * 200))})
    assert "larger than 50 MB" in answer.text


@pytest.mark.usefixtures("imported")
def test_undo_goes_back_and_the_versions_say_so(
    portal: Dash, browser: Callable[..., Any], owner: Actor, workspace: Workspace
) -> None:
    who = browser(owner)
    read, take = (callback(portal, f"webapp.pages.data.{name}") for name in ("read_file", "import_file"))
    newer = f"creator,date,followers\n{workspace.handle},2026-11-22,99999\n".encode()
    where = {"data-workspace.data": str(workspace.id)}
    answer = who.call(read, {**where, "data-dropped.data": kept(("new.csv", newer))})
    upload_id = answer.json["response"]["data-uploaded"]["data"]
    who.call(take, {"data-import.n_clicks": 1, "data-uploaded.data": upload_id})
    assert "99999" in who.get(f"/workspaces/{workspace.id}/export.csv").text
    of = {"versions-of-workspace.data": str(workspace.id), "data-versions-key.data": str(uuid4())}
    undone = who.call(callback(portal, "webapp.pages.data_versions.undo"), {"data-undo.n_clicks": 1, **of})
    assert "at version 1 again; new.csv was undone" in undone.text
    assert "99999" not in who.get(f"/workspaces/{workspace.id}/export.csv").text
    restore = callback(portal, "webapp.pages.data_versions.restore")
    pressed = '{"number":2,"type":"data-restore"}.n_clicks'
    restored = who.call(restore, {"data-restore": [({"number": 2}, 1)], **of}, changed=pressed)
    assert "at version 2 again; version 1 stays in the list" in restored.text
    assert "99999" in who.get(f"/workspaces/{workspace.id}/export.csv").text


@pytest.mark.usefixtures("imported")
def test_rows_that_were_left_out_can_be_fetched_before_and_after_the_import(
    portal: Dash, browser: Callable[..., Any], owner: Actor, workspace: Workspace
) -> None:
    who = browser(owner)
    again, take = (callback(portal, f"webapp.pages.data.{name}") for name in ("read_again", "import_file"))
    broken = f"creator,date,followers\n{workspace.handle},2026-11-22,9\n{workspace.handle},=soon(),10\n".encode()
    key = re.findall(r"(\w+)/unreadable_rows", str(read_bytes(broken, file_name="b.csv", today=date(2026, 11, 23))))[0]
    values = {
        "data-again.n_clicks": 1, "data-dropped.data": kept(("b.csv", broken)),
        "data-workspace.data": str(workspace.id), "data-answer": [({"key": f"{key}/unreadable_rows"}, "leave_out")],
    }  # fmt: skip
    answer = who.call(again, values)
    assert "1 row left out" in answer.text
    upload_id = answer.json["response"]["data-uploaded"]["data"]
    rows = who.get(f"/uploads/{upload_id}/left-out.csv").text.splitlines()
    assert rows[0] == "file,line,reason,date,followers"
    assert rows[1].startswith("b.csv,3,")
    assert ",'=soon()," in rows[1]
    who.call(take, {"data-import.n_clicks": 1, "data-uploaded.data": upload_id})
    assert who.get(f"/workspaces/{workspace.id}/versions/2/left-out.csv").text.splitlines() == rows
    assert who.get(f"/workspaces/{workspace.id}/versions/1/left-out.csv").text == "file,line,reason\n"
    assert who.get(f"/workspaces/{workspace.id}/versions/9/left-out.csv").status_code == 404


@pytest.mark.usefixtures("imported")
def test_a_validation_over_chosen_weeks_is_queued_done_and_listed(
    portal: Dash, browser: Callable[..., Any], owner: Actor, workspace: Workspace
) -> None:
    who, start = browser(owner), callback(portal, "webapp.pages.validation_form.validate")
    form = {
        "validate-start.n_clicks": 1, "validate-workspace.data": str(workspace.id), "validate-key.data": str(uuid4()),
        "validate-model.value": "ols", "validate-initial.value": 8, "validate-horizon.value": 2,
        "validate-step.value": 2, "validate-gap.value": 0, "validate-window.value": None, "validate-level.value": 80,
    }  # fmt: skip
    assert "The horizon must be a whole number" in who.call(start, {**form, "validate-horizon.value": 0}).text
    assert "A validation is queued" in who.call(start, form).text
    with reading() as session:
        job = session.scalars(select(Job).where(Job.kind == JobKind.VALIDATE)).one()
        assert (job.params["model"], job.params["initial"], job.params["horizon"]) == ("ols", 8, 2)
        job_id = job.id
    with claimed(job_id) as claim:
        assert claim is not None
        validations.run(claim)
    listed = who.page(f"/workspaces/{workspace.id}/model-health")
    assert "Validations" in listed
    assert re.search(r"of 80\W{0,6}%", listed)


def test_minutes_and_time_zone_are_kept(
    portal: Dash, browser: Callable[..., Any], owner: Actor, workspace: Workspace
) -> None:
    save = callback(portal, "webapp.pages.data.save")
    values = {
        "data-save.n_clicks": 1, "data-workspace.data": str(workspace.id), "data-minutes-posts.value": 30,
        "data-minutes-reels.value": 90, "data-minutes-stories.value": 5, "data-zone.value": "Europe/Berlin",
    }  # fmt: skip
    assert "Saved" in browser(owner).call(save, values).text
    assert only(Workspace, "minutes") == {"posts": 30.0, "reels": 90.0, "stories": 5.0}
    refused = browser(owner).call(save, {**values, "data-minutes-posts.value": 10, "data-zone.value": "Mars"})
    assert "no time zone" in refused.text
    assert only(Workspace, "minutes")["posts"] == 30.0, "one refused field stores none"


def test_a_job_is_cancelled_and_tried_again_from_its_row(
    portal: Dash, browser: Callable[..., Any], owner: Actor, imported: Imported
) -> None:
    who = browser(owner)
    press = {"of": str(imported.job_id), "at": 1}
    assert "Waiting for a worker" in who.page("/jobs")
    cancel, retry = (callback(portal, f"webapp.pages.jobs.{name}") for name in ("cancel", "retry"))
    assert who.call(cancel, {"jobs-cancel-pressed.data": press}).status_code == 200
    assert only(Job, "state") == JobState.CANCELLED
    assert "Try again" in who.page("/jobs")
    who.call(retry, {"jobs-retry-pressed.data": press})
    with reading() as session:
        assert sorted(session.scalars(select(Job.state))) == [JobState.CANCELLED, JobState.QUEUED]


@pytest.mark.parametrize("press", [None, {}, {"of": 1}, {"of": "x", "at": []}, "pressed", 7])
def test_a_press_of_no_job_that_there_is_does_nothing(
    portal: Dash, browser: Callable[..., Any], owner: Actor, imported: Imported, press: Any
) -> None:
    del imported
    answer = browser(owner).call(callback(portal, "webapp.pages.jobs.cancel"), {"jobs-cancel-pressed.data": press})
    assert "Reference:" not in answer.text
    assert only(Job, "state") == JobState.QUEUED


def test_a_failed_job_shows_its_reason_in_words(browser: Callable[..., Any], owner: Actor, imported: Imported) -> None:
    with transaction() as session:
        job = session.get_one(Job, imported.job_id)
        job.state, job.error = JobState.FAILED, "Four weeks are missing."
    assert "Four weeks are missing." in browser(owner).page("/jobs")


def test_the_form_queues_one_generation_however_often_it_is_clicked(
    portal: Dash, browser: Callable[..., Any], owner: Actor
) -> None:
    who = browser(owner)
    values = {
        "new-workspace-generate.n_clicks": 1, "new-workspace-profile.value": "micro", "new-workspace-days.value": 400,
        "new-workspace-creators.value": 2, "new-workspace-seed.value": 5, "new-workspace-viral.value": 1.5,
        "new-workspace-reels.value": 30, "new-workspace-key.data": str(uuid4()),
    }  # fmt: skip
    generate = callback(portal, "webapp.pages.new_workspace.generate")
    assert "Queued" in who.call(generate, values).text
    who.call(generate, values)
    params = only(Job, "params")
    assert (params["creators"], params["days"], params["viral_rate"]) == (2, 400, 0.015)
    assert params["effects"] == {"reels": 30}


@pytest.mark.parametrize(
    ("field", "value"), [("days", 3), ("creators", 10**9), ("seed", None), ("days", "x"), ("viral", 90)]
)
def test_a_form_outside_its_bounds_is_a_sentence(
    portal: Dash, browser: Callable[..., Any], owner: Actor, field: str, value: Any
) -> None:
    values = {
        "new-workspace-generate.n_clicks": 1, "new-workspace-profile.value": "micro", "new-workspace-days.value": 400,
        "new-workspace-creators.value": 2, "new-workspace-seed.value": 5, "new-workspace-key.data": str(uuid4()),
        f"new-workspace-{field}.value": value,
    }  # fmt: skip
    answer = browser(owner).call(callback(portal, "webapp.pages.new_workspace.generate"), values)
    assert "must be a" in answer.text
    with reading() as session:
        assert session.scalars(select(Job.id)).all() == []


def test_exports_are_files_and_escape_formulas(
    browser: Callable[..., Any], owner: Actor, agency: Any, new_workspace: Callable[..., Workspace], imported: Imported
) -> None:
    new_workspace(agency, "=cmd|' /C calc'!A0")
    answer = browser(owner).get("/portfolio.csv")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "\n'=cmd" in answer.text
    daily = browser(owner).get(f"/workspaces/{imported.workspace_id}/export.csv")
    assert daily.text.startswith("creator,date,")


@pytest.mark.parametrize("table", ["daily", "weekly", "forecasts"])
def test_a_workspaces_tables_are_files(
    browser: Callable[..., Any], owner: Actor, imported: Imported, table: str
) -> None:
    path = f"/workspaces/{imported.workspace_id}/exports/{table}"
    text = browser(owner).get(f"{path}.csv")
    assert text.headers["Content-Disposition"].startswith("attachment")
    assert text.text.startswith("creator,date," if table == "daily" else "creator,week_start,")
    book = browser(owner).get(f"{path}.xlsx")
    assert book.mimetype == "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    assert book.data.startswith(b"PK")
    assert browser(owner).get(f"{path}.pdf").status_code == 404
    assert browser(owner).get(f"/workspaces/{imported.workspace_id}/exports/users.csv").status_code == 404


def test_the_form_names_the_generators_profiles_with_their_sizes() -> None:
    assert dict(new_workspace.PROFILES) == {
        name: f"{name.capitalize()}, {profile.followers:,.0f}" for name, profile in datagen.PROFILES.items()
    }
