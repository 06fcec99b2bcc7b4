"""Proves C3: the account of what has been heard, by the clock and by marks, under made-up time."""

from hypothesis import given
from hypothesis import strategies as st
from media_gateway.playout.account import MARK_GRACE_MS, Cut, PlayoutAccount, Report


def heard(account: PlayoutAccount, now_ms: float) -> Cut | None:
    playing = account.playing(now_ms)
    return Cut(playing.utterance_id, playing.heard_ms) if playing else None


def test_by_the_clock() -> None:
    account = PlayoutAccount()
    account.sent("u1", 400, 1000)
    account.sent("u1", 400, 1010)
    assert account.poll(1000) == [Report("u1", 0, True, False)]
    assert heard(account, 1300) == Cut("u1", 300)
    assert account.poll(1500) == []
    account.completed("u1")
    assert account.poll(1799) == []
    assert account.poll(1800) == [Report("u1", 800, False, True)]
    assert not account.is_busy


def test_a_gap_is_not_heard() -> None:
    account = PlayoutAccount()
    account.sent("u1", 200, 0)
    account.sent("u1", 200, 500)
    assert account.gaps == 1
    assert heard(account, 400) == Cut("u1", 200)
    assert heard(account, 600) == Cut("u1", 300)


def test_progress_comes_about_once_a_second() -> None:
    account = PlayoutAccount()
    account.sent("u1", 3500, 0)
    reports = [(now, report.heard_ms) for now in range(0, 3500, 20) for report in account.poll(now)]
    assert reports == [(0, 0), (1000, 1000), (2000, 2000), (3000, 3000)]


def test_marks_hold_the_clock_back_and_push_it_on() -> None:
    account = PlayoutAccount()
    account.sent("u1", 400, 0)
    account.marked("m1", "u1")
    account.sent("u1", 400, 0)
    account.marked("m2", "u1")
    assert heard(account, 700) == Cut("u1", 399)
    account.mark_returned("m1")
    assert heard(account, 700) == Cut("u1", 700)
    assert heard(account, 900) == Cut("u1", 799)
    account.completed("u1")
    assert all(not report.is_finished for report in account.poll(900))
    account.mark_returned("m2")
    assert account.poll(900)[-1] == Report("u1", 800, False, True)


def test_a_mark_that_returns_early_is_proof() -> None:
    account = PlayoutAccount()
    account.sent("u1", 400, 0)
    account.marked("m1", "u1")
    account.mark_returned("m1")
    assert heard(account, 100) == Cut("u1", 400)


def test_a_mark_that_never_returns_is_given_up() -> None:
    account = PlayoutAccount()
    account.sent("u1", 400, 0)
    account.marked("m1", "u1")
    account.completed("u1")
    assert not any(report.is_finished for report in account.poll(400 + MARK_GRACE_MS))
    assert account.poll(401 + MARK_GRACE_MS)[-1].is_finished


def test_clear_forgets_marks_and_drops_late_audio() -> None:
    account = PlayoutAccount()
    account.sent("u1", 1000, 0)
    account.marked("m1", "u1")
    account.announce("u2")
    assert account.clear(300) == [Cut("u1", 300), Cut("u2", 0)]
    account.mark_returned("m1")
    assert account.is_cut("u1")
    assert account.is_cut("u2")
    assert not account.is_cut("u3")
    assert account.poll(400) == []
    account.sent("u3", 100, 400)
    assert heard(account, 450) == Cut("u3", 50)


def test_utterances_play_one_after_the_other() -> None:
    account = PlayoutAccount()
    account.sent("u1", 200, 0)
    account.completed("u1")
    account.sent("u2", 200, 0)
    account.completed("u2")
    assert account.poll(100) == [Report("u1", 100, True, False)]
    assert account.poll(250) == [Report("u1", 200, False, True), Report("u2", 50, True, False)]
    assert account.poll(400) == [Report("u2", 200, False, True)]


def test_an_utterance_without_audio_ends_at_once() -> None:
    account = PlayoutAccount()
    account.completed("u1")
    assert account.poll(0) == [Report("u1", 0, False, True)]


def test_what_was_sent_plays_on_when_the_speaker_is_lost() -> None:
    account = PlayoutAccount()
    account.sent("u1", 200, 0)
    account.abandon()
    assert account.poll(200)[-1] == Report("u1", 200, True, True)


@given(st.lists(st.tuples(st.floats(20, 500), st.floats(0, 800)), min_size=1, max_size=20))
def test_heard_never_exceeds_what_was_sent_nor_the_time_that_passed(pieces: list[tuple[float, float]]) -> None:
    account, now, sent = PlayoutAccount(), 0.0, 0.0
    last = 0
    for duration_ms, pause_ms in pieces:
        account.sent("u", duration_ms, now)
        sent += duration_ms
        now += pause_ms
        cut = heard(account, now)
        assert cut is not None
        assert last <= cut.heard_ms <= min(sent, now) + 1
        last = cut.heard_ms


def test_the_first_mark_says_how_late_the_far_end_plays() -> None:
    account = PlayoutAccount()
    account.sent("u1", 800, 100)
    account.marked("m1", "u1")
    account.sent("u1", 400, 120)
    account.marked("m2", "u1")
    assert account.poll(100)[-1].late_ms == 0
    account.mark_returned("m1", 980)
    assert account.poll(1200)[-1].late_ms == 80
    account.mark_returned("m2", 1600)
    account.completed("u1")
    assert account.poll(1600)[-1] == Report("u1", 1200, False, True, late_ms=80)
