/** Proves D4: a finished turn of the caller is said another way from the keyboard; nobody edits what the agent said. */
import { fireEvent, screen } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { renderInRouter } from "../../ui/renderInRouter";
import type { Said } from "./conversation";
import { SaidLine } from "./SaidLine";

const TURN: Said = {
  kind: "said",
  id: 1,
  role: "user",
  text: "A rose please.",
  isFinal: true,
  userTurn: 3,
  waterfall: { speech_end_ms: 1000, decided_ms: 1700, heard_ms: 3400 },
};

test("a turn is edited and sent with Enter", async () => {
  const say = vi.fn();
  await renderInRouter(<SaidLine said={TURN} agentName="Mia" onSayAgain={say} />);
  fireEvent.click(screen.getByRole("button", { name: /Edit “A rose please/ }));
  const field = screen.getByLabelText("Say instead");
  expect(field).toHaveValue("A rose please.");
  fireEvent.change(field, { target: { value: " A lily. " } });
  fireEvent.keyDown(field, { key: "Enter", shiftKey: true });
  expect(say).not.toHaveBeenCalled();
  fireEvent.keyDown(field, { key: "Enter" });
  expect(say).toHaveBeenCalledWith(3, "A lily.");
});

test("Escape leaves it as it was, and nothing empty is said", async () => {
  const say = vi.fn();
  await renderInRouter(<SaidLine said={TURN} agentName="Mia" onSayAgain={say} />);
  fireEvent.click(screen.getByRole("button", { name: /Edit/ }));
  fireEvent.change(screen.getByLabelText("Say instead"), { target: { value: "  " } });
  fireEvent.keyDown(screen.getByLabelText("Say instead"), { key: "Enter" });
  expect(screen.getByRole("button", { name: "Say it and run on" })).toBeDisabled();
  fireEvent.keyDown(screen.getByLabelText("Say instead"), { key: "Escape" });
  expect(screen.queryByLabelText("Say instead")).not.toBeInTheDocument();
  expect(say).not.toHaveBeenCalled();
});

test("the wait is told in words and opens into its parts", async () => {
  await renderInRouter(<SaidLine said={TURN} agentName="Mia" onSayAgain={null} />);
  const bar = screen.getByRole("button", { name: /Answered after 2.4 s · slow/ });
  fireEvent.click(bar);
  expect(bar).toHaveAttribute("aria-expanded", "true");
  expect(screen.getByText("Answered after 2.4 s: End of turn 700 ms")).toBeInTheDocument();
});

test("there is nothing to edit where nothing can run on", async () => {
  await renderInRouter(
    <SaidLine said={{ ...TURN, role: "assistant", userTurn: undefined } as Said} agentName="Mia" onSayAgain={vi.fn()} />,
  );
  expect(screen.queryByRole("button", { name: /Edit/ })).not.toBeInTheDocument();
});
