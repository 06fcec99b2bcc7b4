import { Modal, Text } from "@mantine/core";
import { type ComponentProps, type ReactNode, useState } from "react";
import { Loaded } from "../../ui/Loaded";
import { Panel } from "../../ui/Panel";
import { RoleButton } from "../../ui/RoleButton";
import { useMay } from "../../ui/RoleGate";
import { Section } from "../../ui/Section";

interface OwnerSectionProps<Data> extends Pick<ComponentProps<typeof Loaded<Data>>, "query" | "what" | "children"> {
  title: string;
  description: ReactNode;
  /** What stands there for everybody else. */
  hidden: string;
  /** What the button says, and the dialog that it opens. */
  add: string;
  form: (close: () => void) => ReactNode;
}

/** A part of the settings that only owners see and add to. */
export function OwnerSection<Data>({ title, description, hidden, add, form, query, what, children }: OwnerSectionProps<Data>) {
  const mayManage = useMay("owner");
  const [isAdding, setAdding] = useState(false);
  const close = () => setAdding(false);
  return (
    <Section
      isBare
      title={title}
      description={description}
      actions={
        <RoleButton needs="owner" onClick={() => setAdding(true)}>
          {add}
        </RoleButton>
      }
    >
      {mayManage ? (
        <Loaded query={query} what={what}>
          {children}
        </Loaded>
      ) : (
        <Panel>
          <Text c="dimmed">{hidden}</Text>
        </Panel>
      )}
      <Modal opened={isAdding} onClose={close} title={add}>
        {form(close)}
      </Modal>
    </Section>
  );
}
