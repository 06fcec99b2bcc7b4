/** What tool code has in scope (rules T1, T3, I3), for completion. */
import type { Completion, CompletionContext, CompletionResult, CompletionSource } from "@codemirror/autocomplete";

const SERVER: Completion[] = [
  method("search_read", "(model, domain=[], fields=[], limit=…)", "Records that match, as dicts."),
  method("read", "(model, ids, fields=[])", "Records by id."),
  method("create", "(model, vals={…})", "A new record; gives its id."),
  method("write", "(model, ids, vals={…})", "Changes records."),
  method("delete", "(model, ids)", "Deletes records."),
  method("call", "(model, method, ids=[…])", "Any method of a model."),
];
const SESSION: Completion[] = [
  method("get", "(name, default=None)", "A value that an earlier tool or the caller lookup left."),
  method("setdefault", "(name, default)", "The value, stored when there is none."),
];
const LOGGER: Completion[] = ["debug", "info", "warning", "error"].map((name) => method(name, "(message, *args)", "Kept with the run."));
const INTEGRATION: Record<string, Completion[]> = {
  email: [method("send", "(to, subject, body_text, body_html=None)", "Sends a mail.")],
  calendar: [
    method("get_available_slots", "(date, duration_minutes=None, limit=None)", "Free slots within the working hours."),
    method("book", "(start, title, duration_minutes=None, attendee_name=None, …)", "Books a slot; a taken one is refused."),
  ],
  whatsapp: [method("send", "(to, body)", "Sends a message.")],
};
const NAMES: Completion[] = [
  { label: "args", type: "variable", detail: "dict", info: "What the model gave, checked against the parameters." },
  { label: "server", type: "variable", detail: "backend", info: "The agent's Odoo or ERPNext." },
  { label: "session", type: "variable", detail: "dict", info: "Kept for the conversation; scalars become variables of prompts." },
  { label: "kwargs", type: "variable", detail: "dict", info: 'kwargs.get("integrations", {}) holds the attached accounts.' },
  { label: "logger", type: "variable", detail: "log", info: "Lines are kept with the run." },
  { label: 'integrations = kwargs.get("integrations", {})', type: "text", detail: "attached accounts" },
  { label: "BackendError", type: "class", detail: "exception", info: "The backend refused; its words are in it." },
  {
    label: '"_run_llm"',
    type: "constant",
    detail: "in the result",
    info: "False: stored silently. True: the model speaks to the result now.",
  },
];

/** Completion of a tool's body; `argumentNames` come from its parameters. */
export function completionsFor(argumentNames: string[]): CompletionSource {
  return (context) => complete(context, argumentNames);
}

function complete(context: CompletionContext, argumentNames: string[]): CompletionResult | null {
  const key = context.matchBefore(/\b(args|session|integrations)(\.get\(|\[)["']?\w*/);
  if (key) {
    const names = key.text.startsWith("args")
      ? argumentNames
      : key.text.startsWith("integrations")
        ? Object.keys(INTEGRATION)
        : ["customer_id", "caller_phone", "name", "email"];
    const quote = /["']\w*$/.exec(key.text);
    const from = context.pos - (/\w*$/.exec(key.text)?.[0].length ?? 0);
    return { from, options: names.map((name) => ({ label: quote ? name : `"${name}"`, type: "property" })) };
  }
  const member = context.matchBefore(/\b(args|server|session|logger|email|calendar|whatsapp)\.\w*/);
  if (member) {
    const [object = ""] = member.text.split(".");
    return { from: member.from + object.length + 1, options: membersOf(object) };
  }
  const word = context.matchBefore(/\w+/);
  return word || context.explicit ? { from: word?.from ?? context.pos, options: NAMES } : null;
}

function membersOf(object: string): Completion[] {
  if (object === "server") return SERVER;
  if (object === "logger") return LOGGER;
  if (object === "args") return [method("get", "(name, default=None)", "An argument, or None when the model left it out.")];
  return INTEGRATION[object] ?? SESSION;
}

function method(label: string, detail: string, info: string): Completion {
  return { label, detail, info, type: "method", apply: `${label}(` };
}
