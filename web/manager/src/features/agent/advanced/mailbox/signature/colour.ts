import { Mark } from "@tiptap/core";

declare module "@tiptap/core" {
  interface Commands<ReturnType> {
    textStyle: {
      setColor: (color: string) => ReturnType;
      unsetColor: () => ReturnType;
    };
  }
}

/** Coloured text, as an inline style. Mark and commands are named as Mantine's colour control expects them. */
export const Colour = Mark.create({
  name: "textStyle",
  addAttributes: () => ({
    color: {
      default: null,
      parseHTML: (element) => element.style.color || null,
      renderHTML: ({ color }) => (color ? { style: `color:${color}` } : {}),
    },
  }),
  parseHTML: () => [{ tag: "span", getAttrs: (element) => (element.style.color ? {} : false) }],
  renderHTML: ({ HTMLAttributes }) => ["span", HTMLAttributes, 0],
  addCommands() {
    return {
      setColor:
        (color) =>
        ({ commands }) =>
          commands.setMark(this.name, { color }),
      unsetColor:
        () =>
        ({ commands }) =>
          commands.unsetMark(this.name),
    };
  },
});
