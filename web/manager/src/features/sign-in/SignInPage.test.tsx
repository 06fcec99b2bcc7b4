/** Proves AC1: signing in, a wrong password, too many tries, and that the way back leads to this site only. */
import { act, fireEvent, screen, waitFor } from "@testing-library/react";
import { HttpResponse, http } from "msw";
import { setupServer } from "msw/node";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { renderInRouter } from "../../ui/renderInRouter";
import { SignInForm } from "./SignInPage";
import { safeNext, waitInWords } from "./waiting";

const ME = { tenant_id: "t", kind: "user", id: "u", name: "Ann", role: "owner", scopes: [] };
const server = setupServer();
beforeAll(() => server.listen());
afterEach(() => {
  server.resetHandlers();
  vi.useRealTimers();
});
afterAll(() => server.close());

const problem = (status: number, body: object) =>
  HttpResponse.json({ status, ...body }, { status, headers: { "content-type": "application/problem+json" } });

async function tryToSignIn() {
  const onSignedIn = vi.fn(() => Promise.resolve());
  await renderInRouter(<SignInForm onSignedIn={onSignedIn} />);
  fireEvent.change(screen.getByLabelText("E-mail"), { target: { value: " ann@example.com " } });
  fireEvent.change(screen.getByLabelText("Password"), { target: { value: "secret" } });
  fireEvent.click(screen.getByRole("button", { name: "Sign in" }));
  return onSignedIn;
}

test("the right password leads on; the e-mail is sent without the spaces around it", async () => {
  let sent: unknown;
  server.use(
    http.post("*/v1/auth/login", async ({ request }) => {
      sent = await request.json();
      return HttpResponse.json(ME);
    }),
  );
  const onSignedIn = await tryToSignIn();
  await waitFor(() => expect(onSignedIn).toHaveBeenCalled());
  expect(sent).toEqual({ email: "ann@example.com", password: "secret" });
});

test("a wrong password says so and lets one try again", async () => {
  server.use(http.post("*/v1/auth/login", () => problem(401, { code: "wrong_credentials", detail: "wrong e-mail or password" })));
  const onSignedIn = await tryToSignIn();
  expect(await screen.findByRole("alert")).toHaveTextContent("wrong e-mail or password");
  expect(screen.getByRole("button", { name: "Sign in" })).toBeEnabled();
  expect(onSignedIn).not.toHaveBeenCalled();
});

test("after too many tries it counts the wait down and opens again by itself", async () => {
  server.use(http.post("*/v1/auth/login", () => problem(429, { code: "limit_exceeded", detail: "too many", retry_after_s: 125 })));
  await tryToSignIn();
  expect(await screen.findByRole("alert")).toHaveTextContent("Too many failed tries");
  const waiting = screen.getByRole("button", { name: /^Wait 2:0/ });
  expect(waiting).toBeDisabled();
  vi.useFakeTimers({ now: Date.now() + 200_000, shouldAdvanceTime: true });
  vi.spyOn(Date, "now").mockReturnValue(Date.now() + 200_000);
  await act(async () => undefined);
  await waitFor(() => expect(screen.getByRole("button", { name: "Sign in" })).toBeEnabled(), { timeout: 15_000 });
});

test.each([
  ["/calls?q=1", "/calls?q=1"],
  ["//evil.example", "/"],
  ["/\\evil.example", "/"],
  ["https://evil.example", "/"],
  ["/sign-in?next=/calls", "/"],
  [undefined, "/"],
])("%s leads to %s", (next, wanted) => {
  expect(safeNext(next)).toBe(wanted);
});

test("the wait in words", () => {
  expect(waitInWords(9)).toBe("9 s");
  expect(waitInWords(125)).toBe("2:05 min");
});
