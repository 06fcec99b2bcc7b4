/** What parts of an agent are called on screen. Pure. */

const FIELDS: Record<string, string> = {
  display_name: "Name",
  system_prompt: "Persona",
  greeting: "Greeting",
  farewell: "Farewell",
  speak_first: "Who speaks first",
  first_stage: "First stage",
  preload_tools: "Preload tools",
  tools_webhook_url: "Webhook address",
  stt: "Speech to text",
  tts: "Text to speech",
  llm: "Language model",
  realtime: "Realtime model",
  disclosure: "Disclosure",
  recording: "Recording",
  recording_retention_days: "Days that recordings are kept",
  silence_threshold_ms: "Silence that ends a turn",
  interruption_sensitivity: "Interruption sensitivity",
  max_duration_s: "Longest call",
  idle_timeout_s: "Idle timeout",
  enable_transcription: "Live transcript events",
  keep_journal: "Journal",
  test_caller_phone: "Test caller",
  test_sender_email: "Test sender",
  stage_order: "Order of the stages",
  has_backend: "Backend",
  tool_definitions: "Tools",
};

/** "Silence that ends a turn" of `silence_threshold_ms`. */
export function fieldName(field: string): string {
  const known = FIELDS[field];
  if (known) return known;
  const words = field.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

const OF_STAGE: Record<string, string> = { prompt: "Prompt", tools: "Tools", transitions: "Transitions", name: "Name" };
const OF_TOOL: Record<string, string> = {
  code: "Code",
  description: "Description",
  parameters: "Parameters",
  kind: "Kind",
  timeout_s: "Time limit",
};

/** "Prompt of stage order" of `stages.order.prompt`; paths are those of the API's differences. */
export function placeName(path: string): string {
  const [head = "", name, ...rest] = path.split(".");
  if (head === "settings" && name) return placeName([name, ...rest].join("."));
  if (head === "stages" && name) return rest[0] ? `${OF_STAGE[rest[0]] ?? fieldName(rest[0])} of stage ${name}` : `Stage ${name}`;
  if ((head === "tools" || head === "tool_definitions") && name)
    return rest[0] ? `${OF_TOOL[rest[0]] ?? fieldName(rest[0])} of tool ${name}` : `Tool ${name}`;
  if (head === "resources" && name) return rest[0] ? `${fieldName(rest[0])} of resource ${name}` : `Resource ${name}`;
  if (head === "integrations" && name) return `Integration ${name}`;
  if (name) return `${fieldName(head)}: ${[name, ...rest].join(" ").replaceAll("_", " ")}`;
  return fieldName(head);
}
