import { Node } from "@tiptap/core";
import type { DOMOutputSpec, Node as ProseMirrorNode } from "@tiptap/pm/model";
import styles from "./Signature.module.css";

export const MOST_PX = 60;

/**
 * A logo by its https address. In the page it is its name and never an image: the manager loads none of other sites, the preview does.
 * `logoHtml` is what stands in the mail.
 */
export const Logo = Node.create({
  name: "logo",
  group: "inline",
  inline: true,
  atom: true,
  draggable: true,
  addAttributes: () => ({
    src: { default: "", parseHTML: (element) => element.getAttribute("data-src") ?? element.getAttribute("src") },
    alt: { default: "", parseHTML: (element) => element.getAttribute("data-alt") ?? element.getAttribute("alt") ?? "" },
    height: {
      default: null,
      parseHTML: (element) => Math.min(Number(element.getAttribute("data-height") ?? element.getAttribute("height")), MOST_PX) || null,
    },
  }),
  // The second is a copied one.
  parseHTML: () => [{ tag: 'img[src^="https://"]' }, { tag: 'span[data-src^="https://"]' }],
  renderHTML({ node }) {
    const { src, alt, height } = node.attrs;
    const name = `Logo: ${alt || new URL(src).hostname}`;
    return ["span", { class: styles.logo, title: src, "data-src": src, "data-alt": alt, "data-height": height }, name];
  },
});

export function logoHtml(node: ProseMirrorNode): DOMOutputSpec {
  const { src, alt, height } = node.attrs;
  return ["img", { src, alt, height, style: `max-height:${MOST_PX}px` }];
}
