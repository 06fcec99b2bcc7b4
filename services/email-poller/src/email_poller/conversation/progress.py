"""How far the handling of one mail got, and what comes next (rule M9). Pure.

SEEN ─ agent answered ─► REPLIED ─ about to hand the body to SMTP ─► SENDING ─ 250 ─► SENT ─ filed, marked read ─► DONE
  └─ not for us ─► IGNORED      ▲── refused, or the line broke ──────────┘
  └─ tried too often ─► FAILED  └─ refused for good ─► FAILED
"""

from enum import StrEnum


class MailStatus(StrEnum):
    """Stored; a value must never change its meaning."""

    SEEN = "seen"
    REPLIED = "replied"
    SENDING = "sending"
    SENT = "sent"
    DONE = "done"
    IGNORED = "ignored"
    FAILED = "failed"


class Step(StrEnum):
    """What the handler does next."""

    ASK = "ask"
    """Have the agent answer."""
    SEND = "send"
    """Hand the stored answer to SMTP."""
    VERIFY = "verify"
    """It may be out already: look into the Sent folder before anything else."""
    FILE = "file"
    """It is out: forward the transcript when there is one, file a copy, mark the mail read."""
    NOTHING = "nothing"
    """Finished, or none of our business."""


_NEXT: dict[MailStatus, frozenset[MailStatus]] = {
    MailStatus.SEEN: frozenset({MailStatus.REPLIED, MailStatus.IGNORED, MailStatus.FAILED}),
    MailStatus.REPLIED: frozenset({MailStatus.SENDING, MailStatus.SENT, MailStatus.FAILED}),
    MailStatus.SENDING: frozenset({MailStatus.REPLIED, MailStatus.SENT, MailStatus.FAILED, MailStatus.DONE}),
    MailStatus.SENT: frozenset({MailStatus.DONE}),
    MailStatus.DONE: frozenset(),
    MailStatus.IGNORED: frozenset(),
    MailStatus.FAILED: frozenset(),
}


def may_become(current: MailStatus, new: MailStatus) -> bool:
    """Whether this step forward exists."""
    return new in _NEXT[current]


def next_step(status: MailStatus | None, *, is_recovery: bool) -> Step:
    """`is_recovery`: this process did not bring the mail to `status` in this run, so that another may have died doing the step after it."""
    match status:
        case None | MailStatus.SEEN:
            return Step.ASK
        case MailStatus.REPLIED:
            return Step.VERIFY if is_recovery else Step.SEND
        case MailStatus.SENDING:
            return Step.VERIFY
        case MailStatus.SENT:
            return Step.FILE
        case MailStatus.DONE | MailStatus.IGNORED | MailStatus.FAILED:
            return Step.NOTHING


def after_verify(status: MailStatus, *, is_in_sent_folder: bool) -> MailStatus:
    """What a look into the Sent folder tells.

    Without a copy there, REPLIED was never given to SMTP, or SMTP broke off while we were watching: send (again, with the same
    Message-ID). SENDING is left behind only by a process that died between handing over the body and reading the answer; the
    kernel delivers what was written, so the mail is out all but surely. It counts as done, and stays unread for people to see.
    """
    if is_in_sent_folder:
        return MailStatus.SENT
    return MailStatus.DONE if status is MailStatus.SENDING else status
