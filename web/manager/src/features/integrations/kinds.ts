/** What can be connected, and the fields of each. Pure. */
import type { Schemas } from "../../api/api";

export type Provider = Schemas["IntegrationReply"]["provider"];

export interface Field {
  name: string;
  label: string;
  description?: string;
  type?: "text" | "number" | "choice" | "email";
  choices?: string[];
  isOptional?: boolean;
  initial?: string | number;
}

export interface Kind {
  provider: Provider;
  label: string;
  about: string;
  /** Connected by the vendor's own consent page. */
  isOAuth: boolean;
  secret?: string;
  fields: Field[];
  /** Values of well-known vendors. */
  presets?: Preset[];
}

export interface Preset {
  label: string;
  values: Record<string, string | number>;
  /** What has to be known about its secret. */
  note: string;
}

const SECURITIES = ["starttls", "tls", "none"];

function mailServers(imap: string, smtp: string): Preset["values"] {
  return { imap_host: imap, imap_port: 993, imap_security: "tls", smtp_host: smtp, smtp_port: 587, smtp_security: "starttls" };
}

const CALENDAR: Field[] = [
  { name: "calendar_id", label: "Calendar", description: "“primary” is the account's own.", initial: "primary" },
  {
    name: "timezone",
    label: "Time zone",
    description: "Such as Europe/Brussels.",
    initial: Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC",
  },
  { name: "slot_minutes", label: "Length of an appointment (min)", type: "number", initial: 30 },
  { name: "buffer_minutes", label: "Pause between appointments (min)", type: "number", initial: 0 },
  { name: "notice_minutes", label: "Shortest notice (min)", type: "number", initial: 60 },
  { name: "days_ahead", label: "Days ahead that are offered", type: "number", initial: 60 },
];

export const KINDS: Kind[] = [
  {
    provider: "smtp",
    label: "Mailbox (IMAP and SMTP)",
    about: "Read and send mail at any mail server",
    isOAuth: false,
    secret: "Password",
    fields: [
      { name: "sender", label: "From address", type: "email" },
      { name: "sender_name", label: "From name", isOptional: true },
      {
        name: "imap_host",
        label: "Reading: IMAP server",
        description: "For agents that answer this mailbox. Empty: mail is only sent.",
        isOptional: true,
      },
      { name: "imap_port", label: "Reading: port", type: "number", initial: 993 },
      { name: "imap_security", label: "Reading: security", type: "choice", choices: SECURITIES, initial: "tls" },
      { name: "smtp_host", label: "Sending: SMTP server" },
      { name: "smtp_port", label: "Sending: port", type: "number", initial: 587 },
      { name: "smtp_security", label: "Sending: security", type: "choice", choices: SECURITIES, initial: "starttls" },
      { name: "username", label: "User name", description: "At both servers; mostly the whole address." },
    ],
    presets: [
      {
        label: "Gmail",
        values: mailServers("imap.gmail.com", "smtp.gmail.com"),
        note: "Gmail wants an app password: 16 letters, made in the Google account under Security, once 2-Step Verification is on.",
      },
      {
        label: "Outlook",
        values: mailServers("outlook.office365.com", "smtp.office365.com"),
        note: "The account's administrator must allow IMAP and authenticated SMTP for this mailbox.",
      },
    ],
  },
  {
    provider: "gmail",
    label: "Gmail",
    about: "Send mail as a Google account",
    isOAuth: true,
    fields: [
      { name: "sender", label: "From address", type: "email", description: "The account that gives its consent." },
      { name: "sender_name", label: "From name", isOptional: true },
    ],
  },
  { provider: "google", label: "Google Calendar", about: "Free times and bookings", isOAuth: true, fields: CALENDAR },
  { provider: "microsoft", label: "Outlook calendar", about: "Free times and bookings", isOAuth: true, fields: CALENDAR },
  {
    provider: "twilio",
    label: "WhatsApp (Twilio)",
    about: "Send WhatsApp messages",
    isOAuth: false,
    secret: "Auth token",
    fields: [
      { name: "account_sid", label: "Account SID", description: "Starts with AC." },
      { name: "sender", label: "Sender", description: "The WhatsApp number, such as +12025550123." },
    ],
  },
];

export function kindOf(provider: Provider): Kind {
  const kind = KINDS.find((candidate) => candidate.provider === provider);
  if (!kind) throw new Error(`no integration of the kind ${provider}`);
  return kind;
}

/** The form's values at the beginning: what is stored, else the defaults. */
export function initialValues(kind: Kind, stored: Record<string, unknown> = {}): Record<string, string | number> {
  return Object.fromEntries(
    kind.fields.map((field) => {
      const value = stored[field.name];
      return [field.name, typeof value === "string" || typeof value === "number" ? value : (field.initial ?? "")];
    }),
  );
}

/** `settings` as the API wants them: what the form does not show (working hours) stays as it is stored, what was emptied goes. */
export function settingsOf(values: Record<string, string | number>, stored: Record<string, unknown> = {}): Record<string, unknown> {
  const unshown = Object.entries(stored).filter(([name]) => !(name in values));
  return Object.fromEntries([...unshown, ...Object.entries(values).filter(([, value]) => value !== "")]);
}

const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
export type Day = (typeof DAYS)[number];
export type WorkingHours = Partial<Record<Day, [string, string]>>;
export const WEEK = DAYS;
export const USUAL_HOURS: WorkingHours = Object.fromEntries(DAYS.slice(0, 5).map((day) => [day, ["09:00", "17:00"]]));
