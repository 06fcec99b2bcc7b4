import { autocompletion, type Completion, type CompletionContext, type CompletionResult, startCompletion } from "@codemirror/autocomplete";
import { EditorState, RangeSetBuilder } from "@codemirror/state";
import { Decoration, type DecorationSet, EditorView, placeholder as placeholderOf, ViewPlugin, type ViewUpdate } from "@codemirror/view";
import { useComputedColorScheme } from "@mantine/core";
import CodeMirror from "@uiw/react-codemirror";
import { useEffect, useMemo, useRef } from "react";
import classes from "./PromptEditor.module.css";
import { tokensOf } from "./render";
import { completionsAt, type Variable } from "./variables";

interface PromptCodeProps {
  value: string;
  onChange: (value: string) => void;
  label: string;
  variables: readonly Variable[];
  placeholder?: string | undefined;
  isReadOnly?: boolean | undefined;
  isShort?: boolean | undefined;
  /** Follows what is being written. */
  scrollsToEnd?: boolean | undefined;
  autoFocus?: boolean | undefined;
}

const KNOWN = Decoration.mark({ class: classes.variable });
const UNKNOWN = Decoration.mark({ class: classes.unknown });

function marksOf(view: EditorView, known: ReadonlySet<string>): DecorationSet {
  const marks = new RangeSetBuilder<Decoration>();
  for (const token of tokensOf(view.state.doc.toString())) {
    if (token.kind !== "variable") continue;
    const isKnown = token.fallback !== undefined || known.has((token.name ?? "").split(".")[0] ?? "");
    marks.add(token.from, token.to, isKnown ? KNOWN : UNKNOWN);
  }
  return marks.finish();
}

function highlightOf(known: ReadonlySet<string>) {
  return ViewPlugin.define(
    (view) => ({
      marks: marksOf(view, known),
      update(update: ViewUpdate) {
        if (update.docChanged) this.marks = marksOf(update.view, known);
      },
    }),
    { decorations: (plugin) => plugin.marks },
  );
}

function sourceOf(variables: readonly Variable[]) {
  return (context: CompletionContext): CompletionResult | null => {
    const text = context.state.doc.toString();
    const found = completionsAt(text, context.pos, variables);
    if (!found) return null;
    const closes = text.charAt(context.pos) === "}" ? "" : "}";
    const options: Completion[] = found.options.map((variable, place) => ({
      label: variable.name,
      detail: variable.source,
      apply: variable.name + closes,
      boost: -place,
      type: "variable",
    }));
    return { from: found.from, options, filter: false };
  };
}

/** The editor itself: loaded with the first prompt that is shown. */
export default function PromptCode(props: PromptCodeProps) {
  const { value, onChange, label, variables, placeholder, isReadOnly, isShort, scrollsToEnd, autoFocus } = props;
  const scheme = useComputedColorScheme("light");
  const view = useRef<EditorView | null>(null);
  const extensions = useMemo(() => {
    const known = new Set(variables.filter((variable) => variable.source !== "used in this agent").map((variable) => variable.name));
    return [
      EditorView.lineWrapping,
      EditorView.contentAttributes.of({ "aria-label": label, spellcheck: "true" }),
      EditorState.tabSize.of(2),
      placeholderOf(placeholder ?? ""),
      highlightOf(known),
      autocompletion({ override: [sourceOf(variables)], icons: false, activateOnTyping: true }),
      EditorView.updateListener.of((update) => {
        const isTyped = update.transactions.some((transaction) => transaction.isUserEvent("input.type"));
        const left = update.state.sliceDoc(Math.max(0, update.state.selection.main.head - 1), update.state.selection.main.head);
        if (isTyped && left === "{") startCompletion(update.view);
      }),
    ];
  }, [variables, label, placeholder]);

  useEffect(() => {
    if (scrollsToEnd && view.current) view.current.scrollDOM.scrollTop = value.length > 0 ? view.current.scrollDOM.scrollHeight : 0;
  }, [scrollsToEnd, value]);

  return (
    <CodeMirror
      className={isShort ? classes.short : classes.code}
      value={value}
      onChange={onChange}
      theme={scheme}
      extensions={extensions}
      readOnly={isReadOnly}
      editable={!isReadOnly}
      autoFocus={autoFocus}
      indentWithTab={false}
      onCreateEditor={(created) => {
        view.current = created;
      }}
      basicSetup={{
        lineNumbers: false,
        foldGutter: false,
        highlightActiveLine: false,
        highlightActiveLineGutter: false,
        autocompletion: false,
        bracketMatching: false,
        closeBrackets: false,
        highlightSelectionMatches: false,
        searchKeymap: false,
      }}
    />
  );
}
