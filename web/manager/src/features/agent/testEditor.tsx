/** For component tests: the agent editor in front of a `FakeAgentServer`, a new one for every test. */
import type { RequestHandler } from "msw";
import type { ReactNode } from "react";
import { beforeEach, vi } from "vitest";
import { meQuery } from "../../api/me";
import { queryClient } from "../../api/queryClient";
import { exampleMe, fakeApi } from "../../ui/fakeApi";
import { renderInRouter } from "../../ui/renderInRouter";
import { DraftProvider } from "./draft/DraftProvider";
import { FakeAgentServer } from "./fakeAgentServer";

/** For what waits; the editor under jsdom is slow on a busy machine. */
export const LONG = { timeout: 20_000 };

/** `handlers`: what the server of this page answers besides. */
export function testEditor(...handlers: RequestHandler[]) {
  vi.setConfig({ testTimeout: 60_000 });
  window.scrollTo = () => undefined;
  const network = fakeApi(...handlers);
  const editor = {
    network,
    server: new FakeAgentServer(),
    /** Shows a part of the editor. */
    open(children: ReactNode, at: string) {
      // The shell has loaded it before the editor is shown.
      queryClient.setQueryData(meQuery.queryKey, exampleMe(editor.server.role));
      return renderInRouter(<DraftProvider loaded={editor.server.agent}>{children}</DraftProvider>, at);
    },
  };
  beforeEach(() => {
    editor.server = new FakeAgentServer();
    network.use(...editor.server.handlers());
  });
  return editor;
}
