import { useQuery } from "@tanstack/react-query";
import { createContext, type ReactNode, useContext, useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import { $api, api } from "../../../api/api";
import { isAtLeast, meQuery } from "../../../api/me";
import { queryClient } from "../../../api/queryClient";
import { tell } from "../../../ui/notify";
import { type Agent, type AgentPatch, isSame } from "./agent";
import { ConflictDialog } from "./ConflictDialog";
import { LeaveGuard } from "./LeaveGuard";
import { lastAuthor } from "./lastAuthor";
import type { Conflict, Side } from "./merge";
import type { Place } from "./pieces";
import { type DraftPort, DraftSession, type SaveState } from "./session";
import { useUndoKeys } from "./useUndoKeys";

export type { Agent, AgentPatch } from "./agent";
export type { SaveState } from "./session";

const LOOK_MS = 5000;

export interface Draft {
  /** As edited here: what the server has, with the changes that are on their way. */
  draft: Agent;
  /** Changes fields at once and saves them after a short quiet time. Does nothing for somebody who may only look. */
  patch: (changes: AgentPatch) => void;
  /** Saves now; resolves when the server has everything (before a test, a deploy or leaving). Rejects when it could not be saved. */
  flush: () => Promise<void>;
  saveState: SaveState;
  /** Why it is not saved. */
  problem: string;
  /** The person may look only (role viewer). */
  isReadOnly: boolean;
  /** Saves again now, also what the server refused. */
  retry: () => Promise<void>;
  /** Reads the agent again: after a deploy, or when something else changed it. */
  refresh: () => Promise<void>;
  undo: () => void;
  redo: () => void;
  /** What they would change; null: nothing. */
  undoes: Place | null;
  redoes: Place | null;
  /** What both changed; the person chooses. */
  conflicts: readonly Conflict[];
  resolve: (choices: Readonly<Record<string, Side>>) => void;
}

const Context = createContext<Draft | null>(null);
const SessionContext = createContext<{ session: DraftSession; isReadOnly: boolean } | null>(null);

/** The draft that is being edited. Only inside the agent editor. */
export function useDraft(): Draft {
  const draft = useContext(Context);
  if (!draft) throw new Error("useDraft is for the agent editor");
  return draft;
}

function useSession() {
  const found = useContext(SessionContext);
  if (!found) throw new Error("useDraftPart and useDraftActions are for the agent editor");
  return found;
}

/** A part of the draft; only a change of that part renders again. For what stands on the page many times. */
export function useDraftPart<T>(select: (draft: Agent) => T): T {
  const { session } = useSession();
  const last = useRef<{ value: T } | null>(null);
  return useSyncExternalStore(session.subscribe, () => {
    const value = select(session.state().draft);
    if (!last.current || !isSame(last.current.value, value)) last.current = { value };
    return last.current.value;
  });
}

/** What can be done with the draft; never renders again. */
export function useDraftActions() {
  const { session, isReadOnly } = useSession();
  return useMemo(
    () => ({ patch: session.patch, flush: session.flush, draftNow: () => session.state().draft, isReadOnly }),
    [session, isReadOnly],
  );
}

function portOf(agentId: string): DraftPort {
  const path = { agent_id: agentId };
  return {
    async read() {
      const { data } = await api.GET("/v1/agents/{agent_id}", { params: { path } });
      if (!data) throw new Error("The server sent nothing.");
      return data.agent;
    },
    async write(patch, version) {
      const { data } = await api.PATCH("/v1/agents/{agent_id}", { params: { path, header: { "If-Match": `"${version}"` } }, body: patch });
      if (!data) throw new Error("The server sent nothing.");
      return data.agent;
    },
  };
}

function keepForOtherPages(agent: Agent): void {
  const { queryKey } = $api.queryOptions("get", "/v1/agents/{agent_id}", { params: { path: { agent_id: agent.agent_id } } });
  queryClient.setQueryData(queryKey, { agent });
  void queryClient.invalidateQueries({ queryKey: ["get", "/v1/agents"] });
}

async function tellNews(agentId: string, places: readonly Place[]): Promise<void> {
  const [first, second, ...more] = places.map((place) => place.label);
  const named = [first, second].filter(Boolean).join(", ");
  tell(`Changed by ${await lastAuthor(agentId)}: ${named}${more.length > 0 ? ` and ${more.length} more` : ""}. Your own changes are kept.`);
}

interface DraftProviderProps {
  loaded: Agent;
  children: ReactNode;
  /** For tests. */
  port?: DraftPort;
}

/** Autosave with ETag: a change of somebody else is never overwritten (rule RE1). */
export function DraftProvider({ loaded, children, port }: DraftProviderProps) {
  const { data: me } = useQuery(meQuery);
  const isReadOnly = me !== undefined && !isAtLeast(me, "editor");
  // What is loaded later is merged in below.
  const [session] = useState(
    () =>
      new DraftSession({
        loaded,
        port: port ?? portOf(loaded.agent_id),
        isReadOnly,
        onNews: (places) => void tellNews(loaded.agent_id, places),
        onStored: keepForOtherPages,
      }),
  );
  const state = useSyncExternalStore(session.subscribe, session.state);

  useEffect(() => session.receive(loaded), [session, loaded]);
  useEffect(() => () => session.dispose(), [session]);
  useLooking(session);
  useUndoKeys(session);

  const steady = useMemo(() => ({ session, isReadOnly }), [session, isReadOnly]);
  const value = useMemo<Draft>(
    () => ({
      ...state,
      patch: session.patch,
      flush: session.flush,
      retry: session.retry,
      refresh: session.refresh,
      undo: () => void session.undo(),
      redo: () => void session.redo(),
      resolve: session.resolve,
      isReadOnly,
    }),
    [state, session, isReadOnly],
  );
  return (
    <SessionContext.Provider value={steady}>
      <Context.Provider value={value}>
        {children}
        <ConflictDialog />
        <LeaveGuard session={session} />
      </Context.Provider>
    </SessionContext.Provider>
  );
}

/** Looks for changes of others while somebody looks at the page, and saves when the network is back. */
function useLooking(session: DraftSession): void {
  const [isVisible, setVisible] = useState(document.visibilityState === "visible");
  useEffect(() => {
    const onVisibility = () => setVisible(document.visibilityState === "visible");
    const onOnline = () => void session.flush().catch(() => undefined);
    document.addEventListener("visibilitychange", onVisibility);
    window.addEventListener("online", onOnline);
    return () => {
      document.removeEventListener("visibilitychange", onVisibility);
      window.removeEventListener("online", onOnline);
    };
  }, [session]);
  useEffect(() => {
    if (!isVisible) {
      void session.flush().catch(() => undefined);
      return undefined;
    }
    // A look that fails is followed by the next one; saving tells of a lost connection.
    const timer = setInterval(() => void session.refresh().catch(() => undefined), LOOK_MS);
    return () => clearInterval(timer);
  }, [session, isVisible]);
}
