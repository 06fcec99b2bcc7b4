/** Proves K2 UI4: the chart of calls can be read as a table with the keyboard, says so when there is nothing, and stays closed for who closed it. */
import { fireEvent, screen, waitFor } from "@testing-library/react";
import { HttpResponse, http } from "msw";
import { setupServer } from "msw/node";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { queryClient } from "../../api/queryClient";
import type { CallsSearch } from "../../app/router";
import { renderInRouter } from "../../ui/renderInRouter";
import { CallSeriesPanel, useIsChartOpen } from "./CallSeriesPanel";
import { useCallSeries } from "./useCallSeries";

// jsdom draws nothing.
vi.mock("./SeriesPlot", () => ({
  default: ({ onChoose }: { onChoose: (first: number, last: number) => void }) => (
    <button type="button" onClick={() => onChoose(0, 1)}>
      drag
    </button>
  ),
}));

const figures = { calls: 3, answered: 3, failed: { provider: 1 }, response_p50_ms: 640, response_p95_ms: 1200, cost: 0.3 };
const at = (day: number) => new Date(2026, 4, day).toISOString();
const SERIES = {
  bucket: "day",
  timezone: "UTC",
  from: at(3),
  to: at(5),
  total: { ...figures, calls: 6 },
  points: [
    { ...figures, at: at(3) },
    { ...figures, at: at(4), calls: 2 },
  ],
};
const NOTHING = { calls: 0, answered: 0, failed: {}, response_p50_ms: null, response_p95_ms: null, cost: null };
let asked: URL[] = [];
const server = setupServer(
  http.get("*/v1/calls/series", ({ request }) => {
    asked.push(new URL(request.url));
    return HttpResponse.json(SERIES);
  }),
);
beforeAll(() => server.listen());
afterEach(() => {
  server.resetHandlers();
  queryClient.clear();
  localStorage.clear();
  asked = [];
});
afterAll(() => server.close());

function Shown({ search }: { search: CallsSearch }) {
  const [isOpen, setOpen] = useIsChartOpen();
  return <CallSeriesPanel search={search} series={useCallSeries(search, isOpen)} isOpen={isOpen} onToggle={() => setOpen(!isOpen)} />;
}

const toggle = () => screen.getByRole("button", { name: "Response time and calls" });
const LONG = { timeout: 15_000 };

test("it asks only when it is open, with the filter of the list and the reader's time zone", async () => {
  await renderInRouter(<Shown search={{ agent_id: "pizzeria" }} />);
  await waitFor(() => expect(toggle()).toHaveAttribute("aria-expanded", "false"), LONG);
  expect(asked).toHaveLength(0);
  fireEvent.click(toggle());
  expect(await screen.findByText("640 ms", {}, LONG)).toBeInTheDocument();
  expect(asked[0]?.searchParams.get("agent_id")).toBe("pizzeria");
  expect(asked[0]?.searchParams.get("timezone")).toBe(Intl.DateTimeFormat().resolvedOptions().timeZone);
  expect(localStorage.getItem("callstage.calls-chart")).toBe("true");
});

test("dragging and choosing a row of the table narrow the list alike", async () => {
  localStorage.setItem("callstage.calls-chart", "true");
  const { router } = await renderInRouter(<Shown search={{ agent_id: "pizzeria" }} />);
  fireEvent.click(await screen.findByText("drag", {}, LONG));
  await waitFor(() => expect(router.state.location.search).toEqual({ agent_id: "pizzeria", from: at(3), to: at(5) }));
  fireEvent.click(screen.getByRole("radio", { name: "Table" }));
  const rows = await screen.findAllByRole("link", {}, LONG);
  expect(rows.map((row) => row.textContent)).toEqual(["Mon, May 4", "Sun, May 3"]);
  fireEvent.click(rows[1] as HTMLElement);
  await waitFor(() => expect(router.state.location.search).toEqual({ agent_id: "pizzeria", from: at(3), to: at(4) }));
});

test("a span without calls says what to do, a failed request can be repeated", async () => {
  localStorage.setItem("callstage.calls-chart", "true");
  server.use(http.get("*/v1/calls/series", () => HttpResponse.json({ ...SERIES, total: NOTHING })));
  const { unmount } = await renderInRouter(<Shown search={{}} />);
  expect(await screen.findByText(/No call began in this span/, {}, LONG)).toBeInTheDocument();
  unmount();
  queryClient.clear();
  server.use(
    http.get("*/v1/calls/series", () =>
      HttpResponse.json({ status: 422, code: "x", detail: "from: no date", errors: [] }, { status: 422 }),
    ),
  );
  await renderInRouter(<Shown search={{}} />);
  expect(await screen.findByText(/from: no date/, {}, LONG)).toBeInTheDocument();
});
