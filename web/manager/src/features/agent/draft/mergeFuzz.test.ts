/** Proves RE1: whatever two people do at the same time, nothing that only one of them changed is lost. */
import { expect, it } from "vitest";
import { type Agent, type AgentPatch, stagesOf, withPatch } from "../draft/agent";
import { addedStage, changedStage, removedStage, renamedStage, shiftedStage } from "../stages/edits";
import { addedTo, movedTool, placesOf, removedFrom, toolsIn } from "../stages/toolPlaces";
import { exampleAgent } from "./exampleAgent";
import { merge } from "./merge";

/** Small, seeded, the same on every machine (mulberry32). */
function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) % sides;
  };
}

function randomEdit(agent: Agent, roll: (sides: number) => number, who: string): AgentPatch {
  const stages = stagesOf(agent);
  const stage = stages[roll(Math.max(1, stages.length))]?.name ?? "";
  const places = placesOf(agent);
  const from = places[roll(places.length)] ?? "preload";
  const to = places[roll(places.length)] ?? "preload";
  const tool = toolsIn(agent, from)[0] ?? "end_call";
  const edits: (() => AgentPatch)[] = [
    () => ({ greeting: `${who} ${roll(100)}` }),
    () => ({ llm: { temperature: roll(20) / 10 } }),
    () => changedStage(agent, stage, { prompt: `${who} ${roll(1000)}` }),
    () => addedStage(agent).patch,
    () => (stages.length > 1 ? removedStage(agent, stage) : {}),
    () => renamedStage(agent, stage, `${who}${roll(1000)}`),
    () => shiftedStage(agent, stage, roll(2) === 0 ? 1 : -1),
    () => movedTool(agent, tool, from, to, roll(3)),
    () => removedFrom(agent, from, tool),
    () => addedTo(agent, to, `tool_${roll(5)}`),
    () => ({ integrations: { ...agent.integrations, email: `${who}${roll(3)}` } }),
  ];
  return edits[roll(edits.length)]?.() ?? {};
}

function edited(base: Agent, roll: (sides: number) => number, who: string): Agent {
  let agent = base;
  for (let left = 1 + roll(4); left > 0; left -= 1) agent = withPatch(agent, randomEdit(agent, roll, who));
  return agent;
}

const SEEDS = Array.from({ length: 300 }, (_, seed) => seed);

it("gives one side's work unchanged when the other did nothing", () => {
  for (const seed of SEEDS) {
    const roll = dice(seed);
    const base = edited(exampleAgent(), roll, "base");
    const mine = edited(base, roll, "mine");
    expect(merge(base, mine, base), `seed ${seed}`).toMatchObject({ agent: mine, conflicts: [], taken: [] });
    expect(merge(base, base, mine), `seed ${seed}`).toMatchObject({ agent: mine, conflicts: [] });
  }
});

it("never has a conflict with itself, and agrees on every choice", () => {
  for (const seed of SEEDS) {
    const roll = dice(seed);
    const base = exampleAgent();
    const mine = edited(base, roll, "mine");
    const theirs = edited(base, roll, "theirs");
    expect(merge(base, mine, structuredClone(mine)), `seed ${seed}`).toMatchObject({ agent: mine, conflicts: [] });
    const { conflicts } = merge(base, mine, theirs);
    const choices = Object.fromEntries(conflicts.map((conflict) => [conflict.path, "theirs" as const]));
    const chosen = merge(base, mine, theirs, { choices });
    expect(chosen.conflicts, `seed ${seed}`).toEqual([]);
    expect(chosen.agent, `seed ${seed}`).toEqual(merge(base, mine, theirs, { otherwise: "theirs" }).agent);
  }
});

it("keeps every prompt that somebody wrote, in the merged draft or in a conflict", () => {
  for (const seed of SEEDS) {
    const roll = dice(seed);
    const base = exampleAgent();
    const mine = edited(base, roll, "mine");
    const theirs = edited(base, roll, "theirs");
    const merged = merge(base, mine, theirs);
    const kept = JSON.stringify([merged.agent, merged.conflicts]);
    for (const stage of [...stagesOf(mine), ...stagesOf(theirs)]) {
      if (stage.prompt && !stagesOf(base).some((before) => before.prompt === stage.prompt))
        expect(kept, `seed ${seed}`).toContain(stage.prompt);
    }
  }
});
