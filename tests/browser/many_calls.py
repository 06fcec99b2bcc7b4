"""A tenant with a past: thousands of calls, written straight into Postgres, because to hold them would take weeks."""

from collections.abc import Generator
from contextlib import contextmanager

import psycopg

PREFIX = "past-"
_CALLS = """
INSERT INTO calls (tenant_id, call_id, session_id, agent_id, deployment, channel, direction, caller_phone, to_number, is_test,
                   started_at, answered_at, ended_at, duration_ms, ended_reason, cost, takeovers, is_reaped, last_event_at)
SELECT %(tenant)s, %(prefix)s || lpad(n::text, 6, '0'), 's' || n, %(agent)s, 1, 'twilio', 'inbound',
       '+1202555' || lpad((n %% 10000)::text, 4, '0'), '+12025550100', false,
       at, at + interval '1 second', at + interval '1 minute', 59000 + n %% 60000,
       CASE WHEN n %% 40 = 0 THEN 'provider_failed' WHEN n %% 3 = 0 THEN 'agent_ended' ELSE 'caller_hung_up' END,
       0.01 + (n %% 50) / 1000.0, 0, false, at
FROM generate_series(1, %(count)s) AS n, LATERAL (SELECT now() - interval '2 minutes' - n * make_interval(secs => %(every_s)s) AS at) AS moments
"""
_TURNS = """
INSERT INTO turns (tenant_id, call_id, session_id, turn, role, text, stage, was_interrupted, started_at_ms, ended_at_ms, response_ms,
                   providers, occurred_at)
SELECT c.tenant_id, c.call_id, c.session_id, turn, CASE WHEN turn %% 2 = 0 THEN 'assistant' ELSE 'user' END,
       'Two large pizzas, please, and a lemonade.', 'order', false, turn * 4000, turn * 4000 + 3000,
       CASE WHEN turn %% 2 = 1 THEN 500 + 200 * sin(extract(epoch FROM c.started_at) / 43200) + random() * 600 END, '{}', c.started_at
FROM calls c, generate_series(0, 5) AS turn WHERE c.tenant_id = %(tenant)s AND c.call_id LIKE %(prefix)s || '%%'
"""


@contextmanager
def many_calls(postgres_url: str, tenant_id: str, agent_id: str, count: int, every_s: float = 200.0) -> Generator[None]:
    """One call every `every_s` seconds back from now, with six lines each; they are gone when the block ends."""
    of = {"tenant": tenant_id, "agent": agent_id, "prefix": PREFIX, "count": count, "every_s": every_s}
    with psycopg.connect(postgres_url.replace("+psycopg", ""), autocommit=True) as database:
        try:
            database.execute(_CALLS, of)
            database.execute(_TURNS, of)
            database.execute("ANALYZE calls, turns")
            yield
        finally:
            for table in ("turns", "calls"):
                database.execute(f"DELETE FROM {table} WHERE tenant_id = %(tenant)s AND call_id LIKE %(prefix)s || '%%'", of)
