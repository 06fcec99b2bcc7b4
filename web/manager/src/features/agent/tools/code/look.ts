/** Colours of code: from the theme, with 4.5:1 on both grounds (rule UI4). */
import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";

const surface = "light-dark(#fbfcfc, #16191b)";
const line = "light-dark(#dfe3e6, #33383d)";
const accent = "light-dark(#0d7763, #46cfab)";

const ground = EditorView.theme({
  "&": {
    backgroundColor: surface,
    color: "light-dark(#1d2429, #e4e8eb)",
    fontSize: "var(--mantine-font-size-sm)",
    border: `1px solid ${line}`,
    borderRadius: "var(--mantine-radius-md)",
    overflow: "hidden",
  },
  "&.cm-focused": { outline: `2px solid ${accent}`, outlineOffset: "1px" },
  ".cm-scroller": { fontFamily: "var(--mantine-font-family-monospace)", lineHeight: "1.55" },
  ".cm-content": { caretColor: accent },
  ".cm-cursor": { borderLeftColor: accent },
  ".cm-gutters": { backgroundColor: surface, color: "light-dark(#5b6570, #a3adb8)", border: "none" },
  ".cm-selectionBackground, &.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground": {
    backgroundColor: "light-dark(#cfe9e2, #24534a)",
  },
  ".cm-matchingBracket": { backgroundColor: "light-dark(#d3f6ec, #24534a)", color: "inherit" },
  ".cm-tooltip": { backgroundColor: "light-dark(#ffffff, #24282c)", color: "inherit", border: `1px solid ${line}`, borderRadius: "6px" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { backgroundColor: accent, color: "light-dark(#ffffff, #10211d)" },
  ".cm-completionDetail": { fontStyle: "normal", opacity: "1" },
  ".cm-diagnostic": { padding: "6px 10px", maxWidth: "480px" },
});

const words = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword, tags.controlKeyword], color: "light-dark(#8a2f86, #dba1e0)" },
  { tag: [tags.string, tags.special(tags.string)], color: "light-dark(#1c6b3c, #93d5a4)" },
  { tag: [tags.number, tags.bool, tags.null], color: "light-dark(#9a4a00, #f0b27a)" },
  { tag: [tags.function(tags.variableName), tags.function(tags.propertyName)], color: "light-dark(#1f56a8, #9cc4ff)" },
  { tag: [tags.propertyName, tags.attributeName], color: "light-dark(#1f56a8, #9cc4ff)" },
  { tag: tags.comment, color: "light-dark(#5b6570, #a3adb8)", fontStyle: "italic" },
  { tag: tags.invalid, color: "light-dark(#b42318, #ff9b92)" },
]);

export const codeLook = [ground, syntaxHighlighting(words)];
