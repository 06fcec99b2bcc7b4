import type { Editor } from "@tiptap/core";
import { DOMSerializer } from "@tiptap/pm/model";
import StarterKit from "@tiptap/starter-kit";
import { Colour } from "./colour";
import { Logo, logoHtml } from "./logo";

/** What a signature is made of: paragraphs, breaks, bold, italic, underline, colours, links and logos. */
export const EXTENSIONS = [
  StarterKit.configure({
    blockquote: false,
    bulletList: false,
    code: false,
    codeBlock: false,
    dropcursor: false,
    gapcursor: false,
    heading: false,
    horizontalRule: false,
    listItem: false,
    listKeymap: false,
    orderedList: false,
    strike: false,
    trailingNode: false,
    link: {
      openOnClick: false,
      defaultProtocol: "https",
      HTMLAttributes: { rel: null, target: null },
      isAllowedUri: (address, { defaultValidate }) =>
        defaultValidate(address) && (/^(https?|mailto|tel):/i.test(address) || !/^[a-z][a-z\d+.-]*:/i.test(address)),
    },
  }),
  Colour,
  Logo,
];

/** What the editor holds, as it goes into mails; "" when it is empty. It is written in a document of its own, as images of the page's would be loaded. */
export function htmlOf(editor: Editor): string {
  if (editor.isEmpty) return "";
  const page = document.implementation.createHTMLDocument("");
  const nodes = { ...DOMSerializer.nodesFromSchema(editor.schema), logo: logoHtml };
  const writer = new DOMSerializer(nodes, DOMSerializer.marksFromSchema(editor.schema));
  page.body.append(writer.serializeFragment(editor.state.doc.content, { document: page }));
  return page.body.innerHTML;
}
