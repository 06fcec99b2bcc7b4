import { Modal, Text, useMantineColorScheme } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { type KeyboardEvent, useId, useMemo, useState } from "react";
import { signOut } from "../../api/me";
import classes from "./Palette.module.css";
import { type Command, commandsForText } from "./palette/commands";
import { rank } from "./palette/search";
import { useCommands } from "./palette/useCommands";

/** Everything by its name. A combobox: the focus stays in the field, the arrows move through the list. */
export default function Palette({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  return (
    <Modal.Root opened={isOpen} onClose={onClose} size={600} yOffset="12dvh" centered={false} transitionProps={{ duration: 100 }}>
      <Modal.Overlay backgroundOpacity={0.3} />
      <Modal.Content aria-label="Search and commands" radius="lg">
        <Modal.Body p={0}>{isOpen && <Search onClose={onClose} />}</Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}

function Search({ onClose }: { onClose: () => void }) {
  const id = useId();
  const run = useRun(onClose);
  const [query, setQuery] = useState("");
  const commands = useCommands(query);
  const [selected, setSelected] = useState(0);
  const found = useMemo(() => grouped([...rank(query, commands), ...commandsForText(query)]), [query, commands]);
  const flat = found.flatMap(([, entries]) => entries);
  const current = flat[Math.min(selected, flat.length - 1)];

  function onKeyDown(event: KeyboardEvent) {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 }[event.key];
    if (step && flat.length) {
      event.preventDefault();
      const last = flat.length - 1;
      const isSingle = Math.abs(step) === 1;
      const next = selected + step;
      setSelected(isSingle ? (next + flat.length) % flat.length : Math.max(0, Math.min(last, next)));
    } else if (event.key === "Enter" && current && !event.nativeEvent.isComposing) {
      event.preventDefault();
      run(current);
    }
  }

  return (
    <>
      <input
        className={classes.input}
        data-autofocus
        role="combobox"
        aria-label="Search pages, agents, calls and commands"
        aria-expanded="true"
        aria-controls={`${id}-list`}
        aria-activedescendant={current ? `${id}-${current.id}` : undefined}
        aria-autocomplete="list"
        autoComplete="off"
        spellCheck={false}
        placeholder="Search pages, agents, calls, commands…"
        value={query}
        onKeyDown={onKeyDown}
        onChange={(event) => {
          setQuery(event.currentTarget.value);
          setSelected(0);
        }}
      />
      <div className={classes.list} id={`${id}-list`} role="listbox" aria-label="Results">
        {found.map(([group, entries]) => (
          // biome-ignore lint/a11y/useSemanticElements: a group of options has no element of its own
          <div key={group} role="group" aria-label={group}>
            <div className={classes.group} aria-hidden>
              {group}
            </div>
            {entries.map((command) => (
              <Option
                key={command.id}
                id={`${id}-${command.id}`}
                command={command}
                isSelected={command === current}
                onPoint={() => setSelected(flat.indexOf(command))}
                onRun={() => run(command)}
              />
            ))}
          </div>
        ))}
        {flat.length === 0 && (
          <Text c="dimmed" p="md">
            Nothing is called “{query}”. Try an agent, a page, a number or the id of a call.
          </Text>
        )}
      </div>
      <div className={classes.keys} aria-hidden>
        <span>↑↓ choose</span>
        <span>↵ open</span>
        <span>Esc close</span>
      </div>
      <div className="visually-hidden" aria-live="polite">
        {query && `${flat.length} ${flat.length === 1 ? "result" : "results"}`}
      </div>
    </>
  );
}

interface OptionProps {
  id: string;
  command: Command;
  isSelected: boolean;
  onPoint: () => void;
  onRun: () => void;
}

function Option({ id, command, isSelected, onPoint, onRun }: OptionProps) {
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the keys go to the field, which names this option as the active one
    // biome-ignore lint/a11y/useFocusableInteractive: the focus stays in the field
    <div
      id={id}
      ref={(element) => {
        if (isSelected) element?.scrollIntoView({ block: "nearest" });
      }}
      role="option"
      aria-selected={isSelected}
      className={classes.option}
      onMouseMove={onPoint}
      onClick={onRun}
    >
      <span>{command.label}</span>
      {command.hint && <span className={classes.hint}>{command.hint}</span>}
    </div>
  );
}

/** Groups in the order of their best entry. */
function grouped(commands: Command[]): [string, Command[]][] {
  const groups = new Map<string, Command[]>();
  for (const command of commands) {
    const group = groups.get(command.group);
    if (group) group.push(command);
    else groups.set(command.group, [command]);
  }
  return [...groups];
}

function useRun(onClose: () => void): (command: Command) => void {
  const navigate = useNavigate();
  const { setColorScheme } = useMantineColorScheme();
  return ({ action }) => {
    onClose();
    if (action.kind === "go") void navigate({ href: action.href });
    else if (action.kind === "theme") setColorScheme(action.scheme);
    else void signOut().then(() => navigate({ to: "/sign-in" }));
  };
}
