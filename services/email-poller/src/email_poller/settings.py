"""Settings of the e-mail channel; the only module here that reads the environment."""

from typing import Annotated

from callstage_kit.settings import ServiceSettings
from pydantic import Field


class EmailPollerSettings(ServiceSettings):
    """Environment variables `CALLSTAGE_<NAME>`."""

    runtime_target: Annotated[str, Field(description="gRPC target of agent-runtime: `host:port` or `dns:///name:port`.")] = "127.0.0.1:50051"
    poll_interval_s: Annotated[float, Field(gt=0, description="Seconds between two looks into one mailbox.")] = 60.0
    sweep_interval_s: Annotated[float, Field(gt=0, description="Seconds after which the mailboxes are checked even without an event.")] = 300.0
    mailbox_lease_s: Annotated[float, Field(ge=1, description="Seconds after which another replica takes the mailbox of one that died.")] = 30.0
    mailbox_backoff_limit_s: Annotated[float, Field(gt=0, description="Longest wait in seconds before a failing mailbox is tried again.")] = 900.0
    concurrent_mailboxes: Annotated[int, Field(ge=1, description="Mailboxes that one process works on at the same time.")] = 16
    mail_timeout_s: Annotated[float, Field(gt=0, description="Deadline in seconds of one exchange with an IMAP or SMTP server.")] = 20.0
    turn_timeout_s: Annotated[float, Field(gt=0, description="Deadline in seconds of one answer of the agent.")] = 120.0
    mails_per_poll: Annotated[int, Field(ge=1, description="Mails answered in one look into a mailbox; the rest waits for the next one.")] = 20
    max_mail_bytes: Annotated[int, Field(ge=1024, description="Longer mails are read up to this many bytes.")] = 10 << 20
    egress_allow: Annotated[
        str,
        Field(description="Internal networks, addresses and host names that mail servers may have, comma-separated; the public internet always is."),
    ] = ""
    max_attempts: Annotated[int, Field(ge=1, description="Tries to get the agent's answer to one mail before it is left to people.")] = 5
