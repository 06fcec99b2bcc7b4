import { json } from "@codemirror/lang-json";
import { python, pythonLanguage } from "@codemirror/lang-python";
import { type Diagnostic, lintGutter, setDiagnostics } from "@codemirror/lint";
import { EditorState, type Extension } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import CodeMirror from "@uiw/react-codemirror";
import { useEffect, useMemo, useState } from "react";
import { completionsFor } from "./completions";
import { codeLook } from "./look";

export interface CodeNote {
  /** From 1; 0: of the code as a whole, shown at its first line. */
  line: number;
  message: string;
  severity: "error" | "warning";
}

export interface CodeEditorProps {
  label: string;
  language: "python" | "json";
  value: string;
  onChange: (value: string) => void;
  notes?: CodeNote[];
  /** Names for `args.get("…")`. */
  argumentNames?: string[];
  isReadOnly?: boolean;
  minHeight?: string;
  /** Shows this line; a new object shows it again. */
  shownLine?: { line: number } | null;
}

const NO_NOTES: CodeNote[] = [];
const NO_NAMES: string[] = [];

/** Code with findings at their lines. Heavy: load it lazily. */
export default function CodeEditor({
  label,
  language,
  value,
  onChange,
  notes = NO_NOTES,
  argumentNames = NO_NAMES,
  isReadOnly = false,
  minHeight = "200px",
  shownLine = null,
}: CodeEditorProps) {
  const [view, setView] = useState<EditorView | null>(null);
  const names = argumentNames.join("\n");
  const extensions = useMemo(() => {
    const all: Extension[] = [
      codeLook,
      lintGutter(),
      EditorView.lineWrapping,
      EditorView.contentAttributes.of({ "aria-label": label }),
      EditorState.tabSize.of(4),
    ];
    if (language === "json") return [...all, json()];
    return [...all, python(), pythonLanguage.data.of({ autocomplete: completionsFor(names ? names.split("\n") : []) })];
  }, [label, language, names]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: a changed text moves the notes, so they are set anew
  useEffect(() => {
    if (view) view.dispatch(setDiagnostics(view.state, diagnosticsOf(view, notes)));
  }, [view, notes, value]);

  useEffect(() => {
    if (!view || !shownLine) return;
    const line = view.state.doc.line(Math.min(Math.max(shownLine.line, 1), view.state.doc.lines));
    view.dispatch({ selection: { anchor: line.from }, effects: EditorView.scrollIntoView(line.from, { y: "center" }) });
    view.focus();
  }, [view, shownLine]);

  return (
    <CodeMirror
      value={value}
      theme="none"
      minHeight={minHeight}
      maxHeight="70vh"
      readOnly={isReadOnly}
      editable={!isReadOnly}
      extensions={extensions}
      onChange={onChange}
      onCreateEditor={setView}
      basicSetup={{ highlightActiveLine: false, highlightActiveLineGutter: false, tabSize: 4 }}
    />
  );
}

function diagnosticsOf(view: EditorView, notes: CodeNote[]): Diagnostic[] {
  return notes.map(({ line, message, severity }) => {
    const at = view.state.doc.line(Math.min(Math.max(line, 1), view.state.doc.lines));
    const indent = at.text.length - at.text.trimStart().length;
    return { from: Math.min(at.from + indent, at.to), to: at.to, severity, message };
  });
}
