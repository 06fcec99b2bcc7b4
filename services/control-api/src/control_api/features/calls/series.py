"""Calls over time: how many, how they ended, how soon the answers came, what they cost."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime

from callstage_domain.call import Fault, ended_reason

from control_api.access.caller import Caller
from control_api.db.database import Database
from control_api.db.tables import now
from control_api.features.calls.schemas import CallFigures, CallPoint, CallSeries, SeriesQuery
from control_api.features.calls.series_repository import CallSeriesRepository, EndedCount, ResponseTimes
from control_api.features.calls.span import WITHOUT_START, Span, end_of, span_of


class CallSeriesService:
    """Reads only."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self, caller: Caller, wanted: SeriesQuery) -> CallSeries:
        """The calls that match, by the hour or the day in which they began."""
        end = end_of(wanted.to, now())
        async with self._database.session() as session:
            rows = CallSeriesRepository(session, caller.tenant_id)
            first = await rows.first_start(wanted, end - WITHOUT_START, end) if wanted.from_ is None else None
            span = span_of(wanted.from_, end, first)
            starts = span.starts(wanted.timezone)
            counts = await rows.counts(wanted, span, starts)
            times = await rows.response_times(wanted, span, starts) if counts else []
        return _series(wanted.timezone, span, starts, counts, times)


def _series(timezone: str, span: Span, starts: list[datetime], counts: list[EndedCount], times: list[ResponseTimes]) -> CallSeries:
    by_bucket: defaultdict[int, list[EndedCount]] = defaultdict(list)
    for count in counts:
        by_bucket[count.bucket].append(count)
    timed = {found.bucket: found for found in times}
    return CallSeries(
        bucket=span.bucket,
        timezone=timezone,
        from_=span.start,
        to=span.end,
        total=_figures(counts, timed.get(None)),
        points=[CallPoint(at=start, **_figures(by_bucket[number], timed.get(number)).model_dump()) for number, start in enumerate(starts)],
    )


def _figures(counts: Iterable[EndedCount], times: ResponseTimes | None) -> CallFigures:
    known = list(counts)
    failed: Counter[Fault] = Counter()
    for count in known:
        if count.reason is not None and (fault := ended_reason(count.reason).fault) != "nobody":
            failed[fault] += count.calls
    costs = [count.cost for count in known if count.cost is not None]
    return CallFigures(
        calls=sum(count.calls for count in known),
        answered=sum(count.answered for count in known),
        failed=dict(failed),
        response_p50_ms=None if times is None else round(times.p50_ms, 1),
        response_p95_ms=None if times is None else round(times.p95_ms, 1),
        cost=sum(costs) if costs else None,
    )
