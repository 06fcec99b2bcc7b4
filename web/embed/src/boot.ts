/** Finds the places on the page that want a widget. */

import { readConfig } from "./config";
import { Widget } from "./widget";

const ROOT = "callstage-embed-root";

interface Handle {
  open(): void;
  close(): void;
  /** Ends the conversation and takes the widget off the page. */
  destroy(): void;
}

/** For pages that make their content themselves: `window.CallstageEmbed.mount(element)`. */
interface CallstageEmbed {
  mount(root: HTMLElement): Handle | null;
}

declare global {
  interface Window {
    CallstageEmbed?: CallstageEmbed;
  }
}

export function boot(scriptUrl: string): void {
  // The script may stand on a page twice.
  if (window.CallstageEmbed) return;
  const mounted = new WeakMap<HTMLElement, Widget>();
  const mount = (root: HTMLElement): Handle | null => {
    const known = mounted.get(root);
    if (known) return known;
    const config = readConfig(root, scriptUrl);
    if (config === null) return null;
    const widget = new Widget(root, config);
    mounted.set(root, widget);
    void widget.begin();
    return widget;
  };
  window.CallstageEmbed = { mount };
  const mountRoot = () => {
    const root = document.getElementById(ROOT);
    if (root) mount(root);
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", mountRoot);
  else mountRoot();
}
