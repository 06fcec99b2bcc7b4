/**
 * One draft being edited: saves by itself, repeats what the network lost, takes in what others change, and asks where both changed the
 * same (rule RE1). Knows neither React nor HTTP.
 */
import { ApiProblem } from "../../../api/api";
import { type Agent, type AgentPatch, isSame, patchOf, whole, withPatch, withServerFields } from "./agent";
import { History } from "./history";
import { type Conflict, type Decisions, merge, type Side } from "./merge";
import type { Place } from "./pieces";

export type SaveState = "saved" | "waiting" | "saving" | "conflict" | "failed";

/** The way to the server. Both throw `ApiProblem`; `write` answers 412 when `version` is an older one. */
export interface DraftPort {
  read: () => Promise<Agent>;
  write: (patch: AgentPatch, version: number) => Promise<Agent>;
}

export interface SessionState {
  draft: Agent;
  saveState: SaveState;
  /** Why it is not saved. */
  problem: string;
  conflicts: readonly Conflict[];
  /** What an undo or redo would change; null: nothing to undo. */
  undoes: Place | null;
  redoes: Place | null;
}

interface SessionOptions {
  loaded: Agent;
  port: DraftPort;
  isReadOnly?: boolean;
  /** Somebody else changed these places, and they are in the draft now. */
  onNews?: (places: readonly Place[]) => void;
  /** The server has this now. */
  onStored?: (agent: Agent) => void;
}

const QUIET_MS = 600;
/** Somebody who never stops typing is saved, too. */
const LONGEST_WAIT_MS = 4000;
const MOST_CHASES = 5;
const RETRY_MS = [1000, 2000, 4000, 8000, 16_000, 30_000];

export class DraftSession {
  #state: SessionState;
  #server: Agent;
  #local: Agent;
  /** Their version, while a conflict is open. */
  #theirs: Agent | null = null;
  /** Values that the server refused, by field: sent again when they change. */
  #refused = new Map<string, unknown>();
  #history = new History();
  #running: Promise<boolean> | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #waitingSince = 0;
  #failures = 0;
  /** How often in a row somebody else was faster. */
  #chases = 0;
  #error: unknown = null;
  #listeners = new Set<() => void>();
  readonly #options: SessionOptions;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#server = whole(options.loaded);
    this.#local = this.#server;
    this.#state = { draft: this.#server, saveState: "saved", problem: "", conflicts: [], undoes: null, redoes: null };
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly state = (): SessionState => this.#state;

