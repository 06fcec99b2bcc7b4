/** Undo and redo of the draft: each step is merged out of (or into) what is there now, so that what came in between stays. Pure. */
import type { Agent } from "./agent";
import { changesBetween, merge } from "./merge";
import type { Place } from "./pieces";

interface Step {
  before: Agent;
  after: Agent;
  place: Place;
  isTyping: boolean;
  at_ms: number;
}

const KEPT = 100;
/** Letters typed one after the other are one step. */
const ONE_STEP_MS = 2000;

export class History {
  #done: Step[] = [];
  #undone: Step[] = [];

  get undoes(): Place | null {
    return this.#done.at(-1)?.place ?? null;
  }

  get redoes(): Place | null {
    return this.#undone.at(-1)?.place ?? null;
  }

  record(before: Agent, after: Agent, now_ms = Date.now()): void {
    const places = changesBetween(before, after);
    const place = places[0];
    if (!place) return;
    this.#undone = [];
    const last = this.#done.at(-1);
    const isTyping = places.length === 1 && isText(place.path);
    if (last?.isTyping && isTyping && last.place.path === place.path && now_ms - last.at_ms < ONE_STEP_MS) {
      this.#done[this.#done.length - 1] = { ...last, after, at_ms: now_ms };
      return;
    }
    this.#done = [...this.#done.slice(-KEPT + 1), { before, after, place, isTyping, at_ms: now_ms }];
  }

  undo(now: Agent): { agent: Agent; place: Place } | null {
    const step = this.#done.pop();
    if (!step) return null;
    this.#undone.push({ ...step, isTyping: false });
    return { agent: merge(step.after, now, step.before, { otherwise: "theirs" }).agent, place: step.place };
  }

  redo(now: Agent): { agent: Agent; place: Place } | null {
    const step = this.#undone.pop();
    if (!step) return null;
    this.#done.push(step);
    return { agent: merge(step.before, now, step.after, { otherwise: "theirs" }).agent, place: step.place };
  }
}

/** Lists change as a whole; everything else may be in the middle of being typed. */
function isText(path: string): boolean {
  return (
    !/(^|\.)(tools|stages|preload_tools|transitions|first_stage|to_stage)$/.test(path) &&
    !/^(stages|tools|tool_definitions|resources)\.[^.]+$/.test(path)
  );
}
