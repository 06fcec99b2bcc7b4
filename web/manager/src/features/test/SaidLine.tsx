import { ActionIcon, Button, Group, Textarea, Tooltip } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconPencil } from "@tabler/icons-react";
import { useState } from "react";
import type { Said } from "./conversation";
import { LatencyBar } from "./LatencyBar";
import classes from "./Test.module.css";

interface SaidLineProps {
  said: Said;
  agentName: string;
  /** Says it another way and runs on from there; null: not now. */
  onSayAgain: ((userTurn: number, text: string) => void) | null;
}

/** One line of the conversation. A finished turn of the caller can be edited. */
export function SaidLine({ said, agentName, onSayAgain }: SaidLineProps) {
  const [isEditing, editing] = useDisclosure(false);
  const { userTurn } = said;
  const who = said.role === "user" ? "You" : agentName || "The agent";
  const mayEdit = onSayAgain !== null && userTurn !== undefined;
  return (
    // Busy: words that still grow are read out once they stand.
    <div className={classes.line} data-role={said.role} data-earlier={said.isEarlier || undefined} aria-busy={!said.isFinal}>
      {isEditing && mayEdit ? (
        <Again
          text={said.text}
          onCancel={editing.close}
          onSay={(text) => {
            editing.close();
            onSayAgain(userTurn, text);
          }}
        />
      ) : (
        <div className={classes.bubble} data-open={said.isFinal ? undefined : true}>
          <span className="visually-hidden">{who}: </span>
          {said.text}
          {said.wasCut && <span aria-hidden> —</span>}
        </div>
      )}
      {(mayEdit || said.isEarlier || said.wasCut || said.waterfall) && (
        <div className={classes.under}>
          {said.isEarlier && <span>said before</span>}
          {said.wasCut && <span>interrupted</span>}
          {mayEdit && !isEditing && (
            <Tooltip label="Say it another way and run on from here">
              <ActionIcon
                variant="subtle"
                color="gray"
                size={24}
                onClick={editing.open}
                aria-label={`Edit “${said.text.slice(0, 60)}” and run on from here`}
              >
                <IconPencil size={14} />
              </ActionIcon>
            </Tooltip>
          )}
          {said.waterfall && <LatencyBar waterfall={said.waterfall} isOpening={userTurn === undefined} />}
        </div>
      )}
    </div>
  );
}

function Again({ text, onSay, onCancel }: { text: string; onSay: (text: string) => void; onCancel: () => void }) {
  const [value, setValue] = useState(text);
  const say = () => value.trim() && onSay(value.trim());
  return (
    <div style={{ width: "min(480px, 80vw)", maxWidth: "100%" }}>
      <Textarea
        label="Say instead"
        description="A new conversation goes on from here; tools run again."
        value={value}
        onChange={(event) => setValue(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape") onCancel();
          if (event.key === "Enter" && !event.shiftKey) {
            event.preventDefault();
            say();
          }
        }}
        minRows={1}
        maxRows={6}
        data-autofocus
        autoFocus
      />
      <Group gap="xs" mt="xs" justify="flex-end">
        <Button size="xs" variant="default" onClick={onCancel}>
          Cancel
        </Button>
        <Button size="xs" onClick={say} disabled={!value.trim()}>
          Say it and run on
        </Button>
      </Group>
    </div>
  );
}
