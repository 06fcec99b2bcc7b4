import { Button, Group, TextInput } from "@mantine/core";
import { IconLink } from "@tabler/icons-react";
import { type Editor, useEditorState } from "@tiptap/react";
import { useState } from "react";
import { linkOf } from "./addresses";
import { ToolPopover } from "./ToolPopover";

/** Makes the marked text a link, or writes a new one. */
export function LinkTool({ editor, isDisabled }: { editor: Editor; isDisabled: boolean }) {
  const [typed, setTyped] = useState("");
  const [isRefused, setRefused] = useState(false);
  const isActive = useEditorState({ editor, selector: () => editor.isActive("link") });

  function apply(): boolean {
    const href = linkOf(typed);
    setRefused(href === "");
    if (href === "") return false;
    const chain = editor.chain().focus();
    if (editor.state.selection.empty && !isActive)
      chain.insertContent({ type: "text", text: typed.trim(), marks: [{ type: "link", attrs: { href } }] }).run();
    else chain.extendMarkRange("link").setLink({ href }).run();
    return true;
  }

  return (
    <ToolPopover
      label="Link"
      icon={<IconLink size={16} stroke={1.5} />}
      isActive={isActive}
      isDisabled={isDisabled}
      onOpen={() => {
        setTyped(String(editor.getAttributes("link").href ?? ""));
        setRefused(false);
      }}
      onApply={apply}
    >
      {(close) => (
        <>
          <TextInput
            label="Leads to"
            description="A web page, an e-mail address or a phone number."
            placeholder="https://shop.example"
            value={typed}
            data-autofocus
            error={isRefused && "Write a web page such as https://shop.example, an e-mail address, or a number with +."}
            onChange={(event) => setTyped(event.currentTarget.value)}
          />
          <Group justify="flex-end" gap="xs">
            {isActive && (
              <Button
                size="xs"
                variant="default"
                onClick={() => {
                  editor.chain().focus().extendMarkRange("link").unsetLink().run();
                  close();
                }}
              >
                Remove link
              </Button>
            )}
            <Button size="xs" type="submit">
              Set link
            </Button>
          </Group>
        </>
      )}
    </ToolPopover>
  );
}
