/** Numbers, times and durations as people read them, always with their unit. Pure. */

const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const absolute = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "medium" });
const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["week", 604_800],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

/** "3 minutes ago". */
export function relativeTime(iso: string, now = Date.now()): string {
  const seconds = (Date.parse(iso) - now) / 1000;
  for (const [unit, length] of STEPS) {
    if (Math.abs(seconds) >= length) return relative.format(Math.round(seconds / length), unit);
  }
  return "just now";
}

/** Date and time in the reader's time zone. */
export function absoluteTime(iso: string): string {
  return absolute.format(new Date(iso));
}

/** "840 ms", "2.4 s", "3:07 min", "1:02:09 h". */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  const two = (value: number) => String(value).padStart(2, "0");
  if (seconds < 3600) return `${Math.floor(seconds / 60)}:${two(seconds % 60)} min`;
  return `${Math.floor(seconds / 3600)}:${two(Math.floor((seconds % 3600) / 60))}:${two(seconds % 60)} h`;
}

/** "0:07" on a time axis. */
export function clock(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/** "12,480". */
export function count(value: number): string {
  return value.toLocaleString("en");
}

/** Country codes of two digits (ITU E.164); 1 and 7 have one, all others three. */
const TWO_DIGITS = /^(2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58])/;

/** "+1 202 555 1234": groups for the eye; what is copied stays E.164. */
export function phone(number: string): string {
  const digits = /^\+(\d{6,15})$/.exec(number)?.[1];
  if (!digits) return number;
  const length = /^[17]/.test(digits) ? 1 : TWO_DIGITS.test(digits) ? 2 : 3;
  // Groups of three; what is left over joins the last one.
  return `+${digits.slice(0, length)} ${digits.slice(length).replace(/\d{3}(?=\d{3})/g, "$& ")}`;
}
