import { type Agent, whole } from "./agent";

/** For tests: an agent with two stages. */
export function exampleAgent(changes: Partial<Agent> = {}): Agent {
  return whole({
    agent_id: "pizzeria",
    display_name: "Bella",
    company: "Bella Pizza",
    role: "order assistant",
    language: "en",
    voice: null,
    speed: 1,
    llm: { provider: null, model: null, temperature: 0.7, thinking_level: "minimal", options: {}, fallbacks: null },
    stt: { provider: null, model: null, options: {}, fallbacks: null },
    tts: { provider: null, model: null, options: {}, fallbacks: null },
    realtime: { provider: null, model: null, options: {} },
    system_prompt: "You are Bella.",
    speak_first: true,
    greeting: "Hello {name|there}.",
    farewell: null,
    tools: [],
    channel: "voice",
    stages: [
      {
        name: "order",
        prompt: "Take the order.",
        tools: ["price_order", "end_call"],
        transitions: [{ on_tool: "price_order", to_stage: "checkout", handover_message: "It costs {total}." }],
      },
      { name: "checkout", prompt: "Ask for the name.", tools: ["place_order", "end_call"], transitions: [] },
    ],
    first_stage: null,
    preload_tools: [],
    tool_definitions: [
      {
        name: "price_order",
        kind: "code",
        description: "Price it.",
        parameters: { type: "object", properties: {} },
        code: 'return {"total": 1}',
      },
      { name: "place_order", kind: "code", description: "Place it.", parameters: { type: "object", properties: {} }, code: "return {}" },
    ],
    resources: [],
    integrations: {},
    temperature: 0.7,
    thinking_level: "minimal",
    version: 1,
    deployed: false,
    deployment: null,
    deployed_at: null,
    has_undeployed_changes: true,
    created_at: "2026-01-01T00:00:00Z",
    updated_at: "2026-01-01T00:00:00Z",
    ...changes,
  } as Agent);
}
