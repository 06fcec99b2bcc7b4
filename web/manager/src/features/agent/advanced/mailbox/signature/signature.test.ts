/** Proves M3: the editor holds what a mail shows, and drops the rest at once. */
import { Editor } from "@tiptap/core";
import { afterEach, describe, expect, it } from "vitest";
import { foreignParts, linkOf, logoProblem } from "./addresses";
import { EXTENSIONS, htmlOf } from "./extensions";

let editor: Editor | null = null;
afterEach(() => editor?.destroy());

function held(html: string): string {
  editor = new Editor({ extensions: EXTENSIONS, content: html, injectCSS: false });
  return htmlOf(editor);
}

describe("the editor", () => {
  it.each([
    ["<p>a <strong>b</strong> <em>c</em> <u>d</u><br>e</p>"],
    ['<p><a href="https://shop.example">shop</a> <a href="mailto:a@b.example">mail</a></p>'],
    ['<p><span style="color:#1864ab">blue</span></p>'],
    ['<p><img src="https://shop.example/l.png" alt="Shop" height="48" style="max-height:60px"></p>'],
    ['<p><img src="https://shop.example/l.png" alt="" style="max-height:60px"></p>'],
  ])("holds %s", (html) => {
    // A browser writes a style in its own way: "color: rgb(24, 100, 171);".
    const plain = held(html)
      .replaceAll("rgb(24, 100, 171)", "#1864ab")
      .replaceAll(/: (?=\S)/g, ":")
      .replaceAll(';"', '"');
    expect(plain).toBe(html);
  });

  it.each([
    ["<script>steal()</script>", ""],
    ['<p>a<img src="http://shop.example/l.png" onerror="steal()"></p>', "<p>a</p>"],
    ['<p><img src="data:image/png;base64,AAAA">a</p>', "<p>a</p>"],
    ['<p><a href="javascript:steal()">k</a></p>', "<p>k</p>"],
    ['<p onclick="steal()" style="position:fixed">a</p>', "<p>a</p>"],
    ["<p></p>", ""],
  ])("drops the rest of %s", (html, left) => expect(held(html)).toBe(left));

  it("shows a logo by its name, so that the page loads nothing, and takes back what was copied of it", () => {
    const html = '<p><img src="https://shop.example/l.png" alt="Shop" height="48"></p>';
    held(html);
    expect(editor?.view.dom.querySelector("img[src]")).toBeNull();
    expect(editor?.view.dom.textContent).toBe("Logo: Shop");
    const copied = editor?.getHTML() ?? "";
    editor?.destroy();
    expect(held(copied)).toContain('<img src="https://shop.example/l.png" alt="Shop" height="48"');
  });

  it("cuts a logo to 60 px", () => {
    expect(held('<p><img src="https://shop.example/l.png" height="400"></p>')).toContain('height="60"');
  });
});

it.each([
  ["shop.example", "https://shop.example"],
  ["shop.example/menu?x=1", "https://shop.example/menu?x=1"],
  ["http://shop.example", "http://shop.example"],
  ["anna@shop.example", "mailto:anna@shop.example"],
  ["mailto:anna@shop.example", "mailto:anna@shop.example"],
  ["+1 (202) 555-0100", "tel:+12025550100"],
  ["tel:+12025550100", "tel:+12025550100"],
  ["javascript:alert(1)", ""],
  ["data:text/html,x", ""],
  ["ftp://shop.example", ""],
  ["just words", ""],
  ["", ""],
])("a link to %s", (typed, href) => expect(linkOf(typed)).toBe(href));

it("a logo has a public https address", () => {
  expect(["https://shop.example/logo.png", " https://shop.example/a?b=c "].map(logoProblem)).toEqual(["", ""]);
  expect(
    ["", "logo.png", "http://shop.example/l.png", "data:image/png;base64,AA", "https://a b"].every((text) => logoProblem(text) !== ""),
  ).toBe(true);
});

it("what the editor would lose is named", () => {
  expect(foreignParts("<table><tr><td>a</td></tr></table><ul><li>b</li></ul>")).toEqual(["tables", "lists"]);
  expect(foreignParts("<p>a</p><div>b</div>")).toEqual([]);
});
