import {
  IconBan,
  IconBolt,
  IconCode,
  IconHistory,
  IconPhone,
  IconPhoneCall,
  IconPlugConnected,
  IconRecordMail,
  IconRobot,
} from "@tabler/icons-react";
import type { ComponentType } from "react";

export interface Place {
  to: "/" | "/calls" | "/live" | "/voicemails" | "/numbers" | "/blocked" | "/integrations" | "/embed" | "/audit";
  label: string;
  icon: ComponentType<{ size?: number; stroke?: number }>;
}

/** The pages in the rail, in its order. */
export const PLACES: { title: string; places: Place[] }[] = [
  { title: "", places: [{ to: "/", label: "Agents", icon: IconRobot }] },
  {
    title: "Conversations",
    places: [
      { to: "/calls", label: "Calls", icon: IconPhoneCall },
      { to: "/live", label: "Live", icon: IconBolt },
      { to: "/voicemails", label: "Voicemail", icon: IconRecordMail },
    ],
  },
  {
    title: "Channels",
    places: [
      { to: "/numbers", label: "Numbers", icon: IconPhone },
      { to: "/blocked", label: "Blocked", icon: IconBan },
      { to: "/embed", label: "Embed", icon: IconCode },
      { to: "/integrations", label: "Integrations", icon: IconPlugConnected },
    ],
  },
];

export const AUDIT: Place = { to: "/audit", label: "Audit", icon: IconHistory };

export const IS_APPLE = /Mac|iPhone|iPad/.test(navigator.platform);
