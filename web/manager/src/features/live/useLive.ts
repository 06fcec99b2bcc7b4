import { problemOf } from "@callstage/shared/api";
import { useEffect, useState } from "react";
import { queryClient } from "../../api/queryClient";
import { serverSentEvents } from "../agent/tools/generate/serverSentEvents";
import { type Live, type LiveEvent, NO_CALLS, withLiveEvent, withoutEnded } from "./liveState";

export type Connection = "connecting" | "open" | "lost";

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 10_000;
/** A call that is over stays on the screen for so long. */
const LINGER_MS = 6000;

/** Running calls, as long as the page is open; comes back by itself when the connection breaks. */
export function useLive(selected: string | null): { live: Live; connection: Connection; problem: unknown } {
  const [live, setLive] = useState<Live>(NO_CALLS);
  const [connection, setConnection] = useState<Connection>("connecting");
  const [problem, setProblem] = useState<unknown>(null);

  useEffect(() => {
    const abort = new AbortController();
    void listen(abort.signal, {
      onEvent: (event) => setLive((now) => withLiveEvent(now, event)),
      onConnection: setConnection,
      onProblem: setProblem,
    });
    return () => abort.abort();
  }, []);

  const hasEnded = [...live].some(([id, watched]) => watched.ended !== null && id !== selected);
  useEffect(() => {
    if (!hasEnded) return;
    const timer = setTimeout(() => setLive((now) => withoutEnded(now, selected)), LINGER_MS);
    return () => clearTimeout(timer);
  }, [hasEnded, selected]);

  return { live, connection, problem };
}

interface Listener {
  onEvent: (event: LiveEvent) => void;
  onConnection: (connection: Connection) => void;
  onProblem: (problem: unknown) => void;
}

async function listen(signal: AbortSignal, listener: Listener): Promise<void> {
  let waitMs = FIRST_WAIT_MS;
  while (!signal.aborted) {
    try {
      const response = await fetch("/v1/live/events", { credentials: "same-origin", signal, headers: { accept: "text/event-stream" } });
      if (!response.ok || !response.body) throw await problemOf(response);
      for await (const { data } of serverSentEvents(response.body)) {
        const event = JSON.parse(data) as LiveEvent;
        if (event.type === "calls") {
          waitMs = FIRST_WAIT_MS;
          listener.onConnection("open");
          listener.onProblem(null);
        }
        // Whoever may not read on is shown the door by the next query that asks who he is.
        if (event.type === "closed" && event.reason === "signed_out") void queryClient.invalidateQueries({ queryKey: ["me"] });
        listener.onEvent(event);
      }
    } catch (error) {
      if (signal.aborted) return;
      listener.onProblem(error);
    }
    if (signal.aborted) return;
    listener.onConnection("lost");
    await pause(waitMs, signal);
    waitMs = Math.min(LONGEST_WAIT_MS, waitMs * 2);
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
