"""Settings of tool-sandbox; nothing else here reads the environment."""

from typing import Annotated

from callstage_kit.settings import OAuthSettings
from pydantic import Field


class SandboxSettings(OAuthSettings):
    """Rules T6, T7 and W3: every limit is a setting."""

    grpc_port: Annotated[int, Field(description="Port of the tool service; 0 picks a free one.")] = 50061
    tool_timeout_s: Annotated[float, Field(description="Seconds a tool may take in a conversation.")] = 10.0
    preload_timeout_s: Annotated[float, Field(description="Seconds a greeting-preload tool may take.")] = 3.0
    tool_timeout_max_s: Annotated[float, Field(description="Seconds that a tool's own timeout setting may ask for at most.")] = 30.0
    tool_cpu_s: Annotated[float, Field(description="Seconds of CPU that the code of one tool run may use; waiting does not count.")] = 5.0
    tool_memory_mib: Annotated[int, Field(description="MiB of memory for the code of one tool run.")] = 64
    tool_result_kib: Annotated[int, Field(description="KiB of JSON that a tool may return.")] = 256
    tool_host_calls: Annotated[int, Field(description="Backend and integration calls of one tool run.")] = 200
    tool_log_lines: Annotated[int, Field(description="Log lines kept of one tool run.")] = 200
    tool_log_kib: Annotated[int, Field(description="KiB of log text kept of one tool run.")] = 32
    tenant_concurrency: Annotated[int, Field(description="Tool runs of one tenant at the same time in this process.")] = 8
    tenant_queue_wait_s: Annotated[float, Field(description="Seconds that a run waits for a free place of its tenant.")] = 2.0
    sandbox_workers_min: Annotated[int, Field(description="Sandbox workers kept ready.")] = 4
    sandbox_workers_max: Annotated[
        int, Field(description="Sandbox workers at most; each takes up to tool_memory_mib and about 1 MiB of its own.")
    ] = 32
    sandbox_worker_runs: Annotated[int, Field(description="Runs after which a worker is replaced.")] = 500
    sandbox_harden: Annotated[
        bool, Field(description="Start workers through the launcher that gives up rights first, where the kernel has them.")
    ] = True
    backend_timeout_s: Annotated[float, Field(description="Seconds for one call to a backend.")] = 8.0
    backend_response_kib: Annotated[int, Field(description="KiB that a backend may answer to one call.")] = 4096
    lookup_timeout_s: Annotated[float, Field(description="Seconds for the caller lookup.")] = 1.5
    webhook_timeout_s: Annotated[float, Field(description="Seconds for a webhook delivery, its retry included.")] = 9.0
    webhook_response_kib: Annotated[int, Field(description="KiB that a webhook may answer.")] = 256
    egress_allow: Annotated[
        str, Field(description="Internal networks, addresses and host names that tools may reach, comma-separated; the public internet always is.")
    ] = ""
    ledger_lease_s: Annotated[float, Field(description="Seconds after which the run of a process that died may be taken over.")] = 3.0
    ledger_timeout_s: Annotated[float, Field(description="Seconds for one Redis operation of the ledger.")] = 1.0
    integration_timeout_s: Annotated[float, Field(description="Seconds for one call to a mail server, calendar or messaging vendor.")] = 8.0
    google_api_url: Annotated[str, Field(description="Google Calendar's API.")] = "https://www.googleapis.com"
    gmail_api_url: Annotated[str, Field(description="Gmail's API.")] = "https://gmail.googleapis.com"
    graph_api_url: Annotated[str, Field(description="Microsoft Graph.")] = "https://graph.microsoft.com"
    twilio_api_url: Annotated[str, Field(description="Twilio's REST API.")] = "https://api.twilio.com"
