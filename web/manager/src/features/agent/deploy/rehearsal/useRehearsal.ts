import { useCallback, useEffect, useRef, useState } from "react";
import { api } from "../../../../api/api";
import { messageOf } from "../../../../ui/ErrorState";
import { serverSentEvents } from "../../tools/generate/serverSentEvents";
import { advanced, LAST_CALLS, NOT_BEGUN, type Progress } from "./rehearsal";

export interface RehearsalRun extends Progress {
  isRunning: boolean;
  start: () => Promise<void>;
}

/** Rehearses the draft, saved first, with recent calls; ends with the page that shows it. */
export function useRehearsal(agentId: string, save: () => Promise<void>): RehearsalRun {
  const [progress, setProgress] = useState(NOT_BEGUN);
  const [isRunning, setRunning] = useState(false);
  const abort = useRef<AbortController | null>(null);
  useEffect(() => () => abort.current?.abort(), []);

  const start = useCallback(async () => {
    const mine = new AbortController();
    abort.current?.abort();
    abort.current = mine;
    let now = NOT_BEGUN;
    setProgress(now);
    setRunning(true);
    try {
      await save();
      const { data } = await api.POST("/v1/agents/{agent_id}/rehearse", {
        params: { path: { agent_id: agentId } },
        headers: { accept: "text/event-stream" },
        body: { last: LAST_CALLS },
        parseAs: "stream",
        signal: mine.signal,
      });
      for await (const { event, data: text } of serverSentEvents(data as ReadableStream<Uint8Array>)) {
        now = advanced(now, event, text);
        setProgress(now);
      }
      if (!now.result && !now.problem) setProgress({ ...now, problem: "The rehearsal broke off before its end; try again." });
    } catch (error) {
      if (!mine.signal.aborted) setProgress({ ...now, problem: messageOf(error) });
    } finally {
      if (abort.current === mine) setRunning(false);
    }
  }, [agentId, save]);
  return { ...progress, isRunning, start };
}
