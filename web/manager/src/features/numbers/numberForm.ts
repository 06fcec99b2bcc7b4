/** A number's form ↔ the bodies of the API (rules N1, N5). Pure. */
import type { Schemas } from "../../api/api";
import { type FallbackType, OPTIONAL_TARGET, type RouteType, type TransferType } from "./routes";

export interface NumberValues {
  number: string;
  inboundRoute: RouteType;
  routeTarget: string;
  aiTransferType: TransferType | "";
  aiTransferTarget: string;
  fallbackType: FallbackType | "";
  fallbackTarget: string;
}

export type NumberField = keyof NumberValues;

export const EMPTY: NumberValues = {
  number: "",
  inboundRoute: "ai_agent",
  routeTarget: "",
  aiTransferType: "",
  aiTransferTarget: "",
  fallbackType: "",
  fallbackTarget: "",
};

export function valuesOf(number: Schemas["NumberReply"]): NumberValues {
  return {
    number: number.number,
    inboundRoute: number.inboundRoute,
    routeTarget: number.routeTarget ?? "",
    aiTransferType: number.aiTransferType ?? "",
    aiTransferTarget: number.aiTransferTarget ?? "",
    fallbackType: number.fallback?.type ?? "",
    fallbackTarget: number.fallback?.target ?? "",
  };
}

/** Everything but the number itself, which cannot change. */
export function patchOf(values: NumberValues): Schemas["NumberPatch"] & { inboundRoute: RouteType } {
  const text = (value: string) => value.trim() || null;
  return {
    inboundRoute: values.inboundRoute,
    routeTarget: text(values.routeTarget),
    aiTransferType: values.aiTransferType || null,
    aiTransferTarget: values.aiTransferType ? text(values.aiTransferTarget) : null,
    fallback: values.fallbackType ? { type: values.fallbackType, target: text(values.fallbackTarget) } : null,
  };
}

export function createOf(values: NumberValues): Schemas["NumberCreate"] {
  return { number: values.number.trim(), ...patchOf(values) };
}

const isPhone = (text: string) => (text.match(/\d/g)?.length ?? 0) >= 5 && /^[+\d\s().-]+$/.test(text.trim());

/** What stands in the way of saving, by field; the server says the rest. */
export function problemsOf(values: NumberValues): Partial<Record<NumberField, string>> {
  const problems: Partial<Record<NumberField, string>> = {};
  if (!isPhone(values.number)) problems.number = "A phone number with its country code, such as +1 202 555 0100.";
  const target = targetProblem(
    values.inboundRoute,
    values.routeTarget,
    values.inboundRoute === "ai_agent" ? "Choose the agent that answers." : undefined,
  );
  if (target) problems.routeTarget = target;
  const transfer = targetProblem(values.aiTransferType, values.aiTransferTarget);
  if (transfer) problems.aiTransferTarget = transfer;
  const fallback = targetProblem(values.fallbackType, values.fallbackTarget);
  if (fallback) problems.fallbackTarget = fallback;
  return problems;
}

function targetProblem(type: string, target: string, missing = "Say where to."): string | null {
  if (!type) return null;
  if (!target.trim()) return OPTIONAL_TARGET.has(type) ? null : missing;
  return type === "external" && !isPhone(target) ? "A phone number with its country code." : null;
}

/** The form's field that the API's field stands in. */
export const API_FIELD: Record<NumberField, string> = {
  number: "number",
  inboundRoute: "inboundRoute",
  routeTarget: "routeTarget",
  aiTransferType: "aiTransferType",
  aiTransferTarget: "aiTransferTarget",
  fallbackType: "fallback.type",
  fallbackTarget: "fallback.target",
};
