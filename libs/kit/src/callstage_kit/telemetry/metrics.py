"""Every metric of the platform, in one list (rule MT1). Labels come from closed sets, never ids."""

import prometheus_client
from callstage_domain.call import EndedReason
from prometheus_client import Counter, Gauge, Histogram

REGISTRY = prometheus_client.REGISTRY
"""Where all of them are."""

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0)

ACTIVE_CALLS = Gauge("callstage_active_calls", "Calls that run in this process.", ["channel"])
CALLS_TOTAL = Counter("callstage_calls_total", "Calls by how they ended, and by who is at fault for that.", ["channel", "reason", "fault"])
SETUP_SECONDS = Histogram("callstage_call_setup_seconds", "Webhook → first agent audio on the socket.", ["channel"], buckets=_SECONDS)
RESPONSE_SECONDS = Histogram(
    "callstage_response_seconds",
    "End of the caller's speech → first agent audio, by part: endpointing, stt, llm_first_token, llm_first_sentence, tools, tts_first_byte, "
    "transport, total.",
    ["part"],
    buckets=_SECONDS,
)
TURN_ENDS_TOTAL = Counter("callstage_turn_ends_total", "Turns of callers by why they were taken to be over.", ["reason"])
PROVIDER_USAGE_TOTAL = Counter(
    "callstage_provider_usage_total",
    "What AI providers are paid for: input_tokens, output_tokens, characters, audio_seconds.",
    ["kind", "vendor", "unit"],
)
BARGE_IN_SECONDS = Histogram("callstage_barge_in_seconds", "Caller starts to speak → playout cleared.", buckets=_SECONDS)
BARGE_INS_TOTAL = Counter(
    "callstage_barge_ins_total", "Barge-ins by what they were: turn, nothing (the agent went on), undecided (for too long).", ["outcome"]
)
ECHOES_TOTAL = Counter("callstage_echoes_total", "Times that the caller's line carried the agent's own voice and it was taken for that.")
FRAMES_LATE_TOTAL = Counter("callstage_frames_late_total", "Audio frames sent too late for a gapless playout.")
TOOL_SECONDS = Histogram("callstage_tool_seconds", "Duration of tool runs.", ["kind", "outcome"], buckets=_SECONDS)
TOOL_RUNS_TOTAL = Counter("callstage_tool_runs_total", "Tool runs by outcome.", ["kind", "outcome"])
SANDBOX_WORKERS = Gauge("callstage_sandbox_workers", "Sandbox workers by state.", ["state"])
SANDBOX_POOL_READY_SECONDS = Gauge("callstage_sandbox_pool_ready_seconds", "From the start of the sandbox's workers until the first ones were ready.")
PROVIDER_ERRORS_TOTAL = Counter("callstage_provider_errors_total", "Failures of AI providers.", ["kind", "vendor", "phase"])
PROVIDER_SECONDS = Histogram("callstage_provider_first_result_seconds", "Request → first result of a provider.", ["kind", "vendor"], buckets=_SECONDS)
PROVIDER_SWITCHES_TOTAL = Counter(
    "callstage_provider_switches_total", "Answers that another provider gave: failed (before), midway, overtaken (by a hedge).", ["kind", "reason"]
)
QUEUE_DROPPED_TOTAL = Counter("callstage_queue_dropped_total", "Items dropped by a full queue.", ["queue"])
EVENTS_TOTAL = Counter("callstage_events_total", "Events by outcome: published, spooled, applied, duplicate, failed.", ["outcome"])
EVENTS_WAITING = Gauge("callstage_events_waiting", "Events not yet stored by JetStream.")
LINKS = Gauge("callstage_runtime_links", "gRPC links between gateway and runtime.", ["state"])
LINK_MESSAGES_TOTAL = Counter(
    "callstage_link_messages_total", "gRPC messages between gateway and runtime, each for all calls of a tick: up, down.", ["direction"]
)
RESUMES_TOTAL = Counter("callstage_resumes_total", "Conversations taken over after a loss.", ["of"])
LOOP_LAG_SECONDS = Histogram("callstage_event_loop_lag_seconds", "Lateness of a timer in the event loop.", buckets=_SECONDS)
HTTP_REQUESTS_TOTAL = Counter("callstage_http_requests_total", "HTTP requests.", ["method", "status"])
WEBHOOK_ATTEMPTS_TOTAL = Counter(
    "callstage_webhook_attempts_total", "Attempts to tell integrators of events: delivered, retried (later), failed (the last one).", ["outcome"]
)
EMAILS_TOTAL = Counter("callstage_emails_total", "Mails by outcome: answered, redirected, ignored, handed_off, failed.", ["outcome"])
EAGER_TOTAL = Counter(
    "callstage_eager_total",
    "Answers begun before the turn was sure: used, dropped (the caller went on), differed (another turn than expected), failed.",
    ["outcome"],
)
TURN_MODEL_SECONDS = Histogram(
    "callstage_turn_model_seconds", "Question → answer of the end-of-turn model: answered, refused.", ["outcome"], buckets=_SECONDS
)
JOURNAL_ERRORS_TOTAL = Counter("callstage_journal_errors_total", "Failed writes of conversation journals to Redis.")


def count_call(channel: str, reason: EndedReason) -> None:
    """A call is over."""
    CALLS_TOTAL.labels(channel, reason, reason.fault).inc()
