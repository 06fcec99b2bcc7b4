import { IconFile, IconHeadset, IconTargetArrow } from "@tabler/icons-react";

export const TEMPLATES = [
  {
    id: "blank",
    title: "Blank",
    icon: IconFile,
    arrivesWith: "One prompt and the tool that ends a call. Everything else is yours.",
  },
  {
    id: "salesperson",
    title: "Salesperson",
    icon: IconTargetArrow,
    arrivesWith: "3 stages: qualify, book, close. 2 tools: save a lead, book a call back.",
  },
  {
    id: "support",
    title: "Support",
    icon: IconHeadset,
    arrivesWith: "2 stages: understand, wrap up. 1 tool: open a ticket.",
  },
] as const;

export type TemplateId = (typeof TEMPLATES)[number]["id"];
