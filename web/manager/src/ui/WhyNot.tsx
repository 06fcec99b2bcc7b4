import "@mantine/core/styles/Popover.layer.css";
import "@mantine/core/styles/Tooltip.layer.css";
import { Tooltip } from "@mantine/core";
import type { ReactElement } from "react";
import type { Role } from "../api/me";

/** Why a control is not for this person. The wrapper can be focused, since what is disabled cannot. */
export default function WhyNot({ needs, children }: { needs: Role; children: ReactElement }) {
  const why = `This needs the role ${needs}. Ask an owner of your workspace.`;
  return (
    <Tooltip label={why} events={{ hover: true, focus: true, touch: true }}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: the only place where the reason can be reached by keyboard */}
      <span tabIndex={0} role="note" aria-label={why} style={{ display: "inline-block" }}>
        {children}
      </span>
    </Tooltip>
  );
}
