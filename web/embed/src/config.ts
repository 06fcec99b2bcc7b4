/** What the page's owner wrote on the element (rule E2). Pure but for reading attributes. */

export type WidgetMode = "voice" | "chat" | "both";
export type Position = "bottom-right" | "bottom-left" | "top-right" | "top-left";

/** `auto`: as the visitor's system has it. */
export type Theme = "auto" | "light" | "dark";

export interface Identity {
  user_email: string;
  user_hash: string;
  user_ts: string | number;
}

export interface Config {
  token: string;
  /** Origin of the platform: where the script came from. */
  api: string;
  /** The script's own address: the audio worklet is the same file. */
  scriptUrl: string;
  mode: WidgetMode;
  position: Position;
  theme: Theme;
  /** Empty: the page's language. */
  language: string;
  identityUrl: string;
  identity: Identity | null;
}

const MODES: readonly WidgetMode[] = ["voice", "chat", "both"];
const THEMES: readonly Theme[] = ["auto", "light", "dark"];
const POSITIONS: readonly Position[] = ["bottom-right", "bottom-left", "top-right", "top-left"];

/** Null when there is no token, or when nobody knows where the platform is. */
export function readConfig(root: HTMLElement, scriptUrl: string): Config | null {
  const data = root.dataset;
  const token = data.embedToken?.trim() ?? "";
  const api = originOf(data.api ?? "") || originOf(scriptUrl);
  if (!token || !api) return null;
  return {
    token,
    api,
    scriptUrl: scriptUrl || `${api}/callstage_embed.js`,
    mode: oneOf(MODES, data.mode) ?? "both",
    position: oneOf(POSITIONS, data.position) ?? "bottom-right",
    theme: oneOf(THEMES, data.theme) ?? "auto",
    language: data.language ?? "",
    identityUrl: data.identityUrl ?? "",
    identity:
      data.userEmail && data.userHash && data.userTs
        ? { user_email: data.userEmail, user_hash: data.userHash, user_ts: data.userTs }
        : null,
  };
}

/** What is possible of what is wanted. */
export function modeOf(wanted: WidgetMode, offered: readonly string[]): WidgetMode | null {
  const voice = offered.includes("voice") && wanted !== "chat";
  const chat = offered.includes("chat") && wanted !== "voice";
  if (voice && chat) return "both";
  if (voice || chat) return voice ? "voice" : "chat";
  // A voice button for an agent that only writes: writing is better than nothing.
  return offered.includes("chat") ? "chat" : null;
}

function oneOf<T extends string>(all: readonly T[], value: string | undefined): T | undefined {
  return all.find((item) => item === value?.trim().toLowerCase());
}

function originOf(url: string): string {
  try {
    const { origin } = new URL(url, document.baseURI);
    return url && origin !== "null" ? origin : "";
  } catch {
    return "";
  }
}
