/** Whom a test pretends to be: kept per agent while the tab of the browser is open. Pure but for the storage it is given. */

export interface Caller {
  phone: string;
  email: string;
  /** Request variables, as rows of a form. */
  variables: readonly { name: string; value: string }[];
}

export const NOBODY: Caller = { phone: "", email: "", variables: [] };

const keyOf = (agentId: string) => `callstage.test.caller.${agentId}`;

export function readCaller(agentId: string, storage: Pick<Storage, "getItem">): Caller {
  try {
    const kept: unknown = JSON.parse(storage.getItem(keyOf(agentId)) ?? "null");
    return isCaller(kept) ? kept : NOBODY;
  } catch {
    return NOBODY;
  }
}

export function keepCaller(agentId: string, caller: Caller, storage: Pick<Storage, "setItem">): void {
  try {
    storage.setItem(keyOf(agentId), JSON.stringify(caller));
  } catch {
    // A full or forbidden storage: it is asked for again next time.
  }
}

/** What the API takes; empty fields are left out, so that the draft's own test caller counts. */
export function askOf(caller: Caller): { caller_phone?: string; sender_email?: string; variables?: Record<string, string> } {
  const phone = caller.phone.replace(/[^+\d]/g, "");
  const named = caller.variables.filter((row) => row.name.trim() !== "");
  return {
    ...(phone ? { caller_phone: phone } : {}),
    ...(caller.email.trim() ? { sender_email: caller.email.trim() } : {}),
    ...(named.length > 0 ? { variables: Object.fromEntries(named.map((row) => [row.name.trim(), row.value])) } : {}),
  };
}

/** What is wrong with the number, in words; empty: nothing. */
export function phoneProblem(phone: string): string {
  const digits = phone.replace(/[\s().-]/g, "");
  if (!digits) return "";
  return /^\+[1-9]\d{4,14}$/.test(digits) ? "" : "Write it with the country code, as in +1 202 555 0147.";
}

function isCaller(value: unknown): value is Caller {
  return (
    typeof value === "object" &&
    value !== null &&
    "phone" in value &&
    typeof value.phone === "string" &&
    "email" in value &&
    typeof value.email === "string" &&
    "variables" in value &&
    Array.isArray(value.variables)
  );
}