  get hasUnsaved(): boolean {
    return Object.keys(patchOf(this.#server, this.#local)).length > 0;
  }

  /** Places that would be lost now. */
  unsaved(): Place[] {
    return merge(this.#server, this.#server, this.#local).taken;
  }

  readonly patch = (changes: AgentPatch): void => {
    if (this.#options.isReadOnly) return;
    const before = this.#local;
    const after = withPatch(before, changes);
    if (isSame(before, after)) return;
    this.#local = after;
    this.#history.record(before, after);
    this.#changed();
  };

  readonly undo = (): Place | null => this.#step("undo");
  readonly redo = (): Place | null => this.#step("redo");

  /** Resolves when the server has everything; rejects with what stands against it. */
  readonly flush = async (): Promise<void> => {
    for (;;) {
      if (this.#running) {
        await this.#running;
      } else if (this.#theirs) {
        throw new Error("Somebody else changed the same thing. Choose which version stays first.");
      } else if (!this.hasUnsaved) {
        return;
      } else if (Object.keys(this.#toSend()).length === 0) {
        throw this.#error;
      } else if (!(await this.#save())) {
        if (this.#theirs) continue;
        throw this.#error;
      }
    }
  };

  /** Saves again now, also what was refused. */
  readonly retry = async (): Promise<void> => {
    this.#refused.clear();
    await this.flush();
  };

  /** Looks whether somebody else changed the agent. */
  readonly refresh = async (): Promise<void> => {
    if (this.#running) return;
    this.receive(await this.#options.port.read());
  };

  /** The server has this: merged into what is edited here. Older than what is known: ignored. */
  readonly receive = (fresh: Agent): void => {
    const theirs = whole(fresh);
    if (theirs.version < (this.#theirs ?? this.#server).version) return;
    if (!this.#theirs && theirs.version === this.#server.version) {
      const server = withServerFields(this.#server, theirs);
      if (isSame(server, this.#server)) return;
      this.#server = server;
      this.#tell({});
      return;
    }
    const merged = merge(this.#server, this.#local, theirs);
    if (merged.conflicts.length > 0) {
      this.#theirs = theirs;
      clearTimeout(this.#timer);
      this.#tell({ saveState: "conflict", conflicts: merged.conflicts, problem: "Somebody else changed the same thing." });
      return;
    }
    this.#adopt(theirs, merged.agent);
    if (merged.taken.length > 0) this.#options.onNews?.(merged.taken);
    this.#changed();
  };

  /** Ends a conflict; a path that is not named stays as it is here. Undo brings the other choice back. */
  readonly resolve = (choices: Readonly<Record<string, Side>>): void => {
    if (!this.#theirs) return;
    const decided: Decisions = { choices, otherwise: "mine" };
    const merged = merge(this.#server, this.#local, this.#theirs, decided).agent;
    const keptMine = merge(this.#server, this.#local, this.#theirs, { otherwise: "mine" }).agent;
    this.#adopt(this.#theirs, merged);
    if (!isSame(keptMine, merged)) this.#history.record(keptMine, merged);
    this.#changed();
  };

  dispose(): void {
    clearTimeout(this.#timer);
  }

  #adopt(server: Agent, local: Agent): void {
    this.#server = server;
    this.#local = local;
    this.#theirs = null;
    this.#options.onStored?.(server);
  }

  #step(direction: "undo" | "redo"): Place | null {
    if (this.#options.isReadOnly) return null;
    const step = direction === "undo" ? this.#history.undo(this.#local) : this.#history.redo(this.#local);
    if (!step) return null;
    this.#local = step.agent;
    this.#changed();
    return step.place;
  }

  #toSend(): AgentPatch {
    const patch = patchOf(this.#server, this.#local) as Record<string, unknown>;
    for (const [field, value] of this.#refused) {
      if (field in patch && isSame(patch[field], value)) delete patch[field];
      else this.#refused.delete(field);
    }
    return patch as AgentPatch;
  }

  /** Something is different: shown at once, saved after a quiet time. */
  #changed(): void {
    if (this.#theirs) {
      const { conflicts } = merge(this.#server, this.#local, this.#theirs);
      // Undone or typed until both say the same: nothing is left to choose.
      if (conflicts.length === 0) this.receive(this.#theirs);
      else this.#tell({ conflicts });
      return;
    }
    clearTimeout(this.#timer);
    if (Object.keys(this.#toSend()).length === 0) {
      this.#waitingSince = 0;
      this.#tell(this.hasUnsaved ? { saveState: "failed", conflicts: [] } : { saveState: "saved", problem: "", conflicts: [] });
      return;
    }
    this.#waitingSince ||= Date.now();
    const wait = Math.max(0, Math.min(QUIET_MS, this.#waitingSince + LONGEST_WAIT_MS - Date.now()));
    this.#saveIn(wait);
    this.#tell({ saveState: this.#running ? "saving" : "waiting", conflicts: [] });
  }

  #saveIn(wait_ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      if (this.#running) this.#saveIn(QUIET_MS);
      else void this.#save();
    }, wait_ms);
  }

  /** True: everything that was to be sent is stored. Never rejects. */
  #save(): Promise<boolean> {
    this.#running = this.#saveOnce().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  async #saveOnce(): Promise<boolean> {
    clearTimeout(this.#timer);
    const patch = this.#toSend();
    if (Object.keys(patch).length === 0) return true;
    this.#waitingSince = 0;
    this.#tell({ saveState: "saving" });
    const sent = withPatch(this.#server, patch);
    try {
      const stored = whole(await this.#options.port.write(patch, this.#server.version));
      const { agent } = merge(sent, this.#local, stored);
      this.#adopt(stored, agent);
      this.#failures = 0;
      this.#chases = 0;
      this.#error = this.#refused.size > 0 ? this.#error : null;
      this.#changed();
      return true;
    } catch (error) {
      return this.#failed(error, patch);
    }
  }

  async #failed(error: unknown, patch: AgentPatch): Promise<boolean> {
    const status = error instanceof ApiProblem ? error.status : 0;
    if (status === 412) return this.#catchUp();
    this.#error = error;
    const problem = error instanceof Error && error.message ? error.message : "Something went wrong.";
    const named = status === 422 && error instanceof ApiProblem ? error.fields.map((field) => field.field.split(".")[0] ?? "") : [];
    const refused = named.filter((field) => field in patch);
    if (refused.length > 0) {
      for (const field of refused) this.#refused.set(field, (patch as Record<string, unknown>)[field]);
      this.#tell({ saveState: "failed", problem });
      // One bad value does not hold up the others.
      if (Object.keys(this.#toSend()).length > 0) await this.#saveOnce();
      this.#tell({ saveState: "failed", problem });
      return false;
    }
    this.#tell({ saveState: "failed", problem });
    const isPassing = status === 0 || status >= 500 || status === 429 || status === 408;
    if (isPassing) {
      this.#saveIn(RETRY_MS[Math.min(this.#failures, RETRY_MS.length - 1)] ?? 30_000);
      this.#failures += 1;
    }
    return false;
  }

  /** Somebody was faster: what they changed first, then ours on top of it. */
  async #catchUp(): Promise<boolean> {
    try {
      this.#chases += 1;
      if (this.#chases > MOST_CHASES) throw new ApiProblem(0, "overtaken", "Others change this agent all the time.");
      this.receive(await this.#options.port.read());
    } catch (error) {
      this.#chases = 0;
      return this.#failed(error, {});
    }
    if (this.#theirs) return false;
    return this.#saveOnce();
  }

  #tell(change: Partial<SessionState>): void {
    this.#state = {
      ...this.#state,
      ...change,
      draft: withServerFields(this.#local, this.#server),
      undoes: this.#history.undoes,
      redoes: this.#history.redoes,
    };
    for (const listener of this.#listeners) listener();
  }
}
