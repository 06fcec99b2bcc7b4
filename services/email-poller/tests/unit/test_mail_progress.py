"""Proves M9: the state machine of one mail never sends twice and always ends."""

import pytest
from email_poller.conversation.progress import MailStatus, Step, after_verify, may_become, next_step
from hypothesis import given, settings
from hypothesis import strategies as st

ENDS = {MailStatus.DONE, MailStatus.IGNORED, MailStatus.FAILED}


@pytest.mark.parametrize(
    ("status", "is_recovery", "step"),
    [
        (None, False, Step.ASK),
        (MailStatus.SEEN, True, Step.ASK),
        (MailStatus.REPLIED, False, Step.SEND),
        (MailStatus.REPLIED, True, Step.VERIFY),
        (MailStatus.SENDING, False, Step.VERIFY),
        (MailStatus.SENDING, True, Step.VERIFY),
        (MailStatus.SENT, True, Step.FILE),
        (MailStatus.DONE, True, Step.NOTHING),
        (MailStatus.IGNORED, True, Step.NOTHING),
        (MailStatus.FAILED, True, Step.NOTHING),
    ],
)
def test_next_step(status: MailStatus | None, is_recovery: bool, step: Step) -> None:
    assert next_step(status, is_recovery=is_recovery) is step


def test_a_copy_in_sent_settles_it() -> None:
    assert after_verify(MailStatus.REPLIED, is_in_sent_folder=True) is MailStatus.SENT
    assert after_verify(MailStatus.SENDING, is_in_sent_folder=True) is MailStatus.SENT


def test_without_a_copy() -> None:
    assert after_verify(MailStatus.REPLIED, is_in_sent_folder=False) is MailStatus.REPLIED
    assert after_verify(MailStatus.SENDING, is_in_sent_folder=False) is MailStatus.DONE


@pytest.mark.parametrize("end", sorted(ENDS))
def test_ends_are_final(end: MailStatus) -> None:
    assert not any(may_become(end, status) for status in MailStatus)


@settings(deadline=None)
@given(st.lists(st.sampled_from(list(MailStatus)), max_size=30))
def test_sent_is_never_left_backwards(path: list[MailStatus]) -> None:
    current, was_sent = MailStatus.SEEN, False
    for wanted in path:
        if may_become(current, wanted):
            current = wanted
        was_sent = was_sent or current is MailStatus.SENT
        assert not (was_sent and current in (MailStatus.SEEN, MailStatus.REPLIED, MailStatus.SENDING))
