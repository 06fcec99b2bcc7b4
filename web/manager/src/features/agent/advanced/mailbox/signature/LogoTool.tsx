import { Button, Group, NumberInput, TextInput } from "@mantine/core";
import { IconPhoto } from "@tabler/icons-react";
import { type Editor, useEditorState } from "@tiptap/react";
import { useState } from "react";
import { logoProblem } from "./addresses";
import { MOST_PX } from "./logo";
import { ToolPopover } from "./ToolPopover";

const USUAL_PX = 48;

/** Puts a logo in, or changes the one that is marked (rule M3: by https address, at most 60 px tall). */
export function LogoTool({ editor, isDisabled }: { editor: Editor; isDisabled: boolean }) {
  const [src, setSrc] = useState("");
  const [alt, setAlt] = useState("");
  const [height, setHeight] = useState<number | string>(USUAL_PX);
  const [problem, setProblem] = useState("");
  const isActive = useEditorState({ editor, selector: () => editor.isActive("logo") });

  function open() {
    const { src, alt, height } = editor.getAttributes("logo");
    setSrc(src ?? "");
    setAlt(alt ?? "");
    setHeight(height ?? USUAL_PX);
    setProblem("");
  }

  function apply(): boolean {
    const wrong = logoProblem(src);
    setProblem(wrong);
    if (wrong) return false;
    const attrs = { src: src.trim(), alt: alt.trim(), height: Number(height) || USUAL_PX };
    editor.chain().focus().insertContent({ type: "logo", attrs }).run();
    return true;
  }

  return (
    <ToolPopover
      label="Logo"
      icon={<IconPhoto size={16} stroke={1.5} />}
      isActive={isActive}
      isDisabled={isDisabled}
      onOpen={open}
      onApply={apply}
    >
      {() => (
        <>
          <TextInput
            label="Address of the image"
            description="On your web site, open for everybody. A wide one is best, such as 300 × 60 px."
            placeholder="https://shop.example/logo.png"
            value={src}
            data-autofocus
            error={problem}
            onChange={(event) => setSrc(event.currentTarget.value)}
          />
          <TextInput
            label="In words"
            description="For people who do not see it."
            placeholder="The Shop"
            value={alt}
            maxLength={200}
            onChange={(event) => setAlt(event.currentTarget.value)}
          />
          <NumberInput
            label="Height"
            value={height}
            min={8}
            max={MOST_PX}
            allowDecimal={false}
            suffix=" px"
            clampBehavior="strict"
            onChange={setHeight}
          />
          <Group justify="flex-end">
            <Button size="xs" type="submit">
              {isActive ? "Change logo" : "Insert logo"}
            </Button>
          </Group>
        </>
      )}
    </ToolPopover>
  );
}
