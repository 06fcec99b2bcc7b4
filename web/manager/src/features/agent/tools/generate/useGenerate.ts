import { useCallback, useEffect, useRef, useState } from "react";
import { ApiProblem, api } from "../../../../api/api";
import { messageOf } from "../../../../ui/ErrorState";
import type { DraftTool } from "../draftTools";
import { EMPTY_SCHEMA } from "../schema/parameters";
import { serverSentEvents } from "./serverSentEvents";
import { advanced, NOT_BEGUN, type Writing } from "./writing";

export interface Generate {
  /** What is being or was written; null before the first time. */
  writing: Writing | null;
  isRunning: boolean;
  /** No language model has a key: the platform refuses, and templates help. */
  isRefused: boolean;
  problem: string;
  /** Resolves with the finished code, or null when there is none. */
  start: (tool: DraftTool, improves: boolean) => Promise<string | null>;
  stop: () => void;
  reset: () => void;
}

/** Has a language model write the code of a tool; what it writes is shown as it comes. */
export function useGenerate(agentId: string): Generate {
  const [writing, setWriting] = useState<Writing | null>(null);
  const [isRunning, setRunning] = useState(false);
  const [isRefused, setRefused] = useState(false);
  const [problem, setProblem] = useState("");
  const abort = useRef<AbortController | null>(null);

  const stop = useCallback(() => abort.current?.abort(), []);
  useEffect(() => stop, [stop]);
  const reset = useCallback(() => {
    setWriting(null);
    setProblem("");
    setRefused(false);
  }, []);

  const start = useCallback(
    async (tool: DraftTool, improves: boolean) => {
      const mine = new AbortController();
      abort.current?.abort();
      abort.current = mine;
      reset();
      setRunning(true);
      let now = NOT_BEGUN;
      try {
        const { data } = await api.POST("/v1/agents/{agent_id}/tools/generate", {
          params: { path: { agent_id: agentId } },
          headers: { accept: "text/event-stream" },
          body: {
            name: tool.name,
            description: tool.description ?? "",
            parameters: tool.parameters ?? EMPTY_SCHEMA,
            code: improves ? (tool.code ?? "") : "",
          },
          parseAs: "stream",
          signal: mine.signal,
        });
        for await (const { event, data: text } of serverSentEvents(data as ReadableStream<Uint8Array>)) {
          now = advanced(now, event, text);
          setWriting(now);
        }
        if (now.phase === "failed") setProblem(now.problem);
        else if (now.phase !== "done") setProblem("The writing broke off before its end. Nothing was changed.");
        return now.phase === "done" ? now.code : null;
      } catch (error) {
        if (mine.signal.aborted) setWriting(null);
        else if (error instanceof ApiProblem && error.code === "no_language_model") setRefused(true);
        else setProblem(messageOf(error));
        return null;
      } finally {
        if (abort.current === mine) setRunning(false);
      }
    },
    [agentId, reset],
  );
  return { writing, isRunning, isRefused, problem, start, stop, reset };
}
