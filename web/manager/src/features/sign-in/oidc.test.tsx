/** Proves AC1: signing in with OpenID Connect is offered where it exists, leads on to this site only, and a refusal is said in words. */
import { screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { renderInRouter } from "../../ui/renderInRouter";
import { OidcButton } from "./OidcButton";
import { refusalInWords } from "./refusals";

const WAY = { label: "Keycloak", start_path: "/v1/auth/oidc/start" };

test.each([
  ["/calls?q=1", "/v1/auth/oidc/start?next=%2Fcalls%3Fq%3D1"],
  ["//evil.example", "/v1/auth/oidc/start"],
  ["/\t/evil.example", "/v1/auth/oidc/start"],
  [undefined, "/v1/auth/oidc/start"],
])("with %s wanted, the button leads to %s", async (next, wanted) => {
  await renderInRouter(<OidcButton way={WAY} next={next} />);
  expect(screen.getByRole("link", { name: "Sign in with Keycloak" })).toHaveAttribute("href", wanted);
});

test.each(["declined", "expired", "no_account", "unverified", "provider", "busy"])("%s is a sentence without a code", (reason) => {
  const said = refusalInWords(reason, "Keycloak");
  expect(said).toMatch(/^[A-Z].{20,}\.$/);
  expect(said).not.toContain("_");
});

test("what stands in the address is never shown", () => {
  expect(refusalInWords("Call +1 555 to unlock your account", "Keycloak")).toBe(refusalInWords("expired", "Keycloak"));
  expect(refusalInWords("constructor", "Keycloak")).toBe(refusalInWords("expired", "Keycloak"));
  expect(refusalInWords(undefined, "Keycloak")).toBe("");
  expect(refusalInWords("no_account", undefined)).toContain("has no access here");
});
