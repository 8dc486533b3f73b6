from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from cgn_core.access import Actor
from cgn_core.db.models import Agency, Workspace
from cgn_core.errors import InvalidInput, NotFound, NotImportable
from cgn_core.services import competitors, imports
from cgn_core.services.imports import load_daily

PEERS = ("peer.a", "peer.b", "peer.c", "peer.d", "peer.e", "peer.f")


def test_each_creator_of_a_file_becomes_a_competitor(
    session: Session, strategist: Actor, trained: Workspace, make_csv: Callable[..., bytes]
) -> None:
    added = competitors.add_competitor_file(
        session, strategist, trained.id, file_name="peers.csv", data=make_csv(*PEERS, seed=9)
    )
    assert [view.name for view in added] == list(PEERS)
    (first, *_) = competitors.list_competitors(session, strategist, trained.id)
    assert (first.name, first.rows, first.has_growth) == ("peer.a", 210, True)
    assert first.cadence["reels"] == pytest.approx(3.5, abs=1.5)


def test_the_percentile_stands_among_six_and_repeats_itself(
    session: Session, strategist: Actor, trained: Workspace, make_csv: Callable[..., bytes]
) -> None:
    competitors.add_competitor_file(
        session, strategist, trained.id, file_name="peers.csv", data=make_csv(*PEERS, seed=9)
    )
    first, second = (competitors.benchmark(session, strategist, trained.id) for _ in range(2))
    assert first is not None
    assert second is not None
    assert first.to_json() == second.to_json()
    assert [peer.name for peer in first.peers] == list(PEERS)
    assert first.percentiles["growth_rate"].percentile is not None


def test_without_competitors_there_is_no_benchmark(session: Session, strategist: Actor, trained: Workspace) -> None:
    assert competitors.benchmark(session, strategist, trained.id) is None


def test_the_same_name_again_joins_the_newer_numbers(
    session: Session, strategist: Actor, trained: Workspace, make_csv: Callable[..., bytes]
) -> None:
    for days in (100, 150):
        (view,) = competitors.add_competitor_file(
            session, strategist, trained.id, file_name="peer.csv", data=make_csv("peer.a", days=days)
        )
    assert view.rows == 150
    assert len(competitors.list_competitors(session, strategist, trained.id)) == 1


def test_the_creator_is_no_competitor_of_itself(
    session: Session, strategist: Actor, trained: Workspace, make_csv: Callable[..., bytes]
) -> None:
    added = competitors.add_competitor_file(
        session, strategist, trained.id, file_name="both.csv", data=make_csv("lena.moves", "peer.a")
    )
    assert [view.name for view in added] == ["peer.a"]
    with pytest.raises(InvalidInput, match="no other account"):
        competitors.add_competitor_file(session, strategist, trained.id, file_name="own.csv", data=make_csv())


def test_accounts_can_be_chosen_by_name(
    session: Session, strategist: Actor, trained: Workspace, make_csv: Callable[..., bytes]
) -> None:
    upload = imports.read_upload(
        session, strategist, workspace_id=trained.id, file_name="p.csv", data=make_csv("peer.a", "peer.b")
    )
    (view,) = competitors.add_competitor(session, strategist, trained.id, upload.id, names=["peer.b"])
    assert view.name == "peer.b"
    with pytest.raises(InvalidInput, match=r"peer\.z"):
        competitors.add_competitor(session, strategist, trained.id, upload.id, names=["peer.z"])


def test_a_bad_file_adds_nobody_and_says_why(session: Session, strategist: Actor, trained: Workspace) -> None:
    data = b"creator,date,follows,posts\na,2025-01-06,5,1\na,2025-01-07,many,1\n"
    with pytest.raises(NotImportable, match="many"):
        competitors.add_competitor_file(session, strategist, trained.id, file_name="bad.csv", data=data)
    assert competitors.list_competitors(session, strategist, trained.id) == []


def test_a_competitor_is_removed_from_its_own_workspace_only(
    session: Session,
    agency: Agency,
    strategist: Actor,
    trained: Workspace,
    new_workspace: Callable[..., Workspace],
    make_csv: Callable[..., bytes],
) -> None:
    (view,) = competitors.add_competitor_file(
        session, strategist, trained.id, file_name="peer.csv", data=make_csv("peer.a")
    )
    elsewhere = new_workspace_after(session, agency, new_workspace)
    with pytest.raises(NotFound):
        competitors.remove_competitor(session, strategist, elsewhere.id, view.id)
    competitors.remove_competitor(session, strategist, trained.id, view.id)
    assert competitors.list_competitors(session, strategist, trained.id) == []


def new_workspace_after(session: Session, agency: object, new_workspace: Callable[..., Workspace]) -> Workspace:
    session.commit()  # the fixture writes in a session of its own
    return new_workspace(agency, "elsewhere")


def test_a_social_blade_file_becomes_a_competitor_named_after_the_file(
    session: Session, strategist: Actor, trained: Workspace
) -> None:
    first = load_daily(session, strategist, trained.id).frame["date"].iloc[0]
    lines = ["Date,Followers,Following,Media"]
    for number in range(90):
        day = first + timedelta(days=number)
        lines.append(f'{day.month}/{day.day}/{day.year},"{237_000 + 31 * number:,}",512,"{1300 + number // 3:,}"')
    (view,) = competitors.add_competitor_file(
        session, strategist, trained.id, file_name="rival.studio.csv", data="\n".join(lines).encode("latin-1")
    )
    assert (view.name, view.rows, view.has_growth) == ("rival.studio", 90, True)
    assert view.followers == 237_000 + 31 * 89
    assert view.last_week_growth == 7 * 31
    shown = competitors.benchmark(session, strategist, trained.id)
    assert shown is not None
    assert [peer.name for peer in shown.peers] == ["rival.studio"]
