import { type ClientEvent, MicrophoneError, type Mode, VoiceClient, voiceUrl } from "@callstage/shared/voice";
import workletUrl from "@callstage/shared/voice/captureWorklet?worker&url";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { api, type Schemas } from "../../api/api";
import { askOf, type Caller } from "./caller";
import { type Conversation, goingOn, NOTHING, withEvent } from "./conversation";

export interface Levels {
  input: number;
  output: number;
}

export interface Talk {
  conversation: Conversation;
  mode: Mode;
  /** Between the click and the first message of the server. */
  isPreparing: boolean;
  /** Why it could not begin. */
  problem: unknown;
  isMuted: boolean;
  start: (mode: Mode) => Promise<void>;
  /** Says another thing in a past turn and runs on from there; a new session, the old one stays as it was. */
  sayAgain: (userTurn: number, text: string) => Promise<void>;
  sendText: (text: string) => void;
  mute: (isMuted: boolean) => void;
  end: () => void;
  clear: () => void;
  /** Loudness ten times a second; beside the state, so that only who draws it is drawn again. */
  onLevels: (listener: (levels: Levels) => void) => () => void;
}

const MICROPHONE: Record<MicrophoneError["trouble"], string> = {
  denied: "The browser does not let this page use the microphone. Allow it beside the address, or type instead.",
  missing: "There is no microphone, or another program has it. Type instead.",
  insecure: "Browsers give the microphone to pages with HTTPS or on localhost only. Type instead.",
};

/** One conversation with the draft at a time. `save` brings the draft to the server first. */
export function useConversation(agentId: string, caller: Caller, save: () => Promise<void>): Talk {
  const [conversation, setConversation] = useState<Conversation>(NOTHING);
  const [mode, setMode] = useState<Mode>("voice");
  const [isPreparing, setPreparing] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  const [isMuted, setMuted] = useState(false);
  const client = useRef<VoiceClient | null>(null);
  const listeners = useRef(new Set<(levels: Levels) => void>());

  const leave = useCallback(() => {
    const old = client.current;
    client.current = null;
    old?.end();
  }, []);
  useEffect(() => leave, [leave]);

  const begin = useCallback(
    async (wanted: Mode, resume: Schemas["ResumePoint"] | null, firstText: string) => {
      leave();
      setProblem(null);
      setPreparing(true);
      setMuted(false);
      setMode(wanted);
      try {
        await save();
        const { data: session } = await api.POST("/v1/agents/{agent_id}/test-session", {
          params: { path: { agent_id: agentId } },
          body: { ...askOf(caller), mode: wanted, ...(resume ? { resume } : {}) },
        });
        if (!session) throw new Error("The server sent nothing.");
        setConversation(session.forked ? goingOn(session.forked) : NOTHING);
        const made: VoiceClient = new VoiceClient({
          url: (sessionId) => voiceUrl(session.ws_url, { token: session.token, sessionId, mode: wanted }),
          mode: wanted,
          workletUrl,
          sessionId: session.session_id ?? null,
          onEvent: (event: ClientEvent) => {
            if (client.current !== made) return;
            if (event.type === "level") for (const listener of listeners.current) listener(event);
            setConversation((now) => withEvent(now, event));
          },
        });
        client.current = made;
        if (firstText) made.sendText(firstText);
        await made.start();
      } catch (error) {
        client.current = null;
        setConversation((now) => ({ ...now, state: "closed" }));
        setProblem(error instanceof MicrophoneError ? new Error(MICROPHONE[error.trouble]) : error);
      } finally {
        setPreparing(false);
      }
    },
    [agentId, caller, save, leave],
  );

  const { sessionId } = conversation;
  return useMemo(
    () => ({
      conversation,
      mode,
      isPreparing,
      problem,
      isMuted,
      start: (wanted: Mode) => begin(wanted, null, ""),
      sayAgain: async (userTurn: number, text: string) => {
        if (sessionId) await begin(mode, { session_id: sessionId, turn: userTurn }, text);
      },
      sendText: (text: string) => client.current?.sendText(text),
      mute: (muted: boolean) => {
        client.current?.mute(muted);
        setMuted(muted);
      },
      end: () => client.current?.end(),
      clear: () => {
        leave();
        setConversation(NOTHING);
        setProblem(null);
      },
      onLevels: (listener: (levels: Levels) => void) => {
        listeners.current.add(listener);
        return () => void listeners.current.delete(listener);
      },
    }),
    [conversation, mode, isPreparing, problem, isMuted, begin, leave, sessionId],
  );
}
