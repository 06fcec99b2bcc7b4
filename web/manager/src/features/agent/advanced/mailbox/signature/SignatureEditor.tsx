import "@mantine/tiptap/styles.layer.css";
import { RichTextEditor } from "@mantine/tiptap";
import { useEditor } from "@tiptap/react";
import { EXTENSIONS, htmlOf } from "./extensions";
import { LinkTool } from "./LinkTool";
import { LogoTool } from "./LogoTool";
import styles from "./Signature.module.css";

/** Dark enough on the white of a mail. */
const COLOURS = ["#14181c", "#5c6670", "#0d7763", "#1864ab", "#5f3dc4", "#a61e4d", "#c92a2a", "#8a4b08"];

interface SignatureEditorProps {
  value: string;
  isReadOnly: boolean;
  describedBy: string;
  onChange: (html: string) => void;
}

/** Tiptap with what a mail client shows. It takes `value` once; give it a new key to show another one. */
export default function SignatureEditor({ value, isReadOnly, describedBy, onChange }: SignatureEditorProps) {
  const editor = useEditor({
    extensions: EXTENSIONS,
    content: value,
    editable: !isReadOnly,
    // Its own style element is not needed: Signature.module.css has what it would hold.
    injectCSS: false,
    editorProps: { attributes: { "aria-label": "Signature", "aria-multiline": "true", "aria-describedby": describedBy, role: "textbox" } },
    onUpdate: ({ editor }) => onChange(htmlOf(editor)),
  });
  return (
    <RichTextEditor
      editor={editor}
      className={styles.editor}
      withCodeHighlightStyles={false}
      labels={{ colorPickerControlLabel: "Colour" }}
    >
      {!isReadOnly && (
        <RichTextEditor.Toolbar role="group" aria-label="Format the signature">
          <RichTextEditor.ControlsGroup>
            <RichTextEditor.Bold />
            <RichTextEditor.Italic />
            <RichTextEditor.Underline />
            <RichTextEditor.ColorPicker colors={COLOURS} />
          </RichTextEditor.ControlsGroup>
          <RichTextEditor.ControlsGroup>
            <LinkTool editor={editor} isDisabled={isReadOnly} />
            <LogoTool editor={editor} isDisabled={isReadOnly} />
          </RichTextEditor.ControlsGroup>
          <RichTextEditor.ControlsGroup>
            <RichTextEditor.Undo />
            <RichTextEditor.Redo />
          </RichTextEditor.ControlsGroup>
        </RichTextEditor.Toolbar>
      )}
      <RichTextEditor.Content className={styles.content} />
    </RichTextEditor>
  );
}
