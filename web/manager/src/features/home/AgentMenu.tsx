import { ActionIcon, type ActionIconProps } from "@mantine/core";
import { IconDots } from "@tabler/icons-react";
import { type ButtonHTMLAttributes, lazy, type Ref, Suspense, useState } from "react";
import type { Schemas } from "../../api/api";
import { withStyles } from "../../app/lazyStyles";

const AgentItems = lazy(withStyles(() => import("./AgentItems")));

export interface AgentMenuProps {
  agent: Schemas["AgentView"];
  numbers: string[];
  takenIds: ReadonlySet<string>;
}

/** What else can be done with an agent. The menu is loaded when it is opened first. */
export function AgentMenu(props: AgentMenuProps) {
  const [wasOpened, setOpened] = useState(false);
  const closed = <DotsButton name={props.agent.display_name} aria-haspopup="menu" aria-expanded={false} onClick={() => setOpened(true)} />;
  if (!wasOpened) return closed;
  return (
    <Suspense fallback={closed}>
      <AgentItems {...props} />
    </Suspense>
  );
}

type DotsButtonProps = { name: string; ref?: Ref<HTMLButtonElement> } & Omit<ActionIconProps, "name"> &
  ButtonHTMLAttributes<HTMLButtonElement>;

export function DotsButton({ name, ...props }: DotsButtonProps) {
  return (
    <ActionIcon {...props} variant="subtle" color="gray" aria-label={`More for ${name}`}>
      <IconDots size={18} />
    </ActionIcon>
  );
}
