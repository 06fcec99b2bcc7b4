import { Button, TextInput } from "@mantine/core";
import { IconSend } from "@tabler/icons-react";
import { useState } from "react";
import classes from "./Test.module.css";

/** Types to the agent; in a spoken conversation, too. */
export function Composer({ onSend, isDisabled, hint }: { onSend: (text: string) => void; isDisabled: boolean; hint: string }) {
  const [text, setText] = useState("");
  return (
    <form
      className={classes.composer}
      onSubmit={(event) => {
        event.preventDefault();
        if (!text.trim()) return;
        onSend(text);
        setText("");
      }}
    >
      <TextInput
        aria-label="What you say to the agent"
        placeholder={hint}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        disabled={isDisabled}
        maxLength={4000}
        autoComplete="off"
      />
      <Button type="submit" variant="default" disabled={isDisabled || !text.trim()} leftSection={<IconSend size={14} />}>
        Send
      </Button>
    </form>
  );
}
